//! `signet migrate`.

use clap::Subcommand;
use serde_json::json;

use super::CommandResult;
use crate::composition;
use crate::config::Configuration;
use crate::output::Output;

/// What can be asked about the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Bring the schema to this version; makes a SQLite database that does not exist
    Up,
    /// Show which migrations the database has
    Status,
}

pub(super) async fn run(command: MigrateCommand, configuration: &Configuration, output: Output) -> CommandResult {
    let database = &configuration.settings.database;
    match command {
        MigrateCommand::Up => {
            let applied = composition::migrate(database).await?;
            let said = match applied {
                0 => "The schema was up to date.".to_owned(),
                1 => "Applied 1 migration.".to_owned(),
                more => format!("Applied {more} migrations."),
            };
            output.done(&said, &json!({ "applied": applied }))
        }
        MigrateCommand::Status => {
            let states = signet_migrations::status(&database.url.0).await?;
            let rows = states.iter().map(|state| json!({ "migration": state.name, "applied": state.applied }));
            output.list(&rows.collect::<Vec<_>>(), &["migration", "applied"])
        }
    }
}
