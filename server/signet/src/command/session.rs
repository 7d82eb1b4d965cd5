//! `signet session` and `signet logout`.

use clap::Subcommand;
use serde_json::{Value, json};
use signet_core::protocol::identifiers::SessionId;
use signet_core::registry;

use super::arguments::{Confirmation, InRealm};
use super::context::{Context, every};
use super::user::find as find_user;
use super::{CommandResult, terminal, views};

/// What can be asked about sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List sessions
    List {
        #[command(flatten)]
        place: InRealm,
        /// Only those of this user: the login name or the identifier
        #[arg(long, value_name = "USER", allow_hyphen_values = true)]
        user: Option<String>,
    },
    /// Show a session and the clients that take part in it
    Show {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier: the sid of ID tokens
        #[arg(value_name = "SESSION", allow_hyphen_values = true)]
        id: SessionId,
    },
    /// End a session, or every session of a user, with everything bound to it; clients are told
    End {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier: the sid of ID tokens
        #[arg(value_name = "SESSION", allow_hyphen_values = true, required_unless_present = "user")]
        id: Option<SessionId>,
        /// Every session of this user instead: the login name or the identifier
        #[arg(long, value_name = "USER", allow_hyphen_values = true, conflicts_with = "id")]
        user: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What can be asked about logouts that clients are yet to be told of.
#[derive(Debug, Subcommand)]
pub(crate) enum LogoutCommand {
    /// List them, oldest first
    List {
        #[command(flatten)]
        place: InRealm,
        /// Only those that were given up
        #[arg(long)]
        dead: bool,
    },
    /// Begin a new round of attempts
    Retry {
        #[command(flatten)]
        place: InRealm,
        /// The number of the delivery
        #[arg(value_name = "NUMBER")]
        id: i64,
    },
}

pub(super) async fn run(command: SessionCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        SessionCommand::List { place, user } => {
            let realm = context.realm(&place.realm).await?;
            let user_id = match &user {
                Some(named) => Some(find_user(context, &realm, named).await?.id),
                None => None,
            };
            let list = async |page| registry::list_sessions(provider, &realm, user_id, &page).await;
            let rows: Vec<Value> = every(list).await?.iter().map(views::session).collect();
            context.output.list(&rows, &["id", "user_id", "authenticated_at", "last_seen_at", "expires_at"])?;
        }
        SessionCommand::Show { place, id } => {
            let realm = context.realm(&place.realm).await?;
            let listed = registry::find_session(provider, &realm, id).await?;
            context.output.object(&views::session_with_clients(&listed))?;
        }
        SessionCommand::End { place, id, user, confirmation } => {
            let realm = context.realm(&place.realm).await?;
            if let Some(id) = id {
                registry::find_session(provider, &realm, id).await?;
                terminal::confirm(&format!("Session {id} will end with everything bound to it."), &confirmation)?;
                registry::end_session(&serving, &realm, id).await?;
                context.output.done(&format!("Ended session {id}."), &json!({ "id": id.to_string(), "ended": 1 }))?;
            } else if let Some(named) = user {
                let user = find_user(context, &realm, &named).await?;
                terminal::confirm(&format!("Every session of user {named} will end."), &confirmation)?;
                let ended = registry::end_sessions_of_user(&serving, &realm, user.id).await?;
                let object = json!({ "user_id": user.id.to_string(), "ended": ended });
                context.output.done(&format!("Ended {ended} sessions of user {named}."), &object)?;
            }
        }
    }
    Ok(())
}

pub(super) async fn run_logout(command: LogoutCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        LogoutCommand::List { place, dead } => {
            let realm = context.realm(&place.realm).await?;
            let dead = dead.then_some(true);
            let list = async |page| registry::list_logout_deliveries(provider, &realm, dead, &page).await;
            let rows: Vec<Value> = every(list).await?.iter().map(views::logout_delivery).collect();
            context.output.list(&rows, &["id", "client_id", "session_id", "attempts", "dead", "next_at", "problem"])?;
        }
        LogoutCommand::Retry { place, id } => {
            let realm = context.realm(&place.realm).await?;
            registry::retry_logout_delivery(&serving, &realm, id).await?;
            context
                .output
                .done(&format!("Logout delivery {id} is tried again."), &json!({ "id": id, "retried": true }))?;
        }
    }
    Ok(())
}
