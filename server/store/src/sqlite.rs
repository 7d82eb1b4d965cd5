//! The connections to a SQLite file: one that writes, a few that read, one that is asked whether others wrote something.
//!
//! They are taken once and kept. A pool asks each connection that comes back whether it lives, in a task of its own: two
//! more switches between threads for each statement that reads and for each commit, and a file does not go away as a
//! server does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Error as DriverError, query_with};
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::statistics::Counters;
use crate::writer::Writer;

/// Connections that read a file.
const READERS: usize = 4;

/// A SQLite file with its connections.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Who alone writes, through one connection.
    pub(crate) writer: Writer,
    writing: Arc<Held>,
    pub(crate) readers: Readers,
    /// The connection that is asked whether others wrote something.
    pub(crate) watch: Readers,
}

impl File {
    /// Connects: with `writing` once, with `reading` otherwise. The writer first: it switches the file to WAL.
    pub(crate) async fn open(
        path: PathBuf,
        writing: &SqliteConnectOptions,
        reading: &SqliteConnectOptions,
        counters: &Arc<Counters>,
    ) -> Result<Self, DriverError> {
        let writing = Arc::new(Held::open(writing).await?);
        Ok(Self {
            path,
            writer: Writer::start(Arc::clone(&writing), Arc::clone(counters)),
            writing,
            readers: Readers::open(reading, READERS).await?,
            watch: Readers::open(reading, 1).await?,
        })
    }

    /// Closes every connection, each when what is under way on it has ended.
    pub(crate) async fn close(&self) {
        self.writing.close().await;
        for held in self.readers.all.iter().chain(&self.watch.all) {
            held.close().await;
        }
    }
}

/// A connection for one at a time; none once it is closed.
#[derive(Debug)]
pub(crate) struct Held(Mutex<Option<SqliteConnection>>);

impl Held {
    async fn open(options: &SqliteConnectOptions) -> Result<Self, DriverError> {
        Ok(Self(Mutex::new(Some(options.connect().await?))))
    }

    /// The connection, when it is free.
    ///
    /// # Errors
    /// It is closed.
    pub(crate) async fn lock(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, DriverError> {
        opened(self.0.lock().await)
    }

    async fn close(&self) {
        let Some(connection) = self.0.lock().await.take() else { return };
        if let Err(error) = connection.close().await {
            tracing::warn!(%error, "a database connection did not close cleanly");
        }
    }
}

fn opened(
    guard: MutexGuard<'_, Option<SqliteConnection>>,
) -> Result<MappedMutexGuard<'_, SqliteConnection>, DriverError> {
    MutexGuard::try_map(guard, Option::as_mut).map_err(|_| DriverError::PoolClosed)
}

/// Connections of which any will do.
#[derive(Debug)]
pub(crate) struct Readers {
    all: Vec<Held>,
    next: AtomicUsize,
}

impl Readers {
    async fn open(options: &SqliteConnectOptions, count: usize) -> Result<Self, DriverError> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(Held::open(options).await?);
        }
        Ok(Self { all, next: AtomicUsize::new(0) })
    }

    /// A connection: one that is free, or the next one whose turn it is.
    ///
    /// # Errors
    /// They are closed.
    pub(crate) async fn lock(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, DriverError> {
        match self.all.iter().find_map(|held| held.0.try_lock().ok()) {
            Some(free) => opened(free),
            None => self.all[self.next.fetch_add(1, Ordering::Relaxed) % self.all.len()].lock().await,
        }
    }
}

fn query(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    query_with(
        AssertSqlSafe(statement.sql),
        SqlxValues(statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()))),
    )
}

/// An error where nothing is read.
pub(crate) fn not_executed(error: DriverError) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

/// An error where something is read.
pub(crate) fn not_read(error: DriverError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

pub(crate) async fn execute(connection: &mut SqliteConnection, statement: Statement) -> Result<ExecResult, DbErr> {
    query(statement).execute(connection).await.map(ExecResult::from).map_err(not_executed)
}

pub(crate) async fn query_one(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<Option<QueryResult>, DbErr> {
    let row = query(statement).fetch_optional(connection).await.map_err(not_read)?;
    Ok(row.map(QueryResult::from))
}

pub(crate) async fn query_all(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    let rows = query(statement).fetch_all(connection).await.map_err(not_read)?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}
