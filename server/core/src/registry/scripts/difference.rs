//! What is different between two versions, for people to decide on.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

use super::capabilities::added;
use crate::model::{ScriptPackage, ScriptVersion};

/// Unchanged lines that are shown around each change.
const CONTEXT_LINES: usize = 3;

/// What is different between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDifference {
    /// The earlier version.
    pub from: ScriptVersion,
    /// The later version.
    pub to: ScriptVersion,
    /// What the later version asks for and the earlier did not.
    pub added_capabilities: Vec<String>,
    /// What it does not ask for any more.
    pub removed_capabilities: Vec<String>,
    /// The files that differ, by name.
    pub files: Vec<FileDifference>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDifference {
    /// Its name.
    pub name: String,
    /// The changed lines with those around them, as a unified diff.
    pub unified: String,
}

/// Compares two versions.
pub(super) fn between(from: &ScriptPackage, to: &ScriptPackage) -> ScriptDifference {
    let (old, new) = (&from.summary.declaration, &to.summary.declaration);
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    ScriptDifference {
        from: from.summary.version,
        to: to.summary.version,
        added_capabilities: owned(added(new, &[old])),
        removed_capabilities: owned(added(old, &[new])),
        files: files(&from.files, &to.files),
    }
}

fn files(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<FileDifference> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = names.into_iter().filter(|name| from.get(*name) != to.get(*name));
    let compared = differing.map(|name| {
        let text = |files: &BTreeMap<String, String>| files.get(name).cloned().unwrap_or_default();
        let header = |files: &BTreeMap<String, String>, side: char| {
            if files.contains_key(name) { format!("{side}/{name}") } else { "/dev/null".to_owned() }
        };
        let (old, new) = (text(from), text(to));
        let diff = TextDiff::from_lines(&old, &new);
        let mut unified = diff.unified_diff();
        unified.context_radius(CONTEXT_LINES).header(&header(from, 'a'), &header(to, 'b'));
        FileDifference { name: name.clone(), unified: unified.to_string() }
    });
    compared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn changed_new_and_removed_files_are_shown() {
        let from = named(&[("README.md", "old\n"), ("main.rhai", "a\nb\n"), ("manifest.toml", "same\n")]);
        let to = named(&[("main.rhai", "a\nc\n"), ("main_test.rhai", "new\n"), ("manifest.toml", "same\n")]);
        let differences = files(&from, &to);
        let names: Vec<&str> = differences.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["README.md", "main.rhai", "main_test.rhai"]);
        assert_eq!(differences[0].unified, "--- a/README.md\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n");
        assert_eq!(differences[1].unified, "--- a/main.rhai\n+++ b/main.rhai\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(differences[2].unified, "--- /dev/null\n+++ b/main_test.rhai\n@@ -0,0 +1 @@\n+new\n");
    }
}
