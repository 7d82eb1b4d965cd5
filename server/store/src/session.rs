//! What a statement is sent through: a connection or a transaction, with its statements counted.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, QueryResult,
    QuerySelect, QueryTrait, Select, Statement, TryIntoModel, Value,
};

use crate::failure::{Failure, is_duplicate};
use crate::row::Row;
use crate::sql;
use crate::sqlite::{Connection, FileRow, Readers};
use crate::statistics::Counters;

/// A connection or a transaction.
pub(crate) struct Session<'a> {
    executor: Executor<'a>,
    counters: &'a Counters,
}

enum Executor<'a> {
    Pool(Arc<DatabaseConnection>),
    Transaction(&'a DatabaseTransaction),
    Readers(&'a Readers),
    Writer(&'a Connection),
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
    pub(crate) const fn writer(connection: &'a Connection, counters: &'a Counters) -> Self {
        Self { executor: Executor::Writer(connection), counters }
    }

    /// The SQL that is understood.
    pub(crate) fn backend(&self) -> DatabaseBackend {
        match &self.executor {
            Executor::Pool(pool) => pool.get_database_backend(),
            Executor::Transaction(transaction) => transaction.get_database_backend(),
            Executor::Readers(_) | Executor::Writer(_) => DatabaseBackend::Sqlite,
        }
    }

    /// Runs a statement with `?` for each value; answers how many rows it found.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, Failure> {
        Ok(self.run(sql::statement(self.backend(), sql, values)).await?)
    }

    /// Reads at most one row, which is found by a key. What walks over many takes [`Self::rows`].
    pub(crate) async fn row(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, Failure> {
        Ok(self.first(sql::statement(self.backend(), sql, values)).await?)
    }

    /// Reads every row.
    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, Failure> {
        Ok(self.every(sql::statement(self.backend(), sql, values)).await?)
    }

    /// Runs an `INSERT` that only the first may win; says whether a row was inserted. `insert` has no conflict clause.
    ///
    /// MariaDB and MySQL get the plain statement, whose error 1062 means "second": the driver counts found rows, so
    /// that `ON DUPLICATE KEY UPDATE` would make two winners, and `INSERT IGNORE` would cut keys that are too long.
    pub(crate) async fn insert_once(&self, insert: &str, values: Vec<Value>) -> Result<bool, Failure> {
        let backend = self.backend();
        if backend == DatabaseBackend::MySql {
            return match self.run(sql::statement(backend, insert, values)).await {
                Ok(inserted) => Ok(inserted == 1),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        Ok(self.execute(&format!("{insert} ON CONFLICT DO NOTHING"), values).await? == 1)
    }

    /// Runs the `INSERT` or `UPDATE` of an entity; answers how many rows it found.
    pub(crate) async fn change(&self, query: &impl QueryTrait) -> Result<u64, Failure> {
        Ok(self.run(query.build(self.backend())).await?)
    }

    /// Reads the first row that an entity's query finds.
    pub(crate) async fn one<E>(&self, query: Select<E>) -> Result<Option<E::Model>, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let row = self.first(query.limit(1).build(self.backend())).await?;
        row.as_ref().map(Row::model::<E>).transpose()
    }

    /// Reads every row that an entity's query finds.
    pub(crate) async fn all<E>(&self, query: Select<E>) -> Result<Vec<E::Model>, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        let rows = self.every(query.build(self.backend())).await?;
        rows.iter().map(Row::model::<E>).collect()
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.execute_raw(statement).await.map(|result| result.rows_affected()),
            Executor::Transaction(transaction) => {
                transaction.execute_raw(statement).await.map(|result| result.rows_affected())
            }
            Executor::Readers(_) => Err(DbErr::Custom("nothing is written where files are read".to_owned())),
            Executor::Writer(connection) => connection.execute(&statement),
        })
    }

    async fn first(&self, statement: Statement) -> Result<Option<Row>, DbErr> {
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.query_one_raw(statement).await.map(|row| row.map(Row::OfServer)),
            Executor::Transaction(transaction) => {
                transaction.query_one_raw(statement).await.map(|row| row.map(Row::OfServer))
            }
            Executor::Readers(readers) => readers.row(&statement).await.map(|row| row.map(Row::OfFile)),
            // To its end: it may write.
            Executor::Writer(connection) => {
                connection.rows(&statement).map(|rows| rows.into_iter().next().map(Row::OfFile))
            }
        })
    }

    async fn every(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        let of_server = |rows: Vec<QueryResult>| rows.into_iter().map(Row::OfServer).collect();
        let of_file = |rows: Vec<FileRow>| rows.into_iter().map(Row::OfFile).collect();
        self.counters.count_statement();
        self.counted(match &self.executor {
            Executor::Pool(pool) => pool.query_all_raw(statement).await.map(of_server),
            Executor::Transaction(transaction) => transaction.query_all_raw(statement).await.map(of_server),
            Executor::Readers(readers) => readers.rows(statement).await.map(of_file),
            Executor::Writer(connection) => connection.rows(&statement).map(of_file),
        })
    }

    fn counted<T>(&self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if answer.is_ok() {
            self.counters.count_answer();
        }
        answer
    }
}
