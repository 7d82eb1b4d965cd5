//! The database schema and how a database gets there.
//!
//! Each `m....rs` file is one step in the schema's history and is never edited once it has been released. What is in
//! the rows belongs to the store; here is only their shape.

mod address;
mod lock;
mod m0001_realms;
mod m0002_clients;
mod m0003_users;
mod m0004_sessions;
mod m0005_tokens;
mod m0006_events;
mod m0007_revisions;
mod m0008_scripts;
mod m0009_registration;
mod m0010_logout;
mod m0011_pairwise_salts;
mod m0012_client_origins;
mod m0013_user_attributes;
mod m0015_pushed_requests;
mod m0019_authorization_details;
mod m0020_required_authentication;
mod m0022_client_traffic;
mod m0024_deferred_requests;
mod m0025_backchannel_notifications;
mod m0028_trusted_issuers;
mod m0030_uma;
mod m0034_uma_claims;
mod m0035_uma_requests;
mod m0038_device_secrets;
mod m0044_session_realm_epochs;
mod m0045_deferred_request_epochs;
mod m0046_open_pushed_requests;
mod m0047_uma_spontaneous_scopes;
mod m0048_used_records;
mod schema;

use std::collections::HashSet;

use sea_orm_migration::sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, seaql_migrations};

pub use crate::address::{AddressError, lasting_pool, sqlite_file};
use crate::schema::Step;

/// What a migration run or a look at the schema can fail with.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The address of the database is not usable.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The database does not answer or refuses.
    #[error("the database refused: {0}")]
    Database(#[from] DbErr),
    /// A newer version of Signet has been here.
    #[error(
        "the database has the schema of a newer Signet (it knows {0}); start the newer version, or restore a backup"
    )]
    Newer(String),
    /// The schema is older than this version needs.
    #[error("the database lacks {0} migrations; run: signet migrate up")]
    Pending(usize),
    /// One migration failed. Those before it are done; the next run starts with this one.
    #[error("migration {name} failed: {source}; mend the cause and run: signet migrate up")]
    Failed {
        /// Which one.
        name: String,
        /// Why.
        source: DbErr,
    },
    /// Another process is migrating and does not come to an end.
    #[error("another process has been migrating this database for ten minutes; wait for it, or stop it and try again")]
    Locked,
    /// The lock file beside a SQLite database cannot be used.
    #[error("the lock file {file} cannot be used: {source}; check that the folder may be written to")]
    LockFile {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A migration that has just been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its name.
    pub name: &'static str,
    /// How many of this run are done, this one included.
    pub done: usize,
    /// How many this run has.
    pub total: usize,
}

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// Whether it has been applied.
    pub applied: bool,
}

struct Migrator;

impl Migrator {
    fn steps() -> impl Iterator<Item = &'static Step> {
        let files = [
            m0001_realms::STEPS,
            m0002_clients::STEPS,
            m0003_users::STEPS,
            m0004_sessions::STEPS,
            m0005_tokens::STEPS,
            m0006_events::STEPS,
            m0007_revisions::STEPS,
            m0008_scripts::STEPS,
            m0009_registration::STEPS,
            m0010_logout::STEPS,
            m0011_pairwise_salts::STEPS,
            m0012_client_origins::STEPS,
            m0013_user_attributes::STEPS,
            m0015_pushed_requests::STEPS,
            m0019_authorization_details::STEPS,
            m0020_required_authentication::STEPS,
            m0022_client_traffic::STEPS,
            m0024_deferred_requests::STEPS,
            m0025_backchannel_notifications::STEPS,
            m0028_trusted_issuers::STEPS,
            m0030_uma::STEPS,
            m0034_uma_claims::STEPS,
            m0035_uma_requests::STEPS,
            m0038_device_secrets::STEPS,
            m0044_session_realm_epochs::STEPS,
            m0045_deferred_request_epochs::STEPS,
            m0046_open_pushed_requests::STEPS,
            m0047_uma_spontaneous_scopes::STEPS,
            m0048_used_records::STEPS,
        ];
        files.into_iter().flatten()
    }
}

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Self::steps().map(|step| Box::new(*step) as Box<dyn MigrationTrait>).collect()
    }
}

/// Brings the database to the schema of this version and says how many migrations that took. A SQLite database that
/// does not exist is made. Any number of processes may call this at once: one works, the others wait for it.
///
/// # Errors
/// [`MigrationError::Newer`] if the database is ahead of this version; nothing is changed then.
pub async fn up(url: &str, mut progress: impl FnMut(Progress) + Send) -> Result<usize, MigrationError> {
    let _file_lock = lock::lock_file(url).await?;
    let connection = address::connect(url).await?;
    lock::lock_session(&connection).await?;
    let pending = pending(&connection).await?;
    let total = pending.len();
    for (index, name) in pending.into_iter().enumerate() {
        Migrator::up(&connection, Some(1))
            .await
            .map_err(|source| MigrationError::Failed { name: name.to_owned(), source })?;
        progress(Progress { name, done: index + 1, total });
    }
    // Closing the session releases its lock.
    connection.close().await?;
    Ok(total)
}

/// Every migration this version knows and every one the database has, oldest first. Changes nothing.
///
/// # Errors
/// The database cannot be asked. A newer schema is no error here: its migrations are in the list.
pub async fn status(url: &str) -> Result<Vec<MigrationState>, MigrationError> {
    if sqlite_file(url)?.is_some_and(|file| !file.exists()) {
        return Ok(Migrator::steps()
            .map(|step| MigrationState { name: step.name.to_owned(), applied: false })
            .collect());
    }
    let connection = address::connect(url).await?;
    let applied = applied(&connection).await?;
    let known: Vec<&str> = Migrator::steps().map(|step| step.name).collect();
    let mut states: Vec<MigrationState> = known
        .iter()
        .map(|name| MigrationState { name: (*name).to_owned(), applied: applied.iter().any(|other| other == name) })
        .collect();
    let unknown = applied.into_iter().filter(|name| !known.contains(&name.as_str()));
    states.extend(unknown.map(|name| MigrationState { name, applied: true }));
    connection.close().await?;
    Ok(states)
}

/// Checks that the schema is the one this version needs.
///
/// # Errors
/// [`MigrationError::Newer`] or [`MigrationError::Pending`] if not.
pub async fn verify(connection: &DatabaseConnection) -> Result<(), MigrationError> {
    match pending(connection).await?.len() {
        0 => Ok(()),
        count => Err(MigrationError::Pending(count)),
    }
}

async fn pending(connection: &DatabaseConnection) -> Result<Vec<&'static str>, MigrationError> {
    let applied = applied(connection).await?;
    let known: HashSet<&str> = Migrator::steps().map(|step| step.name).collect();
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name.as_str())) {
        return Err(MigrationError::Newer(unknown.clone()));
    }
    Ok(Migrator::steps().map(|step| step.name).filter(|name| !applied.iter().any(|other| other == name)).collect())
}

async fn applied(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    if !SchemaManager::new(connection).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().all(connection).await?;
    let mut names: Vec<String> = rows.into_iter().map(|row| row.version).collect();
    names.sort_unstable();
    Ok(names)
}
