//! A refresh token family: every refresh token that descends from one authorization code.

use serde::{Deserialize, Serialize};
use signet_protocol::identifiers::{AuthorizationId, ClientId, Lineage, RealmId, SessionId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::Epoch;

/// A family as stored. The tokens themselves are recomputed from lineage and generation, never stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshFamily {
    /// The realm.
    pub realm_id: RealmId,
    /// Identifies the family.
    pub lineage: Lineage,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// For whom.
    pub user_id: UserId,
    /// Number of the current token, from 1.
    pub generation: i64,
    /// When the current generation began.
    pub rotated_at: UnixTime,
    /// Whether it still yields tokens.
    pub active: bool,
    /// What the tokens stand for.
    pub content: RefreshContent,
    /// Version of the key that authenticates the tokens.
    pub key_version: i64,
    /// The end unless used before.
    pub idle_expires_at: UnixTime,
    /// The end, whatever happens.
    pub expires_at: UnixTime,
}

/// What a refresh token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshContent {
    /// The granted scope.
    pub scope: Scope,
    /// Resource servers that may be asked for.
    pub resources: Vec<String>,
    /// The `claims` parameter of the request, as JSON text.
    pub claims_request: Option<String>,
    /// Languages wanted for claims (OpenID Connect Core 5.2), most wanted first.
    pub claims_locales: Vec<String>,
    /// Login time of the original authentication.
    pub authenticated_at: UnixTime,
    /// Authentication context class.
    pub acr: Option<String>,
    /// Authentication methods, space-delimited.
    pub amr: String,
    /// The consent it rests on, if one is stored.
    pub authorization_id: Option<AuthorizationId>,
    /// Epoch of that consent.
    pub authorization_epoch: Epoch,
    /// The `sid` of the browser session that it ends with; nothing for offline access.
    pub sid: Option<SessionId>,
    /// Epoch of the realm at issue.
    pub realm_epoch: Epoch,
    /// Epoch of the client at issue.
    pub client_epoch: Epoch,
    /// Epoch of the user at issue.
    pub user_epoch: Epoch,
}
