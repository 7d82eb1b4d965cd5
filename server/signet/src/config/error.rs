//! What can be wrong with the configuration.

use std::fmt;
use std::path::PathBuf;

use super::key::{Effective, Origin};

/// The configuration cannot be used. The text has a line for each problem, with what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}; name another with --config", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {said}; correct the line (the file is in TOML)", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says, without the text of the line: it may be a secret.
        said: String,
    },
    /// Some settings are wrong.
    #[error("{}", lines(.0))]
    Settings(Vec<Problem>),
}

/// Something wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// File and key, or the environment variable.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) said: String,
}

impl Problem {
    /// A problem with the value of a setting.
    pub(super) fn of(effective: &Effective, file: &str, said: String) -> Self {
        let place = match effective.origin {
            Origin::Environment => effective.key.variable(),
            Origin::File | Origin::Default => format!("{file}: {}", effective.key.path()),
        };
        Self { place, said }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.place, self.said)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
