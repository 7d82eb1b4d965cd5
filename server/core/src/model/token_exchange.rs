//! Token exchange (RFC 8693): what a client may do, and what a token was exchanged from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use signet_protocol::identifiers::{ClientId, Lineage};
use signet_protocol::names::TokenType;
use signet_protocol::scope::Scope;

use super::Epoch;

/// What a client may exchange tokens for. The default permits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenExchangePolicy {
    /// The clients whose tokens it may bring, besides those that were issued to it or are for it.
    pub subject_clients: Vec<ClientId>,
    /// The resource servers that its access and refresh tokens may be for, by identifier.
    pub audiences: Vec<String>,
    /// The scope values that they may have: never more than the subject token has and the client is registered for.
    pub scope: Scope,
    /// The kinds of tokens it may ask for.
    pub issued_token_types: Vec<TokenType>,
    /// Whether it may get tokens as if it were the subject, without an actor.
    pub impersonation: bool,
    /// Whether it may get tokens in which an actor acts for the subject.
    pub delegation: bool,
}

impl Default for TokenExchangePolicy {
    fn default() -> Self {
        Self {
            subject_clients: Vec::new(),
            audiences: Vec::new(),
            scope: Scope::empty(),
            issued_token_types: vec![TokenType::AccessToken],
            impersonation: false,
            delegation: false,
        }
    }
}

/// What a token was exchanged from, and who acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Each token on the way, the first one first. The token is dead when one of them is.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<ExchangeOrigin>,
    /// The claim `act` (RFC 8693 section 4.1); nothing for an impersonation.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// The group of apps that shared a login, where that is how it came about (Native SSO for Mobile Apps 4).
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A token that was exchanged for another one: what of it must still stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeOrigin {
    /// The client it was issued to, with its epoch.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub client: Option<(ClientId, Epoch)>,
    /// What it descends from.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
    /// SHA-256 of its `jti`, where it has one.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub token: Option<[u8; 32]>,
}
