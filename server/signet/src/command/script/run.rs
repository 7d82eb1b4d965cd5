//! `signet script run`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use signet_hooks::{Hook, Host, Package, Program, Run, RunContext, RunFailure, ScriptEngine as _};
use signet_rhai::RhaiEngine;

use super::answers::Answers;
use super::check::{self, NO_VERSION};
use crate::command::views::without_nulls;
use crate::command::{CommandError, CommandResult, Status, reason};
use crate::output::{self, Output};

/// What a hook is told.
pub(super) struct Input<'a> {
    pub(super) hook: Hook,
    /// A fixture; the hook's sample where none is given.
    pub(super) fixture: Option<&'a Path>,
    /// The second parameter, in the place of the fixture's.
    pub(super) argument: Option<Value>,
}

pub(super) fn run(folder: &Path, input: Input<'_>, output: Output) -> CommandResult {
    let hook = input.hook;
    let program = compiled(&check::package(folder, output)?, hook, output)?;
    let (context, host) = told(input)?;
    let run = program.run(hook, &Arc::new(context), &host);
    if output.is_json() {
        output::print_json(&for_programs(&run))?;
    } else {
        output::print(&for_people(&run))?;
    }
    run.outcome.map(drop).map_err(|failure| CommandError::failed(check::one_line(&placed(&failure))))
}

fn compiled(package: &Package, hook: Hook, output: Output) -> CommandResult<Arc<dyn Program>> {
    let program = RhaiEngine::new().compile(package, NO_VERSION).map_err(|found| check::rejected(&found, output))?;
    if program.defines(hook) {
        return Ok(program);
    }
    let hooks: Vec<&str> = program.manifest().hooks.iter().map(|hook| hook.name()).collect();
    let said = format!("the package does not have the hook {hook}, only {}", hooks.join(", "));
    Err(CommandError::new(Status::Usage, said))
}

/// What the script sees, and what answers its questions.
fn told(input: Input<'_>) -> CommandResult<(RunContext, Arc<dyn Host>)> {
    let mut ctx = input.fixture.map_or_else(|| Ok(Map::new()), fixture)?;
    let answers = ctx.remove("host").map_or_else(|| Ok(Answers::default()), serde_json::from_value);
    let answers = answers.map_err(|error| invalid(&format!("the member host of the fixture: {error}")))?;
    let inherited = ctx.remove("argument");
    let argument = input.argument.or(inherited);
    let context = input.hook.context_from_json(&Value::Object(ctx), argument.as_ref());
    Ok((context.map_err(|error| invalid(&format!("{} is not told this: {error}", input.hook)))?, Arc::new(answers)))
}

fn fixture(file: &Path) -> CommandResult<Map<String, Value>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        CommandError::new(Status::Usage, format!("{} cannot be read: {}", file.display(), reason(&error)))
    })?;
    serde_json::from_str(&text).map_err(|error| invalid(&format!("{} is no JSON object: {error}", file.display())))
}

fn invalid(said: &str) -> CommandError {
    CommandError::new(Status::Invalid, check::one_line(said))
}

/// A failure with its place in front.
fn placed(failure: &RunFailure) -> String {
    let place = failure.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
    format!("{place}{} [{}]", failure.message, failure.kind)
}

/// The log, then the decision, then what it took.
fn for_people(run: &Run) -> String {
    let mut text = String::new();
    for line in &run.log {
        let fields = if line.fields.is_empty() { String::new() } else { format!(" {}", json!(line.fields)) };
        let level = format!("{:?}", line.level).to_lowercase();
        let _ = writeln!(text, "{level}: {}{fields}", check::one_line(&line.message));
    }
    if let Ok(decision) = &run.outcome {
        let _ = writeln!(text, "{decision:#}");
    }
    if let Some(vars) = &run.vars {
        let _ = writeln!(text, "vars {}", json!(vars));
    }
    let _ = writeln!(text, "{} operations", run.operations);
    text
}

fn for_programs(run: &Run) -> Value {
    without_nulls(json!({
        "decision": run.outcome.as_ref().ok(),
        "failure": run.outcome.as_ref().err(),
        "vars": run.vars,
        "log": run.log,
        "calls": run.calls,
        "operations": run.operations,
    }))
}
