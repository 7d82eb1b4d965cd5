//! Trying a package that is not deployed. Nothing here changes anything.

use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::protocol::identifiers::RealmName;
use signet_core::registry::{
    self, Coverage, DeploymentRequest, Diagnostic, Finding, FuzzOptions, FuzzReport, Run, TestReport, TestResult,
};

use crate::administrator::Administrator;
use crate::answer::Answered;
use crate::body::New;
use crate::openapi::Tag;
use crate::path::Path;
use crate::problem::Problem;
use crate::script_documents::client_of;

/// A package that is to be checked as a deployment would.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptCheck {
    /// The text of each file.
    files: BTreeMap<String, String>,
    /// The client it would be for; all of the realm where absent.
    client_id: Option<String>,
    /// What would be accepted, each as `kind:name`.
    #[oai(default)]
    accept: Vec<String>,
}

/// A package that is to be tested.
#[derive(Object)]
pub(crate) struct ScriptTest {
    /// The text of each file, tests and fixtures among them.
    files: BTreeMap<String, String>,
}

/// A hook that is to be run once.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptRun {
    /// The text of each file.
    files: BTreeMap<String, String>,
    /// The hook, such as `on_claims`.
    hook: String,
    /// The input: a file of the package's `fixtures`, without folder and ending. The hook's sample where absent.
    fixture: Option<String>,
    /// The second parameter of the hook, in the place of the fixture's.
    argument: Option<Value>,
}

/// A package that generated inputs are to be tried on.
#[derive(Object)]
pub(crate) struct ScriptFuzz {
    /// The text of each file.
    files: BTreeMap<String, String>,
    /// Where the inputs begin; the same seed makes the same ones.
    #[oai(default)]
    seed: u64,
    /// Inputs for each hook: 1 to 2000.
    #[oai(default = "some")]
    runs: u32,
}

fn some() -> u32 {
    200
}

/// Something that is wrong with a package.
#[derive(Object)]
pub(crate) struct ScriptProblem {
    /// The file.
    file: String,
    /// The line, from 1; 0 for the file as a whole.
    line: u32,
    /// The column in characters, from 1; 0 for the line as a whole.
    column: u32,
    /// The rule that is broken.
    rule: String,
    /// What to do about it.
    message: String,
}

/// What a deployment would say.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct CheckedScript {
    /// Whether it would be carried out.
    valid: bool,
    /// Everything that is wrong.
    problems: Vec<ScriptProblem>,
    /// The version that the files are; absent where they are no package.
    version: Option<String>,
    /// Everything the package may see, add and reach, each as `kind:name`; absent where the manifest does not read.
    capabilities: Option<Vec<String>>,
}

/// What came of the tests of a package.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct TestedScript {
    /// Everything that is wrong with the package. Where there is something, no test was run.
    problems: Vec<ScriptProblem>,
    /// The tests in the order of files and lines. One that did not come to an end within 5 seconds for all of them has
    /// failed.
    tests: Vec<ScriptTestResult>,
    /// How many of them failed.
    failed: u64,
    /// Which lines of the main file were run.
    coverage: Option<ScriptCoverage>,
}

/// What came of a test.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptTestResult {
    /// The file it is in.
    file: String,
    /// Its name.
    name: String,
    /// Whether it passed.
    passed: bool,
    /// Why it did not, and where.
    failure: Option<ScriptProblem>,
}

/// Which lines of the main file tests have run.
#[derive(Object)]
pub(crate) struct ScriptCoverage {
    /// Lines with something to run.
    lines: Vec<u64>,
    /// Those of them that were not run.
    missed: Vec<u64>,
    /// How many of a hundred were run.
    percent: u64,
}

/// What came of one run.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct RunScript {
    /// Everything that is wrong with the package. Where there is something, nothing was run.
    problems: Vec<ScriptProblem>,
    /// The decision; absent where there is none.
    decision: Option<Value>,
    /// Why there is none.
    failure: Option<Value>,
    /// What was handed on to later hooks.
    vars: Option<Value>,
    /// What was logged.
    log: Option<Value>,
    /// What the host was asked and what it answered.
    calls: Option<Value>,
    /// How many operations it took.
    operations: Option<u64>,
}

/// What came of generated inputs.
#[derive(Object)]
pub(crate) struct FuzzedScript {
    /// Everything that is wrong with the package. Where there is something, nothing was tried.
    problems: Vec<ScriptProblem>,
    /// How many runs there were within 5 seconds.
    runs: u32,
    /// How often each decision came out, and each kind of failure.
    outcomes: BTreeMap<String, u32>,
    /// Inputs for which a promise of scripts is broken; at most 10.
    broken: Vec<ScriptFinding>,
    /// Inputs for which the script throws, which is its right; at most 10.
    thrown: Vec<ScriptFinding>,
}

/// An input for which something was found.
#[derive(Object)]
pub(crate) struct ScriptFinding {
    /// The hook.
    hook: String,
    /// The promise that is broken: `no-panic`, `budget`, `shape`, `declared` or `deny-stays`; or `thrown`.
    kind: String,
    /// What happened.
    message: String,
    /// The input as a fixture.
    input: Value,
}

impl ScriptProblem {
    fn of(found: Diagnostic) -> Self {
        let Diagnostic { position, rule, message } = found;
        let rule = rule.as_str().to_owned();
        Self { file: position.file, line: position.line, column: position.column, rule, message }
    }

    fn all(found: Vec<Diagnostic>) -> Vec<Self> {
        found.into_iter().map(Self::of).collect()
    }
}

