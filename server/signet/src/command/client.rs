//! `signet client`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use signet_core::model::Client;
use signet_core::profile::ProfileName;
use signet_core::protocol::identifiers::{ClientId, RealmName};
use signet_core::protocol::names::{ApplicationType, ClientAuthenticationMethod, GrantType};
use signet_core::registry::{
    self, ClientRegistration, Conformity, Forecast, ForecastQuestion, IssuedSecret, RegistryError,
};

use super::arguments::{Confirmation, InRealm};
use super::context::{Context, every};
use super::members::{Members, Patch, read_members, read_object, take_enabled, take_identity, take_object, take_text};
use super::{CommandError, CommandResult, Status, terminal, views};

/// What can be asked about clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register a client; a secret that is made is shown once, now
    Create {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier; made where none is given
        #[arg(long, value_name = "CLIENT_ID", allow_hyphen_values = true)]
        id: Option<ClientId>,
        #[command(flatten)]
        secret: ClientSecretSource,
        #[command(flatten)]
        fields: Box<ClientFields>,
    },
    /// List clients
    List(InRealm),
    /// Show a client
    Show(NamedClient),
    /// Change a client; what is not named stays as it is
    Update {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        fields: Box<ClientFields>,
    },
    /// Revoke everything that a client was issued until now: tokens, codes and requests that wait
    RevokeAll {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Delete a client and everything that was issued to it
    Delete {
        #[command(flatten)]
        client: NamedClient,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Tell what a client would have to change to meet a security profile
    Check {
        #[command(flatten)]
        client: NamedClient,
        /// base, fapi1_advanced, fapi2_security or fapi2_message_signing; without it, the one that counts for
        /// the client
        #[arg(long, value_name = "PROFILE")]
        profile: Option<ProfileName>,
    },
    /// Tell what a security profile would have refused of what clients did in the last days
    Forecast {
        #[command(flatten)]
        place: InRealm,
        /// Its identifier
        #[arg(value_name = "CLIENT_ID", allow_hyphen_values = true, required_unless_present = "all")]
        id: Option<ClientId>,
        /// Every client of the realm; those that are held to a profile which excludes this one are left out
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// fapi1_advanced, fapi2_security or fapi2_message_signing
        #[arg(long, value_name = "PROFILE")]
        profile: ProfileName,
        /// Days to look back, today included, in UTC: 1 to 8
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        days: u32,
    },
    /// Replace the secret by a new one, which is shown once, now; the old one stays good for as long as
    /// the realm says
    RotateSecret(NamedClient),
}

/// A client of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedClient {
    #[command(flatten)]
    pub(crate) place: InRealm,
    /// Its identifier
    #[arg(value_name = "CLIENT_ID", allow_hyphen_values = true)]
    pub(crate) id: ClientId,
}

/// The algorithm of ID tokens where nothing else is asked for: small and fast (design section 9). The registration
/// itself would mean RS256.
const ID_TOKEN_ALGORITHM: &str = "ES256";

/// Where the secret of a new client comes from.
#[derive(Debug, Args)]
pub(crate) struct ClientSecretSource {
    /// Read a secret of your own choice, at the prompt or from standard input; without this, a strong one is made
    #[arg(long)]
    with_secret: bool,
}

/// What the access tokens of a client are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SenderConstraint {
    /// A key that it proves to hold (RFC 9449)
    Dpop,
    /// Its certificate (RFC 8705)
    Mtls,
    /// Nothing, unless it proves to hold a key or its profile wants it
    None,
}

/// What can be decided about a client.
#[derive(Debug, Args)]
pub(crate) struct ClientFields {
    /// The name on pages
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Where answers may go; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// What it exchanges for tokens; may be repeated
    #[arg(long = "grant-type", value_name = "GRANT")]
    grant_types: Vec<GrantType>,
    /// How it authenticates
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<ClientAuthenticationMethod>,
    /// The scope values it may ask for, apart by spaces
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// The types of authorization details it may ask for; may be repeated
    #[arg(long = "authorization-details-type", value_name = "TYPE")]
    authorization_details_types: Vec<String>,
    /// web or native
    #[arg(long, value_name = "TYPE")]
    application_type: Option<ApplicationType>,
    /// Where its public keys are
    #[arg(long, value_name = "URI", conflicts_with = "jwks")]
    jwks_uri: Option<String>,
    /// Its public keys: a file with a JWK set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The security profile: base, fapi1_advanced, fapi2_security or fapi2_message_signing; what the realm
    /// demands counts too
    #[arg(long, value_name = "PROFILE")]
    profile: Option<ProfileName>,
    /// What its access tokens are bound to
    #[arg(long, value_enum, value_name = "CONSTRAINT")]
    sender_constraint: Option<SenderConstraint>,
    /// The algorithm of its ID tokens
    #[arg(long, value_name = "ALG")]
    id_token_alg: Option<String>,
    /// Where users may be sent after a logout; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// What a browser loads in a frame when the session ends
    #[arg(long, value_name = "URI")]
    frontchannel_logout_uri: Option<String>,
    /// Where a logout token is posted when the session ends
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<String>,
    /// Whether users are not asked: only for applications of your own
    #[arg(long, value_name = "true|false")]
    skip_consent: Option<bool>,
    /// Whether it may do anything
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    #[command(flatten)]
    members: Members,
}

