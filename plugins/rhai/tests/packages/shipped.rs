//! The packages in `plugins/scripts`: each passes the checks and its own tests, which run all of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use signet_hooks::{Allowance, FuzzOptions, Package};
use signet_rhai::fuzzing::fuzz;
use signet_rhai::{RhaiEngine, testing};

fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

fn package(folder: &Path) -> Package {
    let mut files = BTreeMap::new();
    for (part, prefix) in [(folder.to_owned(), ""), (folder.join("fixtures"), "fixtures/")] {
        for path in std::fs::read_dir(part).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let name = format!("{prefix}{}", name(&path));
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    Package::new(files).unwrap_or_else(|found| panic!("{}: {found:?}", name(folder)))
}

#[test]
fn there_are_at_least_eight_packages_each_with_tests_settings_and_a_page() {
    assert!(folders().len() >= 8);
    for folder in folders() {
        let package = package(&folder);
        assert_eq!(package.manifest().unwrap().name, name(&folder));
        assert!(package.tests().count() > 0, "{} has no tests", name(&folder));
        assert!(package.file("fixtures/settings.json").is_some(), "{} has no settings", name(&folder));
        let page = package.file("README.md").unwrap();
        for part in ["# ", "\n## Install\n", "\n## Settings\n", "\n## Result\n"] {
            assert!(page.contains(part), "{} has no {part:?}", name(&folder));
        }
    }
}

#[test]
fn tests_run_with_the_settings_that_are_shown() {
    for folder in folders() {
        let package = package(&folder);
        let json = |file: &str| -> Value { serde_json::from_str(package.file(file).unwrap()).unwrap() };
        let realm = if name(&folder) == "cost-center" { "fixtures/directory.json" } else { "fixtures/realm.json" };
        let stored = package.manifest().unwrap().kv;
        assert_eq!(stored.len(), 1);
        for stored in stored {
            assert_eq!(json(realm)["host"]["kv"][&stored], json("fixtures/settings.json"), "{}", name(&folder));
            let set =
                format!("signet script value set --realm demo kv {stored} --file plugins/scripts/{}/", name(&folder));
            assert!(package.file("README.md").unwrap().contains(&set), "{}", name(&folder));
        }
    }
}

#[test]
fn every_package_passes_the_checks() {
    for folder in folders() {
        let found: Vec<String> = RhaiEngine::new().check(&package(&folder)).iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{}:\n{}", name(&folder), found.join("\n"));
    }
}

#[test]
fn every_package_passes_its_tests_which_run_every_line() {
    let mut tests = 0;
    for folder in folders() {
        let report = testing::run(&package(&folder), &Allowance::UNLIMITED).unwrap();
        let failed: Vec<_> = report.tests.iter().filter(|test| test.failure.is_some()).collect();
        assert!(failed.is_empty(), "{}: {failed:#?}", name(&folder));
        assert!(report.coverage.missed.is_empty(), "{}: not run: lines {:?}", name(&folder), report.coverage.missed);
        tests += report.tests.len();
    }
    assert!(tests > 60, "only {tests} tests");
}

#[test]
fn no_generated_input_makes_a_package_break_a_promise() {
    for folder in folders() {
        let report = fuzz(&package(&folder), FuzzOptions { seed: 4, runs: 100 }, &Allowance::UNLIMITED).unwrap();
        assert!(report.broken.is_empty(), "{}: {:#?}", name(&folder), report.broken);
    }
}
