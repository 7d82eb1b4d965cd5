//! One migration run at a time.

use std::fs::File;
use std::path::PathBuf;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, Statement};

use crate::{MigrationError, sqlite_file};

/// "signet" in ASCII; PostgreSQL keeps advisory locks per database.
const ADVISORY_LOCK: i64 = 0x7369_676e_6574;

/// Waits for the lock file beside a SQLite database. The system releases it when the process ends, however it ends.
pub(crate) async fn lock_file(url: &str) -> Result<Option<File>, MigrationError> {
    let Some(database) = sqlite_file(url)? else { return Ok(None) };
    let mut name = database.into_os_string();
    name.push(".migrating");
    let path = PathBuf::from(name);
    let file = path.display().to_string();
    let locked = tokio::task::spawn_blocking(move || {
        let lock = File::options().create(true).truncate(false).write(true).open(path)?;
        lock.lock()?;
        Ok(lock)
    });
    match locked.await.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(lock) => Ok(Some(lock)),
        Err(source) => Err(MigrationError::LockFile { file, source }),
    }
}

/// Waits for the lock of a database server, at most ten minutes. It belongs to the session.
pub(crate) async fn lock_session(connection: &DatabaseConnection) -> Result<(), MigrationError> {
    match connection.get_database_backend() {
        DatabaseBackend::Postgres => {
            connection.execute_unprepared("SET lock_timeout = '600s'").await?;
            let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
            connection.execute_unprepared(&lock).await.map(drop).map_err(|error| match error {
                error if error.to_string().contains("lock timeout") => MigrationError::Locked,
                error => error.into(),
            })
        }
        // The names of these locks are the server's, not the database's.
        DatabaseBackend::MySql => match get_lock(connection).await? {
            Some(1) => Ok(()),
            _ => Err(MigrationError::Locked),
        },
        _ => Ok(()),
    }
}

async fn get_lock(connection: &DatabaseConnection) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT CAST(GET_LOCK(CONCAT('signet:', MD5(DATABASE())), 600) AS SIGNED INTEGER)";
    let row = connection.query_one_raw(Statement::from_string(DatabaseBackend::MySql, sql)).await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}
