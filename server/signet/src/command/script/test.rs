//! `signet script test`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use signet_hooks::{Allowance, Coverage, MAIN_FILE, ScriptTools as _, TestReport};
use signet_rhai::RhaiEngine;

use super::check;
use super::new::write;
use crate::command::{CommandError, CommandResult, terminal};
use crate::output::{self, Output};

/// What is told besides the results.
pub(super) struct Wanted<'a> {
    /// Where a report for build servers goes.
    pub(super) junit: Option<&'a Path>,
    /// Which lines were run.
    pub(super) coverage: bool,
}

pub(super) async fn run(folder: &Path, wanted: Wanted<'_>, output: Output) -> CommandResult {
    let package = check::package(folder, output)?;
    let tested = terminal::waiting("testing", async { RhaiEngine::new().test(&package, &Allowance::UNLIMITED) }).await;
    let report = tested.map_err(|found| check::rejected(&found, output))?;
    if let Some(file) = wanted.junit {
        write(file, &report.junit())?;
    }
    if output.is_json() {
        output::print_json(&for_programs(&report, wanted.coverage))?;
    } else {
        output::print(&for_people(&report, wanted.coverage))?;
    }
    match report.failed() {
        0 => Ok(()),
        failed => Err(CommandError::failed(format!("{failed} of {} tests failed", report.tests.len()))),
    }
}

fn for_people(report: &TestReport, coverage: bool) -> String {
    let mut text = String::new();
    for test in &report.tests {
        let line = test.diagnostic().map_or_else(|| format!("ok {}", test.name), |failed| failed.to_string());
        text.extend([check::one_line(&line).as_str(), "\n"]);
    }
    let failed = report.failed();
    let _ = writeln!(text, "{} passed, {failed} failed", report.tests.len() - failed);
    if coverage {
        text.push_str(&covered(&report.coverage));
    }
    text
}

fn covered(coverage: &Coverage) -> String {
    let percent = coverage.percent();
    if coverage.missed.is_empty() {
        return format!("{percent}% of the lines of {MAIN_FILE} were run\n");
    }
    let missed: Vec<String> = coverage.missed.iter().map(ToString::to_string).collect();
    format!("{percent}% of the lines of {MAIN_FILE} were run; these were not: {}\n", missed.join(" "))
}

fn for_programs(report: &TestReport, coverage: bool) -> Value {
    let tests = report.tests.iter().map(|test| {
        let failure = test.failure.as_ref();
        let failure = failure.map(|failure| json!({ "position": failure.position, "message": failure.message }));
        json!({ "file": test.file, "name": test.name, "passed": test.failure.is_none(), "failure": failure })
    });
    let mut object = json!({
        "package": report.package,
        "tests": tests.collect::<Vec<_>>(),
        "failed": report.failed(),
    });
    if coverage {
        let Coverage { lines, missed } = &report.coverage;
        object["coverage"] = json!({ "lines": lines, "missed": missed, "percent": report.coverage.percent() });
    }
    object
}
