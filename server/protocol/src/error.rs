//! OAuth error codes and refusals: what a client or a user did wrong, in words that may be shown.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::spec::SpecRef;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)+) => {
        /// An `error` value of an OAuth or OpenID Connect response.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)+ }

        impl ErrorCode {
            /// Every code, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The registered text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status of a direct (not redirected) response with this code.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

error_codes! {
    /// The request is malformed (RFC 6749 4.1.2.1 and 5.2).
    InvalidRequest = "invalid_request", 400;
    /// Client authentication failed (RFC 6749 5.2).
    InvalidClient = "invalid_client", 401;
    /// The code or refresh token is not valid for this client (RFC 6749 5.2).
    InvalidGrant = "invalid_grant", 400;
    /// The client may not use this grant or response type (RFC 6749 4.1.2.1 and 5.2).
    UnauthorizedClient = "unauthorized_client", 400;
    /// The grant type is unknown here (RFC 6749 5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// The scope is unknown, malformed or too wide (RFC 6749 4.1.2.1 and 5.2).
    InvalidScope = "invalid_scope", 400;
    /// The user or the server refused (RFC 6749 4.1.2.1).
    AccessDenied = "access_denied", 403;
    /// The response type is unknown here (RFC 6749 4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// The server failed (RFC 6749 4.1.2.1).
    ServerError = "server_error", 500;
    /// The server is overloaded or a dependency is away (RFC 6749 4.1.2.1).
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// Some interaction is needed and forbidden (OpenID Connect Core 3.1.2.6).
    InteractionRequired = "interaction_required", 400;
    /// A login is needed and forbidden (OpenID Connect Core 3.1.2.6).
    LoginRequired = "login_required", 400;
    /// The user must choose an account and may not be asked (OpenID Connect Core 3.1.2.6).
    AccountSelectionRequired = "account_selection_required", 400;
    /// Consent is needed and forbidden (OpenID Connect Core 3.1.2.6).
    ConsentRequired = "consent_required", 400;
    /// Request objects are not taken (OpenID Connect Core 3.1.2.6).
    RequestNotSupported = "request_not_supported", 400;
    /// Request objects by reference are not taken (OpenID Connect Core 3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// The `registration` parameter is not taken (OpenID Connect Core 3.1.2.6).
    RegistrationNotSupported = "registration_not_supported", 400;
    /// The request object is not acceptable (OpenID Connect Core 3.1.2.6, RFC 9101 7).
    InvalidRequestObject = "invalid_request_object", 400;
    /// The reference leads to no request object (OpenID Connect Core 3.1.2.6, RFC 9101 7).
    InvalidRequestUri = "invalid_request_uri", 400;
    /// The demanded authentication could not be met (Unmet Authentication Requirements 1.0).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
    /// The resource is unknown or not allowed (RFC 8707 2).
    InvalidTarget = "invalid_target", 400;
    /// The authorization details are of an unknown type or do not conform to it (RFC 9396 5).
    InvalidAuthorizationDetails = "invalid_authorization_details", 400;
    /// There is no such grant of this user for this client (Grant Management 5.4).
    InvalidGrantId = "invalid_grant_id", 400;
    /// The presented access token is not good (RFC 6750 3.1).
    InvalidToken = "invalid_token", 401;
    /// The access token lacks a scope (RFC 6750 3.1).
    InsufficientScope = "insufficient_scope", 403;
    /// The user was not authenticated as the resource demands (RFC 9470 3).
    InsufficientUserAuthentication = "insufficient_user_authentication", 401;
    /// The proof of possession is missing or not good (RFC 9449 5 and 7.1).
    InvalidDpopProof = "invalid_dpop_proof", 400;
    /// The proof of possession needs the nonce that comes along (RFC 9449 8 and 9).
    UseDpopNonce = "use_dpop_nonce", 400;
    /// The user has not answered yet (RFC 8628 3.5, CIBA Core 11).
    AuthorizationPending = "authorization_pending", 400;
    /// The user has not answered yet, and the client asks too often (RFC 8628 3.5, CIBA Core 11).
    SlowDown = "slow_down", 400;
    /// The time to answer is over (RFC 8628 3.5, CIBA Core 11).
    ExpiredToken = "expired_token", 400;
    /// Nobody is known by the hint (CIBA Core 13).
    UnknownUserId = "unknown_user_id", 400;
    /// The hint token has expired (CIBA Core 13).
    ExpiredLoginHintToken = "expired_login_hint_token", 400;
    /// The user has a user code, and the request has none (CIBA Core 13).
    MissingUserCode = "missing_user_code", 400;
    /// The user code is wrong (CIBA Core 13).
    InvalidUserCode = "invalid_user_code", 400;
    /// The binding message is not acceptable (CIBA Core 13).
    InvalidBindingMessage = "invalid_binding_message", 400;
    /// The token type hint names a type that cannot be revoked (RFC 7009 2.2.1).
    UnsupportedTokenType = "unsupported_token_type", 400;
    /// A redirect URI is unacceptable (RFC 7591 3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// A client metadata field is unacceptable (RFC 7591 3.2.2).
    InvalidClientMetadata = "invalid_client_metadata", 400;
    /// A software statement is not acceptable (RFC 7591 3.2.2).
    InvalidSoftwareStatement = "invalid_software_statement", 400;
    /// Whoever made the software statement is not trusted here (RFC 7591 3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400;
    /// More must be known of the requesting party (UMA Grant 3.3.6).
    NeedInfo = "need_info", 403;
    /// The owner is asked; the client may ask again (UMA 2.0 Grant 3.3.6).
    RequestSubmitted = "request_submitted", 403;
    /// The owner does not allow this to the requesting party (UMA Grant 3.3.6).
    RequestDenied = "request_denied", 403;
    /// There is no such protected resource (UMA Federated Authorization 4.3).
    InvalidResourceId = "invalid_resource_id", 400;
    /// The auth session is not good, or not this client's (First-Party Apps 5.2.2.1).
    InvalidSession = "invalid_session", 400;
    /// More must come from the user before there is a code (First-Party Apps 5.2.2.1).
    InsufficientAuthorization = "insufficient_authorization", 400;
    /// The user has to go on in a browser (First-Party Apps 5.2.2.1).
    RedirectToWeb = "redirect_to_web", 400;
    /// There is nothing at this address of the protection API (UMA Federated Authorization 3.2).
    NotFound = "not_found", 404;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl ErrorCode {
    /// A refusal with this code. `reason` is public: it says what to fix and never echoes input.
    pub fn because(self, reason: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal {
            code: self,
            reason: printable(reason.into()),
            spec: None,
            detail: None,
            is_of_script: false,
            members: ErrorMembers::default(),
        }
    }
}

/// What the client or the user did wrong.
///
/// The reason is shown to them; the detail goes to the log only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The OAuth code.
    pub code: ErrorCode,
    /// The public `error_description`, in the character set of RFC 6749 section 5.2.
    pub reason: Cow<'static, str>,
    /// The rule that was broken.
    pub spec: Option<SpecRef>,
    /// For the log; never sent.
    pub detail: Option<String>,
    /// Whether the reason is the text of a script. It is shown and logged, but it may name persons, and what is recorded
    /// for good must not.
    pub is_of_script: bool,
    /// What the body of a direct response has beside code and reason.
    pub members: ErrorMembers,
}

/// Members of an error body that a specification defines for its code. They may hold what only the client may learn, so
/// that nothing shows them in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ErrorMembers(Option<Box<Map<String, Value>>>);

impl ErrorMembers {
    /// For the body.
    pub fn to_map(&self) -> Map<String, Value> {
        self.0.as_deref().cloned().unwrap_or_default()
    }
}

impl fmt::Debug for ErrorMembers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().flat_map(|members| members.keys());
        formatter.debug_list().entries(names).finish()
    }
}

