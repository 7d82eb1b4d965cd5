//! How each kind of database is connected.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::{Executor, mysql, postgres};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};
use signet_migrations::{AddressError, MigrationError, lasting_pool, sqlite_file};

use crate::database::{Connections, Place};
use crate::pool::Pool;
use crate::sqlite::File;
use crate::statistics::Counters;

/// A connection unused for this long is asked whether it lives before it is used: database servers restart, firewalls
/// forget.
const IDLE_BEFORE_TEST: Duration = Duration::from_secs(1);

/// What a transaction sees of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// What is committed, statement by statement. Every statement of Signet is written for this.
    #[default]
    ReadCommitted,
    /// As if transactions ran one after the other; some are repeated. For distributed engines that know nothing else.
    Serializable,
}

/// How to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most connections to a database server. SQLite has a few of its own number.
    pub connections: u32,
    /// On PostgreSQL and MariaDB; SQLite always runs transactions one after the other.
    pub isolation: Isolation,
    /// How long anything may take, waiting and repetitions included, before the store is called unavailable.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 16, isolation: Isolation::default(), patience: Duration::from_secs(2) }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is not usable.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The file of a SQLite database is not there.
    #[error("there is no database at {0}; run: signet migrate up")]
    NoDatabase(String),
    /// The schema is not the one of this version.
    #[error(transparent)]
    Schema(MigrationError),
    /// The database does not answer or refuses.
    #[error("the database cannot be reached: {0}; check database.url and that the database server runs")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<DbErr> for ConnectError {
    fn from(error: DbErr) -> Self {
        Self::Unreachable(Box::new(error))
    }
}

pub(crate) async fn connect(
    url: &str,
    options: Options,
    counters: &Arc<Counters>,
) -> Result<Connections, ConnectError> {
    let place = match sqlite_file(url)? {
        Some(path) => Place::File(file(url, path, options.patience, counters).await?),
        None => Place::Server(Box::new(server(url, options).await?)),
    };
    Ok(Connections { place, options })
}

async fn verify(connection: &DatabaseConnection) -> Result<(), ConnectError> {
    signet_migrations::verify(connection).await.map_err(|error| match error {
        MigrationError::Database(error) => error.into(),
        other => ConnectError::Schema(other),
    })
}

async fn server(url: &str, options: Options) -> Result<Pool, ConnectError> {
    let pool_options = if url.starts_with("postgres") { postgres(url, options) } else { mariadb(url, options) };
    let pool = Pool::to_server(pool_options).await?;
    verify(&pool.current()).await?;
    Ok(pool)
}

fn pool_options(url: impl Into<String>, connections: u32, patience: Duration) -> ConnectOptions {
    let mut options = lasting_pool(url);
    // Whoever waits gives up first, and sees to it that the pool is replaced if it is the pool's fault.
    options.max_connections(connections).acquire_timeout(2 * patience);
    options
}

async fn file(url: &str, path: PathBuf, patience: Duration, counters: &Arc<Counters>) -> Result<File, ConnectError> {
    if !path.exists() {
        return Err(ConnectError::NoDatabase(display(&path)));
    }
    // Three tries to begin a transaction stay within the patience.
    let (busy, counters) = (patience.mul_f64(0.3), Arc::clone(counters));
    // It may have to read the log of a server that crashed.
    let opening = tokio::task::spawn_blocking(move || File::open(path, busy, &counters));
    let opened = opening.await.map_err(|error| ConnectError::Unreachable(Box::new(error)))??;
    let connection = sea_orm::Database::connect(pool_options(url, 1, patience)).await?;
    let verified = verify(&connection).await;
    connection.close().await?;
    verified.map(|()| opened)
}

fn postgres(url: &str, options: Options) -> ConnectOptions {
    let isolation = match options.isolation {
        Isolation::ReadCommitted => "read committed",
        Isolation::Serializable => "serializable",
    };
    let patience = options.patience.as_millis();
    let set_up = format!(
        "SET default_transaction_isolation = '{isolation}'; SET statement_timeout = '{patience}ms'; \
         SET lock_timeout = '{patience}ms'; SET idle_in_transaction_session_timeout = '{}ms'",
        5 * patience
    );
    let mut pool = pool_options(url, options.connections, options.patience);
    pool.test_before_acquire_if_idle_for(IDLE_BEFORE_TEST).map_sqlx_postgres_pool_opts(
        move |pool: postgres::PgPoolOptions| {
            let set_up = set_up.clone();
            pool.after_connect(move |connection, _| {
                let set_up = set_up.clone();
                Box::pin(async move { run(connection, set_up).await })
            })
        },
    );
    pool
}

fn mariadb(url: &str, options: Options) -> ConnectOptions {
    let isolation = match options.isolation {
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::Serializable => "SERIALIZABLE",
    };
    // Without the strict mode, text that is too long would be cut and stored.
    let set_up = format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL {isolation}; \
         SET SESSION innodb_lock_wait_timeout = {}, sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
        options.patience.as_secs().max(1)
    );
    let address = url.strip_prefix("mariadb:").map_or_else(|| url.to_owned(), |rest| format!("mysql:{rest}"));
    let mut pool = pool_options(address, options.connections, options.patience);
    pool.test_before_acquire_if_idle_for(IDLE_BEFORE_TEST).map_sqlx_mysql_pool_opts(
        move |pool: mysql::MySqlPoolOptions| {
            let set_up = set_up.clone();
            pool.after_connect(move |connection, _| {
                let set_up = set_up.clone();
                Box::pin(async move { run(connection, set_up).await })
            })
        },
    );
    pool
}

/// Runs statements that no value goes into.
async fn run<'c, D, E>(connection: E, statements: String) -> Result<(), sea_orm::sqlx::Error>
where
    D: sea_orm::sqlx::Database,
    E: Executor<'c, Database = D>,
{
    connection.execute(sea_orm::sqlx::AssertSqlSafe(statements)).await.map(drop)
}

fn display(file: &Path) -> String {
    file.display().to_string()
}
