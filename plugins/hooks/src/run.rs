//! What comes of a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diagnostic::Position;
use crate::host::{HttpProblem, HttpReply, HttpRequest};

/// What comes of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The decision, of the shape that the hook takes.
    pub outcome: Result<Value, RunFailure>,
    /// Operations used.
    pub operations: u64,
    /// Time taken, by the host's clock.
    pub elapsed: Duration,
    /// What the script logged.
    pub log: Vec<LogLine>,
    /// What the host was asked and what it answered, in order.
    pub calls: Vec<RecordedCall>,
    /// What is handed on to later hooks of the same transaction.
    pub vars: Option<Map<String, Value>>,
}

/// Why a run has no decision. The message is for administrators: no client or user gets to see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct RunFailure {
    /// What kind of failure it is.
    pub kind: RunFailureKind,
    /// Where in the script, if that is known.
    pub position: Option<Position>,
    /// What happened.
    pub message: String,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What kind of failure a run ended with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RunFailureKind { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl RunFailureKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in logs, metrics and machine-readable output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// The script threw, or did what the language does not allow.
    Thrown = "thrown";
    /// More operations than the limit.
    Operations = "operations";
    /// More time than the limit.
    Deadline = "deadline";
    /// A string, array or map larger than the limit.
    Size = "size";
    /// Function calls nested deeper than the limit.
    Depth = "depth";
    /// More memory than the limit.
    Memory = "memory";
    /// A decision that the hook does not take, or claims that the manifest does not declare.
    WrongShape = "wrong_shape";
    /// A variable, or a member of `ctx`, that does not exist in this hook.
    UnknownName = "unknown_name";
    /// A capability that the manifest does not name, or that the hook does not have.
    Undeclared = "undeclared";
    /// The engine itself failed.
    Panic = "panic";
    /// A replayed run asked for something else than the recorded one.
    Diverged = "diverged";
}

impl std::fmt::Display for RunFailureKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How much a line of log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For whoever develops the script.
    Debug,
    /// Worth knowing.
    Info,
    /// Worth looking at.
    Warn,
}

/// A line that a script logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// With which values.
    pub fields: Map<String, Value>,
}

/// A question to the host and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum RecordedCall {
    /// `ctx.random(n)`.
    Random {
        /// The bytes, in hexadecimal digits.
        bytes: String,
    },
    /// `ctx.secret(name)`. The secret itself is not recorded.
    Secret {
        /// Which.
        name: String,
        /// Whether there is one.
        found: bool,
    },
    /// `ctx.kv.get(name)`.
    Kv {
        /// Which.
        name: String,
        /// The value, if there is one.
        value: Option<Value>,
    },
    /// `ctx.http(name)`.
    Http {
        /// Which connection.
        connection: String,
        /// What was asked.
        request: HttpRequest,
        /// What was answered.
        reply: Result<HttpReply, HttpProblem>,
    },
}

impl RecordedCall {
    /// The answer to a question for so many random bytes, if that is what was asked.
    pub fn random_bytes(&self, wanted: usize) -> Option<Vec<u8>> {
        let Self::Random { bytes } = self else { return None };
        let pairs = bytes.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> =
            pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        bytes.filter(|bytes| bytes.len() == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_bytes_are_read_back_for_the_same_question_only() {
        let call = |bytes: &str| RecordedCall::Random { bytes: bytes.to_owned() };
        assert_eq!(call("00ff1a").random_bytes(3), Some(vec![0, 255, 26]));
        assert_eq!(call("00ff1a").random_bytes(2), None);
        assert_eq!(call("0g").random_bytes(1), None);
        assert_eq!(RecordedCall::Secret { name: "x".to_owned(), found: true }.random_bytes(0), None);
    }
}
