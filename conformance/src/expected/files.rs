//! Reading expectation files.

use super::{Expectations, ExpectedProblem, ExpectedSkip};
use crate::error::HarnessError;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

const BUILT_IN: [(&str, &str); 1] = [("basic-skips.json", include_str!("../../expected/basic-skips.json"))];

impl Expectations {
    /// The built-in expectations, or those in `folder` instead of them.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, HarnessError> {
        let mut expectations = Self::default();
        let Some(folder) = folder else {
            for (name, text) in BUILT_IN {
                expectations.add(name, text)?;
            }
            return Ok(expectations);
        };
        for entry in fs::read_dir(folder).map_err(HarnessError::file(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).map_err(HarnessError::file(&path))?;
                expectations.add(&path.display().to_string(), &text)?;
            }
        }
        Ok(expectations)
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
    use crate::plan::Library;

    #[test]
    fn every_file_is_embedded_and_means_a_plan_that_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected");
        let mut on_disk: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        on_disk.sort();
        assert_eq!(on_disk, BUILT_IN.map(|(name, _)| name));

        let plans: Vec<String> =
            Library::open(None).unwrap().plans().unwrap().iter().map(crate::plan::Plan::file_name).collect();
        for skip in Expectations::load(None).unwrap().skips {
            let file = &skip.scope.configuration_filename;
            assert!(plans.contains(file), "no plan file is named {file}");
            assert!(!skip.permitted_by.is_empty());
        }
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
