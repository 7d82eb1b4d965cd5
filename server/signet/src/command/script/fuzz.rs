//! `signet script fuzz`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use signet_hooks::{Allowance, Finding, FuzzOptions, FuzzReport, ScriptTools as _};
use signet_rhai::RhaiEngine;

use super::check;
use crate::command::{CommandError, CommandResult, terminal};
use crate::output::{self, Output};

pub(super) async fn run(folder: &Path, options: FuzzOptions, output: Output) -> CommandResult {
    let package = check::package(folder, output)?;
    let tried =
        terminal::waiting("trying inputs", async { RhaiEngine::new().fuzz(&package, options, &Allowance::UNLIMITED) })
            .await;
    let report = tried.map_err(|found| check::rejected(&found, output))?;
    if output.is_json() {
        output::print_json(&for_programs(&report, options))?;
    } else {
        output::print(&for_people(&report, options))?;
    }
    match report.broken.len() {
        0 => Ok(()),
        broken => Err(CommandError::failed(format!(
            "{broken} of the inputs shown break a promise; `signet script run --ctx` runs one of them"
        ))),
    }
}

fn for_people(report: &FuzzReport, options: FuzzOptions) -> String {
    let mut text = String::new();
    for finding in report.broken.iter().chain(&report.thrown) {
        let message = check::one_line(&finding.message);
        let _ = writeln!(text, "{message} [{}]\n    {} {}", finding.kind(), finding.hook, finding.input);
    }
    let outcomes: Vec<String> = report.outcomes.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let _ = writeln!(text, "{} runs from seed {}: {}", report.runs, options.seed, outcomes.join(", "));
    text
}

fn for_programs(report: &FuzzReport, options: FuzzOptions) -> Value {
    let shown = |findings: &[Finding]| -> Vec<Value> {
        let one = |finding: &Finding| {
            json!({
                "hook": finding.hook,
                "kind": finding.kind(),
                "message": finding.message,
                "input": finding.input,
            })
        };
        findings.iter().map(one).collect()
    };
    json!({
        "seed": options.seed,
        "runs": report.runs,
        "outcomes": report.outcomes,
        "broken": shown(&report.broken),
        "thrown": shown(&report.thrown),
    })
}
