//! A resource server: an API that access tokens are for (RFC 8707).

use serde::{Deserialize, Serialize};
use signet_protocol::identifiers::{RealmId, ResourceServerId};
use signet_protocol::names::AccessTokenFormat;
use signet_protocol::time::UnixTime;

/// A resource server as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceServer {
    /// The realm.
    pub realm_id: RealmId,
    /// Key of the row.
    pub id: ResourceServerId,
    /// The absolute URI that `resource` names and `aud` carries; unique in the realm.
    pub identifier: String,
    /// Shown on the consent page.
    pub display_name: String,
    /// What may be asked for there.
    pub scopes: Vec<ResourceScope>,
    /// The form of its access tokens.
    pub token_format: AccessTokenFormat,
    /// JOSE algorithm of its JWT access tokens; the realm's default when absent.
    pub algorithm: Option<String>,
    /// Lifetime of its access tokens in seconds; the realm's when absent.
    pub access_token_seconds: Option<i64>,
    /// Authentication context classes of which it demands one; none where it demands nothing (RFC 9470).
    pub required_acr_values: Vec<String>,
    /// How long ago the user of a token may have been authenticated, in seconds; for ever when absent (RFC 9470).
    pub max_authentication_age_seconds: Option<i64>,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

/// A scope value of a resource server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceScope {
    /// The scope token.
    pub name: String,
    /// What it means, in plain words, for the consent page.
    pub description: String,
}
