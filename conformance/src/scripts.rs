//! Sets of script packages that are deployed to the realm of every plan, so that the suite judges Signet while they
//! decide. They are deployed as anyone would, through the admin interface.

use crate::error::HarnessError;
use std::collections::BTreeMap;

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../scripts/", $path)))),+]
    };
}

/// Every file of every set, as `set/package/file`.
const BUILT_IN: [(&str, &str); 5] = embedded![
    "hostile/README.md",
    "hostile/loud/main.rhai",
    "hostile/loud/manifest.toml",
    "hostile/odd/main.rhai",
    "hostile/odd/manifest.toml",
];

/// Packages that are deployed together.
#[derive(Debug)]
pub(crate) struct ScriptSet {
    /// What `--scripts` selects it by.
    pub(crate) name: &'static str,
    /// The files of each package by their names; the packages in the order in which they are deployed.
    pub(crate) packages: Vec<Files>,
}

/// The files of one package.
pub(crate) type Files = BTreeMap<&'static str, &'static str>;

impl ScriptSet {
    /// The sets that there are.
    pub(crate) const NAMES: [&'static str; 1] = ["hostile"];

    /// The set of that name.
    pub(crate) fn named(name: &str) -> Result<Self, HarnessError> {
        let Some(name) = Self::NAMES.into_iter().find(|known| *known == name) else {
            let known = Self::NAMES.join(", ");
            return Err(HarnessError::Input(format!("there is no set of scripts {name}; there is {known}")));
        };
        let mut packages: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, text) in BUILT_IN {
            let of_set = path.strip_prefix(name).and_then(|path| path.strip_prefix('/'));
            if let Some((package, file)) = of_set.and_then(|path| path.split_once('/')) {
                packages.entry(package).or_default().insert(file, text);
            }
        }
        Ok(Self { name, packages: packages.into_values().collect() })
    }
}

/// The texts of all files below a folder, by their path from there.
#[cfg(test)]
pub(crate) fn files_below(folder: &std::path::Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(files_below(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_embedded_and_every_folder_is_a_set() {
        let on_disk = files_below(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts"));
        let embedded = BUILT_IN.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(on_disk, BTreeMap::from(embedded));
        for path in on_disk.keys() {
            let set = path.split('/').next().unwrap();
            assert!(ScriptSet::NAMES.contains(&set), "{path}");
        }
    }

    #[test]
    fn a_set_is_packages_with_a_manifest_and_a_main_file() {
        for name in ScriptSet::NAMES {
            let set = ScriptSet::named(name).unwrap();
            assert!(!set.packages.is_empty());
            for package in &set.packages {
                assert!(package.contains_key("manifest.toml") && package.contains_key("main.rhai"), "{package:?}");
            }
        }
    }

    #[test]
    fn an_unknown_set_is_an_error_that_lists_the_known() {
        let error = ScriptSet::named("friendly").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert_eq!(error.to_string(), "there is no set of scripts friendly; there is hostile");
    }
}
