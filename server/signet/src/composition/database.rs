//! From the settings to a database with the schema of this version.

use indicatif::{ProgressBar, ProgressStyle};
use signet_migrations::MigrationError;
use signet_store::{ConnectError, Database, Isolation, Options};

use crate::command::CommandResult;
use crate::config::{DatabaseSection, TransactionIsolation};

/// Connects, after bringing the schema up to date where that is needed and permitted.
pub(super) async fn connect(settings: &DatabaseSection) -> CommandResult<Database> {
    let isolation = match settings.isolation {
        TransactionIsolation::ReadCommitted => Isolation::ReadCommitted,
        TransactionIsolation::Serializable => Isolation::Serializable,
    };
    let options = Options { connections: settings.connections.0, isolation, ..Options::default() };
    let may_migrate = settings.migrate_at_start.unwrap_or_else(|| settings.url.is_sqlite());
    match Database::connect(&settings.url.0, options).await {
        Err(ConnectError::NoDatabase(_) | ConnectError::Schema(MigrationError::Pending(_))) if may_migrate => {
            migrate(settings).await?;
            Ok(Database::connect(&settings.url.0, options).await?)
        }
        connected => Ok(connected?),
    }
}

/// Brings the schema up to date and says how many migrations that took. Shows progress on a terminal.
pub(crate) async fn migrate(settings: &DatabaseSection) -> CommandResult<usize> {
    let bar = ProgressBar::no_length().with_prefix("migrating");
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let done = signet_migrations::up(&settings.url.0, |progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.name);
    });
    let done = done.await;
    bar.finish_and_clear();
    Ok(done?)
}
