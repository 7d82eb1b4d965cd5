//! Running plans: setting up what they need, running every module, comparing, keeping evidence.
//!
//! Modules of one plan share an alias at the suite and run one after the other; plans have different aliases and run
//! side by side, as many as asked for.

mod module;

pub(crate) use module::ModuleRun;

use crate::error::HarnessError;
use crate::evidence::{PlanEvidence, PlanFacts, picture::Browser};
use crate::expected::{Difference, Expectation, Expectations, Outcome, unused};
use crate::output::Progress;
use crate::plan::{Plan, configuration};
use crate::signet::{ScriptRuns, Signet};
use crate::suite::client::SuiteClient;
use crate::suite::model::{PlanId, Variant};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Everything that running plans takes.
pub(crate) struct Driver {
    pub(crate) suite: SuiteClient,
    pub(crate) signet: Signet,
    pub(crate) expectations: Expectations,
    /// Where evidence is kept.
    pub(crate) evidence: PathBuf,
    /// Draws stored pages, where the machine has one.
    pub(crate) browser: Option<Browser>,
    pub(crate) progress: Progress,
}

/// What came of one plan.
pub(crate) struct PlanRun {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) variant: Variant,
    /// The set of scripts that decided in the realm.
    pub(crate) scripts: Option<&'static str>,
    pub(crate) modules: Vec<ModuleRun>,
    /// Why the plan could not be run to its end.
    pub(crate) error: Option<HarnessError>,
}

impl PlanRun {
    /// The expectations that came true.
    fn used(&self) -> impl Iterator<Item = Expectation> {
        self.modules.iter().flat_map(|module| module.used.iter().copied())
    }
}

/// What came of a whole run.
pub(crate) struct Results {
    pub(crate) plans: Vec<PlanRun>,
    /// Expectations that did not come true.
    pub(crate) unused: Vec<Difference>,
    /// What scripts did, where that is known.
    pub(crate) script_runs: Option<ScriptRuns>,
}

/// How many module runs ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) modules: usize,
    pub(crate) passed: usize,
    pub(crate) review: usize,
    pub(crate) skipped: usize,
    pub(crate) warned: usize,
    pub(crate) failed: usize,
}

impl Results {
    /// Counts the module runs.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for module in self.plans.iter().flat_map(|plan| &plan.modules) {
            totals.modules += 1;
            match module.outcome {
                Outcome::Passed => totals.passed += 1,
                Outcome::Review => totals.review += 1,
                Outcome::Skipped => totals.skipped += 1,
                Outcome::Warned => totals.warned += 1,
                Outcome::Failed => totals.failed += 1,
            }
        }
        totals
    }

    /// Whether anything is not as expected.
    pub(crate) fn differ(&self) -> bool {
        let modules = self.plans.iter().flat_map(|plan| &plan.modules);
        let scripts_failed = self.script_runs.as_ref().is_some_and(|runs| !runs.failed.is_empty());
        scripts_failed || !self.unused.is_empty() || modules.into_iter().any(|module| !module.differences.is_empty())
    }

    /// The first reason why a plan could not be run to its end.
    pub(crate) fn error(&self) -> Option<&HarnessError> {
        self.plans.iter().find_map(|plan| plan.error.as_ref())
    }
}

impl Driver {
    /// Runs the plans, at most `jobs` at a time.
    pub(crate) async fn run(self: Arc<Self>, plans: Vec<Plan>, jobs: usize) -> Result<Results, HarnessError> {
        let places = Arc::new(Semaphore::new(jobs));
        let mut tasks = JoinSet::new();
        for plan in plans {
            let (driver, places) = (Arc::clone(&self), Arc::clone(&places));
            tasks.spawn(async move {
                // The semaphore is never closed, so a place always comes.
                let _place = places.acquire().await;
                driver.run_plan(&plan).await
            });
        }
        let mut plans = tasks.join_all().await;
        plans.sort_by(|left, right| left.name.cmp(&right.name));
        let used: BTreeSet<(Expectation, &str)> = plans
            .iter()
            .flat_map(|plan| plan.used().map(|expectation| (expectation, plan.file_name.as_str())))
            .collect();
        // What a plan would have shown that broke off is not known.
        let finished = plans.iter().filter(|plan| plan.error.is_none());
        let finished: Vec<_> = finished.map(|plan| (plan.file_name.as_str(), &plan.variant)).collect();
        let unused = unused(&self.expectations, &used, &finished);
        Ok(Results { plans, unused, script_runs: self.signet.script_runs().await? })
    }

