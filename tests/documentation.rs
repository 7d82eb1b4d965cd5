//! The documentation says what is so: generated pages are what the binary prints, links lead somewhere, commands,
//! settings, error codes and routes that are named exist, and every dependency has its reason.
//!
//! `SIGNET_TEST_WRITE_DOCUMENTATION=1 tests/run documentation` writes the generated pages anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::{Metadata, MetadataCommand};
use signet_core::events::EventKind;
use signet_protocol::error::ErrorCode;

/// Width of the help in the generated page, in characters.
const HELP_WIDTH: &str = "100";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn book() -> PathBuf {
    repository().join("docs/src")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program of ours prints. It stands beside the folder of this test's own executable.
fn printed(program: &str, arguments: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let executable = test.ancestors().nth(2).unwrap().join(program);
    let output = Command::new(&executable)
        .args(arguments)
        .env_clear()
        .env("COLUMNS", HELP_WIDTH)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", executable.display()));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every Markdown file of the book, and the README.
fn pages() -> Vec<PathBuf> {
    fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut pages = vec![repository().join("README.md")];
    collect(&book(), &mut pages);
    pages
}

/// The lines of a page that are text, and its fenced blocks with their language.
fn split(page: &str) -> (Vec<&str>, Vec<(&str, String)>) {
    let (mut text, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) => open = Some((language.trim(), String::new())),
            (None, None) => text.push(line),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a fenced block is not closed");
    (text, blocks)
}

/// Compares a generated page, or writes it where that is asked for.
fn compare(page: &str, expected: &str) {
    let path = book().join(page);
    if std::env::var_os("SIGNET_TEST_WRITE_DOCUMENTATION").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert!(
        read(&path) == expected,
        "docs/src/{page} is not what is generated; run: SIGNET_TEST_WRITE_DOCUMENTATION=1 tests/run documentation"
    );
}

#[test]
fn the_reference_of_settings_is_what_the_binary_prints() {
    compare("reference/configuration.md", &printed("signet", &["config", "reference"]));
}

#[test]
fn the_reference_of_the_command_line_is_what_the_binary_prints() {
    let introduction = "\
# Command line

This page is made from what `signet -h` and its like print. The options that are listed for `signet` itself may stand
behind every command and are left out there.
";
    let sections = commands("signet").into_iter().map(|(path, help)| {
        let help = if path.is_empty() { help } else { without_global_options(&help) };
        let name = ["signet"].into_iter().chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        format!("\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end())
    });
    let page: String = std::iter::once(introduction.to_owned()).chain(sections).collect();
    compare("reference/command-line.md", &page);
}

#[test]
fn the_reference_of_hooks_is_made_from_their_types() {
    compare("reference/hooks.md", &signet_hooks::reference());
}

#[test]
fn the_reference_of_profiles_is_made_from_their_data() {
    compare("reference/profiles.md", &signet_core::profile::conformity::reference());
}

#[test]
fn the_schemas_of_hooks_are_what_the_binary_prints() {
    compare("reference/hooks.schema.json", &printed("signet", &["script", "schema"]));
}

/// Short help without the options that every command has.
fn without_global_options(help: &str) -> String {
    let global = ["--config <FILE>", "--output <OUTPUT>", "-h, --help", "-V, --version"];
    let mut kept: Vec<&str> = Vec::new();
    let mut skipping = false;
    for line in help.lines() {
        let option = line.trim_start();
        if option.starts_with('-') || !line.starts_with(' ') {
            skipping = global.iter().any(|name| option.starts_with(name));
        }
        if !skipping {
            kept.push(line);
        }
    }
    let text = kept.join("\n");
    let text = text.trim_end();
    text.strip_suffix("Options:").unwrap_or(text).to_owned()
}

/// Every command of a program with its short help, depth first, in the order of the help.
fn commands(program: &str) -> Vec<(Vec<String>, String)> {
    fn walk(program: &str, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["-h"]).collect();
        let help = printed(program, &arguments);
        found.push((path.to_vec(), help.clone()));
        for name in subcommands(&help) {
            walk(program, &[path, &[name]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(program, &[], &mut found);
    assert!(found.len() > 1, "{program} -h lists no commands");
    found
}

fn subcommands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Names are indented by two; what continues a description is indented further.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

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

#[test]
fn every_command_that_is_shown_exists_with_its_options() {
    let programs = ["signet", "signet-conformance"];
    let known: BTreeMap<&str, Vec<(Vec<String>, String)>> =
        programs.into_iter().map(|program| (program, commands(program))).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for (_, block) in split(&text).1.into_iter().filter(|(language, _)| *language == "sh") {
            for line in block.replace("\\\n", " ").lines() {
                // Arguments in quotes are values.
                let bare: String = line.split(['\'', '"']).step_by(2).collect();
                let mut words = bare.split_whitespace();
                let named = words.next().and_then(|word| word.rsplit('/').next());
                let Some(program) = named.and_then(|name| programs.into_iter().find(|program| *program == name)) else {
                    continue;
                };
                seen += 1;
                let words: Vec<&str> = words.take_while(|word| !matches!(*word, "|" | ">" | "&&" | "#")).collect();
                if let Err(problem) = check(&known[program], &words) {
                    wrong.push(format!("{}: {}: {problem}", page.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 20, "only {seen} commands were found");
}

/// Whether a command exists and has the options that are given.
fn check(known: &[(Vec<String>, String)], words: &[&str]) -> Result<(), String> {
    let fits = |path: &&(Vec<String>, String)| {
        path.0.len() <= words.len() && path.0.iter().zip(words).all(|(name, word)| name == word)
    };
    let (path, help) = known.iter().filter(fits).max_by_key(|(path, _)| path.len()).ok_or("unknown program")?;
    if !subcommands(help).is_empty() {
        return Err(format!("{} is not a command", words.join(" ")));
    }
    let options = words.iter().skip(path.len()).filter(|word| word.starts_with("--"));
    let mut options = options.map(|option| option.split('=').next().unwrap_or(option));
    let has = |option: &str| {
        help.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']')).any(|word| word == option)
    };
    match options.find(|option| !has(option)) {
        Some(option) => Err(format!("there is no {option}")),
        None => Ok(()),
    }
}

#[test]
fn every_setting_that_is_shown_exists() {
    let reference = read(&book().join("reference/configuration.md"));
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for (_, block) in split(&text).1.into_iter().filter(|(language, _)| *language == "toml") {
            let mut section = "";
            for line in block.lines() {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    section = name;
                } else if let Some((key, _)) = line.split_once(" = ")
                    && !line.starts_with([' ', '#'])
                    && !section.is_empty()
                {
                    seen += 1;
                    let heading = format!("\n### `{section}.{key}`\n");
                    assert!(reference.contains(&heading), "{}: {section}.{key} is not a setting", page.display());
                }
            }
        }
    }
    assert!(seen > 10, "only {seen} settings were found");
}

#[test]
fn every_error_code_is_described_with_its_status() {
    let page = read(&book().join("reference/errors.md"));
    for code in ErrorCode::ALL {
        let row = format!("| `{code}` | {} |", code.http_status());
        assert!(page.contains(&row), "reference/errors.md lacks: {row}");
    }
}

#[test]
fn every_kind_of_event_is_described() {
    let page = read(&book().join("security/audit.md"));
    for kind in EventKind::ALL {
        let row = format!("| `{kind}` | {} |", kind.meaning());
        assert!(page.contains(&row), "security/audit.md lacks: {row}");
    }
}

/// The texts in quotes of a source file.
fn quoted(file: &str) -> Vec<String> {
    read(&repository().join(file)).split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_route_is_described() {
    let page = read(&book().join("reference/endpoints.md"));
    let texts = quoted("server/http/src/routes.rs");
    let paths: Vec<&String> = texts.iter().filter(|text| text.starts_with('/') && !text.contains('*')).collect();
    assert!(paths.len() > 10, "only {paths:?} were found");
    for path in paths {
        let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
            Some(variable) => format!("{{{variable}}}"),
            None => segment.to_owned(),
        });
        let described = segments.collect::<Vec<_>>().join("/");
        assert!(page.contains(&format!("`{described}`")), "reference/endpoints.md lacks {described}");
    }
}

#[test]
fn every_metric_and_every_reason_for_not_being_ready_is_described() {
    let page = read(&book().join("reference/operations.md"));
    let mut names = quoted("server/signet/src/serve/metrics.rs");
    names.retain(|text| text.starts_with("signet_") && !text.contains(|c: char| c == '{' || c.is_whitespace()));
    let node = read(&repository().join("server/signet/src/serve/node.rs"));
    let reasons = node.split_once("let reasons = [").and_then(|(_, rest)| rest.split_once(']')).unwrap().0;
    names.extend(reasons.split('"').skip(1).step_by(2).map(str::to_owned));
    assert!(names.len() > 15, "only {names:?} were found");
    for name in names {
        assert!(page.contains(&format!("| `{name}` |")), "reference/operations.md lacks {name}");
    }
}

#[test]
fn every_source_file_that_is_named_exists() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '|' | '(' | ')'));
        let names = words.map(|word| word.trim_end_matches([',', '.', ';', ':']));
        for name in names.filter(|name| !name.contains(['*', '{', '#', '"'])) {
            let Some(path) = source(name) else { continue };
            seen += 1;
            assert!(path.exists(), "{} names {name}, which is not there", page.display());
        }
    }
    assert!(seen > 50, "only {seen} names were found");
}

/// What a name in the text means: a path in the repository, or one in a crate's sources for short.
fn source(name: &str) -> Option<PathBuf> {
    let (first, rest) = name.split_once('/')?;
    match first {
        "server" | "ui" | "tests" | "conformance" | "migrations" | "docs" | ".ci" => Some(repository().join(name)),
        "protocol" | "jose" | "core" | "store" | "http" => {
            Some(repository().join("server").join(first).join("src").join(rest))
        }
        _ => None,
    }
}

/// Lines without their indentation.
fn unindented(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_protects_an_api_is_shown_as_it_compiles() {
    let sources = ["examples/poem.rs", "examples/tower.rs", "README.md"];
    let sources = sources.map(|name| unindented(&read(&repository().join("server/guard").join(name))));
    let page = read(&book().join("how-to/protect-an-api.md"));
    let (_, blocks) = split(&page);
    let blocks: Vec<_> = blocks.iter().filter(|(language, _)| *language == "rust").collect();
    assert_eq!(blocks.len(), 5);
    for (_, block) in blocks {
        let shown = unindented(block.trim());
        assert!(sources.iter().any(|source| source.contains(&shown)), "neither example nor README has: {shown}");
    }
}

/// Names of direct dependencies that are not crates of ours.
fn direct_dependencies(manifest: &Path) -> BTreeSet<String> {
    let metadata: Metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let all = metadata.packages.into_iter().flat_map(|package| package.dependencies);
    all.filter(|dependency| dependency.path.is_none()).map(|dependency| dependency.name).collect()
}

#[test]
fn every_dependency_has_a_line_that_says_why_and_no_line_is_left_over() {
    let page = read(&book().join("decisions/dependencies.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let described: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    let mut used = direct_dependencies(&repository().join("Cargo.toml"));
    used.extend(direct_dependencies(&repository().join("tests/fuzz/Cargo.toml")));
    let undescribed: Vec<_> = used.difference(&described).collect();
    assert!(undescribed.is_empty(), "decisions/dependencies.md says nothing about {undescribed:?}");
    let unused: Vec<_> = described.difference(&used).collect();
    assert!(unused.is_empty(), "decisions/dependencies.md explains {unused:?}, which nothing uses");
}
