//! The plan files: built-in ones, and those of a folder over them.

use super::{Plan, PlanFile};
use crate::error::HarnessError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../plans/", $path)))),+]
    };
}

const BUILT_IN: [(&str, &str); 34] = embedded![
    "backchannel-logout.toml",
    "basic-dynamic.toml",
    "basic.toml",
    "browser/error-page.json",
    "browser/log-in-again.json",
    "browser/log-in-and-out.json",
    "browser/log-in-seen.json",
    "browser/log-in.json",
    "browser/logged-out-page.json",
    "browser/logout-confirmation.json",
    "browser/logout-error-page.json",
    "browser/watch-session.json",
    "config.toml",
    "dynamic-code-id-token-token.toml",
    "dynamic-code-id-token.toml",
    "dynamic-code-token.toml",
    "dynamic-code.toml",
    "dynamic-id-token-token.toml",
    "dynamic-id-token.toml",
    "formpost-basic.toml",
    "formpost-hybrid.toml",
    "formpost-implicit.toml",
    "frontchannel-logout.toml",
    "hybrid.toml",
    "implicit.toml",
    "rp-initiated-logout.toml",
    "session-management.toml",
    "third-party-login-code-id-token-token.toml",
    "third-party-login-code-id-token.toml",
    "third-party-login-code-token.toml",
    "third-party-login-code.toml",
    "third-party-login-id-token-token.toml",
    "third-party-login-id-token.toml",
    "users/complete.json",
];

/// Plan files by their path in the folder.
pub(crate) struct Library(BTreeMap<String, String>);

impl Library {
    /// The built-in files, and over them those in `folder`.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, HarnessError> {
        let mut files: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        if let Some(folder) = folder {
            for (part, extension) in [("", "toml"), ("browser", "json"), ("users", "json")] {
                read_folder(&folder.join(part), part, extension, &mut files)?;
            }
        }
        Ok(Self(files))
    }

    /// Every plan, by name.
    pub(crate) fn plans(&self) -> Result<Vec<Plan>, HarnessError> {
        self.0.iter().filter_map(|(path, text)| Some(self.plan(path.strip_suffix(".toml")?, text))).collect()
    }

    fn plan(&self, name: &str, text: &str) -> Result<Plan, HarnessError> {
        let wrong = |error: toml::de::Error| HarnessError::Input(format!("plan {name}.toml: {error}"));
        let file: PlanFile = toml::from_str(text).map_err(wrong)?;
        let claims = file.user.as_ref().map(|user| self.json(name, "users", user)).transpose()?;
        let browser = file.browser.as_ref().map(|steps| self.json(name, "browser", steps)).transpose()?;
        let overrides = file
            .overrides
            .iter()
            .map(|(module, steps)| Ok((module.clone(), self.json(name, "browser", steps)?)))
            .collect::<Result<_, HarnessError>>()?;
        Ok(Plan { name: name.to_owned(), file, claims, browser, overrides })
    }

    fn json(&self, plan: &str, folder: &str, name: &str) -> Result<Value, HarnessError> {
        let path = format!("{folder}/{name}.json");
        let text = self.0.get(&path);
        let text =
            text.ok_or_else(|| HarnessError::Input(format!("plan {plan}.toml names {path}, which is not there")))?;
        serde_json::from_str(text).map_err(|error| HarnessError::Input(format!("{path}: {error}")))
    }
}

fn read_folder(
    folder: &Path,
    part: &str,
    extension: &str,
    files: &mut BTreeMap<String, String>,
) -> Result<(), HarnessError> {
    if !part.is_empty() && !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(HarnessError::file(folder))? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).filter(|_| path.extension() == Some(extension.as_ref()));
        if let Some(name) = name {
            let text = fs::read_to_string(&path).map_err(HarnessError::file(&path))?;
            let key = if part.is_empty() { name.to_owned() } else { format!("{part}/{name}") };
            files.insert(key, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_used_and_every_file_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
        let mut on_disk = BTreeMap::new();
        for (part, extension) in [("", "toml"), ("browser", "json"), ("users", "json")] {
            read_folder(&folder.join(part), part, extension, &mut on_disk).unwrap();
        }
        let library = Library::open(None).unwrap();
        assert_eq!(library.0, on_disk);

        let plans = library.plans().unwrap();
        let files = plans.iter().map(|plan| &plan.file);
        let named: Vec<String> = files
            .flat_map(|file| {
                let steps =
                    file.browser.iter().chain(file.overrides.values()).map(|name| format!("browser/{name}.json"));
                steps.chain(file.user.iter().map(|name| format!("users/{name}.json"))).collect::<Vec<_>>()
            })
            .collect();
        for path in library.0.keys().filter(|path| path.contains('/')) {
            assert!(named.contains(path), "no plan names {path}");
        }
    }

    #[test]
    fn a_folder_adds_and_replaces() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("browser")).unwrap();
        fs::write(folder.path().join("browser/log-in.json"), "[{\"match\": \"mine\"}]").unwrap();
        fs::write(folder.path().join("mine.toml"), "group = \"mine\"\nplan = \"p\"\nbrowser = \"log-in\"").unwrap();

        let plans = Library::open(Some(folder.path())).unwrap().plans().unwrap();

        let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
        assert!(names.contains(&"mine"));
        assert_eq!(names.len(), BUILT_IN.iter().filter(|(path, _)| !path.contains('/')).count() + 1);
        let plan = |name: &str| plans.iter().find(|plan| plan.name == name).unwrap();
        assert_eq!(plan("basic").browser, Some(serde_json::json!([{ "match": "mine" }])));
        assert_eq!(plan("mine").browser, plan("basic").browser);
        assert!(plan("mine").claims.is_none());
    }

    #[test]
    fn a_wrong_plan_is_named_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let error = |text: &str| {
            fs::write(folder.path().join("mine.toml"), text).unwrap();
            Library::open(Some(folder.path())).unwrap().plans().unwrap_err().to_string()
        };
        assert!(error("group = \"g\"").contains("mine.toml"));
        assert!(error("group = \"g\"\nplan = \"p\"\nbrowsers = \"x\"").contains("browsers"));
        assert!(error("group = \"g\"\nplan = \"p\"\nbrowser = \"x\"").contains("browser/x.json"));
    }
}
