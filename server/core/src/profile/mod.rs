//! Security profiles as data: what differs between OpenID Connect and stricter profiles is read from here, and nowhere
//! asked for by name.
//!
//! Each profile is one file. [`conformity`] says for each demand of a profile which section wants it, where it is
//! checked, and what a client's registration lacks of it.

mod base;
pub mod conformity;
mod decision;
mod fapi1_advanced;
mod fapi2_message_signing;
mod fapi2_security;
mod fapi_ciba;
mod nothing;
mod traffic;

pub(crate) use decision::tightened;
use serde::{Deserialize, Serialize};
use signet_jose::{ContentEncryptionAlgorithm, KeyManagementAlgorithm, SignatureAlgorithm, TypeRule};
use signet_protocol::names::{
    ClientAuthenticationMethod, CodeChallengeMethod, GrantType, ResponseMode, ResponseType, TokenDeliveryMode,
};
pub use traffic::{ProfileGapCounts, TrafficCounts};

use crate::model::RefreshRotation;

/// The name of a security profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum ProfileName {
    /// OpenID Connect Core with the best current practice of RFC 9700.
    #[default]
    #[serde(rename = "base")]
    Base,
    /// FAPI 1.0 Part 2: Advanced.
    #[serde(rename = "fapi1_advanced")]
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2_security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing: signed requests and signed responses.
    #[serde(rename = "fapi2_message_signing")]
    Fapi2MessageSigning,
    /// FAPI-CIBA: backchannel authentication under FAPI 1.0 Part 2.
    #[serde(rename = "fapi_ciba")]
    FapiCiba,
}

/// What a profile demands and permits.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "demands that have nothing to do with each other")]
pub struct SecurityProfile {
    /// Grants that clients may use.
    pub grant_types: &'static [GrantType],
    /// What backchannel authentication must be.
    pub backchannel: BackchannelRules,
    /// Response types that a realm may offer its clients. Which it does offer is a setting of the realm.
    pub response_types: &'static [ResponseType],
    /// Response modes a client may use.
    pub response_modes: &'static [ResponseMode],
    /// Those of them for responses without an ID token, whose signature protects the others.
    pub response_modes_without_id_token: &'static [ResponseMode],
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
    /// The algorithm of ID tokens for clients that are registered for none.
    pub default_signing_algorithm: SignatureAlgorithm,
    /// How content keys of encrypted tokens are found, in both directions.
    pub key_management_algorithms: &'static [KeyManagementAlgorithm],
    /// How content of encrypted tokens is encrypted, in both directions.
    pub content_encryption_algorithms: &'static [ContentEncryptionAlgorithm],
    /// Whether confidential clients need PKCE too. Public ones always do (RFC 9700 section 2.1.1).
    pub pkce_for_confidential_clients: bool,
    /// Whether pushed requests need it.
    pub pkce_for_pushed_requests: bool,
    /// Code challenge methods; `plain` needs the client's own setting besides.
    pub code_challenge_methods: &'static [CodeChallengeMethod],
    /// Whether access tokens must be bound to a certificate or a key (RFC 9700 section 2.2.1).
    pub sender_constrained_tokens: bool,
    /// Algorithms of DPoP proofs (RFC 9449 section 4.2), the one to be preferred first.
    pub proof_algorithms: &'static [SignatureAlgorithm],
    /// How refresh tokens change on use unless the client says otherwise.
    pub refresh_rotation: RefreshRotation,
    /// Seconds after a rotation that the refresh token before is good at least.
    pub refresh_retry_seconds: i64,
    /// Seconds at least by which clocks of clients may be off.
    pub clock_skew_seconds: i64,
    /// Whether redirect URIs must be `https`, for native applications too.
    pub https_redirect_uris: bool,
    /// Whether users are asked for consent even where an administrator would take it as given.
    pub consent_is_always_asked: bool,
    /// Whether a request with the scope `openid` needs a nonce.
    pub nonce_with_openid: bool,
    /// Whether a request without the scope `openid` needs a state.
    pub state_without_openid: bool,
    /// Whether ID tokens of the authorization endpoint have the hash of the state.
    pub state_hash: bool,
}

/// What `aud` of a client assertion may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer or the URL of the endpoint that is asked, alone or among others (RFC 7523 section 3).
    IssuerOrEndpoint,
    /// The issuer as a string, and nothing else (FAPI 2.0 section 5.3.2.1).
    Issuer,
}

/// What backchannel authentication must be (CIBA Core, FAPI-CIBA).
#[derive(Debug)]
pub struct BackchannelRules {
    /// How clients may learn of answers.
    pub delivery_modes: &'static [TokenDeliveryMode],
    /// Whether every request must be signed (FAPI-CIBA 5.2.2-6).
    pub signed_requests: bool,
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
    /// Every profile.
    pub const ALL: [Self; 5] =
        [Self::Base, Self::Fapi1Advanced, Self::Fapi2Security, Self::Fapi2MessageSigning, Self::FapiCiba];

    /// The text of it in settings and for scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Fapi1Advanced => "fapi1_advanced",
            Self::Fapi2Security => "fapi2_security",
            Self::Fapi2MessageSigning => "fapi2_message_signing",
            Self::FapiCiba => "fapi_ciba",
        }
    }

    /// What the profile demands and permits.
    pub const fn profile(self) -> &'static SecurityProfile {
        match self {
            Self::Base => &base::BASE,
            Self::Fapi1Advanced => &fapi1_advanced::FAPI1_ADVANCED,
            Self::Fapi2Security => &fapi2_security::FAPI2_SECURITY,
            Self::Fapi2MessageSigning => &fapi2_message_signing::FAPI2_MESSAGE_SIGNING,
            Self::FapiCiba => &fapi_ciba::FAPI_CIBA,
        }
    }

    /// Whether whoever meets this profile meets the other one too.
    pub const fn includes(self, other: Self) -> bool {
        match other {
            Self::Base => true,
            Self::Fapi1Advanced => matches!(self, Self::Fapi1Advanced | Self::FapiCiba),
            Self::FapiCiba => matches!(self, Self::FapiCiba),
            Self::Fapi2Security => matches!(self, Self::Fapi2Security | Self::Fapi2MessageSigning),
            Self::Fapi2MessageSigning => matches!(self, Self::Fapi2MessageSigning),
        }
    }

    /// The profile that meets both; nothing where they exclude each other, as the two generations of FAPI do.
    pub const fn and(self, other: Self) -> Option<Self> {
        if self.includes(other) {
            Some(self)
        } else if other.includes(self) {
            Some(other)
        } else {
            None
        }
    }

    /// What two profiles demand together. Where they exclude each other that is more than anybody can meet.
    pub fn together(one: Option<Self>) -> &'static SecurityProfile {
        one.map_or(&nothing::NOTHING, Self::profile)
    }
}

impl std::str::FromStr for ProfileName {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(UnknownProfile)
    }
}

/// A text is not the name of a security profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a security profile; use base, fapi1_advanced, fapi_ciba, fapi2_security or fapi2_message_signing")]
pub struct UnknownProfile;

#[cfg(test)]
mod tests;
