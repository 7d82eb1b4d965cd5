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
    /// Whether the subject may be a client: the tokens that clients get for themselves.
    pub client_subjects: bool,
    /// What it may say in the transaction tokens that it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_tokens: Option<TransactionTokenPolicy>,
    /// The authorization servers that it may ask for identity assertion grants for, each once.
    pub identity_assertions: Vec<IdentityAssertionPolicy>,
}

/// What a client may say in transaction tokens (Transaction Tokens section 13.10). The default permits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransactionTokenPolicy {
    /// The members of `request_details` that go into `tctx`.
    pub request_details: Vec<String>,
    /// The members of `request_context` that go into `rctx`.
    pub request_context: Vec<String>,
    /// Whether it may bring a transaction token to have it replaced (section 13.15).
    pub replacement: bool,
}

/// An authorization server of another trust domain that believes this one (Identity Assertion JWT Authorization Grant
/// section 4.3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityAssertionPolicy {
    /// Its issuer identifier: the `aud` of the grants.
    pub audience: String,
    /// What the client is called there; as here when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// As which client it has users log in here: the grants name users as that client's ID tokens do; as this client's
    /// own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relying_party: Option<ClientId>,
    /// The resources there that grants may be for; without any, grants name none.
    pub resources: Vec<String>,
    /// The scope values there that grants may have.
    pub scope: Scope,
    /// The claims of the user that are told there.
    pub claims: Vec<String>,
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
            client_subjects: false,
            transaction_tokens: None,
            identity_assertions: Vec::new(),
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
