//! One serving process per SQLite database.
//!
//! Two of them would be correct, as far as the database goes, but each would keep its own idea of who guesses
//! passwords too fast, and the writers would get in each other's way. Commands beside a server are fine: they do not
//! take this lock.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why this process may not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServingLockError {
    /// Another process serves.
    #[error("another signet serves from {0} already; stop it first, or use PostgreSQL or MariaDB for several nodes")]
    Taken(String),
    /// The lock file cannot be used.
    #[error("the lock file {file} cannot be used: {source}; check that the folder may be written to")]
    Unusable {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Held for as long as the process serves. The system gives the lock free when the process ends, however it ends.
#[derive(Debug)]
pub struct ServingLock {
    _file: Option<File>,
}

impl ServingLock {
    /// For databases with a server of their own: any number of nodes may serve.
    pub(crate) const fn not_needed() -> Self {
        Self { _file: None }
    }

    pub(crate) fn take(database: &Path) -> Result<Self, ServingLockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".serving");
        let path = PathBuf::from(name);
        let unusable = |source| ServingLockError::Unusable { file: path.display().to_string(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(ServingLockError::Taken(database.display().to_string())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}
