//! `signet authorization-details-type`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use signet_core::model::AuthorizationDetailsType;
use signet_core::protocol::identifiers::AuthorizationDetailsTypeId;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, DetailsTypeChange, RegistryError};

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::members::{Members, Patch, read_members, take_identity};
use super::{CommandError, CommandResult, Status, terminal, views};

/// What can be done with types of authorization details.
#[derive(Debug, Subcommand)]
pub(crate) enum DetailsTypeCommand {
    /// Register a type of authorization details
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The value of the member type of its objects
        name: String,
        #[command(flatten)]
        fields: DetailsTypeFields,
    },
    /// List types of authorization details
    List(InRealm),
    /// Show a type of authorization details
    Show(NamedDetailsType),
    /// Change a type of authorization details; what is not named stays as it is
    Update {
        #[command(flatten)]
        named: NamedDetailsType,
        /// A new value of the member type
        #[arg(long, value_name = "TYPE")]
        new_name: Option<String>,
        #[command(flatten)]
        fields: DetailsTypeFields,
    },
    /// Delete a type of authorization details
    Delete {
        #[command(flatten)]
        named: NamedDetailsType,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A type of authorization details of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedDetailsType {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its name or its identifier
    #[arg(value_name = "TYPE", allow_hyphen_values = true)]
    pub(crate) name: String,
}

/// What can be decided about a type of authorization details. Schema and texts come by --json.
#[derive(Debug, Args)]
pub(crate) struct DetailsTypeFields {
    /// Whether a user who agreed once is not asked again for the same or less
    #[arg(long, value_name = "BOOLEAN")]
    remembered: Option<bool>,
    /// Whether clients may ask for it for themselves, without a user
    #[arg(long, value_name = "BOOLEAN")]
    client_credentials: Option<bool>,
    #[command(flatten)]
    members: Members,
}

impl DetailsTypeFields {
    fn patch(&self, name: Option<&str>) -> CommandResult<Patch> {
        let mut patch = self.members.patch()?;
        patch
            .option("type", name)
            .option("remembered", self.remembered)
            .option("client_credentials", self.client_credentials);
        Ok(patch)
    }
}

/// What an administrator decides about a type, as one object: its name, and its definition.
fn change_of(mut object: Map<String, Value>) -> CommandResult<DetailsTypeChange> {
    let Some(Value::String(name)) = object.remove("type") else {
        return Err(CommandError::new(Status::Usage, "type must be a string".to_owned()));
    };
    Ok(DetailsTypeChange { name, definition: read_members(object)? })
}

/// The type of a name, else of an identifier.
async fn find(context: &Context, realm: &RealmContext, named: &str) -> CommandResult<AuthorizationDetailsType> {
    let by_id =
        |kind: &AuthorizationDetailsType| named.parse::<AuthorizationDetailsTypeId>().is_ok_and(|id| id == kind.id);
    let types = registry::list_details_types(context.provider(), realm).await?;
    let found = types.iter().find(|kind| kind.name == named).or_else(|| types.iter().find(|kind| by_id(kind)));
    Ok(found.cloned().ok_or(RegistryError::NotFound("type of authorization details"))?)
}

pub(super) async fn run(command: DetailsTypeCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        DetailsTypeCommand::Create { place, name, fields } => {
            let realm = context.realm(&place.realm).await?;
            let change = change_of(fields.patch(Some(&name))?.apply(Map::new()))?;
            let made = registry::create_details_type(&serving, &realm, change).await?;
            context.output.object(&views::details_type(&made))?;
        }
        DetailsTypeCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let types = registry::list_details_types(provider, &realm).await?;
            let rows: Vec<Value> = types.iter().map(views::details_type).collect();
            context.output.list(&rows, &["id", "type", "remembered", "client_credentials"])?;
        }
        DetailsTypeCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            context.output.object(&views::details_type(&find(context, &realm, &named.name).await?))?;
        }
        DetailsTypeCommand::Update { named, new_name, fields } => {
            let realm = context.realm(&named.place.realm).await?;
            let before = find(context, &realm, &named.name).await?;
            let mut object = views::members(&views::details_type(&before));
            object.retain(|name, _| !matches!(name.as_str(), "id" | "created_at" | "updated_at"));
            let mut object = fields.patch(new_name.as_deref())?.apply(object);
            take_identity(&mut object, "id", &before.id.to_string())?;
            let after = registry::update_details_type(&serving, &realm, before, change_of(object)?).await?;
            context.output.object(&views::details_type(&after))?;
        }
        DetailsTypeCommand::Delete { named, confirmation } => {
            let realm = context.realm(&named.place.realm).await?;
            let found = find(context, &realm, &named.name).await?;
            let question = format!("Clients will get no more tokens for the type {}.", found.name);
            terminal::confirm(&question, &confirmation)?;
            registry::delete_details_type(&serving, &realm, found.id).await?;
            let object = json!({ "id": found.id.to_string(), "type": found.name, "deleted": true });
            context.output.done(&format!("Deleted the type {}.", found.name), &object)?;
        }
    }
    Ok(())
}
