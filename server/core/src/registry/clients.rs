//! Clients.

use std::sync::Arc;

use signet_jose::SignatureAlgorithm;
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::GrantType;
use zeroize::Zeroizing;

use super::changes::{administered, client_change, client_fields};
use super::client_secrets::{IssuedSecret, chosen_secret_form, fit_secret, generated_secret_form, new_secret};
use super::keys::ensure_key;
use super::pairwise::ensure_pairwise_salt;
use super::{
    ADMIN_REALM, ADMIN_SCOPE, RegistryError, client_addresses, client_metadata, native_apps, resource_protection,
    response_types, token_exchange,
};
use crate::events::{Action, Object, Parties, Serving};
use crate::failure::Fault;
use crate::model::{Client, ClientSettings, PERMITTED_ATTEMPT_SECONDS, RefreshRotation, SecretLife};
use crate::ports::{KeptClient, Page, PageRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{RegisteredEncryption, names_users_alike};

/// Why a client of the admin realm stays.
const LAST_ADMINISTRATOR: &str = "this is the last client that can administer; first give another enabled client of the \
                                  admin realm the scope signet.admin and a grant to obtain it with";
/// What an administrator decides about a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRegistration {
    /// What it is registered with.
    pub metadata: ClientMetadata,
    /// What this server adds.
    pub settings: ClientSettings,
    /// Whether it may do anything.
    pub enabled: bool,
}