impl ClientFields {
    fn patch(&self) -> CommandResult<Patch> {
        let jwks = self.jwks.as_deref().map(read_object).transpose()?;
        let mut patch = self.members.patch()?;
        if let Some(skip) = self.skip_consent {
            patch.assign(&format!("settings.skip_consent={skip}"))?;
        }
        if let Some(profile) = self.profile {
            patch.assign(&format!("settings.profile={}", profile.as_str()))?;
        }
        if let Some(constraint) = self.sender_constraint {
            patch.option("dpop_bound_access_tokens", Some(constraint == SenderConstraint::Dpop));
            patch.option("tls_client_certificate_bound_access_tokens", Some(constraint == SenderConstraint::Mtls));
        }
        patch
            .option("client_name", self.name.clone())
            .list("redirect_uris", &self.redirect_uris)
            .list("grant_types", &self.grant_types)
            .option("token_endpoint_auth_method", self.auth_method.map(ClientAuthenticationMethod::as_str))
            .option("scope", self.scope.clone())
            .list("authorization_details_types", &self.authorization_details_types)
            .option("application_type", self.application_type.map(ApplicationType::as_str))
            .option("jwks_uri", self.jwks_uri.clone())
            .option("jwks", jwks)
            .option("id_token_signed_response_alg", self.id_token_alg.clone())
            .list("post_logout_redirect_uris", &self.post_logout_redirect_uris)
            .option("frontchannel_logout_uri", self.frontchannel_logout_uri.clone())
            .option("backchannel_logout_uri", self.backchannel_logout_uri.clone())
            .option("enabled", self.enabled);
        Ok(patch)
    }
}

/// What an administrator decides about a client, as one object: registered metadata, and two members beside.
fn registration_of(mut object: Map<String, Value>) -> CommandResult<ClientRegistration> {
    let settings = take_object(&mut object, "settings")?;
    let enabled = take_enabled(&mut object)?;
    Ok(ClientRegistration { metadata: read_members(object)?, settings: read_members(settings)?, enabled })
}

fn object_of(client: &Client) -> Map<String, Value> {
    let mut object = views::members(&client.metadata);
    object.insert("settings".to_owned(), Value::Object(views::members(&client.settings)));
    object.insert("enabled".to_owned(), client.enabled.into());
    object
}

pub(super) async fn run(command: ClientCommand, context: &Context) -> CommandResult {
    let (provider, serving) = (context.provider(), context.serving());
    match command {
        ClientCommand::Create { place, id, secret, fields } => {
            create(context, &place.realm, id, &secret, &fields).await?;
        }
        ClientCommand::List(place) => {
            let realm = context.realm(&place.realm).await?;
            let clients = every(async |page| registry::list_clients(provider, &realm, &page).await).await?;
            let rows: Vec<Value> = clients.iter().map(views::client).collect();
            context.output.list(&rows, &["client_id", "client_name", "enabled", "token_endpoint_auth_method"])?;
        }
        ClientCommand::Show(named) => {
            let realm = context.realm(&named.place.realm).await?;
            let found = registry::find_client(provider, &realm, &named.id).await?;
            context.output.object(&views::client(&found))?;
        }
        ClientCommand::Update { client, fields } => {
            let realm = context.realm(&client.place.realm).await?;
            let before = registry::client_as_stored(provider, &realm, &client.id).await?;
            let mut object = fields.patch()?.apply(object_of(&before));
            take_identity(&mut object, "client_id", client.id.as_str())?;
            let registration = registration_of(object)?;
            let updating = registry::update_client(&serving, &realm, before, registration);
            show(context, &terminal::waiting("making keys", Box::pin(updating)).await?)?;
        }
        ClientCommand::RevokeAll { client, confirmation } => revoke_all(context, &client, &confirmation).await?,
        ClientCommand::Delete { client, confirmation } => {
            let realm = context.realm(&client.place.realm).await?;
            registry::find_client(provider, &realm, &client.id).await?;
            let question = format!("Client {} and everything that was issued to it will be gone for ever.", client.id);
            terminal::confirm(&question, &confirmation)?;
            registry::delete_client(&serving, &realm, &client.id).await?;
            let said = format!("Deleted client {}.", client.id);
            context.output.done(&said, &json!({ "client_id": client.id.as_str(), "deleted": true }))?;
        }
        ClientCommand::Check { client, profile } => {
            let realm = context.realm(&client.place.realm).await?;
            let found = registry::find_client(provider, &realm, &client.id).await?;
            check(context, &found, &registry::check_conformity(&realm, &found, profile)?)?;
        }
        ClientCommand::Forecast { place, id, all: _, profile, days } => {
            let realm = context.realm(&place.realm).await?;
            let question = ForecastQuestion { profile: Some(profile), days: Some(days) };
            let found = match id {
                Some(id) => {
                    let client = registry::find_client(provider, &realm, &id).await?;
                    vec![registry::forecast(provider, &realm, &client, question).await?]
                }
                None => every(async |page| registry::list_forecasts(provider, &realm, question, &page).await).await?,
            };
            forecast(context, &found)?;
        }
        ClientCommand::RotateSecret(named) => {
            let realm = context.realm(&named.place.realm).await?;
            show(context, &registry::rotate_client_secret(&serving, &realm, &named.id).await?)?;
        }
    }
    Ok(())
}

