//! Security profiles as data: what differs between OpenID Connect and stricter profiles is read from here, and nowhere
//! asked for by name.

mod base;

use serde::{Deserialize, Serialize};
use signet_jose::{ContentEncryptionAlgorithm, KeyManagementAlgorithm, SignatureAlgorithm, TypeRule};
use signet_protocol::names::{ClientAuthenticationMethod, CodeChallengeMethod, ResponseMode, ResponseType};

use crate::model::RefreshRotation;

/// The name of a security profile, from the weakest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileName {
    /// OpenID Connect Core with the best current practice of RFC 9700.
    #[default]
    Base,
}

/// What a profile demands and permits.
#[derive(Debug)]
pub struct SecurityProfile {
    /// Response types that a realm may offer its clients. Which it does offer is a setting of the realm.
    pub response_types: &'static [ResponseType],
    /// Response modes a client may use.
    pub response_modes: &'static [ResponseMode],
    /// Client authentication methods.
    pub client_authentication_methods: &'static [ClientAuthenticationMethod],
    /// Algorithms of client assertions.
    pub assertion_algorithms: &'static [SignatureAlgorithm],
    /// What `aud` of a client assertion may be.
    pub assertion_audience: AssertionAudience,
    /// Whether every authorization request must be pushed (RFC 9126 section 5).
    pub require_pushed_authorization_requests: bool,
    /// Seconds for which a browser may begin with a pushed request (RFC 9126 section 2.2).
    pub pushed_request_seconds: i64,
    /// What request objects must be.
    pub request_objects: RequestObjectRules,
    /// Algorithms of ID tokens, userinfo responses and JWT access tokens.
    pub signing_algorithms: &'static [SignatureAlgorithm],
    /// How content keys of encrypted tokens are found, in both directions.
    pub key_management_algorithms: &'static [KeyManagementAlgorithm],
    /// How content of encrypted tokens is encrypted, in both directions.
    pub content_encryption_algorithms: &'static [ContentEncryptionAlgorithm],
    /// Whether confidential clients need PKCE too. Public ones always do (RFC 9700 section 2.1.1).
    pub pkce_for_confidential_clients: bool,
    /// Code challenge methods; `plain` needs the client's own setting besides.
    pub code_challenge_methods: &'static [CodeChallengeMethod],
    /// Whether access tokens must be bound to a certificate or a key (RFC 9700 section 2.2.1).
    pub sender_constrained_tokens: bool,
    /// How refresh tokens change on use unless the client says otherwise.
    pub refresh_rotation: RefreshRotation,
}

/// What `aud` of a client assertion may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer or the URL of the endpoint that is asked, alone or among others (RFC 7523 section 3).
    IssuerOrEndpoint,
}

/// What request objects must be (OpenID Connect Core 6, RFC 9101).
#[derive(Debug)]
pub struct RequestObjectRules {
    /// Whether the parameter `request` is taken.
    pub by_value: bool,
    /// Whether the parameter `request_uri` is taken, for addresses that the client has registered.
    pub by_reference: bool,
    /// Whether every request must be a signed request object (RFC 9101 section 10.5).
    pub are_required: bool,
    /// Algorithms of their signatures.
    pub algorithms: &'static [SignatureAlgorithm],
    /// Which parameters count. For a client that must sign, those of the object alone, whatever stands here.
    pub merging: RequestMerging,
    /// Claims that a signed one must have.
    pub required_claims: &'static [&'static str],
    /// What `typ` must be (RFC 9101 section 10.8).
    pub typ: TypeRule<'static>,
    /// Seconds before now that `nbf` may be at most.
    pub oldest_beginning: Option<i64>,
    /// Seconds from `nbf` to `exp` at most.
    pub longest_validity: Option<i64>,
}

/// Which parameters of a request with a request object count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestMerging {
    /// Those of the object, and of the others those that the object does not have (OpenID Connect Core 6.1).
    ObjectSupersedes,
    /// Those of the object (RFC 9101 section 6.3).
    ObjectAlone,
}

impl ProfileName {
    /// The text of it in settings and for scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
        }
    }

    /// What the profile demands and permits.
    pub const fn profile(self) -> &'static SecurityProfile {
        match self {
            Self::Base => &base::BASE,
        }
    }
}
