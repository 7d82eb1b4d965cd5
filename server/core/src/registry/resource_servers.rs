//! Resource servers (RFC 8707).

use signet_jose::{SignatureAlgorithm, random};
use signet_protocol::identifiers::ResourceServerId;
use signet_protocol::names::AccessTokenFormat;
use signet_protocol::scope::Scope;
use url::Url;

use super::RegistryError;
use super::changes::{administered, resource_server_fields};
use super::keys::ensure_key;
use crate::authn::ACR_VALUES;
use crate::events::{Action, Object, Parties, Serving};
use crate::model::{ResourceScope, ResourceServer};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most resource servers of a realm.
const MAXIMUM: usize = 1_000;

/// What an administrator decides about a resource server.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceServerChange {
    /// The absolute URI that `resource` names.
    pub identifier: String,
    /// Shown on the consent page.
    pub display_name: String,
    /// What may be asked for there.
    pub scopes: Vec<ResourceScope>,
    /// The form of its access tokens.
    pub token_format: AccessTokenFormat,
    /// Algorithm of its JWT access tokens.
    pub algorithm: Option<String>,
    /// Lifetime of its access tokens in seconds.
    pub access_token_seconds: Option<i64>,
    /// Authentication context classes of which it demands one.
    pub required_acr_values: Vec<String>,
    /// How long ago a user may have been authenticated, in seconds.
    pub max_authentication_age_seconds: Option<i64>,
}

fn check(change: &ResourceServerChange) -> Result<Option<SignatureAlgorithm>, RegistryError> {
    let is_absolute =
        Url::parse(&change.identifier).is_ok() && !change.identifier.contains('#') && change.identifier.len() <= 500;
    if !is_absolute || !change.identifier.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return Err(RegistryError::invalid(
            "identifier",
            "must be an absolute URI without fragment, of at most 500 ASCII characters (RFC 8707 section 2)",
        ));
    }
    if change.display_name.trim().is_empty() || change.display_name.chars().count() > 200 {
        return Err(RegistryError::invalid("display_name", "must have 1 to 200 characters"));
    }
    for scope in &change.scopes {
        let tokens: Result<Scope, _> = scope.name.parse();
        if tokens.is_ok_and(|tokens| tokens.iter().collect::<Vec<_>>() != [scope.name.as_str()])
            || scope.name.is_empty()
        {
            return Err(RegistryError::invalid("scopes", "a name must be one scope token (RFC 6749 section 3.3)"));
        }
        if scope.description.trim().is_empty() || scope.description.chars().count() > 500 {
            return Err(RegistryError::invalid("scopes", "a description must have 1 to 500 characters"));
        }
    }
    if change.access_token_seconds.is_some_and(|seconds| !(30..=86_400).contains(&seconds)) {
        return Err(RegistryError::invalid("access_token_seconds", "must be from 30 to 86400"));
    }
    check_authentication(change)?;
    let algorithm = change.algorithm.as_deref().map(str::parse::<SignatureAlgorithm>).transpose();
    match algorithm {
        Ok(algorithm) if !algorithm.is_some_and(SignatureAlgorithm::is_symmetric) => Ok(algorithm),
        _ => Err(RegistryError::invalid("algorithm", "is not an asymmetric signature algorithm of this server")),
    }
}

/// What nobody could meet would only send people round in circles.
fn check_authentication(change: &ResourceServerChange) -> Result<(), RegistryError> {
    let (field, demanded) = ("required_acr_values", &change.required_acr_values);
    if !demanded.iter().all(|acr| ACR_VALUES.contains(&acr.as_str())) {
        return Err(RegistryError::invalid(field, "has a class that no login of this server reaches"));
    }
    if (1..demanded.len()).any(|index| demanded[..index].contains(&demanded[index])) {
        return Err(RegistryError::invalid(field, "names a class twice"));
    }
    if change.max_authentication_age_seconds.is_some_and(|seconds| !(30..=31_536_000).contains(&seconds)) {
        return Err(RegistryError::invalid("max_authentication_age_seconds", "must be from 30 to 31536000"));
    }
    Ok(())
}

/// Registers a resource server.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_resource_server(
    serving: &Serving<'_>,
    realm: &RealmContext,
    change: ResourceServerChange,
) -> Result<ResourceServer, RegistryError> {
    let algorithm = check(&change)?;
    if realm.resource_servers.len() >= MAXIMUM {
        return Err(RegistryError::Forbidden("a realm has at most 1000 resource servers"));
    }
    if let Some(algorithm) = algorithm {
        ensure_key(serving, realm, algorithm).await?;
    }
    let now = serving.now();
    let server = ResourceServer {
        realm_id: realm.id(),
        id: ResourceServerId(random::random_bytes(&*serving.random)),
        identifier: change.identifier,
        display_name: change.display_name,
        scopes: change.scopes,
        token_format: change.token_format,
        algorithm: change.algorithm,
        access_token_seconds: change.access_token_seconds,
        required_acr_values: change.required_acr_values,
        max_authentication_age_seconds: change.max_authentication_age_seconds,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    let created = administered(serving, (Object::ResourceServer, server.id.to_string()), Action::Created, Vec::new());
    let events = serving.with_event(realm, created.concerning(Parties::default()));
    serving.store.insert_resource_server(&server, &events).await?;
    serving.written(&events);
    Ok(server)
}

/// The realm's resource servers by identifier.
///
/// # Errors
/// Faults only.
pub async fn list_resource_servers(
    provider: &Provider,
    realm: &RealmContext,
) -> Result<Vec<ResourceServer>, RegistryError> {
    Ok(provider.store.resource_servers(realm.id()).await?)
}

/// One resource server.
///
/// # Errors
/// `NotFound`.
pub async fn find_resource_server(
    provider: &Provider,
    realm: &RealmContext,
    id: ResourceServerId,
) -> Result<ResourceServer, RegistryError> {
    let servers = list_resource_servers(provider, realm).await?;
    servers.into_iter().find(|server| server.id == id).ok_or(RegistryError::NotFound("resource server"))
}

/// Replaces what an administrator decides about a resource server, which must still be as it was read.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`, `Changed`.
pub async fn update_resource_server(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: ResourceServer,
    change: ResourceServerChange,
) -> Result<ResourceServer, RegistryError> {
    let algorithm = check(&change)?;
    if let Some(algorithm) = algorithm {
        ensure_key(serving, realm, algorithm).await?;
    }
    let mut server = ResourceServer {
        identifier: change.identifier,
        display_name: change.display_name,
        scopes: change.scopes,
        token_format: change.token_format,
        algorithm: change.algorithm,
        access_token_seconds: change.access_token_seconds,
        required_acr_values: change.required_acr_values,
        max_authentication_age_seconds: change.max_authentication_age_seconds,
        updated_at: serving.now(),
        ..before.clone()
    };
    let fields = resource_server_fields(&before, &server);
    let updated = administered(serving, (Object::ResourceServer, server.id.to_string()), Action::Updated, fields);
    let events = serving.with_event(realm, updated.concerning(Parties::default()));
    serving.store.update_resource_server(&server, &events).await?;
    serving.written(&events);
    server.revision += 1;
    Ok(server)
}

/// Deletes a resource server.
///
/// # Errors
/// `NotFound`.
pub async fn delete_resource_server(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: ResourceServerId,
) -> Result<(), RegistryError> {
    let deleted = administered(serving, (Object::ResourceServer, id.to_string()), Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::default()));
    serving.store.delete_resource_server(realm.id(), id, &events).await?;
    serving.written(&events);
    Ok(())
}
