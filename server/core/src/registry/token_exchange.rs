//! What a client's policy of token exchange must be (RFC 8693).

use signet_protocol::names::{GrantType, TokenType};

use super::RegistryError;
use crate::model::Client;

/// Most entries of a list.
const MAXIMUM_LIST: usize = 100;

/// Whether the policy says something that can be done.
pub(super) fn check(client: &Client) -> Result<(), RegistryError> {
    let exchanges = client.metadata.grant_types().contains(&GrantType::TokenExchange);
    // RFC 8693 section 5: whoever may exchange a token that it found could exchange a stolen one. An app that shares its
    // logins brings a device secret as well (Native SSO for Mobile Apps 4.1).
    if exchanges && !client.metadata.is_confidential() && client.settings.native_sso_group.is_none() {
        let problem = "token exchange needs a client that authenticates itself";
        return Err(RegistryError::invalid("grant_types", problem));
    }
    let wrong = |problem: &'static str| Err(RegistryError::invalid("settings.token_exchange", problem));
    let settings = &client.settings;
    if settings.dynamically_registered && settings.token_exchange.is_some() {
        return wrong("is not for a client that registered itself");
    }
    let Some(policy) = &settings.token_exchange else { return Ok(()) };
    if !client.metadata.is_confidential() {
        return wrong("is not for a client that does not authenticate itself");
    }
    if !exchanges {
        return wrong("needs the grant type urn:ietf:params:oauth:grant-type:token-exchange");
    }
    if !policy.impersonation && !policy.delegation {
        return wrong("needs impersonation or delegation");
    }
    if policy.issued_token_types.is_empty()
        || policy.issued_token_types.iter().any(|kind| matches!(kind, TokenType::Jwt | TokenType::DeviceSecret))
    {
        return wrong("needs issued_token_types, of access_token, refresh_token and id_token");
    }
    if policy.audiences.len() > MAXIMUM_LIST || policy.subject_clients.len() > MAXIMUM_LIST {
        return wrong("has a list of more than 100 entries");
    }
    let identifies = |audience: &String| (1..=500).contains(&audience.len());
    if !policy.audiences.iter().all(identifies) {
        return wrong("has an audience that is no identifier of a resource server");
    }
    Ok(())
}