/// Registers a client. Without `client_id` one is made; without `chosen_secret` one is made where the client needs it.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: Option<ClientId>,
    registration: ClientRegistration,
    chosen_secret: Option<Zeroizing<String>>,
) -> Result<IssuedSecret, RegistryError> {
    let client_id = match client_id {
        Some(client_id) => client_id,
        None => ClientId::try_from(signet_jose::random_token(&*serving.random, 16))
            .map_err(|error| Fault::internal("a generated identifier", error))?,
    };
    let now = serving.now();
    let mut client = Client {
        realm_id: realm.id(),
        client_id,
        enabled: registration.enabled,
        metadata: registration.metadata,
        settings: registration.settings,
        secret: None,
        secret_life: SecretLife::default(),
        // A client of an identifier that was used before starts beyond every epoch of its predecessor.
        epoch: now.0,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    check_client(serving, realm, &client, None).await?;
    let needs_secret = client.metadata.authentication_method().needs_secret();
    if chosen_secret.is_some() && !needs_secret {
        return Err(RegistryError::invalid("client_secret", "the authentication method uses no secret"));
    }
    let mut issued = None;
    if let Some(chosen) = chosen_secret {
        client.secret = Some(chosen_secret_form(serving, realm, &client, &chosen).await?);
    } else if needs_secret {
        issued = Some(new_secret(serving));
        client.secret =
            issued.as_ref().map(|secret| generated_secret_form(serving, realm, &client, secret)).transpose()?;
    }
    ensure_keys(serving, realm, &client).await?;
    ensure_pairwise_salt(serving, realm, &client).await?;
    let events = serving.with_event(realm, client_change(serving, &client, Action::Created, Vec::new()));
    serving.store.insert_client(&client, &events).await?;
    serving.written(&events);
    Ok(IssuedSecret { client: Arc::new(client), secret: issued })
}

/// Everything that is checked of a client, whoever registers it. `before` is the client as it was.
pub(crate) async fn check_client(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    before: Option<&Client>,
) -> Result<(), RegistryError> {
    check(realm, client)?;
    client_addresses::check(provider, client, before).await
}

/// RFC 8705 section 3.4: without a host that asks for certificates the client would get no token at all.
fn check_binding(realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    let is_bound = client.metadata.tls_client_certificate_bound_access_tokens == Some(true);
    if is_bound && realm.urls.mutual_tls.is_none() {
        let problem = "needs mutual TLS, which this deployment has not (server.mtls_public_url)";
        return Err(RegistryError::invalid("tls_client_certificate_bound_access_tokens", problem));
    }
    Ok(())
}

fn check(realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    client_metadata::check(&client.metadata)?;
    response_types::check(realm, client)?;
    check_binding(realm, client)?;
    let is_unsigned = client.metadata.request_object_signing_alg.as_deref() == Some("none");
    if is_unsigned && !realm.realm.settings.allow_unsigned_request_objects {
        let problem = "none needs the realm's setting allow_unsigned_request_objects";
        return Err(RegistryError::invalid("request_object_signing_alg", problem));
    }
    let sends_user_codes = client.metadata.backchannel_user_code_parameter == Some(true);
    if sends_user_codes && !realm.realm.settings.backchannel_user_code {
        let problem = "needs the realm's setting backchannel_user_code";
        return Err(RegistryError::invalid("backchannel_user_code_parameter", problem));
    }
    check_profile(realm, client)?;
    token_exchange::check(client)?;
    native_apps::check(client)?;
    resource_protection::check(client)?;
    let settings = &client.settings;
    if settings.dynamically_registered && settings.skip_consent {
        let problem = "consent is never taken as given for a client that registered itself; \
                       to vouch for the client, set settings.dynamically_registered to false as well";
        return Err(RegistryError::invalid("settings.skip_consent", problem));
    }
    if settings.refresh_rotation == Some(RefreshRotation::Keep) && !client.metadata.is_confidential() {
        let problem = "must rotate for a client that does not authenticate itself (RFC 9700 section 2.2.2)";
        return Err(RegistryError::invalid("settings.refresh_rotation", problem));
    }
    if settings.access_token_seconds.is_some_and(|seconds| !(30..=86_400).contains(&seconds)) {
        return Err(RegistryError::invalid("settings.access_token_seconds", "must be from 30 to 86400"));
    }
    for (field, timeout) in [
        ("settings.backchannel_logout_timeout_seconds", settings.backchannel_logout_timeout_seconds),
        ("settings.backchannel_notification_timeout_seconds", settings.backchannel_notification_timeout_seconds),
    ] {
        if timeout.is_some_and(|seconds| !PERMITTED_ATTEMPT_SECONDS.contains(&seconds)) {
            return Err(RegistryError::invalid(field, "must be from 1 to 20"));
        }
    }
    let algorithm = settings.access_token_signed_response_alg.as_deref().map(str::parse::<SignatureAlgorithm>);
    if algorithm.is_some_and(|parsed| parsed.map_or(true, SignatureAlgorithm::is_symmetric)) {
        return Err(RegistryError::invalid(
            "settings.access_token_signed_response_alg",
            "is not an asymmetric signature algorithm of this server",
        ));
    }
    Ok(())
}

/// A client's own profile includes the realm's, and the client meets it.
fn check_profile(realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    let of_realm = realm.realm.settings.profile;
    if let Some(own) = client.settings.profile.filter(|own| !own.includes(of_realm)) {
        let problem = match own.and(of_realm) {
            Some(_) => "is weaker than the realm's".to_owned(),
            None => format!("and the realm's, {}, exclude each other", of_realm.as_str()),
        };
        return Err(RegistryError::invalid("settings.profile", problem));
    }
    let Some((requirement, shortfall)) = realm.shortfall_of(client) else { return Ok(()) };
    let section = realm.profile_name_of(client).and_then(|name| requirement.section(name));
    let section = section.map(|section| format!(" ({section})")).unwrap_or_default();
    Err(RegistryError::invalid(shortfall.field, shortfall.change + &section))
}

/// The keys of the algorithms that things for this client are signed with, or that it encrypts its requests to.
pub(crate) async fn ensure_keys(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
) -> Result<(), RegistryError> {
    let metadata = &client.metadata;
    let names = [
        &metadata.id_token_signed_response_alg,
        &metadata.userinfo_signed_response_alg,
        &metadata.authorization_signed_response_alg,
        &metadata.introspection_signed_response_alg,
        &client.settings.access_token_signed_response_alg,
    ];
    for name in names.into_iter().flatten() {
        if let Ok(algorithm) = name.parse::<SignatureAlgorithm>() {
            ensure_key(serving, realm, algorithm).await?;
        }
    }
    if let Ok(Some(requests)) = RegisteredEncryption::of_request_objects(metadata) {
        ensure_key(serving, realm, requests.algorithm).await?;
    }
    Ok(())
}

/// The client of an identifier, disabled or not.
///
/// # Errors
/// `NotFound`.
pub async fn find_client(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<Arc<Client>, RegistryError> {
    provider.store.client(realm.id(), client_id).await?.ok_or(RegistryError::NotFound("client"))
}

/// The client of an identifier as it is in the database at this moment: what a change is decided on.
///
/// # Errors
/// `NotFound`.
pub async fn client_as_stored(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<Client, RegistryError> {
    provider.store.client_as_stored(realm.id(), client_id).await?.ok_or(RegistryError::NotFound("client"))
}

/// The realm's clients by identifier.
///
/// # Errors
/// Faults only.
pub async fn list_clients(
    provider: &Provider,
    realm: &RealmContext,
    page: &PageRequest,
) -> Result<Page<Client>, RegistryError> {
    Ok(provider.store.list_clients(realm.id(), page).await?)
}

/// Whether a client can have an access token that permits everything.
fn administers(client: &Client) -> bool {
    let has_scope = client.metadata.scope.as_ref().is_some_and(|scope| scope.contains(ADMIN_SCOPE));
    let obtains = |grant: &GrantType| !matches!(grant, GrantType::RefreshToken | GrantType::Implicit);
    client.enabled && has_scope && client.metadata.grant_types().iter().any(obtains)
}

/// What the admin realm keeps of its clients: one that administers, if it has one.
pub(crate) fn kept(realm: &RealmContext) -> Option<KeptClient> {
    (realm.realm.name.as_str() == ADMIN_REALM).then_some(KeptClient { is_one: administers, why: LAST_ADMINISTRATOR })
}

/// Replaces what an administrator decides about a client, which must still be as it was read. Disabling it ends everything
/// it was issued, and so does what gives its users other names: a refreshed ID token has the same subject (OpenID Connect
/// Core 12.2). Where the change
/// makes the client need another kind of secret, a new one is made and answered.
///
/// # Errors
/// `Invalid`, `NotFound`, `Changed`; `Forbidden` if nobody could administer any more.
pub async fn update_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: Client,
    registration: ClientRegistration,
) -> Result<IssuedSecret, RegistryError> {
    let is_disabled = before.enabled && !registration.enabled;
    let ends_everything = is_disabled || !names_users_alike(&before.metadata, &registration.metadata);
    let mut client = Client {
        metadata: registration.metadata,
        settings: registration.settings,
        enabled: registration.enabled,
        epoch: before.epoch + i64::from(ends_everything),
        updated_at: serving.now(),
        ..before.clone()
    };
    check_client(serving, realm, &client, Some(&before)).await?;
    let issued = fit_secret(serving, realm, &mut client)?;
    ensure_keys(serving, realm, &client).await?;
    ensure_pairwise_salt(serving, realm, &client).await?;
    let fields = client_fields(&before, &client);
    let events = serving.with_event(realm, client_change(serving, &client, Action::Updated, fields));
    serving.store.update_client(&client, kept(realm), &events).await?;
    serving.written(&events);
    client.revision += 1;
    Ok(IssuedSecret { client: Arc::new(client), secret: issued })
}

/// Deletes a client and everything that was issued to it.
///
/// # Errors
/// `NotFound`; `Forbidden` if nobody could administer any more.
pub async fn delete_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<(), RegistryError> {
    let deleted = administered(serving, (Object::Client, client_id.to_string()), Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::client(client_id)));
    serving.store.delete_client(realm.id(), client_id, kept(realm), &events).await?;
    serving.written(&events);
    Ok(())
}
