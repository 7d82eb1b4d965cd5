//! The package a script comes in: a few text files, of which a manifest and a main file are required.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Position, Rule};
use crate::manifest::Manifest;

/// The file that holds the hooks' functions.
pub const MAIN_FILE: &str = "main.rhai";

/// The file that says what the package is and needs.
pub const MANIFEST_FILE: &str = "manifest.toml";

/// Bounds of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageLimits {
    /// Largest file in bytes.
    pub file_bytes: usize,
    /// Largest package in bytes, names not counted.
    pub package_bytes: usize,
    /// Most files.
    pub files: usize,
    /// Longest file name in bytes.
    pub name_bytes: usize,
}

impl PackageLimits {
    /// The bounds every package keeps to.
    pub const DEFAULT: Self = Self { file_bytes: 64 * 1024, package_bytes: 256 * 1024, files: 64, name_bytes: 100 };
}

/// The files of a package by name. Made by [`Package::new`], so within bounds, with nothing missing and nothing unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Package {
    files: BTreeMap<String, String>,
}

impl Package {
    /// Takes the files of a package.
    ///
    /// # Errors
    /// Everything that is wrong with names, sizes and kinds of files. What is in the manifest and in the scripts is
    /// checked by [`manifest`](Self::manifest) and by compiling.
    pub fn new(files: BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut report = |name: &str, message: String| {
            found.push(Diagnostic::new(Position::file(printable(name)), Rule::PackageFiles, message));
        };
        let limits = PackageLimits::DEFAULT;
        if files.len() > limits.files {
            report("", format!("a package has at most {} files", limits.files));
            return Err(found);
        }
        if files.values().map(String::len).sum::<usize>() > limits.package_bytes {
            report("", format!("a package has at most {} KiB in all", limits.package_bytes / 1024));
        }
        for (name, text) in &files {
            if !is_name(name) {
                report(name, "a file name has the characters a-z 0-9 _ - . / and no empty part or ..".to_owned());
            } else if text.len() > limits.file_bytes {
                report(name, format!("a file has at most {} KiB", limits.file_bytes / 1024));
            } else if let Some(problem) = problem_of_kind(name, text) {
                report(name, problem);
            }
        }
        for required in [MAIN_FILE, MANIFEST_FILE] {
            if !files.contains_key(required) {
                report(required, "this file is missing".to_owned());
            }
        }
        if found.is_empty() { Ok(Self { files }) } else { Err(found) }
    }

    /// The files by name.
    pub const fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The text of a file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// The text of the main file.
    pub fn main(&self) -> &str {
        self.file(MAIN_FILE).unwrap_or_default()
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn manifest(&self) -> Result<Manifest, Vec<Diagnostic>> {
        Manifest::parse(self.file(MANIFEST_FILE).unwrap_or_default())
    }

    /// The names and texts of the test files.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        files.filter(|(name, _)| is_test(name))
    }

    /// The bytes whose digest is the package's version: each name and text with its length in front, in the order of the
    /// names, so that no two packages have the same.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = b"signet script package 1\n".to_vec();
        for part in self.files.iter().flat_map(|(name, text)| [name, text]) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

impl TryFrom<BTreeMap<String, String>> for Package {
    type Error = String;

    fn try_from(files: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        Self::new(files).map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }
}

impl From<Package> for BTreeMap<String, String> {
    fn from(package: Package) -> Self {
        package.files
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with("_test.rhai")
}

fn is_fixture(name: &str) -> bool {
    name.strip_prefix("fixtures/").and_then(|name| name.strip_suffix(".json")).is_some_and(|name| !name.contains('/'))
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-./".contains(&byte);
    let name = if name == "README.md" { "readme.md" } else { name };
    (1..=PackageLimits::DEFAULT.name_bytes).contains(&name.len())
        && name.bytes().all(allowed)
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// Whether the file is of a kind that packages have, and reads as such.
fn problem_of_kind(name: &str, text: &str) -> Option<String> {
    if is_fixture(name) {
        let error = serde_json::from_str::<Value>(text).err()?;
        return Some(format!("this is no JSON: {error}"));
    }
    let is_known = matches!(name, MAIN_FILE | MANIFEST_FILE | "README.md") || is_test(name);
    let kinds = "manifest.toml, main.rhai, README.md, *_test.rhai and fixtures/*.json";
    (!is_known).then(|| format!("a package has no such file, only {kinds}"))
}

/// A name that may be anything, as it can be shown.
fn printable(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[(&str, &str)]) -> Result<Package, Vec<Diagnostic>> {
        let required = [(MAIN_FILE, "x"), (MANIFEST_FILE, "y")];
        let files = required.iter().chain(files).map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Package::new(files.collect())
    }

    #[test]
    fn packages_have_known_files_only() {
        let good = [("README.md", ""), ("a_test.rhai", ""), ("tests/b_test.rhai", ""), ("fixtures/a.json", "{}")];
        assert!(package(&good).is_ok());
        for bad in
            ["other.rhai", "a/../b_test.rhai", "/a_test.rhai", "a//b_test.rhai", "A_test.rhai", "x.json", "", "."]
        {
            assert!(package(&[(bad, "{}")]).is_err(), "{bad}");
        }
        let found = package(&[("fixtures/a.json", "{")]).unwrap_err();
        assert!(found[0].to_string().starts_with("fixtures/a.json: this is no JSON"), "{found:?}");
        assert_eq!(Package::new(BTreeMap::new()).unwrap_err().len(), 2);
    }

    #[test]
    fn packages_are_small() {
        let large = "x".repeat(PackageLimits::DEFAULT.file_bytes);
        assert!(package(&[("a_test.rhai", &large)]).is_ok());
        assert!(package(&[("a_test.rhai", &format!("{large}x"))]).is_err());
        let names: Vec<String> = (0..63).map(|number| format!("f{number}_test.rhai")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert!(package(&many).is_err());
        let four: Vec<(&str, &str)> = many.iter().take(4).map(|(name, _)| (*name, large.as_str())).collect();
        assert!(package(&four).is_err());
    }

    #[test]
    fn canonical_bytes_differ_where_packages_do() {
        let one = package(&[("a_test.rhai", "bc")]).unwrap().canonical_bytes();
        let other = package(&[("ab_test.rhai", "c")]).unwrap().canonical_bytes();
        assert_ne!(one, other);
        assert_eq!(one, package(&[("a_test.rhai", "bc")]).unwrap().canonical_bytes());
    }
}
