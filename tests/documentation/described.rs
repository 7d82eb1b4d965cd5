//! What there is, is described: error codes, events, routes, metrics, dependencies.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};
use signet_core::events::EventKind;
use signet_protocol::error::ErrorCode;

use super::{book, read, repository};

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