impl CheckedScript {
    fn of(checked: registry::CheckedScript) -> Self {
        Self {
            valid: checked.problems.is_empty(),
            problems: ScriptProblem::all(checked.problems),
            version: checked.version.map(|version| version.to_string()),
            capabilities: checked.declaration.map(|declaration| declaration.capabilities),
        }
    }
}

impl ScriptTestResult {
    fn of(test: TestResult) -> Self {
        let failure = test.diagnostic().map(ScriptProblem::of);
        Self { passed: failure.is_none(), file: test.file, name: test.name, failure }
    }
}

impl ScriptCoverage {
    fn of(coverage: &Coverage) -> Self {
        let all = |lines: &[usize]| lines.iter().map(|line| *line as u64).collect();
        Self { lines: all(&coverage.lines), missed: all(&coverage.missed), percent: coverage.percent() as u64 }
    }
}

impl TestedScript {
    fn of(tested: Result<TestReport, Vec<Diagnostic>>) -> Self {
        match tested {
            Ok(report) => Self {
                problems: Vec::new(),
                failed: report.failed() as u64,
                coverage: Some(ScriptCoverage::of(&report.coverage)),
                tests: report.tests.into_iter().map(ScriptTestResult::of).collect(),
            },
            Err(found) => Self { problems: ScriptProblem::all(found), tests: Vec::new(), failed: 0, coverage: None },
        }
    }
}

impl RunScript {
    fn of(run: Result<Run, Vec<Diagnostic>>) -> Self {
        let (problems, run) = match run {
            Ok(run) => (Vec::new(), Some(run)),
            Err(found) => (ScriptProblem::all(found), None),
        };
        let run = run.as_ref();
        let outcome = run.map(|run| &run.outcome);
        Self {
            problems,
            decision: outcome.and_then(|outcome| outcome.clone().ok()),
            failure: outcome.and_then(|outcome| serde_json::to_value(outcome.as_ref().err()?).ok()),
            vars: run.and_then(|run| run.vars.clone()).map(Value::Object),
            log: run.and_then(|run| serde_json::to_value(&run.log).ok()),
            calls: run.and_then(|run| serde_json::to_value(&run.calls).ok()),
            operations: run.map(|run| run.operations),
        }
    }
}

impl FuzzedScript {
    fn of(fuzzed: Result<FuzzReport, Vec<Diagnostic>>) -> Self {
        let (problems, report) = match fuzzed {
            Ok(report) => (Vec::new(), report),
            Err(found) => (ScriptProblem::all(found), FuzzReport::default()),
        };
        let shown = |findings: Vec<Finding>| findings.into_iter().map(ScriptFinding::of).collect();
        let FuzzReport { runs, outcomes, broken, thrown } = report;
        Self { problems, runs, outcomes, broken: shown(broken), thrown: shown(thrown) }
    }
}

impl ScriptFinding {
    fn of(finding: Finding) -> Self {
        let (hook, kind) = (finding.hook.name().to_owned(), finding.kind().to_owned());
        Self { hook, kind, message: finding.message, input: finding.input }
    }
}

/// The operations that try packages.
pub(crate) struct ScriptTrials;

#[OpenApi(tag = "Tag::Scripts")]
impl ScriptTrials {
    /// Says what a deployment of a package would say, with every problem of its files.
    #[oai(path = "/realms/:realm/script-trials/check", method = "post", operation_id = "checkScript")]
    async fn check(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        check: New<ScriptCheck>,
    ) -> Result<Answered<CheckedScript>, Problem> {
        let ScriptCheck { files, client_id, accept } = check.read()?;
        let request = DeploymentRequest { files, client_id: client_of(client_id)?, accept, ..Default::default() };
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let checked = registry::check_script(provider, &realm, request).await?;
        Ok(Answered::Answer(Json(CheckedScript::of(checked))))
    }

    /// Runs the tests of a package, for at most 5 seconds.
    #[oai(path = "/realms/:realm/script-trials/test", method = "post", operation_id = "testScript")]
    async fn test(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        test: New<ScriptTest>,
    ) -> Result<Answered<TestedScript>, Problem> {
        let files = test.read()?.files;
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let tested = registry::test_script(provider, &realm, files).await?;
        Ok(Answered::Answer(Json(TestedScript::of(tested))))
    }

    /// Runs a hook of a package once. The realm's values and other servers are not asked: the fixture answers.
    #[oai(path = "/realms/:realm/script-trials/run", method = "post", operation_id = "runScript")]
    async fn run(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        run: New<ScriptRun>,
    ) -> Result<Answered<RunScript>, Problem> {
        let ScriptRun { files, hook, fixture, argument } = run.read()?;
        let hook = hook.parse().map_err(|error: registry::UnknownHook| Problem::invalid("hook", error.to_string()))?;
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let ran = registry::run_script(provider, &realm, files, (hook, fixture.as_deref(), argument)).await?;
        Ok(Answered::Answer(Json(RunScript::of(ran))))
    }

    /// Tries generated inputs on the hooks of a package, for at most 5 seconds.
    #[oai(path = "/realms/:realm/script-trials/fuzz", method = "post", operation_id = "fuzzScript")]
    async fn fuzz(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        fuzz: New<ScriptFuzz>,
    ) -> Result<Answered<FuzzedScript>, Problem> {
        let ScriptFuzz { files, seed, runs } = fuzz.read()?;
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let fuzzed = registry::fuzz_script(provider, &realm, files, FuzzOptions { seed, runs }).await?;
        Ok(Answered::Answer(Json(FuzzedScript::of(fuzzed))))
    }
}
