//! The tests that a package brings along: `*_test.rhai` files, run by the same path as production, with a clock that
//! stands still and connections that answer from fixtures.
//!
//! ```rhai
//! test("treasury gets the high limit", || {
//!     let decision = call("on_claims", fixture("user_treasury"), "access_token");
//!     assert_eq(decision.claims.limit_eur, 5_000_000);
//! });
//! ```
//!
//! A fixture is a JSON object with members of `ctx`; what it does not name has the value of the hook's sample. Its member
//! `argument` is the hook's second parameter, if the call names none; its member `host` says what the realm answers:
//! `{"secrets": {..}, "kv": {..}, "http": [{"connection": "directory", "path": "/ana", "reply": {"json": {..}}}]}`.

mod coverage;
mod functions;
mod host;

use std::rc::Rc;
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, Scope};
use signet_hooks::{
    Allowance, Class, Diagnostic, Host, Manifest, Package, TestFailure, TestReport, TestResult, Version,
};

pub(crate) use coverage::register as register_coverage;

use crate::check::{Checked, KnownFunctions, check_statements};
use crate::engine::RhaiEngine;
use crate::failure::{failure, parse_diagnostic};
use crate::language::Language;
use crate::meter::{Failed, Metered};
use functions::{Testing, TestingEntered};
pub(crate) use host::{FixtureHost, mixed};

/// A package has no version before it is deployed, and nothing that is tried here depends on it.
pub(crate) const NO_VERSION: Version = Version([0; 32]);

/// The engine of test files.
struct TestEngine {
    engine: Engine,
    known: KnownFunctions,
}

impl TestEngine {
    fn new() -> Self {
        let mut engine = Language::with(functions::register).engine(Class::Asynchronous);
        functions::configure(&mut engine);
        let known = KnownFunctions::of(&engine);
        Self { engine, known }
    }

    /// Parses and checks a test file.
    fn parse(&self, (file, text): (&str, &str), manifest: &Manifest) -> Result<AST, Vec<Diagnostic>> {
        let ast = self.engine.compile(text).map_err(|error| vec![parse_diagnostic(file, &error)])?;
        let found = check_statements(&Checked { file, text, ast: &ast, manifest, known: &self.known });
        if found.is_empty() { Ok(ast) } else { Err(found) }
    }
}

impl RhaiEngine {
    /// Everything that is wrong with a package and its test files, without running anything.
    pub fn check(&self, package: &Package) -> Vec<Diagnostic> {
        let mut found = self.program(package, NO_VERSION).err().unwrap_or_default();
        if let Ok(manifest) = package.manifest() {
            let tests = TestEngine::new();
            found.extend(package.tests().filter_map(|file| tests.parse(file, &manifest).err()).flatten());
        }
        found
    }
}

/// Runs the tests of a package.
///
/// # Errors
/// What is wrong with the package or its test files; then no test was run.
pub fn run(package: &Package, allowance: &Allowance) -> Result<TestReport, Vec<Diagnostic>> {
    let program = RhaiEngine::covering().program(package, NO_VERSION)?;
    let tests = TestEngine::new();
    let manifest = Arc::clone(&program.manifest);
    let (mut files, mut found) = (Vec::new(), Vec::new());
    for file in package.tests() {
        match tests.parse(file, &manifest) {
            Ok(ast) => files.push((file.0, ast)),
            Err(problems) => found.extend(problems),
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    let coverable = coverage::coverable(&program.ast);
    coverage::start();
    let testing = Rc::new(Testing::new(program, package.clone(), allowance.clone()));
    let mut results = Vec::new();
    for (file, ast) in &files {
        let _entered = TestingEntered::new(Rc::clone(&testing));
        run_file(&tests.engine, (file, ast), &testing, &mut results);
    }
    let coverage = coverage::of(coverable, &coverage::finish());
    Ok(TestReport { package: manifest.name.clone(), tests: results, coverage })
}

/// Runs a file, which collects its tests, and then those.
fn run_file(engine: &Engine, (file, ast): (&str, &AST), testing: &Testing, results: &mut Vec<TestResult>) {
    let mut add = |name: String, failure: Option<TestFailure>| {
        results.push(TestResult { file: file.to_owned(), name, failure });
    };
    let failed = metered(file, || engine.run_ast_with_scope(&mut Scope::new(), ast));
    if failed.is_some() {
        add("(the file itself)".to_owned(), failed);
    }
    for (name, body) in testing.take_tests() {
        let is_late = testing.allowance.is_used_up();
        let late = || TestFailure { position: None, message: functions::TOO_LONG.to_owned() };
        let run = || metered(file, || body.call::<Dynamic>(engine, ast, ()).map(drop));
        add(name, if is_late { Some(late()) } else { run() });
    }
}

/// Runs a part of a file with the budget of work outside of requests.
fn metered(file: &str, run: impl FnOnce() -> Result<(), Failed>) -> Option<TestFailure> {
    let host: Arc<dyn Host> = Arc::new(FixtureHost::default());
    let _metered = Metered::start(Class::Asynchronous.limits(), &host);
    let failure = run().err().map(|error| failure(file, *error))?;
    Some(TestFailure { position: failure.position, message: failure.message })
}

/// The functions that test files have besides those of scripts, under the names they are called by.
pub(crate) fn test_functions() -> Vec<crate::functions::Documented> {
    let scripts = Language::new().documented().len();
    let tests = Language::with(functions::register);
    let own = tests.documented().iter().skip(scripts).copied();
    own.map(|function| crate::functions::Documented { name: functions::shown_name(function.name), ..function })
        .collect()
}
