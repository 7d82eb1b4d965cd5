//! `signet resource-server`.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use signet_core::model::{ResourceScope, ResourceServer};
use signet_core::protocol::identifiers::ResourceServerId;
use signet_core::protocol::names::AccessTokenFormat;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RegistryError, ResourceServerChange};

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::members::{Members, Patch, read_members, take_identity};
use super::{CommandError, CommandResult, Status, terminal, views};

/// What can be asked about resource servers.
#[derive(Debug, Subcommand)]
pub(crate) enum ResourceServerCommand {
    /// Register a resource server
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The absolute URI that the parameter resource names
        identifier: String,
        #[command(flatten)]
        fields: Box<ResourceServerFields>,
    },
    /// List resource servers
    List(InRealm),
    /// Show a resource server
    Show(NamedResourceServer),
    /// Change a resource server; what is not named stays as it is
    Update {
        #[command(flatten)]
        server: NamedResourceServer,
        /// A new identifier
        #[arg(long, value_name = "URI")]
        identifier: Option<String>,
        #[command(flatten)]
        fields: Box<ResourceServerFields>,
    },
    /// Delete a resource server
    Delete {
        #[command(flatten)]
        server: NamedResourceServer,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A resource server of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedResourceServer {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its URI or its identifier
    #[arg(value_name = "RESOURCE_SERVER", allow_hyphen_values = true)]
    pub(crate) server: String,
}

/// What can be decided about a resource server.
#[derive(Debug, Args)]
pub(crate) struct ResourceServerFields {
    /// The name on pages
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// A scope value and what it means in plain words; may be repeated, and replaces all that were there
    #[arg(long = "scope", value_name = "NAME=DESCRIPTION")]
    scopes: Vec<String>,
    /// The form of its access tokens: jwt or opaque
    #[arg(long, value_name = "FORMAT")]
    token_format: Option<AccessTokenFormat>,
    /// The algorithm of its JWT access tokens
    #[arg(long, value_name = "ALG")]
    algorithm: Option<String>,
    /// Lifetime of its access tokens
    #[arg(long, value_name = "SECONDS")]
    access_token_seconds: Option<i64>,
    /// An authentication context class that its tokens must have, or one of several; may be repeated, and replaces all
    /// that were there
    #[arg(long = "required-acr", value_name = "ACR")]
    required_acr_values: Vec<String>,
    /// How long ago the user of a token may have been authenticated
    #[arg(long, value_name = "SECONDS")]
    max_authentication_age_seconds: Option<i64>,
    #[command(flatten)]
    members: Members,
}

impl ResourceServerFields {
    fn patch(&self, identifier: Option<&str>) -> CommandResult<Patch> {
        let scope = |text: &String| match text.split_once('=') {
            Some((name, description)) => Ok(json!({ "name": name, "description": description })),
            None => Err(CommandError::new(Status::Usage, format!("{text:?} says nothing; write NAME=DESCRIPTION"))),
        };
        let scopes = self.scopes.iter().map(scope).collect::<CommandResult<Vec<Value>>>()?;
        let mut patch = self.members.patch()?;
        patch
            .option("identifier", identifier)
            .option("display_name", self.display_name.clone())
            .option("scopes", (!scopes.is_empty()).then_some(scopes))
            .option("token_format", self.token_format.map(AccessTokenFormat::as_str))
            .option("algorithm", self.algorithm.clone())
            .option("access_token_seconds", self.access_token_seconds)
            .option(
                "required_acr_values",
                (!self.required_acr_values.is_empty()).then(|| self.required_acr_values.clone()),
            )
            .option("max_authentication_age_seconds", self.max_authentication_age_seconds);
        Ok(patch)
    }
}

/// What an administrator decides about a resource server, as one object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    identifier: String,
    display_name: Option<String>,
    #[serde(default)]
    scopes: Vec<ResourceScope>,
    token_format: Option<AccessTokenFormat>,
    algorithm: Option<String>,
    access_token_seconds: Option<i64>,
    #[serde(default)]
    required_acr_values: Vec<String>,
    max_authentication_age_seconds: Option<i64>,
}

impl From<Object> for ResourceServerChange {
    fn from(object: Object) -> Self {
        Self {
            display_name: object.display_name.unwrap_or_else(|| object.identifier.clone()),
            identifier: object.identifier,
            scopes: object.scopes,
            token_format: object.token_format.unwrap_or(AccessTokenFormat::Jwt),
            algorithm: object.algorithm,
            access_token_seconds: object.access_token_seconds,
            required_acr_values: object.required_acr_values,
            max_authentication_age_seconds: object.max_authentication_age_seconds,
        }
    }
}

/// The resource server of a URI, else of an identifier.
async fn find(context: &Context, realm: &RealmContext, named: &str) -> CommandResult<ResourceServer> {
    let by_id = |server: &ResourceServer| named.parse::<ResourceServerId>().is_ok_and(|id| id == server.id);
    let servers = registry::list_resource_servers(context.provider(), realm).await?;
    let found = servers.into_iter().find(|server| server.identifier == named || by_id(server));
    Ok(found.ok_or(RegistryError::NotFound("resource server"))?)
}

pub(super) async fn run(command: ResourceServerCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        ResourceServerCommand::Create { place, identifier, fields } => {
            let realm = context.realm(&place.realm).await?;
            let object: Object = read_members(fields.patch(Some(&identifier))?.apply(Map::new()))?;
            let making = registry::create_resource_server(&serving, &realm, object.into());
            let made = terminal::waiting("making keys", making).await?;
            context.output.object(&views::resource_server(&made))?;
        }
        ResourceServerCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let servers = registry::list_resource_servers(provider, &realm).await?;
            let rows: Vec<Value> = servers.iter().map(views::resource_server).collect();
            context.output.list(&rows, &["id", "identifier", "display_name", "token_format"])?;
        }
        ResourceServerCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            context.output.object(&views::resource_server(&find(context, &realm, &named.server).await?))?;
        }
        ResourceServerCommand::Update { server, identifier, fields } => {
            let realm = context.realm(&server.place.realm).await?;
            let before = find(context, &realm, &server.server).await?;
            let mut object = views::members(&views::resource_server(&before));
            object.retain(|name, _| !matches!(name.as_str(), "id" | "created_at" | "updated_at"));
            let mut object = fields.patch(identifier.as_deref())?.apply(object);
            take_identity(&mut object, "id", &before.id.to_string())?;
            let object: Object = read_members(object)?;
            let updating = registry::update_resource_server(&serving, &realm, before, object.into());
            let after = terminal::waiting("making keys", updating).await?;
            context.output.object(&views::resource_server(&after))?;
        }
        ResourceServerCommand::Delete { server, confirmation } => {
            let realm = context.realm(&server.place.realm).await?;
            let found = find(context, &realm, &server.server).await?;
            let question = format!("Resource server {} will be gone for ever.", found.identifier);
            terminal::confirm(&question, &confirmation)?;
            registry::delete_resource_server(&serving, &realm, found.id).await?;
            let object = json!({ "id": found.id.to_string(), "identifier": found.identifier, "deleted": true });
            context.output.done(&format!("Deleted resource server {}.", found.identifier), &object)?;
        }
    }
    Ok(())
}
