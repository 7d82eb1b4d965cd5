//! What goes wrong inside, and what becomes of it outside.

use sea_orm::sqlx::Error as DriverError;
use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr};
use signet_core::ports::StoreError;

/// Why a piece of work did not come to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database said so.
    Database(DbErr),
    /// The work itself said so; a repetition would say the same.
    Final(StoreError),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Final(error)
    }
}

impl Failure {
    /// Whether another transaction was in the way and the same work may succeed in a new transaction.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::Database(error) if is_contention(error))
    }

    /// Whether the connection is gone, so that nothing of an open transaction remains.
    pub(crate) fn is_lost_connection(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match driver_error(error) {
            Some(DriverError::Io(_) | DriverError::Protocol(_) | DriverError::WorkerCrashed) => true,
            // PostgreSQL: class 08 and the administrator's shutdown; MariaDB: killed, shutting down.
            Some(DriverError::Database(error)) => {
                let code = code_of(error.as_ref());
                code.starts_with("08")
                    || matches!(code.as_str(), "57P01" | "57P02" | "57P03" | "1927" | "1053" | "1317")
            }
            _ => false,
        }
    }

    /// What the store answers in the end.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Final(error) => error,
            Self::Database(error) if is_unreadable(&error) => StoreError::Corrupt(error.to_string()),
            Self::Database(error) => StoreError::Unavailable(Box::new(error)),
        }
    }

    /// Unique violations mean that `what` exists already, violated references that `parent` is not there.
    pub(crate) fn naming(self, what: &'static str, parent: &'static str) -> Self {
        match self {
            Self::Database(error) => match database_error(&error).map(DatabaseError::kind) {
                Some(ErrorKind::UniqueViolation) => Self::Final(StoreError::Duplicate(what)),
                Some(ErrorKind::ForeignKeyViolation) => Self::Final(StoreError::Missing(parent)),
                _ => Self::Database(error),
            },
            done @ Self::Final(_) => done,
        }
    }
}

/// Whether another transaction was in the way and the same work may succeed in a new transaction.
pub(crate) fn is_contention(error: &DbErr) -> bool {
    let Some(code) = database_error(error).map(code_of) else { return false };
    // PostgreSQL: serialization failure, deadlock. MariaDB, MySQL: deadlock, record changed since it was read.
    // SQLite: busy, its varieties for recovery and snapshots, and a locked table. Numbers of different databases do not
    // meet.
    matches!(code.as_str(), "40001" | "40P01" | "1213" | "1020" | "5" | "261" | "517" | "6")
}

/// A stored value that does not read back. The value itself is not repeated: it may be a secret.
pub(crate) fn corrupt(column: &'static str) -> Failure {
    Failure::Final(StoreError::Corrupt(format!("{column} does not read back")))
}

/// Whether a unique key was violated.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    database_error(error).is_some_and(DatabaseError::is_unique_violation)
}

fn driver_error(error: &DbErr) -> Option<&DriverError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error.as_ref()),
        _ => None,
    }
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    match driver_error(error) {
        Some(DriverError::Database(error)) => Some(error.as_ref()),
        _ => None,
    }
}

/// SQLSTATE on PostgreSQL, the error's number elsewhere: MariaDB's SQLSTATE 40001 covers deadlocks alone, and most of
/// its others are HY000.
fn code_of(error: &dyn DatabaseError) -> String {
    match error.try_downcast_ref::<sea_orm::sqlx::mysql::MySqlDatabaseError>() {
        Some(error) => error.number().to_string(),
        None => error.code().unwrap_or_default().into_owned(),
    }
}

/// Whether the rows came but do not have the form they should.
fn is_unreadable(error: &DbErr) -> bool {
    let decoding = matches!(
        driver_error(error),
        Some(
            DriverError::ColumnDecode { .. }
                | DriverError::ColumnNotFound(_)
                | DriverError::ColumnIndexOutOfBounds { .. }
                | DriverError::Decode(_)
                | DriverError::TypeNotFound { .. }
        )
    );
    decoding || matches!(error, DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. })
}
