//! An OAuth client.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::names::AccessTokenFormat;
use signet_protocol::redirect_uri::web_origin;
use signet_protocol::time::UnixTime;

use super::{Epoch, TokenExchangePolicy};
use crate::profile::ProfileName;

/// A client as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// Its identifier, unique in the realm, compared byte by byte.
    pub client_id: ClientId,
    /// A disabled client is answered like an unknown one.
    pub enabled: bool,
    /// What it is registered with.
    pub metadata: ClientMetadata,
    /// What this server adds to the registered metadata.
    pub settings: ClientSettings,
    /// Its secret, if it has one.
    pub secret: Option<ClientSecret>,
    /// How long its secrets are good.
    pub secret_life: SecretLife,
    /// Everything issued to it under an older value is dead.
    pub epoch: Epoch,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

impl Client {
    /// The origins of its pages: those of its redirect URIs.
    pub fn web_origins(&self) -> BTreeSet<String> {
        self.metadata.redirect_uris.iter().filter_map(|uri| web_origin(uri)).collect()
    }
}

/// How a client secret is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientSecret {
    /// A generated secret: HMAC-SHA-256 under the realm's secret key. Cannot be recovered.
    Keyed([u8; 32]),
    /// A secret chosen by an operator: an Argon2id string.
    Slow(String),
    /// A secret the server must know again (`client_secret_jwt`, HS algorithms, symmetric encryption): encrypted under the realm's data key.
    Recoverable(Vec<u8>),
}

/// How long the secrets of a client are good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretLife {
    /// When the secret ends; never when absent.
    pub expires_at: Option<UnixTime>,
    /// The secret that it took the place of, and until when that one is good as well.
    pub previous: Option<(ClientSecret, UnixTime)>,
}

impl Client {
    /// The secrets that are good at a moment, the newest first.
    pub fn good_secrets(&self, now: UnixTime) -> impl Iterator<Item = &ClientSecret> {
        let SecretLife { expires_at, previous } = &self.secret_life;
        let current = self.secret.as_ref().filter(|_| expires_at.is_none_or(|end| now < end));
        let previous = previous.as_ref().filter(|(_, end)| now < *end).map(|(secret, _)| secret);
        current.into_iter().chain(previous)
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Keyed(_) => "Keyed(..)",
            Self::Slow(_) => "Slow(..)",
            Self::Recoverable(_) => "Recoverable(..)",
        })
    }
}

/// What this server adds to the registered metadata. Absent members follow the realm or the profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "settings that have nothing to do with each other")]
pub struct ClientSettings {
    /// The security profile; never weaker than the realm's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// Whether consent is taken as given (first-party applications). Never for a client a stranger registered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_consent: bool,
    /// Whether PKCE is demanded; public clients always need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// Whether the `plain` code challenge is taken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_plain_pkce: bool,
    /// The form of access tokens for the issuer's own audience; JWT when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// The algorithm of JWT access tokens; the realm's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signed_response_alg: Option<String>,
    /// Lifetime of access tokens in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<i64>,
    /// How refresh tokens change on use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_rotation: Option<RefreshRotation>,
    /// Identifiers of the resource servers that `resource` may name; all of the realm when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<String>>,
    /// Whether the client registered itself: consent is always asked, and people see where they are sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dynamically_registered: bool,
    /// Whether DPoP proofs of the client need a nonce of this server, wherever they are sent (RFC 9449 sections 8 and 9).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_dpop_nonce: bool,
    /// Whether the client may introspect tokens that were not issued to it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_introspect: bool,
    /// The claims of requesting parties that the client, as a resource server, may learn of at the introspection of
    /// requesting party tokens: `pct_claims`, an extension of User-Managed Access 2.0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pct_claims: Vec<String>,
    /// Whether the client, as a resource server, may register patterns of scopes, within which it makes up scopes later: an
    /// extension of User-Managed Access 2.0.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uma_spontaneous_scopes: bool,
    /// Seconds in which the client takes a logout token (Back-Channel Logout 2.5); 5 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_timeout_seconds: Option<u32>,
    /// Seconds in which the client takes a ping or pushed tokens (CIBA Core 10.2 and 10.3); 5 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_notification_timeout_seconds: Option<u32>,
    /// What the client may exchange tokens for; nothing when absent (RFC 8693). Few clients have one, and it is large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange: Option<Box<TokenExchangePolicy>>,
    /// The client that may act for the users of this one's access tokens: their `may_act` (RFC 8693 section 4.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_act: Option<ClientId>,
    /// The group of native applications of one vendor that the client shares logins with, by a name that all of them have
    /// here; none when absent (Native SSO for Mobile Apps 4.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_sso_group: Option<String>,
    /// Whether the client may ask for user name and password itself (OAuth 2.0 for First-Party Applications). Never for a
    /// client a stranger registered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub authorization_challenge: bool,
}

/// Seconds for one attempt to tell a client something, where it has no wish of its own.
const ATTEMPT_SECONDS: u32 = 5;
/// What a client may wish. A place that waits for it is nobody else's meanwhile.
pub(crate) const PERMITTED_ATTEMPT_SECONDS: RangeInclusive<u32> = 1..=20;

/// From the name to the last byte. Registration checked the wish.
fn attempt(wish: Option<u32>) -> Duration {
    Duration::from_secs(wish.unwrap_or(ATTEMPT_SECONDS).into())
}

impl ClientSettings {
    /// The time that the client has to take a logout token.
    pub(crate) fn logout_attempt(&self) -> Duration {
        attempt(self.backchannel_logout_timeout_seconds)
    }

    /// The time that the client has to take a ping or pushed tokens.
    pub(crate) fn notification_attempt(&self) -> Duration {
        attempt(self.backchannel_notification_timeout_seconds)
    }
}

/// How refresh tokens change on use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshRotation {
    /// A new one at each use; reuse of an old one ends the family (RFC 9700 section 4.14.2).
    Rotate,
    /// The same one until it expires.
    Keep,
}
