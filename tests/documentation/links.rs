//! Every page is found, and every link leads somewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{book, pages, read, split};

#[test]
fn every_page_is_in_the_summary_and_every_entry_exists() {
    let entries: BTreeSet<PathBuf> =
        links(&read(&book().join("SUMMARY.md"))).into_iter().map(|target| book().join(target)).collect();
    let missing: Vec<_> = entries.iter().filter(|entry| !entry.is_file()).collect();
    assert!(missing.is_empty(), "SUMMARY.md names {missing:?}, which are not there");
    let pages = pages().into_iter().filter(|page| page.starts_with(book()) && !page.ends_with("SUMMARY.md"));
    let unlisted: Vec<_> = pages.filter(|page| !entries.contains(page)).collect();
    assert!(unlisted.is_empty(), "SUMMARY.md does not name {unlisted:?}");
}

/// The targets of a page's links.
fn links(page: &str) -> Vec<String> {
    let (text, _) = split(page);
    let mut found = Vec::new();
    for line in text {
        // What is between backticks is no link.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for piece in prose.split("](").skip(1) {
            found.extend(piece.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// The anchors of a page's headings, as mdBook makes them.
fn anchors(page: &str) -> Vec<String> {
    let (text, _) = split(page);
    let headings = text.into_iter().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().chars();
        let kept = kept.filter(|c| c.is_alphanumeric() || c.is_whitespace() || *c == '-' || *c == '_');
        kept.map(|c| if c.is_whitespace() { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_internal_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut internal = 0;
    for page in pages() {
        for target in links(&read(&page)).into_iter().filter(|target| !target.contains("://")) {
            internal += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let inside = !page.starts_with(book()) || file.canonicalize().is_ok_and(|file| file.starts_with(book()));
            let leads =
                file.exists() && (anchor.is_empty() || anchors(&read(&file)).iter().any(|known| known == anchor));
            if !(inside && leads) {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(internal > 50, "only {internal} links were found");
}
