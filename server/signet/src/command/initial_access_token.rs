//! `signet initial-access-token`.

use serde_json::{Value, json};
use signet_core::registry::{self, InitialAccessTokenRequest};

use super::arguments::InitialAccessTokenCommand;
use super::context::{Context, every};
use super::{CommandResult, views};

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
