//! `signet authorization`.

use clap::Subcommand;
use serde_json::{Value, json};
use signet_core::protocol::identifiers::AuthorizationId;
use signet_core::registry;

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::user::find as find_user;
use super::{CommandResult, terminal, views};

/// What can be asked about what users allowed clients.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthorizationCommand {
    /// List what a user allowed clients
    List {
        #[command(flatten)]
        place: InRealm,
        /// The login name or the identifier
        #[arg(value_name = "USER", allow_hyphen_values = true)]
        user: String,
    },
    /// Show one consent or grant
    Show {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier; the grant_id of a grant
        #[arg(value_name = "AUTHORIZATION", allow_hyphen_values = true)]
        id: AuthorizationId,
    },
    /// Revoke a consent or grant with everything that rests on it
    Revoke {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier; the grant_id of a grant
        #[arg(value_name = "AUTHORIZATION", allow_hyphen_values = true)]
        id: AuthorizationId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(super) async fn run(command: AuthorizationCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        AuthorizationCommand::List { place, user } => {
            let realm = context.realm(&place.realm).await?;
            let user = find_user(context, &realm, &user).await?;
            let listed = registry::list_authorizations(provider, &realm, user.id).await?;
            let rows: Vec<Value> = listed.iter().map(views::authorization).collect();
            context.output.list(&rows, &["id", "client_id", "managed", "scope", "updated_at"])?;
        }
        AuthorizationCommand::Show { place, id } => {
            let realm = context.realm(&place.realm).await?;
            let found = registry::find_authorization(provider, &realm, id).await?;
            context.output.object(&views::authorization(&found))?;
        }
        AuthorizationCommand::Revoke { place, id, confirmation } => {
            let realm = context.realm(&place.realm).await?;
            let found = registry::find_authorization(provider, &realm, id).await?;
            let question = format!("Every token of client {} that rests on it will end.", found.client_id);
            terminal::confirm(&question, &confirmation)?;
            registry::revoke_authorization(&serving, &realm, id).await?;
            let object = json!({ "id": id.to_string(), "client_id": found.client_id.as_str(), "revoked": true });
            context.output.done(&format!("Revoked authorization {id}."), &object)?;
        }
    }
    Ok(())
}
