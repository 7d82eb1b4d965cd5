//! Generated inputs: whatever a hook is told, its script keeps to what scripts promise.
//!
//! Inputs are the package's own fixtures and the hooks' samples, changed at random places to random values, among them the
//! texts and numbers that the script itself compares with. The same seed makes the same inputs.

mod generate;
mod worse;

use std::sync::Arc;

use serde_json::{Map, Value};
use signet_hooks::{
    Allowance, Diagnostic, Finding, FuzzOptions, FuzzReport, Hook, Host, Package, Program, Promise, Run, RunFailure,
    RunFailureKind,
};

use crate::engine::RhaiEngine;
use crate::program::RhaiProgram;
use crate::testing::{FixtureHost, NO_VERSION};
use generate::Generator;

/// Most findings that are kept of a kind; one shows the fault.
const KEPT: usize = 5;

/// Tries generated inputs on all hooks of a package.
///
/// # Errors
/// What is wrong with the package; then nothing was tried.
pub fn fuzz(package: &Package, options: FuzzOptions, allowance: &Allowance) -> Result<FuzzReport, Vec<Diagnostic>> {
    let program = RhaiEngine::new().program(package, NO_VERSION)?;
    let mut report = FuzzReport::default();
    for (index, hook) in (0_u64..).zip(program.manifest().hooks.iter()) {
        let mut generator = Generator::new(package, &program, *hook, options.seed.wrapping_add(index << 32));
        for _ in 0..options.runs {
            if allowance.is_used_up() {
                return Ok(report);
            }
            let input = generator.input();
            try_input(&program, *hook, &input, &mut report);
        }
    }
    Ok(report)
}

fn try_input(program: &RhaiProgram, hook: Hook, input: &Map<String, Value>, report: &mut FuzzReport) {
    let Some(run) = run(program, hook, input) else { return };
    report.runs += 1;
    let name = match &run.outcome {
        Ok(decision) => decision["decision"].as_str().unwrap_or_default(),
        Err(failure) => failure.kind.as_str(),
    };
    *report.outcomes.entry(name.to_owned()).or_default() += 1;
    let name = name.to_owned();
    match run.outcome {
        Ok(_) if name == "deny" => {
            for (change, worse) in worse::worsened(input) {
                if let Some(changed) = goes_through(program, hook, &worse) {
                    found(
                        report,
                        hook,
                        Some(Promise::DenyStays),
                        (&worse, format!("{change}: refused before, {changed} now")),
                    );
                }
            }
        }
        Ok(_) => {}
        Err(failure) => failed(report, hook, input, &failure),
    }
}

/// Runs a hook with an input; nothing if it is none that the server could give.
fn run(program: &RhaiProgram, hook: Hook, input: &Map<String, Value>) -> Option<Run> {
    let mut ctx = input.clone();
    let host = FixtureHost::new(ctx.remove("host").unwrap_or(Value::Null)).ok()?;
    let argument = ctx.remove("argument");
    let context = hook.context_from_json(&Value::Object(ctx), argument.as_ref()).ok()?;
    let host: Arc<dyn Host> = Arc::new(host);
    Some(program.run(hook, &Arc::new(context), &host))
}

/// The decision, if it is one that lets the request go on.
fn goes_through(program: &RhaiProgram, hook: Hook, input: &Map<String, Value>) -> Option<String> {
    let decision = run(program, hook, input)?.outcome.ok()?;
    let name = decision["decision"].as_str().unwrap_or_default();
    (name != "deny").then(|| name.to_owned())
}

fn failed(report: &mut FuzzReport, hook: Hook, input: &Map<String, Value>, failure: &RunFailure) {
    let promise = match failure.kind {
        RunFailureKind::Thrown => None,
        RunFailureKind::Panic => Some(Promise::NoPanic),
        RunFailureKind::WrongShape => Some(Promise::Shape),
        RunFailureKind::UnknownName | RunFailureKind::Undeclared | RunFailureKind::Diverged => Some(Promise::Declared),
        RunFailureKind::Operations
        | RunFailureKind::Deadline
        | RunFailureKind::Size
        | RunFailureKind::Depth
        | RunFailureKind::Memory => Some(Promise::Budget),
    };
    let place = failure.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
    found(report, hook, promise, (input, format!("{place}{}", failure.message)));
}

/// Keeps a finding, if not enough are kept that say the same.
fn found(
    report: &mut FuzzReport,
    hook: Hook,
    promise: Option<Promise>,
    (input, message): (&Map<String, Value>, String),
) {
    let list = if promise.is_some() { &mut report.broken } else { &mut report.thrown };
    let same = |finding: &&Finding| finding.hook == hook && finding.promise == promise;
    let is_known = list.iter().filter(same).any(|finding| finding.message == message);
    if !is_known && list.iter().filter(same).count() < KEPT {
        list.push(Finding { hook, promise, input: Value::Object(input.clone()), message });
    }
}
