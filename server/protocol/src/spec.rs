//! References to the texts that rules come from, so that an error can say which section it enforces.

use std::fmt;

/// A section of a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpecRef {
    /// Short name of the document, such as `RFC 6749`.
    pub document: &'static str,
    /// Section number as printed there, such as `4.1.2`.
    pub section: &'static str,
}

impl SpecRef {
    /// A reference to `section` of `document`.
    pub const fn new(document: &'static str, section: &'static str) -> Self {
        Self { document, section }
    }
}

impl fmt::Display for SpecRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} section {}", self.document, self.section)
    }
}

/// A section of RFC 6749, The OAuth 2.0 Authorization Framework.
pub const fn rfc6749(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 6749", section)
}

/// A section of RFC 6750, Bearer Token Usage.
pub const fn rfc6750(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 6750", section)
}

/// A section of RFC 7009, Token Revocation.
pub const fn rfc7009(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7009", section)
}

/// A section of RFC 7523, JWT Profile for Client Authentication and Authorization Grants.
pub const fn rfc7523(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7523", section)
}

/// A section of RFC 7591, Dynamic Client Registration.
pub const fn rfc7591(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7591", section)
}

/// A section of RFC 7592, Dynamic Client Registration Management.
pub const fn rfc7592(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7592", section)
}

/// A section of RFC 7636, Proof Key for Code Exchange.
pub const fn rfc7636(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7636", section)
}

/// A section of RFC 7662, Token Introspection.
pub const fn rfc7662(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7662", section)
}

/// A section of RFC 8252, OAuth 2.0 for Native Apps.
pub const fn rfc8252(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 8252", section)
}

/// A section of RFC 8628, OAuth 2.0 Device Authorization Grant.
pub const fn rfc8628(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 8628", section)
}

/// A section of OpenID Connect Client-Initiated Backchannel Authentication Flow, Core 1.0.
pub const fn ciba(section: &'static str) -> SpecRef {
    SpecRef::new("CIBA Core", section)
}

/// A section of Financial-grade API: Client Initiated Backchannel Authentication Profile.
pub const fn fapi_ciba(section: &'static str) -> SpecRef {
    SpecRef::new("FAPI-CIBA", section)
}

/// A section of RFC 7521, Assertion Framework for Client Authentication and Authorization Grants.
pub const fn rfc7521(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 7521", section)
}

/// A section of OpenID Connect Native SSO for Mobile Apps 1.0.
pub const fn native_sso(section: &'static str) -> SpecRef {
    SpecRef::new("Native SSO for Mobile Apps", section)
}

/// A section of OAuth 2.0 for First-Party Applications.
pub const fn first_party_apps(section: &'static str) -> SpecRef {
    SpecRef::new("OAuth 2.0 for First-Party Applications", section)
}

/// A section of RFC 8693, Token Exchange.
pub const fn rfc8693(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 8693", section)
}

/// A section of the Transaction Tokens draft.
pub const fn transaction_tokens(section: &'static str) -> SpecRef {
    SpecRef::new("Transaction Tokens", section)
}

/// A section of the Identity Assertion JWT Authorization Grant.
pub const fn identity_assertion_grant(section: &'static str) -> SpecRef {
    SpecRef::new("Identity Assertion JWT Authorization Grant", section)
}

/// A section of RFC 8705, Mutual-TLS Client Authentication and Certificate-Bound Access Tokens.
pub const fn rfc8705(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 8705", section)
}

/// A section of RFC 8707, Resource Indicators.
pub const fn rfc8707(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 8707", section)
}

/// A section of RFC 9068, JWT Profile for Access Tokens.
pub const fn rfc9068(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9068", section)
}

/// A section of RFC 9101, JWT-Secured Authorization Request.
pub const fn rfc9101(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9101", section)
}

/// A section of RFC 9126, Pushed Authorization Requests.
pub const fn rfc9126(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9126", section)
}

/// A section of RFC 9396, Rich Authorization Requests.
pub const fn rfc9396(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9396", section)
}

/// A section of RFC 9449, OAuth 2.0 Demonstrating Proof of Possession.
pub const fn rfc9449(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9449", section)
}

/// A section of RFC 9470, OAuth 2.0 Step Up Authentication Challenge Protocol.
pub const fn rfc9470(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9470", section)
}

/// A section of RFC 9700, Best Current Practice for OAuth 2.0 Security.
pub const fn rfc9700(section: &'static str) -> SpecRef {
    SpecRef::new("RFC 9700", section)
}

/// A section of Grant Management for OAuth 2.0.
pub const fn grant_management(section: &'static str) -> SpecRef {
    SpecRef::new("Grant Management for OAuth 2.0", section)
}

/// A section of OpenID Connect Core 1.0.
pub const fn oidc_core(section: &'static str) -> SpecRef {
    SpecRef::new("OpenID Connect Core 1.0", section)
}

/// A section of OpenID Connect Dynamic Client Registration 1.0.
pub const fn oidc_registration(section: &'static str) -> SpecRef {
    SpecRef::new("OpenID Connect Dynamic Client Registration 1.0", section)
}

/// A section of Initiating User Registration via OpenID Connect 1.0.
pub const fn prompt_create(section: &'static str) -> SpecRef {
    SpecRef::new("Initiating User Registration via OpenID Connect 1.0", section)
}

/// A section of OpenID Connect RP-Initiated Logout 1.0.
pub const fn rp_initiated_logout(section: &'static str) -> SpecRef {
    SpecRef::new("OpenID Connect RP-Initiated Logout 1.0", section)
}

/// A section of OAuth 2.0 Multiple Response Type Encoding Practices.
pub const fn multiple_response_types(section: &'static str) -> SpecRef {
    SpecRef::new("OAuth 2.0 Multiple Response Type Encoding Practices", section)
}

/// A section of OAuth 2.0 Form Post Response Mode.
pub const fn form_post(section: &'static str) -> SpecRef {
    SpecRef::new("OAuth 2.0 Form Post Response Mode", section)
}

/// A section of FAPI 1.0 Part 1: Baseline.
pub const fn fapi1_baseline(section: &'static str) -> SpecRef {
    SpecRef::new("FAPI 1.0 Part 1", section)
}

/// A section of FAPI 1.0 Part 2: Advanced.
pub const fn fapi1_advanced(section: &'static str) -> SpecRef {
    SpecRef::new("FAPI 1.0 Part 2", section)
}

/// A section of the FAPI 2.0 Security Profile.
pub const fn fapi2_security(section: &'static str) -> SpecRef {
    SpecRef::new("FAPI 2.0 Security Profile", section)
}

/// A section of FAPI 2.0 Message Signing.
pub const fn fapi2_message_signing(section: &'static str) -> SpecRef {
    SpecRef::new("FAPI 2.0 Message Signing", section)
}

/// A section of JWT Secured Authorization Response Mode for OAuth 2.0.
pub const fn jarm(section: &'static str) -> SpecRef {
    SpecRef::new("JWT Secured Authorization Response Mode for OAuth 2.0", section)
}

/// A section of User-Managed Access (UMA) 2.0 Grant for OAuth 2.0 Authorization.
pub const fn uma_grant(section: &'static str) -> SpecRef {
    SpecRef::new("UMA 2.0 Grant", section)
}

/// A section of Federated Authorization for User-Managed Access (UMA) 2.0.
pub const fn uma_federated(section: &'static str) -> SpecRef {
    SpecRef::new("UMA 2.0 Federated Authorization", section)
}
