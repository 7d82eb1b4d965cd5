//! An issuer outside the realm whose tokens are believed (RFC 7523 section 3, RFC 8693 section 2.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use signet_protocol::identifiers::{ClientId, RealmId, TrustedIssuerId};
use signet_protocol::time::UnixTime;

/// A trusted issuer as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustedIssuer {
    /// The realm.
    pub realm_id: RealmId,
    /// Key of the row.
    pub id: TrustedIssuerId,
    /// The claim `iss` of its tokens; unique in the realm.
    pub issuer: String,
    /// What an administrator decided about it.
    pub definition: TrustedIssuerDefinition,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

/// What an administrator decides about a trusted issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustedIssuerDefinition {
    /// Whether it is trusted at all.
    pub enabled: bool,
    /// Its public keys, by value; or
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// by reference: an https URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What its tokens are good for here; nothing where this is empty.
    pub uses: Vec<TrustedIssuerUse>,
    /// The clients that may bring its tokens; nobody where this is empty.
    pub clients: Vec<ClientId>,
    /// What `aud` may name beside this server.
    pub audiences: Vec<String>,
    /// How its tokens name a user of the realm.
    pub subject_mapping: SubjectMapping,
    /// The claim that does.
    pub subject_claim: String,
}

impl Default for TrustedIssuerDefinition {
    fn default() -> Self {
        Self {
            enabled: true,
            jwks: None,
            jwks_uri: None,
            uses: Vec::new(),
            clients: Vec::new(),
            audiences: Vec::new(),
            subject_mapping: SubjectMapping::UserId,
            subject_claim: "sub".to_owned(),
        }
    }
}

impl TrustedIssuer {
    /// Whether its tokens are good for this, in the hands of this client.
    pub fn is_trusted_for(&self, usage: TrustedIssuerUse, client_id: &ClientId) -> bool {
        let definition = &self.definition;
        definition.enabled && definition.uses.contains(&usage) && definition.clients.contains(client_id)
    }
}

/// What the tokens of a trusted issuer are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustedIssuerUse {
    /// They are authorization grants (RFC 7523 section 2.1).
    AssertionGrant,
    /// They may be exchanged as subject tokens (RFC 8693 section 2.1).
    TokenExchange,
    /// Its ID tokens say who a requesting party is (UMA Grant section 3.3.1).
    ClaimToken,
}

/// How a token of a trusted issuer names a user of the realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectMapping {
    /// By identifier.
    UserId,
    /// By login name. The claim `email` counts only if `email_verified` is true.
    Username,
    /// A script at `on_assertion_grant` names the login name; for authorization grants alone.
    Script,
}
