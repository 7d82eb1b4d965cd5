//! What tokens for a user rest on: carried from the authorization code to the refresh token family.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_protocol::identifiers::{AuthorizationId, ClientId, SessionId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::{AuthorizationDetail, Confirmation, Epoch, Exchanged, UmaPermission};

/// What tokens for a user rest on, with the epochs it was decided under. It travels inside codes: short member names keep
/// those short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBasis {
    /// The granted scope.
    #[serde(rename = "o")]
    pub scope: Scope,
    /// Resource servers that may be asked for.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The authorization details that were granted (RFC 9396). A code carries them beside this.
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<AuthorizationDetail>,
    /// The `claims` parameter of the request, as JSON text.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub claims_request: Option<String>,
    /// Languages wanted for claims (OpenID Connect Core 5.2), most wanted first.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub claims_locales: Vec<String>,
    /// Login time of the original authentication.
    #[serde(rename = "t")]
    pub authenticated_at: UnixTime,
    /// Authentication context class.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication methods, space-delimited.
    #[serde(rename = "m")]
    pub amr: String,
    /// What the refresh tokens of a public client are bound to (RFC 8705 section 4, RFC 9449 section 5).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// The consent it rests on, if one is stored.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub authorization_id: Option<AuthorizationId>,
    /// Whether that is a grant that the client manages.
    #[serde(rename = "gm", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_managed: bool,
    /// Epoch of that consent.
    #[serde(rename = "ae", default, skip_serializing_if = "is_zero")]
    pub authorization_epoch: Epoch,
    /// The `sid` of the browser session that it ends with; nothing for offline access.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Epoch of the realm at issue.
    #[serde(rename = "re", default, skip_serializing_if = "is_zero")]
    pub realm_epoch: Epoch,
    /// Epoch of the client at issue.
    #[serde(rename = "ce", default, skip_serializing_if = "is_zero")]
    pub client_epoch: Epoch,
    /// Epoch of the user at issue.
    #[serde(rename = "ue", default, skip_serializing_if = "is_zero")]
    pub user_epoch: Epoch,
    /// What was exchanged for it, and who acts; nothing where it began with a login.
    #[serde(rename = "xc", default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Exchanged>,
    /// The permissions of a requesting party token, with the resource server that they are for.
    #[serde(rename = "up", default, skip_serializing_if = "Option::is_none")]
    pub permitted: Option<Box<PartyPermissions>>,
    /// What scripts handed on until the response of the authorization endpoint.
    #[serde(rename = "v", default, skip_serializing_if = "Map::is_empty")]
    pub vars: Map<String, Value>,
}

/// What a requesting party token is good for (UMA Grant section 3.3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyPermissions {
    /// The resource server, by the client that it is.
    #[serde(rename = "r")]
    pub server: ClientId,
    /// The permissions at issue.
    #[serde(rename = "p")]
    pub permissions: Vec<UmaPermission>,
    /// What the resource server may learn of the requesting party, as JSON, encrypted under the realm's data key, in
    /// base64url.
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(epoch: &Epoch) -> bool {
    *epoch == 0
}