    async fn run_plan(&self, plan: &Plan) -> PlanRun {
        let mut modules = Vec::new();
        let error = self.run_modules(plan, &mut modules).await.err();
        let (name, variant) = (plan.name.clone(), plan.file.variant.clone());
        PlanRun { name, file_name: plan.file_name(), variant, scripts: self.signet.scripts(), modules, error }
    }

    async fn run_modules(&self, plan: &Plan, done: &mut Vec<ModuleRun>) -> Result<(), HarnessError> {
        let prepared = self.signet.prepare(plan, self.suite.base()).await?;
        let configuration = configuration::build(plan, &prepared.clients, &prepared.names)?;
        let created = self.suite.create_plan(&plan.file.plan, &plan.file.variant, &configuration).await?;
        let facts = PlanFacts { id: &created.id, scripts: self.signet.scripts(), configuration: &configuration };
        let evidence = PlanEvidence::begin(&self.evidence, plan, &facts)?;
        let progress = self.progress.plan(&plan.name, created.modules.len());
        for (position, module) in created.modules.iter().enumerate() {
            progress.begin(&module.test_module);
            let mut run = self.run_module(plan, &created.id, (module, &prepared.names["realm"])).await?;
            run.number = position + 1;
            evidence.module(&run, self.browser.as_ref(), self.signet.base()).await?;
            let difference = if run.differences.is_empty() { "" } else { "  DIFFERS" };
            progress.end(&module.test_module, &format!("{}{difference}", run.outcome));
            done.push(run);
        }
        self.export(&created.id, &evidence).await
    }

    async fn export(&self, plan: &PlanId, evidence: &PlanEvidence) -> Result<(), HarnessError> {
        evidence.export(&self.suite.export(plan).await?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    pub(crate) use module::tests::module_run;

    pub(crate) fn results(outcomes: &[Outcome]) -> Results {
        let modules = outcomes.iter().map(|outcome| module_run(*outcome)).collect();
        let plan = PlanRun {
            name: "basic".into(),
            file_name: "basic.toml".into(),
            variant: Variant::new(),
            scripts: None,
            modules,
            error: None,
        };
        Results { plans: vec![plan], unused: Vec::new(), script_runs: None }
    }

    #[test]
    fn totals_count_each_outcome() {
        let outcomes =
            [Outcome::Passed, Outcome::Passed, Outcome::Review, Outcome::Skipped, Outcome::Warned, Outcome::Failed];
        let expected = Totals { modules: 6, passed: 2, review: 1, skipped: 1, warned: 1, failed: 1 };
        assert_eq!(results(&outcomes).totals(), expected);
    }

    #[test]
    fn a_difference_an_unused_expectation_or_a_failed_script_makes_results_differ() {
        assert!(!results(&[Outcome::Passed]).differ());
        let mut one = results(&[Outcome::Warned]);
        one.plans[0].modules[0].differences.push(Difference("x".into()));
        assert!(one.differ());
        let mut two = results(&[Outcome::Passed]);
        two.unused.push(Difference("x".into()));
        assert!(two.differ());
        let mut three = results(&[Outcome::Passed]);
        three.script_runs = Some(ScriptRuns::default());
        assert!(!three.differ());
        three.script_runs = Some(ScriptRuns { failed: vec!["x".into()], ..ScriptRuns::default() });
        assert!(three.differ());
    }
}
