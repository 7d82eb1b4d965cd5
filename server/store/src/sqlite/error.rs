//! What SQLite complains of, told as the other databases' drivers tell it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rusqlite::ffi;
use sea_orm::sqlx::Error as DriverError;
use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr};

/// An error of a statement.
#[derive(Debug)]
struct SqliteError {
    /// SQLite's extended code.
    code: i32,
    message: String,
}

impl fmt::Display for SqliteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "(code: {}) {}", self.code, self.message)
    }
}

impl Error for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => ErrorKind::UniqueViolation,
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ErrorKind::ForeignKeyViolation,
            ffi::SQLITE_CONSTRAINT_NOTNULL => ErrorKind::NotNullViolation,
            ffi::SQLITE_CONSTRAINT_CHECK => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}

fn told(error: rusqlite::Error) -> Arc<DriverError> {
    Arc::new(match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let message = message.unwrap_or_else(|| failure.to_string());
            DriverError::Database(Box::new(SqliteError { code: failure.extended_code, message }))
        }
        rusqlite::Error::SqlInputError { error, msg: message, .. } => {
            DriverError::Database(Box::new(SqliteError { code: error.extended_code, message }))
        }
        unreadable @ (rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnIndex(_)
        | rusqlite::Error::InvalidColumnName(_)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)) => DriverError::Decode(Box::new(unreadable)),
        other => DriverError::Configuration(Box::new(other)),
    })
}

/// An error where nothing is read.
pub(super) fn not_executed(error: rusqlite::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(told(error)))
}

/// An error where something is read.
pub(crate) fn not_read(error: rusqlite::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(told(error)))
}
