//! Running one module to its end.

use super::Driver;
use crate::error::HarnessError;
use crate::expected::{Difference, Expectation, Outcome, Run, judge};
use crate::plan::Plan;
use crate::suite::client::{SuiteClient, typed_info, typed_log};
use crate::suite::model::{PlanId, PlanModule, Status, TestId, Variant};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The longest that a module may take: some wait out the life of a token.
const MODULE_LIMIT: Duration = Duration::from_mins(10);

/// The one module that waits for its operator: keys are to be rotated before it is started.
const ROTATION: &str = "oidcc-server-rotate-keys";

/// What came of one module.
pub(crate) struct ModuleRun {
    /// Its place in the plan, from 1.
    pub(crate) number: usize,
    pub(crate) module: String,
    pub(crate) variant: Variant,
    pub(crate) test: TestId,
    pub(crate) outcome: Outcome,
    pub(crate) differences: Vec<Difference>,
    /// The expectations that came true.
    pub(crate) used: BTreeSet<Expectation>,
    pub(crate) duration: Duration,
    /// The suite's record and log, whole.
    pub(crate) info: Value,
    pub(crate) log: Value,
}

impl Driver {
    pub(super) async fn run_module(
        &self,
        plan: &Plan,
        plan_id: &PlanId,
        (module, realm): (&PlanModule, &str),
    ) -> Result<ModuleRun, HarnessError> {
        let started = crate::moment::now();
        let test = self.suite.create_test(plan_id, module).await?;
        if module.test_module == ROTATION {
            self.rotate_between(&test, realm).await?;
        }
        let stuck = wait_for_end(&self.suite, &test).await?;
        let (info, log) = (self.suite.info(&test).await?, self.suite.log(&test).await?);
        let mut variant = plan.file.variant.clone();
        variant.extend(module.variant.clone());
        let verdict = judge(
            &Run {
                configuration: &plan.file_name(),
                module: &module.test_module,
                variant: &variant,
                info: &typed_info(&info)?,
                log: &typed_log(&log)?,
            },
            &self.expectations,
        );
        let differences = stuck.into_iter().chain(verdict.differences).collect();
        Ok(ModuleRun {
            number: 0,
            module: module.test_module.clone(),
            variant: module.variant.clone(),
            test,
            outcome: verdict.outcome,
            differences,
            used: verdict.used,
            duration: started.elapsed(),
            info,
            log,
        })
    }
}

impl Driver {
    /// The module has read the keys when it is configured, and reads them again when it is started.
    async fn rotate_between(&self, test: &TestId, realm: &str) -> Result<(), HarnessError> {
        if self.suite.wait_for(test, "CONFIGURED").await? == Some(Status::Configured) {
            self.signet.rotate_key(realm).await?;
            self.suite.start(test).await?;
        }
        Ok(())
    }
}

/// Waits until the module has ended. One that would never end is stopped, and what it waits for is the difference.
async fn wait_for_end(suite: &SuiteClient, test: &TestId) -> Result<Option<Difference>, HarnessError> {
    let deadline = crate::moment::now() + MODULE_LIMIT;
    loop {
        let state = suite.wait_for(test, "WAITING,FINISHED,INTERRUPTED").await?;
        if matches!(state, Some(Status::Finished | Status::Interrupted)) {
            return Ok(None);
        }
        if state == Some(Status::Waiting) && suite.wait_for(test, "RUNNING,FINISHED,INTERRUPTED").await?.is_some() {
            continue;
        }
        let stuck = match suite.runner(test).await?.browser.urls.first() {
            Some(url) => format!("nobody opens {url}: the plan's browser steps have no entry that matches it"),
            None if crate::moment::now() > deadline => format!("did not end within {} s", MODULE_LIMIT.as_secs()),
            None => continue,
        };
        suite.stop(test).await?;
        return Ok(Some(Difference(stuck)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn module_run(outcome: Outcome) -> ModuleRun {
        ModuleRun {
            number: 1,
            module: "oidcc-server".into(),
            variant: Variant::new(),
            test: TestId("t1".into()),
            outcome,
            differences: Vec::new(),
            used: BTreeSet::new(),
            duration: Duration::from_millis(1500),
            info: json!({}),
            log: json!([]),
        }
    }
}