async fn revoke_all(context: &Context, client: &NamedClient, confirmation: &Confirmation) -> CommandResult {
    let realm = context.realm(&client.place.realm).await?;
    registry::find_client(context.provider(), &realm, &client.id).await?;
    terminal::confirm(&format!("Everything ends that was issued to client {}.", client.id), confirmation)?;
    registry::revoke_all_of_client(&context.serving(), &realm, &client.id).await?;
    let said = format!("Revoked everything that was issued to client {}.", client.id);
    context.output.done(&said, &json!({ "client_id": client.id.as_str(), "revoked": true }))
}

async fn create(
    context: &Context,
    realm: &RealmName,
    id: Option<ClientId>,
    secret: &ClientSecretSource,
    fields: &ClientFields,
) -> CommandResult {
    let serving = context.serving();
    let realm = context.realm(realm).await?;
    let mut object = fields.patch()?.apply(Map::new());
    let in_document = take_text(&mut object, "client_id")?.map(ClientId::try_from).transpose();
    let in_document = in_document.map_err(|error| RegistryError::invalid("client_id", error.to_string()))?;
    if object.contains_key("client_secret") {
        let said = "client_secret: leave it out to have one made, or choose one with --with-secret";
        return Err(CommandError::new(Status::Usage, said));
    }
    let code = Value::from(GrantType::AuthorizationCode.as_str());
    let grants = object.get("grant_types").and_then(Value::as_array);
    if grants.is_none_or(|grants| grants.contains(&code)) {
        object.entry("id_token_signed_response_alg").or_insert_with(|| ID_TOKEN_ALGORITHM.into());
    }
    let registration = registration_of(object)?;
    let chosen = secret.with_secret.then(|| terminal::read_secret("client secret")).transpose()?;
    let making = registry::create_client(&serving, &realm, id.or(in_document), registration, chosen);
    show(context, &terminal::waiting("making keys", making).await?)
}

/// One object for machines; for people a row for each gap.
fn check(context: &Context, client: &Client, found: &Conformity) -> CommandResult {
    let gaps: Vec<Value> = found.gaps.iter().map(views::profile_gap).collect();
    if !context.output.is_json() {
        return context.output.list(&gaps, &["requirement", "section", "field", "change", "in_requests"]);
    }
    context.output.object(&json!({
        "client_id": client.client_id.as_str(),
        "profile": found.profile,
        "conforms": found.is_registered_so(),
        "gaps": gaps,
    }))
}

/// One object a client for machines; for people a row for each gap, and one for each client without.
fn forecast(context: &Context, found: &[Forecast]) -> CommandResult {
    if context.output.is_json() {
        return context.output.list(&found.iter().map(views::forecast).collect::<Vec<_>>(), &[]);
    }
    let rows: Vec<Value> = found.iter().flat_map(views::forecast_rows).collect();
    let columns = ["client_id", "requirement", "section", "failing", "of", "field", "change", "in_requests"];
    context.output.list(&rows, &columns)
}

fn show(context: &Context, issued: &IssuedSecret) -> CommandResult {
    context.output.object(&views::issued(issued))
}
