//! What an access token rests on: sealed into it, so that only this server reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_protocol::identifiers::{AuthorizationId, ClientId, Lineage, SessionId, UserId};

use crate::model::{Epoch, Exchanged, UmaPermission};
use crate::ports::StandingQuery;

/// What an access token rests on, with the epochs it was issued under. Short member names keep tokens short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenReference {
    #[serde(rename = "l")]
    pub lineage: Lineage,
    #[serde(rename = "r")]
    pub realm_epoch: Epoch,
    #[serde(rename = "c")]
    pub client_epoch: Epoch,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub user: Option<(UserId, Epoch)>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<(AuthorizationId, Epoch)>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Single claims asked for in the userinfo response (OpenID Connect Core 5.5).
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo_claims: Vec<String>,
    /// The values with which some of them may be given (section 5.5.1).
    #[serde(rename = "v", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo_values: BTreeMap<String, Vec<Value>>,
    /// Languages wanted for claims.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub claims_locales: Vec<String>,
    /// What it was exchanged from, and who acts (RFC 8693).
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Exchanged>,
    /// The client that may act for the user (RFC 8693 section 4.4).
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<ClientId>,
    /// What an RPT is good for (UMA Grant section 1.3); nothing for any other token.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<UmaPermission>,
    /// What the resource server of an RPT may learn of the requesting party.
    #[serde(rename = "q", default, skip_serializing_if = "Map::is_empty")]
    pub pct_claims: Map<String, Value>,
}

impl TokenReference {
    /// What must still stand for the token to be good; `token` is the hash of its `jti`, where it has one.
    pub(crate) fn standing(&self, client_id: &ClientId, token: Option<[u8; 32]>) -> StandingQuery {
        StandingQuery {
            realm_epoch: self.realm_epoch,
            client: (client_id.clone(), self.client_epoch),
            user: self.user,
            authorization: self.authorization,
            session: self.sid,
            session_limits: None,
            lineage: Some(self.lineage),
            token,
            origins: self.exchanged.as_ref().map(|exchanged| exchanged.origins.clone()).unwrap_or_default(),
        }
    }
}
