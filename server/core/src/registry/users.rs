//! Users and their passwords.

use serde_json::{Map, Value};
use signet_jose::random;
use signet_protocol::identifiers::{CredentialId, UserId};
use signet_protocol::standard_claims;

use super::changes::{administered, user_change, user_fields};
use super::{RegistryError, user_attributes};
use crate::authn::check_policy;
use crate::events::{Action, Event, Fact, Object, Parties, Serving, SessionsEndedBecause};
use crate::model::{PasswordCredential, User, normalise_username};
use crate::ports::{NewAccount, Page, PageRequest};
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
    /// What the organization knows besides.
    pub attributes: Map<String, Value>,
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
        .map_err(|error| RegistryError::invalid(format!("claims.{}", error.claim), error.problem))?;
    user_attributes::check(&change.attributes)
}

/// Makes a user, with a password if given.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    change: UserChange,
    password: Option<&str>,
) -> Result<User, RegistryError> {
    let user = new_user(serving, realm, change)?;
    let credential = match password {
        Some(password) => Some(credential(serving, realm, &user.username, password).await?),
        None => None,
    };
    let events = serving.with_event(realm, user_change(serving, &user, Action::Created, Vec::new()));
    serving.store.insert_user(&user, credential.as_ref(), &events).await?;
    serving.written(&events);
    Ok(user)
}

fn new_user(provider: &Provider, realm: &RealmContext, change: UserChange) -> Result<User, RegistryError> {
    check(&change)?;
    let now = provider.now();
    Ok(User {
        realm_id: realm.id(),
        id: UserId(random::random_bytes(&*provider.random)),
        username: change.username.trim().to_owned(),
        username_normalised: normalise_username(&change.username),
        enabled: change.enabled,
        claims: change.claims,
        attributes: change.attributes,
        epoch: 0,
        created_at: now,
        updated_at: now,
        revision: 0,
    })
}

/// An account with everything that belongs to it, and the event that tells of it. It is there once both are stored.
///
/// # Errors
/// `Invalid`, `Duplicate` where somebody has the login name already.
pub(crate) async fn new_account(
    serving: &Serving<'_>,
    realm: &RealmContext,
    change: UserChange,
    password: &str,
) -> Result<(NewAccount, Event), RegistryError> {
    let user = new_user(serving, realm, change)?;
    if serving.store.user_by_username(realm.id(), &user.username_normalised).await?.is_some() {
        return Err(RegistryError::Duplicate("user"));
    }
    let password = credential(serving, realm, &user.username, password).await?;
    let created = user_change(serving, &user, Action::Created, Vec::new());
    Ok((NewAccount { user, password }, created))
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

/// Replaces what an administrator decides about a user, who must still be as they were read. Disabling ends sessions
/// and everything issued for the user.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`, `Changed`.
pub async fn update_user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: User,
    change: UserChange,
) -> Result<User, RegistryError> {
    check(&change)?;
    let disabling = before.enabled && !change.enabled;
    let mut user = User {
        username: change.username.trim().to_owned(),
        username_normalised: normalise_username(&change.username),
        enabled: change.enabled,
        claims: change.claims,
        attributes: change.attributes,
        epoch: if disabling { before.epoch + 1 } else { before.epoch },
        updated_at: serving.now(),
        ..before.clone()
    };
    let updated = user_change(serving, &user, Action::Updated, user_fields(&before, &user));
    let mut events = serving.with_event(realm, updated);
    if disabling {
        let ended = Fact::SessionsEnded { reason: SessionsEndedBecause::UserDisabled };
        events.extend(serving.with_event(realm, ended.concerning(Parties::user(user.id))).pop());
    }
    serving.store.update_user(&user, &events).await?;
    serving.written(&events);
    serving.logouts.notify_one();
    user.revision += 1;
    Ok(user)
}

/// Sets a user's password. Sessions and everything issued for the user end.
///
/// # Errors
/// `Invalid`, `NotFound`.
pub async fn set_password(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: UserId,
    password: &str,
) -> Result<(), RegistryError> {
    let user = find_user(serving, realm, id).await?;
    let credential = credential(serving, realm, &user.username, password).await?;
    let events = serving.with_event(realm, user_change(serving, &user, Action::PasswordSet, Vec::new()));
    serving.store.set_password(realm.id(), id, &credential, &events).await?;
    serving.written(&events);
    serving.logouts.notify_one();
    Ok(())
}

/// Deletes a user for ever. The identifier is never used again.
///
/// # Errors
/// `NotFound`.
pub async fn delete_user(serving: &Serving<'_>, realm: &RealmContext, id: UserId) -> Result<(), RegistryError> {
    let deleted = administered(serving, (Object::User, id.to_string()), Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::user(id)));
    serving.store.delete_user(realm.id(), id, &events).await?;
    serving.written(&events);
    serving.logouts.notify_one();
    Ok(())
}
