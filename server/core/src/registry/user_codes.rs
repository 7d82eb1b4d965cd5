//! User codes (CIBA Core 7.1.2): set and removed by administrators, and by users for themselves. They are kept as passwords
//! are, and are none: whoever has one can only have the user asked.

use signet_jose::random;
use signet_protocol::identifiers::{CredentialId, UserId};

use super::changes::user_change;
use super::{RegistryError, find_user};
use crate::authn::check_user_code_policy;
use crate::events::{Action, Serving};
use crate::model::PasswordCredential;
use crate::realm::RealmContext;

/// Most characters of a user code.
const LONGEST: usize = 64;

/// Sets a user's code, in the place of one that there was. Nothing ends.
///
/// # Errors
/// `Invalid` for a code that is too short, common or the user's password, and where the realm has no user codes;
/// `NotFound`.
pub async fn set_user_code(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: UserId,
    code: &str,
) -> Result<(), RegistryError> {
    let invalid = |problem: String| RegistryError::invalid("user_code", problem);
    let user = find_user(serving, realm, id).await?;
    if !realm.realm.settings.backchannel_user_code {
        return Err(invalid("needs the realm's setting backchannel_user_code".to_owned()));
    }
    if code.chars().count() > LONGEST || code.chars().any(char::is_control) {
        return Err(invalid("must have 6 to 64 characters, none of them control characters".to_owned()));
    }
    check_user_code_policy(code, &user.username).map_err(|violation| invalid(violation.to_string()))?;
    let password = serving.store.user_by_username(realm.id(), &user.username_normalised).await?;
    let password = password.and_then(|(_, password)| password);
    let stored = password.as_ref().map(|password| password.hash.as_str());
    // Applications see the code.
    if serving.passwords.verify(code, stored).await? {
        return Err(invalid("must not be the password".to_owned()));
    }
    let credential = PasswordCredential {
        id: CredentialId(random::random_bytes(&*serving.random)),
        hash: serving.passwords.hash(code, &*serving.random).await?,
        updated_at: serving.now(),
    };
    let events = serving.with_event(realm, user_change(serving, &user, Action::UserCodeSet, Vec::new()));
    serving.store.set_user_code(realm.id(), id, Some(&credential), &events).await?;
    serving.written(&events);
    Ok(())
}

/// Removes a user's code, if there is one: nobody is asked for it any more.
///
/// # Errors
/// `NotFound`.
pub async fn remove_user_code(serving: &Serving<'_>, realm: &RealmContext, id: UserId) -> Result<(), RegistryError> {
    let user = find_user(serving, realm, id).await?;
    let events = serving.with_event(realm, user_change(serving, &user, Action::UserCodeRemoved, Vec::new()));
    serving.store.set_user_code(realm.id(), id, None, &events).await?;
    serving.written(&events);
    Ok(())
}

/// Whether a user has a code.
///
/// # Errors
/// Faults only.
pub async fn has_user_code(serving: &Serving<'_>, realm: &RealmContext, id: UserId) -> Result<bool, RegistryError> {
    Ok(serving.store.user_code(realm.id(), id).await?.is_some())
}
