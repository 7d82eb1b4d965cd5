//! What is kept of a run: for each plan a folder with the configuration, every module's record and log, the pages that
//! filled placeholders with a picture of each, and the suite's own signed export; above them the results as a table and
//! as JUnit XML.
//!
//! A plan's folder is named after its run at the suite, so nothing of an earlier run is overwritten.

mod junit;
pub(crate) mod picture;
mod table;

pub(crate) use table::{last_line, table};

use crate::driver::{ModuleRun, Results};
use crate::error::HarnessError;
use crate::plan::Plan;
use crate::suite::client::typed_log;
use crate::suite::model::PlanId;
use picture::Browser;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What a plan was run with.
pub(crate) struct PlanFacts<'a> {
    /// The run at the suite.
    pub(crate) id: &'a PlanId,
    /// The set of scripts that decides in the realm.
    pub(crate) scripts: Option<&'static str>,
    /// The suite's configuration.
    pub(crate) configuration: &'a Value,
}

/// The evidence of one plan's run.
pub(crate) struct PlanEvidence {
    folder: PathBuf,
}

impl PlanEvidence {
    /// Makes the plan's folder in `root` and keeps in it what the plan is run with.
    pub(crate) fn begin(root: &Path, plan: &Plan, facts: &PlanFacts<'_>) -> Result<Self, HarnessError> {
        let PlanFacts { id, scripts, configuration } = facts;
        let folder = root.join(format!("{}-{id}", plan.name));
        fs::create_dir_all(&folder).map_err(HarnessError::file(&folder))?;
        let evidence = Self { folder };
        let mut record =
            json!({ "plan": plan.file.plan, "id": id.0, "variant": plan.file.variant, "configuration": configuration });
        if let Some(scripts) = scripts {
            record["scripts"] = json!(scripts);
        }
        evidence.write("plan.json", pretty(&record).as_bytes())?;
        Ok(evidence)
    }

    /// Keeps a module's record, log and pages. `base` is where the pages' relative links lead.
    pub(crate) async fn module(
        &self,
        run: &ModuleRun,
        browser: Option<&Browser>,
        base: &str,
    ) -> Result<(), HarnessError> {
        let name = format!("{:03}-{}", run.number, run.module);
        self.write(&format!("{name}.json"), pretty(&json!({ "info": run.info, "log": run.log })).as_bytes())?;
        let log = typed_log(&run.log)?;
        for (position, page) in log.iter().filter_map(|entry| entry.page_source.as_deref()).enumerate() {
            let page_name = format!("{name}-page-{}", position + 1);
            let path = self.write(&format!("{page_name}.html"), page.as_bytes())?;
            if let Some(browser) = browser {
                browser.draw(page, base, &path.with_extension("png")).await?;
            }
        }
        Ok(())
    }

    /// Keeps the suite's export.
    pub(crate) fn export(&self, zip: &[u8]) -> Result<(), HarnessError> {
        self.write("export.zip", zip).map(drop)
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, HarnessError> {
        let path = self.folder.join(name);
        fs::write(&path, content).map_err(HarnessError::file(&path))?;
        Ok(path)
    }
}

/// Writes the reports about all plans.
pub(crate) fn write_reports(root: &Path, results: &Results, signet_log: Option<&Path>) -> Result<(), HarnessError> {
    fs::create_dir_all(root).map_err(HarnessError::file(root))?;
    for (name, text) in [("results.txt", table(results)), ("junit.xml", junit::report(results))] {
        let path = root.join(name);
        fs::write(&path, text).map_err(HarnessError::file(&path))?;
    }
    if let Some(log) = signet_log {
        fs::copy(log, root.join("signet.log")).map_err(HarnessError::file(log))?;
    }
    Ok(())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::Outcome;
    use crate::plan::Library;

    #[tokio::test]
    async fn a_modules_log_and_pages_are_kept_apart_from_other_runs() {
        let root = tempfile::tempdir().unwrap();
        let plans = Library::open(None).unwrap().plans().unwrap();
        let basic = plans.iter().find(|plan| plan.name == "basic").unwrap();
        let mut run = crate::driver::tests::module_run(Outcome::Review);
        run.log = json!([{ "src": "x", "page_source": "<p>one</p>" }, { "src": "y", "msg": "nothing" }]);
        for id in ["r1", "r2"] {
            let facts = PlanFacts { id: &PlanId(id.into()), scripts: Some("hostile"), configuration: &json!({}) };
            let evidence = PlanEvidence::begin(root.path(), basic, &facts).unwrap();
            evidence.module(&run, None, "https://op").await.unwrap();
            evidence.export(b"zip").unwrap();
        }
        for id in ["r1", "r2"] {
            let folder = root.path().join(format!("basic-{id}"));
            let page = fs::read_to_string(folder.join("001-oidcc-server-page-1.html")).unwrap();
            assert_eq!(page, "<p>one</p>");
            let log: Value = serde_json::from_slice(&fs::read(folder.join("001-oidcc-server.json")).unwrap()).unwrap();
            assert_eq!(log["log"][1]["msg"], "nothing");
            assert!(folder.join("export.zip").is_file());
            let record: Value = serde_json::from_slice(&fs::read(folder.join("plan.json")).unwrap()).unwrap();
            assert_eq!((&record["id"], &record["scripts"]), (&json!(id), &json!("hostile")));
        }
    }
}
