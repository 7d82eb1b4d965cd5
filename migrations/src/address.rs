//! Where a database is, and the one connection that migrations run on.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm_migration::sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::MigrationError;

/// An address that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// No kind of database that Signet knows.
    #[error("database.url must begin with sqlite:, postgres: or mysql:")]
    UnknownKind,
    /// A SQLite address that does not read.
    #[error("database.url is not a usable SQLite address: {0}")]
    Malformed(String),
    /// A SQLite database without a file.
    #[error("database.url must name a file: a database in memory forgets which codes were used")]
    InMemory,
    /// A SQLite address with something after its file that a provider cannot work with.
    #[error("database.url must not say {0} after its file; Signet reads and writes it")]
    Parameter(String),
    /// The file of a SQLite database cannot be made.
    #[error("the database file {file} cannot be made: {source}; check that the folder exists and may be written to")]
    NotCreated {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// The file of a SQLite database; nothing for the other kinds.
///
/// # Errors
/// The address is not usable.
pub fn sqlite_file(url: &str) -> Result<Option<PathBuf>, AddressError> {
    match url.split(':').next() {
        Some("postgres" | "postgresql" | "mysql" | "mariadb") => Ok(None),
        Some("sqlite") => {
            let options =
                SqliteConnectOptions::from_str(url).map_err(|error| AddressError::Malformed(error.to_string()))?;
            let file = options.get_filename().to_owned();
            let in_memory = url.contains(":memory:") || url.contains("mode=memory") || file.as_os_str().is_empty();
            if in_memory {
                return Err(AddressError::InMemory);
            }
            let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
            let unusable = parameters.split('&').find(|it| !matches!(*it, "" | "mode=rw" | "mode=rwc"));
            unusable.map_or(Ok(Some(file)), |it| Err(AddressError::Parameter(it.to_owned())))
        }
        _ => Err(AddressError::UnknownKind),
    }
}

/// The options of a pool whose connections are kept, however old or unused they are.
///
/// The driver would look for such connections when a pool begins and every ten minutes. It counts a connection that is
/// not in use only after others may have taken it: where it looks in between, it finds a number below zero, and goes on
/// counting for ever on a thread that serves requests.
pub fn lasting_pool(url: impl Into<String>) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).sqlx_logging(false);
    options
}

/// One connection, never replaced by another: the lock is held by its session.
pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection, MigrationError> {
    if let Some(file) = sqlite_file(url)? {
        create(&file)?;
    }
    // The driver knows MariaDB by the name of MySQL only.
    let address = url.strip_prefix("mariadb:").map_or_else(|| url.to_owned(), |rest| format!("mysql:{rest}"));
    let mut options = lasting_pool(address);
    options.max_connections(1).min_connections(1).acquire_timeout(Duration::from_secs(5)).map_sqlx_sqlite_opts(
        |options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
        },
    );
    Ok(Database::connect(options).await?)
}

/// Makes the file readable by its owner alone before the first byte is in it.
fn create(file: &Path) -> Result<(), AddressError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file);
    opened.map(drop).map_err(|source| AddressError::NotCreated { file: file.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_does_not_look_for_connections_to_close() {
        let options = lasting_pool("sqlite:signet.db");
        assert_eq!((options.get_idle_timeout(), options.get_max_lifetime()), (Some(None), Some(None)));
    }
}
