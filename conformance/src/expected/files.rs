//! Reading expectation files.

use super::{Expectations, ExpectedProblem, ExpectedSkip};
use crate::error::HarnessError;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../expected/", $path)))),+]
    };
}

/// Files by their path. Those in `scripts/NAME` count only with `--scripts NAME`.
const BUILT_IN: [(&str, &str); 4] = embedded![
    "authentication-skips.json",
    "dynamic-skips.json",
    "flows-skips.json",
    "scripts/hostile/basic-failures.json",
];

impl Expectations {
    /// The built-in expectations, or those in `folder` instead of them; with a set of scripts its own as well.
    pub(crate) fn load(folder: Option<&Path>, scripts: Option<&str>) -> Result<Self, HarnessError> {
        let mut expectations = Self::default();
        let of_scripts = scripts.map(|name| format!("scripts/{name}"));
        let Some(folder) = folder else {
            for (path, text) in BUILT_IN {
                let part = path.rsplit_once('/').map(|(part, _)| part);
                if part.is_none() || part == of_scripts.as_deref() {
                    expectations.add(path, text)?;
                }
            }
            return Ok(expectations);
        };
        expectations.add_folder(folder)?;
        match of_scripts.map(|part| folder.join(part)) {
            Some(part) if part.is_dir() => expectations.add_folder(&part)?,
            _ => {}
        }
        Ok(expectations)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), HarnessError> {
        for entry in fs::read_dir(folder).map_err(HarnessError::file(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).map_err(HarnessError::file(&path))?;
                self.add(&path.display().to_string(), &text)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), HarnessError> {
        if name.ends_with("-failures.json") {
            self.problems.extend(entries::<ExpectedProblem>(name, text)?);
        } else if name.ends_with("-skips.json") {
            self.skips.extend(entries::<ExpectedSkip>(name, text)?);
        } else {
            let names = "names end in -failures.json or -skips.json";
            return Err(HarnessError::Input(format!("{name} is no file of expectations: their {names}")));
        }
        Ok(())
    }
}

fn entries<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>, HarnessError> {
    serde_json::from_str(text).map_err(|error| HarnessError::Input(format!("{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::judge::glob;
    use crate::plan::{Library, Plan};
    use crate::scripts::{ScriptSet, files_below};

    #[test]
    fn every_file_is_embedded_and_belongs_to_all_runs_or_to_a_set_of_scripts() {
        let on_disk = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("expected"));
        assert_eq!(on_disk.keys().map(String::as_str).collect::<Vec<_>>(), BUILT_IN.map(|(path, _)| path));
        for (path, _) in BUILT_IN {
            let Some((part, _)) = path.rsplit_once('/') else { continue };
            assert!(ScriptSet::NAMES.iter().any(|name| part == format!("scripts/{name}")), "{path}");
        }
    }

    #[test]
    fn every_expectation_means_a_plan_that_is_there() {
        let plans: Vec<String> = Library::open(None).unwrap().plans().unwrap().iter().map(Plan::file_name).collect();
        for scripts in [None].into_iter().chain(ScriptSet::NAMES.iter().map(|name| Some(*name))) {
            let Expectations { problems, skips } = Expectations::load(None, scripts).unwrap();
            assert!(skips.iter().all(|skip| !skip.permitted_by.is_empty()));
            let scopes = problems.iter().map(|problem| &problem.scope).chain(skips.iter().map(|skip| &skip.scope));
            for scope in scopes {
                let named = &scope.configuration_filename;
                assert!(plans.iter().any(|plan| glob(named, plan)), "no plan {named}");
            }
        }
    }

    #[test]
    fn expectations_of_a_set_of_scripts_count_only_with_it() {
        let warning = r#"[{"test-name": "a", "variant": "*", "configuration-filename": "basic.toml",
            "current-block": "*", "condition": "CheckX", "expected-result": "warning", "message": "text"}]"#;
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("scripts/hostile");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("basic-failures.json"), warning).unwrap();
        let problems = |folder, scripts| Expectations::load(folder, scripts).unwrap().problems.len();
        assert_eq!(problems(Some(folder.path()), None), 0);
        assert_eq!(problems(Some(folder.path()), Some("hostile")), 1);
        assert_eq!(problems(Some(folder.path()), Some("other")), 0);
        assert!(problems(None, Some("hostile")) > problems(None, None));
    }

    #[test]
    fn the_suites_own_shape_is_read() {
        let mut expectations = Expectations::default();
        let failures = r#"[{"test-name": "oidcc-server*", "variant": {"response_type": "code"}, "configuration-filename": "*",
            "current-block": "*", "condition": "CheckX", "expected-result": "warning", "comment": "known"}]"#;
        expectations.add("x-failures.json", failures).unwrap();
        assert_eq!(expectations.problems[0].condition, "CheckX");
    }

    #[test]
    fn a_skip_without_the_suites_sentence_is_refused() {
        let skip = r#"[{"test-name": "a", "variant": "*", "configuration-filename": "basic.toml"}]"#;
        let error = Expectations::default().add("x-skips.json", skip).unwrap_err().to_string();
        assert!(error.contains("permitted-by"), "{error}");
    }

    #[test]
    fn a_file_of_another_name_is_refused() {
        assert!(Expectations::default().add("skips.json", "[]").is_err());
    }
}
