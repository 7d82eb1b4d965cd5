//! The closed sets of names that objects of the API use. Each mirrors one of the core; the compiler sees to it that
//! none is missing.

use poem_openapi::Enum;

/// How a client authenticates (RFC 7591 section 2, RFC 8705 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::ClientAuthenticationMethod", rename_all = "snake_case")]
pub(crate) enum ClientAuthenticationMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    TlsClientAuth,
    SelfSignedTlsClientAuth,
}

/// What a client exchanges for tokens (RFC 6749 section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::GrantType", rename_all = "snake_case")]
pub(crate) enum GrantType {
    AuthorizationCode,
    /// Tokens from the authorization endpoint.
    Implicit,
    RefreshToken,
    ClientCredentials,
    /// Tokens for a device that a person authorizes from another one (RFC 8628).
    #[oai(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// Tokens for a client whose user is asked at another device (CIBA Core).
    #[oai(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
    /// RFC 8693.
    #[oai(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 section 2.1.
    #[oai(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// UMA 2.0 Grant section 3.3.1.
    #[oai(rename = "urn:ietf:params:oauth:grant-type:uma-ticket")]
    UmaTicket,
}

/// How a client learns of the answer to a backchannel authentication request: it asks, is told when to, or is sent the
/// tokens (CIBA Core 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::TokenDeliveryMode", rename_all = "snake_case")]
pub(crate) enum TokenDeliveryMode {
    Poll,
    Ping,
    Push,
}

/// What a token is (RFC 8693 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::TokenType")]
pub(crate) enum TokenType {
    #[oai(rename = "urn:ietf:params:oauth:token-type:access_token")]
    AccessToken,
    #[oai(rename = "urn:ietf:params:oauth:token-type:refresh_token")]
    RefreshToken,
    #[oai(rename = "urn:ietf:params:oauth:token-type:id_token")]
    IdToken,
    #[oai(rename = "urn:ietf:params:oauth:token-type:jwt")]
    Jwt,
    #[oai(rename = "urn:openid:params:token-type:device-secret")]
    DeviceSecret,
    #[oai(rename = "urn:ietf:params:oauth:token-type:txn_token")]
    TxnToken,
    #[oai(rename = "urn:ietf:params:oauth:token-type:id-jag")]
    IdJag,
}

/// What the tokens of a trusted issuer are good for: they are authorization grants (RFC 7523 section 2.1), may be
/// exchanged (RFC 8693), or say who a requesting party is (UMA 2.0 Grant section 3.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::TrustedIssuerUse", rename_all = "snake_case")]
pub(crate) enum TrustedIssuerUse {
    AssertionGrant,
    TokenExchange,
    ClaimToken,
}

/// How a token of a trusted issuer names a user: by identifier, by login name, or as a script at `on_assertion_grant`
/// says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::SubjectMapping", rename_all = "snake_case")]
pub(crate) enum SubjectMapping {
    UserId,
    Username,
    Script,
}

/// Who may register clients at the registration endpoint: nobody, whoever has an initial access token, or everybody
/// (RFC 7591 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::RegistrationMode", rename_all = "snake_case")]
pub(crate) enum RegistrationMode {
    Off,
    InitialAccessToken,
    Open,
}

/// What the authorization endpoint returns (RFC 6749 section 3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::response_type::ResponseType", rename_all = "snake_case")]
pub(crate) enum ResponseType {
    Code,
    IdToken,
    #[oai(rename = "id_token token")]
    IdTokenToken,
    #[oai(rename = "code id_token")]
    CodeIdToken,
    #[oai(rename = "code token")]
    CodeToken,
    #[oai(rename = "code id_token token")]
    CodeIdTokenToken,
    /// Nothing: the user allows the client something, and the client learns that.
    None,
}

/// How an application is deployed (OpenID Connect Registration 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::ApplicationType", rename_all = "snake_case")]
pub(crate) enum ApplicationType {
    Web,
    Native,
}

