//! `signet trusted-issuer`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use signet_core::model::TrustedIssuer;
use signet_core::protocol::identifiers::TrustedIssuerId;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RegistryError, TrustedIssuerChange};

use super::arguments::{Confirmation, InRealm};
use super::context::Context;
use super::members::{Members, Patch, read_members, take_identity};
use super::{CommandError, CommandResult, Status, terminal, views};

/// What can be done with trusted issuers.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustedIssuerCommand {
    /// Register a trusted issuer
    Create {
        #[command(flatten)]
        place: InRealm,
        /// The claim iss of its tokens
        issuer: String,
        #[command(flatten)]
        fields: Box<TrustedIssuerFields>,
    },
    /// List trusted issuers
    List(InRealm),
    /// Show a trusted issuer
    Show(NamedTrustedIssuer),
    /// Change a trusted issuer; what is not named stays as it is
    Update {
        #[command(flatten)]
        named: NamedTrustedIssuer,
        /// A new claim iss
        #[arg(long, value_name = "ISSUER")]
        new_issuer: Option<String>,
        #[command(flatten)]
        fields: Box<TrustedIssuerFields>,
    },
    /// Delete a trusted issuer
    Delete {
        #[command(flatten)]
        named: NamedTrustedIssuer,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A trusted issuer of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedTrustedIssuer {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// The claim iss of its tokens, or its identifier
    #[arg(value_name = "ISSUER", allow_hyphen_values = true)]
    pub(crate) issuer: String,
}

/// What can be decided about a trusted issuer. Keys by value come by --json.
#[derive(Debug, Args)]
pub(crate) struct TrustedIssuerFields {
    /// Whether it is trusted at all
    #[arg(long, value_name = "BOOLEAN")]
    enabled: Option<bool>,
    /// Where its public keys are: an https URL
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// What its tokens are good for: `assertion_grant`, `token_exchange` or `claim_token`; may be repeated, and replaces
    /// all that were there
    #[arg(long = "use", value_name = "USE")]
    uses: Vec<String>,
    /// A client that may bring its tokens; may be repeated, and replaces all that were there
    #[arg(long = "client", value_name = "CLIENT", allow_hyphen_values = true)]
    clients: Vec<String>,
    /// What `aud` may name beside this server; may be repeated, and replaces all that were there
    #[arg(long = "audience", value_name = "AUDIENCE")]
    audiences: Vec<String>,
    /// How its tokens name a user: `user_id`, `username` or `script`
    #[arg(long, value_name = "MAPPING")]
    subject_mapping: Option<String>,
    /// The claim that does
    #[arg(long, value_name = "CLAIM")]
    subject_claim: Option<String>,
    #[command(flatten)]
    members: Members,
}

impl TrustedIssuerFields {
    fn patch(&self, issuer: Option<&str>) -> CommandResult<Patch> {
        let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
        let mut patch = self.members.patch()?;
        patch
            .option("issuer", issuer)
            .option("enabled", self.enabled)
            .option("jwks_uri", self.jwks_uri.clone())
            .option("uses", list(&self.uses))
            .option("clients", list(&self.clients))
            .option("audiences", list(&self.audiences))
            .option("subject_mapping", self.subject_mapping.clone())
            .option("subject_claim", self.subject_claim.clone());
        Ok(patch)
    }
}

/// What an administrator decides about a trusted issuer, as one object: its name, and its definition.
fn change_of(mut object: Map<String, Value>) -> CommandResult<TrustedIssuerChange> {
    let Some(Value::String(issuer)) = object.remove("issuer") else {
        return Err(CommandError::new(Status::Usage, "issuer must be a string".to_owned()));
    };
    Ok(TrustedIssuerChange { issuer, definition: read_members(object)? })
}

/// The trusted issuer of a name, else of an identifier.
async fn find(context: &Context, realm: &RealmContext, named: &str) -> CommandResult<TrustedIssuer> {
    let by_id = |trusted: &TrustedIssuer| named.parse::<TrustedIssuerId>().is_ok_and(|id| id == trusted.id);
    let issuers = registry::list_trusted_issuers(context.provider(), realm).await?;
    let found = issuers
        .iter()
        .find(|trusted| trusted.issuer == named)
        .or_else(|| issuers.iter().find(|trusted| by_id(trusted)));
    Ok(found.cloned().ok_or(RegistryError::NotFound("trusted issuer"))?)
}

pub(super) async fn run(command: TrustedIssuerCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        TrustedIssuerCommand::Create { place, issuer, fields } => {
            let realm = context.realm(&place.realm).await?;
            let change = change_of(fields.patch(Some(&issuer))?.apply(Map::new()))?;
            let made = registry::create_trusted_issuer(&serving, &realm, change).await?;
            context.output.object(&views::trusted_issuer(&made))?;
        }
        TrustedIssuerCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let issuers = registry::list_trusted_issuers(provider, &realm).await?;
            let rows: Vec<Value> = issuers.iter().map(views::trusted_issuer).collect();
            context.output.list(&rows, &["id", "issuer", "enabled", "subject_mapping"])?;
        }
        TrustedIssuerCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            context.output.object(&views::trusted_issuer(&find(context, &realm, &named.issuer).await?))?;
        }
        TrustedIssuerCommand::Update { named, new_issuer, fields } => {
            let realm = context.realm(&named.place.realm).await?;
            let before = find(context, &realm, &named.issuer).await?;
            let mut object = views::members(&views::trusted_issuer(&before));
            object.retain(|name, _| !matches!(name.as_str(), "id" | "created_at" | "updated_at"));
            let mut object = fields.patch(new_issuer.as_deref())?.apply(object);
            take_identity(&mut object, "id", &before.id.to_string())?;
            let after = registry::update_trusted_issuer(&serving, &realm, before, change_of(object)?).await?;
            context.output.object(&views::trusted_issuer(&after))?;
        }
        TrustedIssuerCommand::Delete { named, confirmation } => {
            let realm = context.realm(&named.place.realm).await?;
            let found = find(context, &realm, &named.issuer).await?;
            let question = format!("No token of {} will be believed any more.", found.issuer);
            terminal::confirm(&question, &confirmation)?;
            registry::delete_trusted_issuer(&serving, &realm, found.id).await?;
            let object = json!({ "id": found.id.to_string(), "issuer": found.issuer, "deleted": true });
            context.output.done(&format!("Deleted trusted issuer {}.", found.issuer), &object)?;
        }
    }
    Ok(())
}
