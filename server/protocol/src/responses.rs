//! Bodies of direct responses.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::names::TokenType;

/// An error body (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The code.
    pub error: String,
    /// What to fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// What the code's specification defines beside.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl From<&Refusal> for ErrorResponse {
    fn from(refusal: &Refusal) -> Self {
        Self {
            error: refusal.code.as_str().to_owned(),
            error_description: Some(refusal.reason.clone().into_owned()),
            members: refusal.members.to_map(),
        }
    }
}

/// A successful answer of the token endpoint (RFC 6749 section 5.1, OpenID Connect Core 3.1.3.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// `Bearer`; `N_A` where what was issued is no access token (RFC 8693 section 2.2.1).
    pub token_type: String,
    /// Seconds the access token lives.
    pub expires_in: i64,
    /// The refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The granted scope, always named, so that a client never has to guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What other apps of the vendor on the same device may sign the user in with (Native SSO for Mobile Apps 3.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_secret: Option<String>,
    /// What `access_token` is, where tokens were exchanged (RFC 8693 section 2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<TokenType>,
    /// The authorization details that the access token is good for (RFC 9396 section 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// The grant that the tokens rest on, where the client manages it (Grant Management 5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Whether the permissions of the presented RPT are in the new one, too (UMA Grant section 3.3.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgraded: Option<bool>,
    /// Stands for the claims that persist (UMA Grant section 3.3.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pct: Option<String>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TokenResponse")
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// A successful answer to a pushed authorization request (RFC 9126 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedAuthorizationResponse {
    /// What the client names at the authorization endpoint.
    pub request_uri: String,
    /// Seconds for which it may begin there.
    pub expires_in: i64,
}

/// A successful answer to an authorization challenge request (OAuth 2.0 for First-Party Applications 5.2.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationChallengeResponse {
    /// What the client redeems at the token endpoint.
    pub authorization_code: String,
}

impl std::fmt::Debug for AuthorizationChallengeResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AuthorizationChallengeResponse").finish_non_exhaustive()
    }
}

/// A successful answer to a device authorization request (RFC 8628 section 3.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorizationResponse {
    /// What the device asks for its tokens with.
    pub device_code: String,
    /// What the user types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: String,
    /// Seconds for which both codes are good.
    pub expires_in: i64,
    /// Seconds between two polls at least.
    pub interval: i64,
}

impl std::fmt::Debug for DeviceAuthorizationResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DeviceAuthorizationResponse")
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// A successful answer to a backchannel authentication request (CIBA Core 7.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackchannelAuthenticationResponse {
    /// What the client asks for its tokens with.
    pub auth_req_id: String,
    /// Seconds for which the user can answer.
    pub expires_in: i64,
    /// Seconds between two polls at least; nothing where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<i64>,
}

impl std::fmt::Debug for BackchannelAuthenticationResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BackchannelAuthenticationResponse")
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// An answer of the introspection endpoint (RFC 7662 section 2.2).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IntrospectionResponse {
    /// Whether the token is good.
    pub active: bool,
    /// Everything else; empty unless active.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}
