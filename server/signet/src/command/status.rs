//! How a command ends: the exit codes, and the one sentence that says why.

use signet_core::failure::Fault;
use signet_core::ports::StoreError;
use signet_core::registry::RegistryError;
use signet_migrations::MigrationError;
use signet_store::ConnectError;

use crate::config::ConfigError;

/// What `signet --help` says about exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the operation failed
  2  the command line is wrong
  3  the configuration is wrong, or the root key does not fit the database
  4  the database is unavailable, or its schema is not the one of this version
  5  what was named does not exist
  6  it exists already, or its state forbids the operation
  7  a value is not accepted
  8  recorded events were tampered with
  9  a recorded run of a script has another outcome when it is done again";

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Anything else.
    Failed = 1,
    /// The command line is wrong in a way that only its meaning shows.
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 3,
    /// The database is away or has another schema.
    Database = 4,
    /// What was named does not exist.
    NotFound = 5,
    /// It exists already, or its state forbids this.
    Conflict = 6,
    /// A value is not accepted.
    Invalid = 7,
    /// Recorded events are not what was recorded.
    Tampered = 8,
    /// A replay has another outcome.
    Differs = 9,
}

/// An error for the person at the terminal: says what to do, and nothing secret.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// The exit code.
    pub(crate) status: Status,
    /// The sentence.
    pub(crate) said: String,
}

/// What the system says, without its number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split_once(" (os error").map_or(said.as_str(), |(said, _)| said).to_owned()
}

/// What a command answers.
pub(crate) type CommandResult<T = ()> = Result<T, CommandError>;

impl CommandError {
    /// An error with its sentence.
    pub(crate) fn new(status: Status, said: impl Into<String>) -> Self {
        Self { status, said: said.into() }
    }

    /// A failure that has no code of its own.
    pub(crate) fn failed(said: impl Into<String>) -> Self {
        Self::new(Status::Failed, said)
    }

    /// An error and its causes in one sentence.
    fn caused(status: Status, error: &dyn std::error::Error) -> Self {
        let mut said = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let text = next.to_string();
            // Many errors repeat their cause.
            if !said.contains(&text) {
                said = format!("{said}: {text}");
            }
            cause = next.source();
        }
        Self::new(status, said)
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::new(Status::Configuration, error.to_string())
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Address(_) => Self::caused(Status::Configuration, &error),
            _ => Self::caused(Status::Database, &error),
        }
    }
}

impl From<MigrationError> for CommandError {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Address(_) => Self::caused(Status::Configuration, &error),
            _ => Self::caused(Status::Database, &error),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        RegistryError::from(error).into()
    }
}

impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(StoreError::Unavailable(_)) => Self::caused(Status::Database, &fault),
            _ => Self::caused(Status::Failed, &fault),
        }
    }
}

impl From<RegistryError> for CommandError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Invalid { .. } => Self::new(Status::Invalid, error.to_string()),
            RegistryError::NotFound(_) => Self::new(Status::NotFound, error.to_string()),
            RegistryError::Duplicate(_) | RegistryError::Forbidden(_) | RegistryError::Changed(_) => {
                Self::new(Status::Conflict, error.to_string())
            }
            RegistryError::Fault(fault) => fault.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_documented() {
        let statuses = [
            Status::Failed,
            Status::Usage,
            Status::Configuration,
            Status::Database,
            Status::NotFound,
            Status::Conflict,
            Status::Invalid,
            Status::Tampered,
            Status::Differs,
        ];
        for status in statuses {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", status as u8)), "{status:?}");
        }
    }

    #[test]
    fn errors_keep_their_kind_and_their_causes() {
        let unavailable = StoreError::Unavailable("connection refused".into());
        let error = CommandError::from(RegistryError::from(unavailable));
        assert_eq!(error.status, Status::Database);
        assert_eq!(error.said, "the database is unavailable: connection refused");
        assert_eq!(CommandError::from(RegistryError::NotFound("client")).status, Status::NotFound);
        assert_eq!(CommandError::from(StoreError::Duplicate("client")).status, Status::Conflict);
    }
}
