//! What a statement is sent through: a connection or a transaction, with its statements counted.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult, QueryResult,
    Statement, Value,
};
use tokio::sync::Mutex;

use crate::failure::{Failure, is_duplicate};
use crate::sql;
use crate::sqlite::{self, Readers, WriteTransaction, not_read};
use crate::statistics::Counters;

/// A connection or a transaction. Entities take it like any connection of sea-orm.
pub(crate) struct Session<'a> {
    executor: Executor<'a>,
    counters: &'a Counters,
}

enum Executor<'a> {
    Pool(Arc<DatabaseConnection>),
    Transaction(&'a DatabaseTransaction),
    Readers(&'a Readers),
    Writer(Mutex<&'a mut WriteTransaction>),
}

impl<'a> Session<'a> {
    /// Each statement on any connection to a server, and atomic by itself.
    pub(crate) const fn pool(pool: Arc<DatabaseConnection>, counters: &'a Counters) -> Self {
        Self { executor: Executor::Pool(pool), counters }
    }

    /// All statements in one transaction of a server.
    pub(crate) const fn transaction(transaction: &'a DatabaseTransaction, counters: &'a Counters) -> Self {
        Self { executor: Executor::Transaction(transaction), counters }
    }

    /// Each statement on any of these connections to a SQLite file.
    pub(crate) const fn readers(readers: &'a Readers, counters: &'a Counters) -> Self {
        Self { executor: Executor::Readers(readers), counters }
    }

    /// All statements in the transaction of the one who writes to a SQLite file.
    pub(crate) fn writer(transaction: &'a mut WriteTransaction, counters: &'a Counters) -> Self {
        Self { executor: Executor::Writer(Mutex::new(transaction)), counters }
    }

    fn counted<T>(&self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if answer.is_ok() {
            self.counters.count_answer();
        }
        answer
    }

    /// Runs a statement with `?` for each value; answers how many rows it found.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, Failure> {
        let statement = sql::statement(self.get_database_backend(), sql, values);
        Ok(self.execute_raw(statement).await?.rows_affected())
    }

    /// Runs a statement of whose answer nothing depends, at the latest before the next one or with the commit.
    pub(crate) async fn execute_late(&self, sql: &str, values: Vec<Value>) -> Result<(), Failure> {
        let statement = sql::statement(self.get_database_backend(), sql, values);
        if let Executor::Writer(transaction) = &self.executor {
            self.counters.count_statement();
            return Ok(self.counted(transaction.lock().await.execute_late(statement).await)?);
        }
        self.execute_raw(statement).await?;
        Ok(())
    }

    /// Leaves a statement for the next one or the commit, which fails unless it does all that it may do; gives the values
    /// back where it cannot wait. It does not, either, when the work runs again because one failed.
    pub(crate) async fn expect(&self, sql: &str, values: Vec<Value>) -> Result<(), Vec<Value>> {
        self.leave(sql, values, WriteTransaction::expect).await
    }

    /// Runs a statement that changes one row, if all is well; says whether it did.
    pub(crate) async fn change_one(&self, sql: &str, values: Vec<Value>) -> Result<bool, Failure> {
        match self.leave(sql, values, WriteTransaction::expect_change).await {
            Ok(()) => Ok(true),
            Err(values) => self.execute(sql, values).await.map(|rows| rows == 1),
        }
    }

    async fn leave(
        &self,
        sql: &str,
        values: Vec<Value>,
        how: fn(&mut WriteTransaction, Statement),
    ) -> Result<(), Vec<Value>> {
        let Executor::Writer(transaction) = &self.executor else { return Err(values) };
        let mut transaction = transaction.lock().await;
        if !transaction.may_expect() {
            return Err(values);
        }
        self.counters.count_statement();
        how(&mut transaction, sql::statement(DatabaseBackend::Sqlite, sql, values));
        Ok(())
    }

    /// Reads at most one row.
    pub(crate) async fn row(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, Failure> {
        let statement = sql::statement(self.get_database_backend(), sql, values);
        Ok(self.query_one_raw(statement).await?)
    }

    /// Reads every row.
    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Failure> {
        let statement = sql::statement(self.get_database_backend(), sql, values);
        Ok(self.query_all_raw(statement).await?)
    }

    /// Runs an `INSERT` that only the first may win, who is expected to be the only one; says whether a row was inserted.
    /// `insert` has no conflict clause.
    ///
    /// MariaDB and MySQL get the plain statement, whose error 1062 means "second": the driver counts found rows, so
    /// that `ON DUPLICATE KEY UPDATE` would make two winners, and `INSERT IGNORE` would cut keys that are too long.
    pub(crate) async fn insert_once(&self, insert: &str, values: Vec<Value>) -> Result<bool, Failure> {
        let backend = self.get_database_backend();
        if backend == DatabaseBackend::MySql {
            return match self.execute_raw(sql::statement(backend, insert, values)).await {
                Ok(result) => Ok(result.rows_affected() == 1),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        self.change_one(&format!("{insert} ON CONFLICT DO NOTHING"), values).await
    }

    /// The same where it does not matter who is first.
    pub(crate) async fn insert_if_missing(&self, insert: &str, values: Vec<Value>) -> Result<(), Failure> {
        if self.get_database_backend() == DatabaseBackend::MySql {
            return self.insert_once(insert, values).await.map(drop);
        }
        self.execute_late(&format!("{insert} ON CONFLICT DO NOTHING"), values).await
    }
}

#[async_trait]
impl ConnectionTrait for Session<'_> {
    fn get_database_backend(&self) -> DatabaseBackend {
        match &self.executor {
            Executor::Pool(pool) => pool.get_database_backend(),
            Executor::Transaction(transaction) => transaction.get_database_backend(),
            Executor::Readers(_) | Executor::Writer(_) => DatabaseBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.execute_raw(statement).await,
            Executor::Transaction(transaction) => transaction.execute_raw(statement).await,
            Executor::Readers(_) => Err(DbErr::Custom("nothing is written where files are read".to_owned())),
            Executor::Writer(transaction) => transaction.lock().await.execute(statement).await,
        })
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.query_one_raw(statement).await,
            Executor::Transaction(transaction) => transaction.query_one_raw(statement).await,
            Executor::Readers(readers) => {
                sqlite::query_one(&mut *readers.lock().await.map_err(not_read)?, statement).await
            }
            Executor::Writer(transaction) => Ok(transaction.lock().await.rows(statement).await?.into_iter().next()),
        })
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.query_all_raw(statement).await,
            Executor::Transaction(transaction) => transaction.query_all_raw(statement).await,
            Executor::Readers(readers) => {
                sqlite::query_all(&mut *readers.lock().await.map_err(not_read)?, statement).await
            }
            Executor::Writer(transaction) => transaction.lock().await.rows(statement).await,
        })
    }
}
