//! What only native applications of the operator may be: those that share logins, and those that ask for passwords
//! themselves.

use signet_protocol::names::{ApplicationType, GrantType};

use super::RegistryError;
use crate::model::Client;

/// Longest name of a group, in characters.
const LONGEST_GROUP: usize = 100;

/// Whether the client may be what its settings say.
pub(super) fn check(client: &Client) -> Result<(), RegistryError> {
    check_group(client)?;
    check_challenge(client)
}

/// Native SSO for Mobile Apps 1 and 4.3: apps of one vendor, who is known.
fn check_group(client: &Client) -> Result<(), RegistryError> {
    let wrong = |problem: &'static str| Err(RegistryError::invalid("settings.native_sso_group", problem));
    let Some(group) = &client.settings.native_sso_group else { return Ok(()) };
    if client.settings.dynamically_registered {
        return wrong("is not for a client that registered itself");
    }
    if client.metadata.application_type() != ApplicationType::Native {
        return wrong("needs application_type native");
    }
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=LONGEST_GROUP).contains(&group.len()) || !group.bytes().all(is_letter) {
        return wrong("must have 1 to 100 characters: letters, digits, dots, hyphens and underscores");
    }
    Ok(())
}

/// OAuth 2.0 for First-Party Applications 9.1: only for applications of the operator.
fn check_challenge(client: &Client) -> Result<(), RegistryError> {
    let wrong = |problem: &'static str| Err(RegistryError::invalid("settings.authorization_challenge", problem));
    if !client.settings.authorization_challenge {
        return Ok(());
    }
    if client.settings.dynamically_registered {
        return wrong("is not for a client that registered itself");
    }
    if !client.metadata.grant_types().contains(&GrantType::AuthorizationCode) {
        return wrong("needs the grant type authorization_code");
    }
    Ok(())
}