/// How users are named to a client (OpenID Connect Core 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::SubjectType", rename_all = "snake_case")]
pub(crate) enum SubjectType {
    Public,
    /// Another one for each sector.
    Pairwise,
}

/// The form of access tokens: a signed JWT (RFC 9068), or a sealed value that only this server opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::protocol::names::AccessTokenFormat", rename_all = "snake_case")]
pub(crate) enum AccessTokenFormat {
    Jwt,
    Opaque,
}

/// How refresh tokens change on use: a new one each time, where reuse of an old one ends the family, or the same one
/// until it expires (RFC 9700 section 4.14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::RefreshRotation", rename_all = "snake_case")]
pub(crate) enum RefreshRotation {
    Rotate,
    Keep,
}

/// Who remembers what was used at resources: `shared` means all nodes together, `node` each by itself, so that a use at
/// another node is not noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::ReplayScope", rename_all = "snake_case")]
pub(crate) enum ReplayScope {
    Shared,
    Node,
}

/// A security profile. `base` is OpenID Connect Core with the best current practice of RFC 9700; the others are FAPI 1.0
/// Part 2: Advanced, the FAPI 2.0 Security Profile, FAPI 2.0 Message Signing, and FAPI-CIBA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::profile::ProfileName")]
pub(crate) enum ProfileName {
    #[oai(rename = "base")]
    Base,
    #[oai(rename = "fapi1_advanced")]
    Fapi1Advanced,
    #[oai(rename = "fapi2_security")]
    Fapi2Security,
    #[oai(rename = "fapi2_message_signing")]
    Fapi2MessageSigning,
    #[oai(rename = "fapi_ciba")]
    FapiCiba,
}

/// Where a key is in its life: `future` is published and not used yet, `active` signs (one per algorithm), `verifying`
/// is published for verification only, `retired` is no longer published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(remote = "signet_core::model::KeyState", rename_all = "snake_case")]
pub(crate) enum KeyState {
    Future,
    Active,
    Verifying,
    Retired,
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;
    use serde_json::json;
    use signet_core::{model, profile, protocol::names};

    use super::*;

    /// That a set is complete is the compiler's work; that each text is the registered one is this test's.
    fn assert_texts<Name: ToJSON, Core: Copy + Into<Name>>(all: &[Core], text: impl Fn(Core) -> serde_json::Value) {
        for value in all {
            assert_eq!((*value).into().to_json(), Some(text(*value)));
        }
    }

    #[test]
    fn texts_are_those_of_the_core() {
        let methods = names::ClientAuthenticationMethod::ALL;
        assert_texts::<ClientAuthenticationMethod, _>(methods, |name| json!(name));
        assert_texts::<TokenDeliveryMode, _>(names::TokenDeliveryMode::ALL, |name| json!(name));
        assert_texts::<GrantType, _>(names::GrantType::ALL, |name| json!(name));
        assert_texts::<ResponseType, _>(names::ResponseType::ALL, |name| json!(name));
        assert_texts::<ApplicationType, _>(names::ApplicationType::ALL, |name| json!(name));
        assert_texts::<SubjectType, _>(names::SubjectType::ALL, |name| json!(name));
        assert_texts::<AccessTokenFormat, _>(names::AccessTokenFormat::ALL, |name| json!(name));
        let rotations = [model::RefreshRotation::Rotate, model::RefreshRotation::Keep];
        assert_texts::<RefreshRotation, _>(&rotations, |name| json!(name));
        let scopes = [model::ReplayScope::Shared, model::ReplayScope::Node];
        assert_texts::<ReplayScope, _>(&scopes, |name| json!(name));
        assert_texts::<ProfileName, _>(&profile::ProfileName::ALL, |name| json!(name));
        let states =
            [model::KeyState::Future, model::KeyState::Active, model::KeyState::Verifying, model::KeyState::Retired];
        assert_texts::<KeyState, _>(&states, |state| json!(state.as_str()));
    }
}
