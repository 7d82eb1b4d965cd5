//! `signet script run`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use signet_hooks::{Hook, NotTried, Run, RunFailure, ScriptTools as _, Trial};
use signet_rhai::RhaiEngine;

use super::check;
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
    let package = check::package(folder, output)?;
    let Input { hook, fixture, argument } = input;
    let fixture = fixture.map_or_else(|| Ok(Map::new()), self::fixture)?;
    let tried = RhaiEngine::new().run(&package, Trial { hook, fixture, argument });
    let run = tried.map_err(|not_tried| match not_tried {
        NotTried::Package(found) => check::rejected(&found, output),
        NotTried::Fixture(problem) => invalid(&problem),
        NotTried::NoHook(has) => {
            let has: Vec<&str> = has.iter().map(|hook| hook.name()).collect();
            let said = format!("the package does not have the hook {hook}, only {}", has.join(", "));
            CommandError::new(Status::Usage, said)
        }
    })?;
    if output.is_json() {
        output::print_json(&for_programs(&run))?;
    } else {
        output::print(&for_people(&run))?;
    }
    run.outcome.map(drop).map_err(|failure| CommandError::failed(check::one_line(&placed(&failure))))
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
