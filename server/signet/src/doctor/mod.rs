//! `signet doctor`: looks at everything that a server needs before it is started, or beside one that runs, and says of
//! each finding what to do. It changes nothing.

mod certificates;
mod checks;
mod revocation;

use serde_json::{Value, json};

use crate::command::{CommandError, CommandResult};
use crate::config::{ConfigError, Configuration};
use crate::output::Output;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    /// In order.
    Good,
    /// Works, and may not for long or for everybody.
    Doubtful,
    /// Does not work.
    Bad,
}

impl Grade {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warning",
            Self::Bad => "bad",
        }
    }
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What was looked at.
    subject: &'static str,
    grade: Grade,
    /// What was found, and what to do about it.
    said: String,
}

impl Finding {
    fn good(subject: &'static str, said: impl Into<String>) -> Self {
        Self { subject, grade: Grade::Good, said: said.into() }
    }

    fn doubtful(subject: &'static str, said: impl Into<String>) -> Self {
        Self { subject, grade: Grade::Doubtful, said: said.into() }
    }

    fn bad(subject: &'static str, said: impl Into<String>) -> Self {
        Self { subject, grade: Grade::Bad, said: said.into() }
    }

    fn as_json(&self) -> Value {
        json!({ "check": self.subject, "result": self.grade.as_str(), "finding": self.said })
    }
}

/// Looks at everything. Fails if anything is bad.
pub(crate) async fn run(loaded: Result<Configuration, ConfigError>, output: Output) -> CommandResult {
    let findings = match loaded {
        Ok(configuration) => checks::all(&configuration.settings).await,
        Err(error) => error.to_string().lines().map(|line| Finding::bad("configuration", line)).collect(),
    };
    let rows: Vec<Value> = findings.iter().map(Finding::as_json).collect();
    output.list(&rows, &["check", "result", "finding"])?;
    match findings.iter().filter(|finding| finding.grade == Grade::Bad).count() {
        0 => Ok(()),
        1 => Err(CommandError::failed("1 finding is bad; see above what to do")),
        bad => Err(CommandError::failed(format!("{bad} findings are bad; see above what to do"))),
    }
}
