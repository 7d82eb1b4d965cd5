//! `signet protected-resource` and `signet access-request` (User-Managed Access 2.0).

use clap::Subcommand;
use serde_json::{Value, json};
use signet_core::ports::{PageRequest, UmaRequestFilter, UmaResourceFilter};
use signet_core::protocol::identifiers::{ClientId, UmaRequestId, UmaResourceId};
use signet_core::registry;

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::user::find as find_user;
use super::{CommandResult, terminal, views};

/// Items that are read at a time.
const PAGE: u64 = 500;

/// What can be done with resources that their owners protect here.
#[derive(Debug, Subcommand)]
pub(crate) enum ProtectedResourceCommand {
    /// List protected resources
    List {
        #[command(flatten)]
        place: InRealm,
        /// Those of this owner only: the login name or the identifier
        #[arg(long, value_name = "USER", allow_hyphen_values = true)]
        owner: Option<String>,
        /// Those of this resource server only
        #[arg(long, value_name = "CLIENT", allow_hyphen_values = true)]
        resource_server: Option<ClientId>,
    },
    /// Show a protected resource with its policies
    Show {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "RESOURCE", allow_hyphen_values = true)]
        id: UmaResourceId,
    },
    /// End the protection of a resource, with its policies and every permission to it
    Delete {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "RESOURCE", allow_hyphen_values = true)]
        id: UmaResourceId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// What can be done with requests for access that are before resource owners.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessRequestCommand {
    /// List requests for access
    List {
        #[command(flatten)]
        place: InRealm,
        /// Those before this owner only: the login name or the identifier
        #[arg(long, value_name = "USER", allow_hyphen_values = true)]
        owner: Option<String>,
        /// Those only that can still be answered
        #[arg(long)]
        pending: bool,
    },
    /// Show a request for access
    Show {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
        id: UmaRequestId,
    },
    /// Delete a request for access; the client that polls for it learns that it is denied
    Delete {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "REQUEST", allow_hyphen_values = true)]
        id: UmaRequestId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

pub(super) async fn run(command: ProtectedResourceCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        ProtectedResourceCommand::List { place, owner, resource_server } => {
            let realm = context.realm(&place.realm).await?;
            let owner = match owner {
                Some(owner) => Some(find_user(context, &realm, &owner).await?.id),
                None => None,
            };
            let filter = UmaResourceFilter { owner, server: resource_server };
            let mut wanted = PageRequest { after: None, limit: PAGE };
            let mut rows: Vec<Value> = Vec::new();
            loop {
                let page = registry::list_protected_resources(provider, &realm, &filter, &wanted).await?;
                rows.extend(page.items.iter().map(views::protected_resource));
                wanted.after = page.next;
                if wanted.after.is_none() {
                    break;
                }
            }
            context.output.list(&rows, &["id", "name", "resource_server", "owner_id", "updated_at"])?;
        }
        ProtectedResourceCommand::Show { place, id } => {
            let realm = context.realm(&place.realm).await?;
            let found = registry::find_protected_resource(provider, &realm, id).await?;
            context.output.object(&views::protected_resource(&found))?;
        }
        ProtectedResourceCommand::Delete { place, id, confirmation } => {
            let realm = context.realm(&place.realm).await?;
            registry::find_protected_resource(provider, &realm, id).await?;
            terminal::confirm("Every policy of it and every permission to it will end.", &confirmation)?;
            registry::delete_protected_resource(&serving, &realm, id).await?;
            let object = json!({ "id": id.to_string(), "deleted": true });
            context.output.done(&format!("Deleted protected resource {id}."), &object)?;
        }
    }
    Ok(())
}

pub(super) async fn run_requests(command: AccessRequestCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        AccessRequestCommand::List { place, owner, pending } => {
            let realm = context.realm(&place.realm).await?;
            let owner = match owner {
                Some(owner) => Some(find_user(context, &realm, &owner).await?.id),
                None => None,
            };
            let filter = UmaRequestFilter { owner, user: None, pending_at: pending.then(|| provider.now()) };
            let mut wanted = PageRequest { after: None, limit: PAGE };
            let mut rows: Vec<Value> = Vec::new();
            loop {
                let page = registry::list_access_requests(provider, &realm, &filter, &wanted).await?;
                rows.extend(page.items.iter().map(views::access_request));
                wanted.after = page.next;
                if wanted.after.is_none() {
                    break;
                }
            }
            context.output.list(&rows, &["id", "state", "owner_id", "user_id", "client_id", "expires_at"])?;
        }
        AccessRequestCommand::Show { place, id } => {
            let realm = context.realm(&place.realm).await?;
            let found = registry::find_access_request(provider, &realm, id).await?;
            context.output.object(&views::access_request(&found))?;
        }
        AccessRequestCommand::Delete { place, id, confirmation } => {
            let realm = context.realm(&place.realm).await?;
            registry::find_access_request(provider, &realm, id).await?;
            terminal::confirm("The client that waits for it will learn that it is denied.", &confirmation)?;
            registry::delete_access_request(&serving, &realm, id).await?;
            let object = json!({ "id": id.to_string(), "deleted": true });
            context.output.done(&format!("Deleted access request {id}."), &object)?;
        }
    }
    Ok(())
}
