//! One connection to a file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql};
use sea_orm::{DbErr, Statement, Value};

use super::error::{not_executed, not_read};
use super::row::FileRow;

/// How many statements stay prepared on a connection.
const PREPARED: usize = 200;

/// After how many pages (of 4 KiB) a commit moves the log of a file into the file itself. A page that many requests write is
/// moved once, and reading the log after a crash takes milliseconds.
const PAGES_OF_LOG: u32 = 4000;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    Write,
}

/// A connection. Whoever uses it holds it alone: the lock, which nobody waits for, is there because SQLite's own type may
/// go from thread to thread but not be shared.
#[derive(Debug)]
pub(crate) struct Connection(Mutex<rusqlite::Connection>);

impl Connection {
    /// Opens a file that is there.
    pub(super) fn open(file: &Path, role: Role, busy: Duration) -> Result<Self, DbErr> {
        Self::opened(file, role, busy).map(|opened| Self(Mutex::new(opened))).map_err(not_executed)
    }

    fn opened(file: &Path, role: Role, busy: Duration) -> rusqlite::Result<rusqlite::Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = rusqlite::Connection::open_with_flags(file, flags)?;
        opened.busy_timeout(busy)?;
        opened.set_prepared_statement_cache_capacity(PREPARED);
        opened.pragma_update(None, "foreign_keys", true)?;
        match role {
            Role::Read => opened.pragma_update(None, "query_only", true)?,
            Role::Write => {
                opened.pragma_update(None, "journal_mode", "WAL")?;
                opened.pragma_update(None, "synchronous", "FULL")?;
                opened.pragma_update(None, "wal_autocheckpoint", PAGES_OF_LOG)?;
            }
        }
        Ok(opened)
    }

    /// Runs a statement that brings no rows (one with `RETURNING` does); says how many it changed.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64, DbErr> {
        let execute = |prepared: &mut rusqlite::Statement<'_>| {
            prepared.raw_execute().map(|changed| u64::try_from(changed).unwrap_or(u64::MAX))
        };
        self.run(statement, execute).map_err(not_executed)
    }

    /// Runs a statement to its end and reads its rows.
    pub(crate) fn rows(&self, statement: &Statement) -> Result<Vec<FileRow>, DbErr> {
        self.rows_while(statement, || true)
    }

    /// Reads the rows of a query for as long as somebody wants them.
    pub(super) fn rows_while(&self, query: &Statement, is_wanted: impl Fn() -> bool) -> Result<Vec<FileRow>, DbErr> {
        self.run(query, |prepared| FileRow::read(prepared, usize::MAX, is_wanted)).map_err(not_read)
    }

    /// Reads the first row of a query.
    pub(super) fn row(&self, query: &Statement) -> Result<Option<FileRow>, DbErr> {
        let rows = self.run(query, |prepared| FileRow::read(prepared, 1, || true)).map_err(not_read)?;
        Ok(rows.into_iter().next())
    }

    /// Runs a statement that begins or ends something.
    pub(super) fn steer(&self, sql: &'static str) -> Result<(), DbErr> {
        self.execute(&Statement::from_string(sea_orm::DatabaseBackend::Sqlite, sql)).map(drop)
    }

    /// Whether a transaction is open.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_autocommit()
    }

    fn run<T>(
        &self,
        statement: &Statement,
        run: impl FnOnce(&mut rusqlite::Statement<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut prepared = if statement.sql.contains(" LIMIT ?") {
            // SQLite makes a new plan of a statement whenever the value of its `LIMIT` is bound, unless it is part of a
            // sum.
            connection.prepare_cached(&statement.sql.replace(" LIMIT ?", " LIMIT 0 + ?"))?
        } else {
            connection.prepare_cached(&statement.sql)?
        };
        let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
        if prepared.parameter_count() != values.len() {
            return Err(rusqlite::Error::InvalidParameterCount(values.len(), prepared.parameter_count()));
        }
        for (position, value) in values.iter().enumerate() {
            prepared.raw_bind_parameter(position + 1, Bound(value))?;
        }
        run(&mut prepared)
    }
}

/// A value of sea-orm as SQLite stores it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Value::Bool(Some(value)) => Ok((*value).into()),
            Value::SmallInt(Some(value)) => Ok((*value).into()),
            Value::Int(Some(value)) => Ok((*value).into()),
            Value::BigInt(Some(value)) => Ok((*value).into()),
            Value::Unsigned(Some(value)) => Ok((*value).into()),
            Value::BigUnsigned(Some(value)) => i64::try_from(*value)
                .map(ToSqlOutput::from)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
            Value::String(Some(value)) => Ok(value.as_str().into()),
            Value::Bytes(Some(value)) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(value))),
            Value::Bool(None)
            | Value::SmallInt(None)
            | Value::Int(None)
            | Value::BigInt(None)
            | Value::Unsigned(None)
            | Value::BigUnsigned(None)
            | Value::String(None)
            | Value::Bytes(None) => Ok(Null.into()),
            _ => Err(rusqlite::Error::ToSqlConversionFailure("a value of a kind that no column has".into())),
        }
    }
}
