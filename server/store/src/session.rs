//! What a statement is sent through: a connection or a transaction, with its statements counted.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, Statement, Value,
};

use crate::failure::{Failure, is_duplicate};
use crate::sql;
use crate::statistics::Counters;

/// A connection or a transaction. Entities take it like any connection of sea-orm.
pub(crate) struct Session<'a> {
    executor: Executor<'a>,
    counters: &'a Counters,
}

enum Executor<'a> {
    Pool(Arc<DatabaseConnection>),
    Transaction(&'a DatabaseTransaction),
}

impl<'a> Session<'a> {
    /// Each statement on any connection, and atomic by itself.
    pub(crate) const fn pool(pool: Arc<DatabaseConnection>, counters: &'a Counters) -> Self {
        Self { executor: Executor::Pool(pool), counters }
    }

    /// All statements in one transaction.
    pub(crate) const fn transaction(transaction: &'a DatabaseTransaction, counters: &'a Counters) -> Self {
        Self { executor: Executor::Transaction(transaction), counters }
    }

    fn executor(&self) -> DatabaseExecutor<'_> {
        match &self.executor {
            Executor::Pool(pool) => DatabaseExecutor::Connection(pool),
            Executor::Transaction(transaction) => DatabaseExecutor::Transaction(transaction),
        }
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

    /// Runs an `INSERT` that only the first may win; says whether a row was inserted. `insert` has no conflict clause.
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
        self.execute(&format!("{insert} ON CONFLICT DO NOTHING"), values).await.map(|rows| rows == 1)
    }
}

#[async_trait]
impl ConnectionTrait for Session<'_> {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.executor().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.counters.count_statement();
        self.counted(self.executor().execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.counters.count_statement();
        self.counted(self.executor().execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.counters.count_statement();
        self.counted(self.executor().query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.counters.count_statement();
        self.counted(self.executor().query_all_raw(statement).await)
    }
}
