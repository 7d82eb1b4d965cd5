//! The plan files: built-in ones, and those of a folder over them.

use super::{EVERY_PLAN, ONE_OF_EACH_FILE, Plan, PlanFile, matrix};
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

const BUILT_IN: [(&str, &str); 38] = embedded![
    "authentication-mtls.toml",
    "authentication.toml",
    "backchannel-logout.toml",
    "browser/cancel.json",
    "browser/error-page.json",
    "browser/log-in-again.json",
    "browser/log-in-and-out.json",
    "browser/log-in-at-second-visit.json",
    "browser/log-in-then-refused.json",
    "browser/log-in.json",
    "browser/logged-out-page.json",
    "browser/login-page.json",
    "browser/logout-confirmation.json",
    "browser/logout-error-page.json",
    "browser/refused.json",
    "browser/watch-session.json",
    "config.toml",
    "dynamic.toml",
    "fapi-ciba.toml",
    "fapi1-advanced.toml",
    "fapi2-client-credentials.toml",
    "fapi2-message-signing.toml",
    "fapi2-security-rar.toml",
    "fapi2-security.toml",
    "flows-dynamic.toml",
    "flows.toml",
    "frontchannel-logout.toml",
    "parts/dynamic-clients.toml",
    "parts/fapi.toml",
    "parts/fapi2.toml",
    "parts/flows.toml",
    "parts/identity.toml",
    "parts/openid.toml",
    "parts/response-types.toml",
    "rp-initiated-logout.toml",
    "session-management.toml",
    "third-party-login.toml",
    "users/complete.json",
];

/// Folders of files, each with the ending that its files have; plans themselves have no folder.
const FOLDERS: [(&str, &str); 4] = [("", "toml"), ("browser", "json"), ("parts", "toml"), ("users", "json")];

/// Plan files by their path in the folder.
pub(crate) struct Library(BTreeMap<String, String>);

impl Library {
    /// The built-in files, and over them those in `folder`.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, HarnessError> {
        let mut files: BTreeMap<String, String> =
            BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        if let Some(folder) = folder {
            for (part, extension) in FOLDERS {
                read_folder(&folder.join(part), part, extension, &mut files)?;
            }
        }
        Ok(Self(files))
    }

    /// Every plan, by name.
    pub(crate) fn plans(&self) -> Result<Vec<Plan>, HarnessError> {
        let files = self.0.iter().filter(|(path, _)| !path.contains('/'));
        let mut plans = BTreeMap::new();
        for (path, text) in files {
            let stem = path.trim_end_matches(".toml");
            let wrong = |error: String| HarnessError::Input(format!("plan {path}: {error}"));
            let part = |name: &str| self.0.get(&format!("parts/{name}.toml")).map(String::as_str);
            for (place, (name, table)) in matrix::expand(stem, text, part).map_err(wrong)?.into_iter().enumerate() {
                let file: PlanFile = table.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
                if [EVERY_PLAN, ONE_OF_EACH_FILE].contains(&file.group.as_str()) {
                    return Err(wrong(format!("{} is a group that plans of every file are in", file.group)));
                }
                let plan = self.plan(&name, (file, place == 0))?;
                if plans.insert(name.clone(), plan).is_some() {
                    return Err(wrong(format!("another file has a plan called {name}")));
                }
            }
        }
        Ok(plans.into_values().collect())
    }

    fn plan(&self, name: &str, (file, stands_for_its_file): (PlanFile, bool)) -> Result<Plan, HarnessError> {
        let claims = file.user.as_ref().map(|user| self.json(name, "users", user)).transpose()?;
        let browser = file.browser.as_ref().map(|steps| self.json(name, "browser", steps)).transpose()?;
        let overrides = file
            .overrides
            .iter()
            .map(|(module, steps)| Ok((module.clone(), self.json(name, "browser", steps)?)))
            .collect::<Result<_, HarnessError>>()?;
        Ok(Plan { name: name.to_owned(), stands_for_its_file, file, claims, browser, overrides })
    }

    fn json(&self, plan: &str, folder: &str, name: &str) -> Result<Value, HarnessError> {
        let path = format!("{folder}/{name}.json");
        let text = self.0.get(&path);
        let text = text.ok_or_else(|| HarnessError::Input(format!("plan {plan} names {path}, which is not there")))?;
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
        for (part, extension) in FOLDERS {
            read_folder(&folder.join(part), part, extension, &mut on_disk).unwrap();
        }
        let library = Library::open(None).unwrap();
        assert_eq!(library.0, on_disk);

        let plans = library.plans().unwrap();
        let files = plans.iter().map(|plan| &plan.file);
        let mut named: Vec<String> = files
            .flat_map(|file| {
                let steps =
                    file.browser.iter().chain(file.overrides.values()).map(|name| format!("browser/{name}.json"));
                steps.chain(file.user.iter().map(|name| format!("users/{name}.json"))).collect::<Vec<_>>()
            })
            .collect();
        for text in on_disk.iter().filter(|(path, _)| !path.contains('/')).map(|(_, text)| text) {
            let table: toml::Table = text.parse().unwrap();
            let parts = table.get("with").and_then(toml::Value::as_array).into_iter().flatten();
            named.extend(parts.map(|part| format!("parts/{}.toml", part.as_str().unwrap())));
        }
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

        let built_in = Library::open(None).unwrap().plans().unwrap();
        let plans = Library::open(Some(folder.path())).unwrap().plans().unwrap();

        assert_eq!(plans.len(), built_in.len() + 1);
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
        assert!(error("with = [\"x\"]").contains("parts/x.toml"));
        assert!(error("name = \"basic\"\ngroup = \"g\"\nplan = \"p\"").contains("basic"));
    }
}
