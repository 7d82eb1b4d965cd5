//! `signet initial-access-token`.

use clap::Subcommand;
use serde_json::{Value, json};
use signet_core::protocol::identifiers::InitialAccessTokenId;
use signet_core::registry::{self, InitialAccessTokenRequest};

use super::arguments::InRealm;
use super::context::{Context, every};
use super::{CommandResult, views};

/// What can be asked about initial access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum InitialAccessTokenCommand {
    /// Make an initial access token, which is shown once, now
    Create {
        #[command(flatten)]
        place: InRealm,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Registrations it permits
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        uses: i64,
        /// How long it lives
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        seconds: i64,
    },
    /// List initial access tokens
    List(InRealm),
    /// Revoke an initial access token; clients that were registered with it stay
    Revoke {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier, as the list shows it
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        id: InitialAccessTokenId,
    },
}

pub(super) async fn run(command: InitialAccessTokenCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        InitialAccessTokenCommand::Create { place, description, uses, seconds } => {
            let realm = context.realm(&place.realm).await?;
            let request = InitialAccessTokenRequest { description, uses, seconds };
            let issued = registry::create_initial_access_token(&serving, &realm, request).await?;
            let mut shown = views::initial_access_token(&issued.kept);
            shown["token"] = issued.token.as_str().into();
            context.output.object(&shown)
        }
        InitialAccessTokenCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let listing = async |page| registry::list_initial_access_tokens(provider, &realm, &page).await;
            let tokens = every(listing).await?;
            let rows: Vec<Value> = tokens.iter().map(views::initial_access_token).collect();
            context.output.list(&rows, &["id", "description", "uses_left", "expires_at"])
        }
        InitialAccessTokenCommand::Revoke { place, id } => {
            let realm = context.realm(&place.realm).await?;
            registry::revoke_initial_access_token(&serving, &realm, id).await?;
            let said = format!("Revoked initial access token {id}.");
            context.output.done(&said, &json!({ "id": id.to_string(), "revoked": true }))
        }
    }
}
