//! What a client's policy of token exchange must be (RFC 8693).

use signet_protocol::names::{GrantType, SubjectType, TokenType};
use signet_protocol::standard_claims;
use url::Url;

use super::RegistryError;
use crate::model::{Client, TokenExchangePolicy};

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
    let has = |kind: TokenType| policy.issued_token_types.contains(&kind);
    if (has(TokenType::AccessToken) || has(TokenType::RefreshToken) || has(TokenType::IdToken))
        && !policy.impersonation
        && !policy.delegation
    {
        return wrong("needs impersonation or delegation");
    }
    if policy.issued_token_types.is_empty() || has(TokenType::Jwt) || has(TokenType::DeviceSecret) {
        return wrong("needs issued_token_types, of access_token, refresh_token, id_token, txn_token and id-jag");
    }
    let lists = [policy.audiences.len(), policy.subject_clients.len(), policy.identity_assertions.len()];
    if lists.iter().any(|length| *length > MAXIMUM_LIST) {
        return wrong("has a list of more than 100 entries");
    }
    let identifies = |audience: &String| (1..=500).contains(&audience.len());
    if !policy.audiences.iter().all(identifies) {
        return wrong("has an audience that is no identifier of a resource server");
    }
    check_transaction_tokens(policy).and_then(|()| check_identity_assertions(client, policy)).or_else(wrong)
}

/// What is said of transaction tokens is for a client that gets some.
fn check_transaction_tokens(policy: &TokenExchangePolicy) -> Result<(), &'static str> {
    let Some(transactions) = &policy.transaction_tokens else { return Ok(()) };
    if !policy.issued_token_types.contains(&TokenType::TxnToken) {
        return Err("has transaction_tokens, but no txn_token in issued_token_types");
    }
    let is_name = |name: &String| (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    for names in [&transactions.request_details, &transactions.request_context] {
        if names.len() > MAXIMUM_LIST || !names.iter().all(is_name) {
            return Err(
                "has transaction_tokens with more than 100 names, or one that is not 1 to 100 visible characters",
            );
        }
    }
    Ok(())
}

/// Each entry is of one authorization server, and users are named as it knows them.
fn check_identity_assertions(client: &Client, policy: &TokenExchangePolicy) -> Result<(), &'static str> {
    let entries = &policy.identity_assertions;
    if policy.issued_token_types.contains(&TokenType::IdJag) == entries.is_empty() {
        return Err("needs id-jag in issued_token_types and entries of identity_assertions together");
    }
    let is_pairwise = client.metadata.subject_type() == SubjectType::Pairwise;
    for (index, entry) in entries.iter().enumerate() {
        if !is_issuer(&entry.audience) {
            return Err("has identity_assertions with an audience that is no issuer identifier");
        }
        if entries[..index].iter().any(|other| other.audience == entry.audience) {
            return Err("has two identity_assertions for one audience");
        }
        if entry.relying_party.is_none() && is_pairwise {
            return Err("needs relying_party in identity_assertions, because the client has pairwise subjects");
        }
        if entry.resources.len() > MAXIMUM_LIST || entry.claims.len() > MAXIMUM_LIST {
            return Err("has identity_assertions with a list of more than 100 entries");
        }
        if !entry.resources.iter().all(|resource| is_resource_uri(resource)) {
            return Err("has identity_assertions with a resource that is no URI, or has a fragment");
        }
        let is_of_user = |claim: &String| standard_claims::supported().any(|supported| supported == claim);
        if !entry.claims.iter().all(is_of_user) {
            return Err("has identity_assertions with a claim that users have not");
        }
    }
    Ok(())
}

/// RFC 8414 section 2. Without TLS only this machine, where nobody listens in.
fn is_issuer(audience: &str) -> bool {
    let Ok(url) = Url::parse(audience) else { return false };
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    audience.len() <= 500 && is_plain && (url.scheme() == "https" || (url.scheme() == "http" && is_local))
}

/// RFC 8707 section 2.
fn is_resource_uri(resource: &str) -> bool {
    resource.len() <= 500 && Url::parse(resource).is_ok_and(|url| url.fragment().is_none())
}
