//! Users and their passwords.

use serde_json::{Map, Value};
use signet_jose::random;
use signet_protocol::identifiers::{CredentialId, UserId};
use signet_protocol::standard_claims;

use super::RegistryError;
use crate::authn::check_policy;
use crate::model::{PasswordCredential, User, normalise_username};
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What an administrator decides about a user.
#[derive(Debug, Clone, PartialEq)]
pub struct UserChange {
    /// The login name.
    pub username: String,
    /// Whether the user may log in.
    pub enabled: bool,
    /// Standard claims.
    pub claims: Map<String, Value>,
}

fn check(change: &UserChange) -> Result<(), RegistryError> {
    let username = change.username.trim();
    let is_plain = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if username.is_empty() || username.len() > 255 || !username.chars().all(is_plain) {
        return Err(RegistryError::invalid(
            "username",
            "must have 1 to 255 bytes and no control or invisible characters",
        ));
    }
    standard_claims::check(&change.claims)
        .map_err(|error| RegistryError::invalid(format!("claims.{}", error.claim), error.problem))
}

/// Makes a user, with a password if given.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_user(
    provider: &Provider,
    realm: &RealmContext,
    change: UserChange,
    password: Option<&str>,
) -> Result<User, RegistryError> {
    check(&change)?;
    let now = provider.now();
    let user = User {
        realm_id: realm.id(),
        id: UserId(random::random_bytes(&*provider.random)),
        username: change.username.trim().to_owned(),
        username_normalised: normalise_username(&change.username),
        enabled: change.enabled,
        claims: change.claims,
        epoch: 0,
        created_at: now,
        updated_at: now,
    };
    let credential = match password {
        Some(password) => Some(credential(provider, realm, &user.username, password).await?),
        None => None,
    };
    provider.store.insert_user(&user, credential.as_ref()).await?;
    Ok(user)
}

async fn credential(
    provider: &Provider,
    realm: &RealmContext,
    username: &str,
    password: &str,
) -> Result<PasswordCredential, RegistryError> {
    check_policy(password, username, realm.realm.settings.password_minimum_length)
        .map_err(|violation| RegistryError::invalid("password", violation.to_string()))?;
    Ok(PasswordCredential {
        id: CredentialId(random::random_bytes(&*provider.random)),
        hash: provider.passwords.hash(password, &*provider.random).await?,
        updated_at: provider.now(),
    })
}

/// The user of an identifier.
///
/// # Errors
/// `NotFound`.
pub async fn find_user(provider: &Provider, realm: &RealmContext, id: UserId) -> Result<User, RegistryError> {
    provider.store.user(realm.id(), id).await?.ok_or(RegistryError::NotFound("user"))
}

/// The user of a login name.
///
/// # Errors
/// `NotFound`.
pub async fn find_user_by_name(
    provider: &Provider,
    realm: &RealmContext,
    username: &str,
) -> Result<User, RegistryError> {
    let found = provider.store.user_by_username(realm.id(), &normalise_username(username)).await?;
    found.map(|(user, _)| user).ok_or(RegistryError::NotFound("user"))
}

/// The realm's users by identifier.
///
/// # Errors
/// Faults only.
pub async fn list_users(
    provider: &Provider,
    realm: &RealmContext,
    page: &PageRequest,
) -> Result<Page<User>, RegistryError> {
    Ok(provider.store.list_users(realm.id(), page).await?)
}

/// Replaces what an administrator decides about a user. Disabling ends sessions and everything issued for the user.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`.
pub async fn update_user(
    provider: &Provider,
    realm: &RealmContext,
    id: UserId,
    change: UserChange,
) -> Result<User, RegistryError> {
    check(&change)?;
    let before = find_user(provider, realm, id).await?;
    let disabling = before.enabled && !change.enabled;
    let user = User {
        username: change.username.trim().to_owned(),
        username_normalised: normalise_username(&change.username),
        enabled: change.enabled,
        claims: change.claims,
        epoch: if disabling { before.epoch + 1 } else { before.epoch },
        updated_at: provider.now(),
        ..before
    };
    provider.store.update_user(&user).await?;
    if disabling {
        provider.store.end_sessions_of_user(realm.id(), id).await?;
    }
    Ok(user)
}

/// Sets a user's password. Sessions and everything issued for the user end.
///
/// # Errors
/// `Invalid`, `NotFound`.
pub async fn set_password(
    provider: &Provider,
    realm: &RealmContext,
    id: UserId,
    password: &str,
) -> Result<(), RegistryError> {
    let user = find_user(provider, realm, id).await?;
    let credential = credential(provider, realm, &user.username, password).await?;
    Ok(provider.store.set_password(realm.id(), id, &credential).await?)
}

/// Deletes a user for ever. The identifier is never used again.
///
/// # Errors
/// `NotFound`.
pub async fn delete_user(provider: &Provider, realm: &RealmContext, id: UserId) -> Result<(), RegistryError> {
    Ok(provider.store.delete_user(realm.id(), id).await?)
}
