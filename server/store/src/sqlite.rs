//! The connections to a SQLite file: one that writes, a few that read, one that is asked whether others wrote something.
//!
//! They are taken once and kept. A pool asks each connection that comes back whether it lives, in a task of its own: two
//! more switches between threads for each statement that reads and for each commit, and a file does not go away as a
//! server does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection, SqliteQueryResult};
use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Error as DriverError, Executor as _, query_with,
};
use sea_orm::{DatabaseBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};

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
    writing: Held,
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
        let writing = Held::open(writing).await?;
        Ok(Self {
            path,
            writer: Writer::start(writing.clone(), Arc::clone(counters)),
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
#[derive(Debug, Clone)]
pub(crate) struct Held(Arc<Mutex<Option<SqliteConnection>>>);

impl Held {
    async fn open(options: &SqliteConnectOptions) -> Result<Self, DriverError> {
        Ok(Self(Arc::new(Mutex::new(Some(options.connect().await?)))))
    }

    /// The connection, when it is free.
    ///
    /// # Errors
    /// It is closed.
    async fn lock(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, DriverError> {
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

/// A transaction that writes.
///
/// The way to a connection and back costs more than most statements. So what may go together does: the first statement
/// takes the write lock, what is written [late](Self::execute_late) waits for the next one, and so does what is
/// [expected](Self::expect) to change so many rows. Most work goes with its commit that way, in one.
///
/// It stays open until it is ended, whatever fails: whoever begins it ends it.
#[derive(Debug)]
pub(crate) struct WriteTransaction {
    connection: OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>,
    is_open: bool,
    refusal: Option<Arc<DriverError>>,
    mode: Mode,
    late: Vec<Statement>,
    expects: bool,
    has_failed: bool,
}

/// What may wait in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Statements whose answer is expected, too: the transaction is one piece of work's, which runs again [in
    /// steps](Self::InSteps) where it turns out otherwise.
    Expecting,
    /// Statements of whose answer nothing depends: it is one piece of work's, whose failure is nobody else's.
    InSteps,
    /// None: several pieces of work share it.
    Shared,
}

/// What a statement brought.
#[derive(Default)]
struct Answer {
    result: SqliteQueryResult,
    rows: Vec<QueryResult>,
}

impl WriteTransaction {
    /// A transaction on a connection, when that is free.
    ///
    /// # Errors
    /// It is closed.
    pub(crate) async fn on(held: &Held, mode: Mode) -> Result<Self, DriverError> {
        let guard = Arc::clone(&held.0).lock_owned().await;
        let connection = OwnedMutexGuard::try_map(guard, Option::as_mut).map_err(|_| DriverError::PoolClosed)?;
        let late = Vec::new();
        Ok(Self { connection, is_open: false, refusal: None, mode, late, expects: false, has_failed: false })
    }

    /// Why it could not begin. Nothing is written then, whatever the work made of it.
    pub(crate) fn refusal(&self) -> Option<DbErr> {
        self.refusal.clone().map(not_executed)
    }

    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(statement).await.map(|answer| answer.result.into()).map_err(not_executed)
    }

    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(statement).await.map(|answer| answer.rows).map_err(not_read)
    }

    /// Runs a statement of whose answer nothing depends, at the latest right before the next one, whose failure is then
    /// that of either.
    pub(crate) async fn execute_late(&mut self, statement: Statement) -> Result<(), DbErr> {
        if self.mode == Mode::Shared {
            return self.execute(statement).await.map(drop);
        }
        self.late.push(statement);
        Ok(())
    }

    /// Whether statements whose answer is expected may wait.
    pub(crate) fn may_expect(&self) -> bool {
        self.mode == Mode::Expecting
    }

    /// Runs a statement that fails where its answer would be another one, as [late](Self::execute_late) as the others. Only
    /// where it [may](Self::may_expect).
    pub(crate) fn expect(&mut self, statement: Statement) {
        self.expects = true;
        self.late.push(statement);
    }

    /// The same for a statement that changes one row, and would not fail by itself: the next one does.
    pub(crate) fn expect_change(&mut self, statement: Statement) {
        self.expect(statement);
        let check = format!("SELECT 1 WHERE NOT {}", or_fail("changes() = 1"));
        self.late.push(Statement::from_string(DatabaseBackend::Sqlite, check));
    }

    /// Whether something failed that another answer than the expected one may have been the cause of.
    pub(crate) fn expected_in_vain(&self) -> bool {
        self.expects && self.has_failed
    }

    /// Keeps what was written; nothing is done where nothing was.
    pub(crate) async fn commit(&mut self) -> Result<(), DbErr> {
        if !self.is_open && self.late.is_empty() {
            return Ok(());
        }
        self.steer("COMMIT").await?;
        self.is_open = false;
        Ok(())
    }

    /// Forgets what was written.
    pub(crate) async fn roll_back(&mut self) -> Result<(), DbErr> {
        // What is still expected was never asked: nothing may follow from it.
        self.has_failed |= self.expects && !self.late.is_empty();
        self.late.clear();
        if !self.is_open {
            return Ok(());
        }
        self.steer("ROLLBACK").await?;
        self.is_open = false;
        Ok(())
    }

    /// Runs a statement that brings nothing.
    pub(crate) async fn steer(&mut self, sql: &'static str) -> Result<(), DbErr> {
        self.execute(Statement::from_string(DatabaseBackend::Sqlite, sql)).await.map(drop)
    }

    async fn run(&mut self, statement: Statement) -> Result<Answer, Arc<DriverError>> {
        let Self { connection, is_open, refusal, late, has_failed, .. } = self;
        if let Some(refused) = refusal {
            return Err(Arc::clone(refused));
        }
        let begin = (!*is_open).then(|| Statement::from_string(DatabaseBackend::Sqlite, "BEGIN IMMEDIATE"));
        let before = begin.into_iter().chain(late.drain(..));
        let mut answer = Answer::default();
        let mut steps = connection.fetch_many(query(joined(before, statement)));
        loop {
            match steps.try_next().await {
                // The last result is that of the statement itself.
                Ok(Some(Either::Left(result))) => (*is_open, answer.result) = (true, result),
                Ok(Some(Either::Right(row))) => answer.rows.push(row.into()),
                Ok(None) => return Ok(answer),
                Err(error) => {
                    let error = Arc::new(error);
                    *has_failed = true;
                    if !*is_open {
                        *refusal = Some(Arc::clone(&error));
                    }
                    return Err(error);
                }
            }
        }
    }
}

/// A condition that fails where it does not hold, in place of letting its statement do nothing.
pub(crate) fn or_fail(condition: &str) -> String {
    // The smallest number has no opposite.
    format!("abs(iif({condition}, 1, -9223372036854775808))")
}

/// One statement of several.
fn joined(before: impl Iterator<Item = Statement>, last: Statement) -> Statement {
    let values = |statement: &mut Statement| statement.values.take().map_or_else(Vec::new, |values| values.0);
    let (mut sql, mut all) = (String::new(), Vec::new());
    for mut statement in before {
        sql.push_str(&statement.sql);
        sql.push_str("; ");
        all.extend(values(&mut statement));
    }
    let mut last = last;
    all.extend(values(&mut last));
    sql.push_str(&last.sql);
    Statement { sql, values: Some(sea_orm::Values(all)), ..last }
}

/// SQLite makes a new plan of a statement whenever the value of its `LIMIT` is bound, unless it is part of a sum.
fn query(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let sql = if statement.sql.contains(" LIMIT ?") {
        statement.sql.replace(" LIMIT ?", " LIMIT 0 + ?")
    } else {
        statement.sql
    };
    query_with(AssertSqlSafe(sql), SqlxValues(statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()))))
}

/// An error where nothing is read.
pub(crate) fn not_executed(error: impl Into<Arc<DriverError>>) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

/// An error where something is read.
pub(crate) fn not_read(error: impl Into<Arc<DriverError>>) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
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
