//! The trait between the server and the tools of a script engine: what can be tried with a package before it decides
//! anything.

mod junit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Position, Rule};
use crate::hook::Hook;
use crate::package::Package;
use crate::run::Run;

/// Tries packages. None of it has effects: hosts answer from fixtures.
pub trait ScriptTools: Send + Sync {
    /// Everything that is wrong with a package and its test files, without running anything.
    fn check(&self, package: &Package) -> Vec<Diagnostic>;

    /// Runs the tests of a package.
    ///
    /// # Errors
    /// What is wrong with the package or its test files; then no test was run.
    fn test(&self, package: &Package, allowance: &Allowance) -> Result<TestReport, Vec<Diagnostic>>;

    /// Runs a hook of a package once, by the way that production takes.
    ///
    /// # Errors
    /// Why it was not run.
    fn run(&self, package: &Package, trial: Trial) -> Result<Run, NotTried>;

    /// Tries generated inputs on all hooks of a package.
    ///
    /// # Errors
    /// What is wrong with the package; then nothing was tried.
    fn fuzz(
        &self,
        package: &Package,
        options: FuzzOptions,
        allowance: &Allowance,
    ) -> Result<FuzzReport, Vec<Diagnostic>>;
}

/// How long a tool may take. Each run has its own limits; this is for all of them together. It is looked at between
/// runs.
#[derive(Clone)]
pub struct Allowance(Option<(Arc<dyn Fn() -> Duration + Send + Sync>, Duration)>);

impl Allowance {
    /// As long as it takes.
    pub const UNLIMITED: Self = Self(None);

    /// As long as a clock says less than `most`.
    pub fn new(clock: impl Fn() -> Duration + Send + Sync + 'static, most: Duration) -> Self {
        Self(Some((Arc::new(clock), most)))
    }

    /// Whether there is none left.
    pub fn is_used_up(&self) -> bool {
        self.0.as_ref().is_some_and(|(clock, most)| clock() >= *most)
    }
}

/// What a hook is run with.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The hook.
    pub hook: Hook,
    /// A fixture: members of `ctx`, `argument` and `host`. What it does not name is as in the hook's sample.
    pub fixture: Map<String, Value>,
    /// The second parameter, in the place of the fixture's.
    pub argument: Option<Value>,
}

/// Why a hook was not run.
#[derive(Debug, Clone, PartialEq)]
pub enum NotTried {
    /// What is wrong with the package.
    Package(Vec<Diagnostic>),
    /// The package does not have the hook; it has these.
    NoHook(Vec<Hook>),
    /// The fixture is none for this hook.
    Fixture(String),
}

/// What came of the tests of a package.
#[derive(Debug, Clone)]
pub struct TestReport {
    /// The name of the package.
    pub package: String,
    /// The tests in the order of files and lines.
    pub tests: Vec<TestResult>,
    /// Which lines of the main file they ran.
    pub coverage: Coverage,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// The file it is in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
}

/// Why a test failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFailure {
    /// Where, in the test or in the main file.
    pub position: Option<Position>,
    /// What was expected, or what went wrong.
    pub message: String,
}

impl TestResult {
    /// A failed test as a place where something is wrong.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let failure = self.failure.as_ref()?;
        let position = failure.position.clone().unwrap_or_else(|| Position::file(&self.file));
        Some(Diagnostic::new(position, Rule::Test, format!("{}: {}", self.name, failure.message)))
    }
}

impl TestReport {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| test.failure.is_some()).count()
    }

    /// The report as JUnit XML.
    pub fn junit(&self) -> String {
        junit::report(self)
    }
}

/// Which lines of the main file tests have run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Lines with something to run, from 1.
    pub lines: Vec<usize>,
    /// Those of them that were not run.
    pub missed: Vec<usize>,
}

impl Coverage {
    /// How many percent of the lines were run, rounded down; 100 if there is nothing to run.
    pub fn percent(&self) -> usize {
        let run = self.lines.len() - self.missed.len();
        (run * 100).checked_div(self.lines.len()).unwrap_or(100)
    }
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuzzOptions {
    /// Where the inputs begin.
    pub seed: u64,
    /// Inputs for each hook.
    pub runs: u32,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FuzzReport {
    /// How many runs there were.
    pub runs: u32,
    /// How often each decision came out, and each kind of failure.
    pub outcomes: BTreeMap<String, u32>,
    /// Broken promises.
    pub broken: Vec<Finding>,
    /// Inputs for which the script throws. That is its right, and costs the request where the hook fails closed.
    pub thrown: Vec<Finding>,
}

/// A promise of scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The engine never panics.
    NoPanic,
    /// Operations, memory and sizes stay within the limits.
    Budget,
    /// Decisions are those of the hook; claims those of the manifest.
    Shape,
    /// Names exist, capabilities are declared.
    Declared,
    /// A refusal stays one when the input becomes worse.
    DenyStays,
}

/// An input for which something was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The hook.
    pub hook: Hook,
    /// Which promise it breaks; nothing for a throw.
    pub promise: Option<Promise>,
    /// The input as a fixture: members of `ctx`, `argument` and `host`.
    pub input: Value,
    /// The failure, or how the input became worse.
    pub message: String,
}

impl Finding {
    /// The promise in a word, or that the script throws.
    pub const fn kind(&self) -> &'static str {
        match self.promise {
            None => "thrown",
            Some(Promise::NoPanic) => "no-panic",
            Some(Promise::Budget) => "budget",
            Some(Promise::Shape) => "shape",
            Some(Promise::Declared) => "declared",
            Some(Promise::DenyStays) => "deny-stays",
        }
    }
}