impl Refusal {
    /// Adds members to the body of the direct response.
    #[must_use]
    pub fn with_members(mut self, members: Map<String, Value>) -> Self {
        self.members = ErrorMembers(Some(Box::new(members)));
        self
    }

    /// Names the rule that was broken.
    #[must_use]
    pub fn per(mut self, spec: SpecRef) -> Self {
        self.spec = Some(spec);
        self
    }

    /// Says that the reason is the text of a script.
    #[must_use]
    pub fn of_script(mut self) -> Self {
        self.is_of_script = true;
        self
    }

    /// Adds what only the log may hold. Never a secret, a code or a token.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.reason)
    }
}

impl std::error::Error for Refusal {}

/// Replaces what RFC 6749 section 5.2 keeps out of `error_description`: only %x20-21, %x23-5B and %x5D-7E stay.
fn printable(reason: Cow<'static, str>) -> Cow<'static, str> {
    let allowed = |character: char| matches!(character, ' ' | '!' | '#'..='[' | ']'..='~');
    if reason.chars().all(allowed) {
        return reason;
    }
    reason.chars().map(|character| if allowed(character) { character } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::rfc6749;

    #[test]
    fn rfc6749_5_2_description_keeps_to_its_character_set() {
        let refusal = ErrorCode::InvalidRequest.because("a \"quoted\\\" line\r\nend \u{e9}");
        assert_eq!(refusal.reason, "a ?quoted?? line??end ?");
    }

    #[test]
    fn rfc6749_5_2_every_code_keeps_to_its_character_set() {
        for code in ErrorCode::ALL {
            assert!(code.as_str().bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{code}");
        }
    }

    #[test]
    fn a_refusal_reads_like_a_sentence() {
        let refusal = ErrorCode::InvalidGrant.because("the code was already used").per(rfc6749("4.1.2")).detail("x");
        assert_eq!(refusal.to_string(), "invalid_grant: the code was already used");
        assert_eq!(refusal.spec.unwrap().to_string(), "RFC 6749 section 4.1.2");
    }
}
