//! Client metadata as the API writes it: the names of the registry that RFC 7591 opened.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde_json::Value;

use crate::enumerations::{
    AccessTokenFormat, ApplicationType, ClientAuthenticationMethod, GrantType, ProfileName, RefreshRotation,
    ResponseType, SubjectType, TokenDeliveryMode, TokenType,
};

/// What a client is registered with (RFC 7591 section 2). Absent members have the default of their specification.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ClientMetadata {
    /// Where authorization responses may go; compared character by character.
    redirect_uris: Option<Vec<String>>,
    /// Response types the client uses; `code` when absent.
    response_types: Option<Vec<ResponseType>>,
    /// Grants the client uses; `authorization_code` when absent.
    grant_types: Option<Vec<GrantType>>,
    /// Web or native; web when absent (OpenID Connect Registration 2).
    application_type: Option<ApplicationType>,
    /// How the client authenticates; `client_secret_basic` when absent.
    token_endpoint_auth_method: Option<ClientAuthenticationMethod>,
    /// The one algorithm of client assertions; any suitable one when absent.
    token_endpoint_auth_signing_alg: Option<String>,
    /// Scope values, space-delimited, that the client may ask for; the realm's default when absent.
    scope: Option<String>,
    /// Types of authorization details that the client may ask for (RFC 9396 section 10); none when absent.
    authorization_details_types: Option<Vec<String>>,
    /// E-mail addresses of those responsible.
    contacts: Option<Vec<String>>,
    /// The name shown to users.
    client_name: Option<String>,
    /// The home page.
    client_uri: Option<String>,
    /// The logo shown to users.
    logo_uri: Option<String>,
    /// How the client uses data.
    policy_uri: Option<String>,
    /// Terms of service.
    tos_uri: Option<String>,
    /// Members in a language (RFC 7591 section 2.2), each by its whole name: `client_name#de`.
    localized: Option<BTreeMap<String, String>>,
    /// Where a login at the client can be started (OpenID Connect Core 4); `https`.
    initiate_login_uri: Option<String>,
    /// The client's public keys: a JWK set (RFC 7517 section 5). Excludes `jwks_uri`.
    jwks: Option<Value>,
    /// Where the client publishes its public keys. Excludes `jwks`.
    jwks_uri: Option<String>,
    /// Identifier of the software.
    software_id: Option<String>,
    /// Version of the software.
    software_version: Option<String>,
    /// How users are named to the client; `public` when absent (OpenID Connect Registration 2).
    subject_type: Option<SubjectType>,
    /// Names the sector of pairwise subjects, and leads to a JSON array of all redirect URIs of the sector, which is
    /// fetched when the client is registered; the host of the redirect URIs names it when absent (OpenID Connect
    /// Registration 5).
    sector_identifier_uri: Option<String>,
    /// Algorithm of ID tokens; RS256 when absent (OpenID Connect Registration 2).
    id_token_signed_response_alg: Option<String>,
    /// How the content key of ID tokens is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    id_token_encrypted_response_alg: Option<String>,
    /// How ID tokens are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent (OpenID Connect Registration 2).
    id_token_encrypted_response_enc: Option<String>,
    /// Algorithm of userinfo responses; plain JSON when absent.
    userinfo_signed_response_alg: Option<String>,
    /// How the content key of userinfo responses is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    userinfo_encrypted_response_alg: Option<String>,
    /// How userinfo responses are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent.
    userinfo_encrypted_response_enc: Option<String>,
    /// Algorithm of authorization responses that are JWTs; RS256 when absent (JARM 3).
    authorization_signed_response_alg: Option<String>,
    /// How the content key of authorization responses is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    authorization_encrypted_response_alg: Option<String>,
    /// How authorization responses are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent.
    authorization_encrypted_response_enc: Option<String>,
    /// Algorithm of introspection responses that are JWTs; RS256 when absent (RFC 9701 section 6).
    introspection_signed_response_alg: Option<String>,
    /// How the content key of introspection responses that are JWTs is encrypted (RFC 7518 section 4.1); not encrypted
    /// when absent.
    introspection_encrypted_response_alg: Option<String>,
    /// How introspection responses that are JWTs are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent.
    introspection_encrypted_response_enc: Option<String>,
    /// The one algorithm of request objects; any suitable one when absent. `none` needs the realm's permission.
    request_object_signing_alg: Option<String>,
    /// How the content key of request objects may be encrypted (RFC 7518 section 4.1). Needed for the algorithms that use
    /// the client's secret; with a key of the realm the client may encrypt without it.
    request_object_encryption_alg: Option<String>,
    /// How request objects may be encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent.
    request_object_encryption_enc: Option<String>,
    /// Where request objects may be fetched from.
    request_uris: Option<Vec<String>>,
    /// Whether every authorization request must be a signed request object (RFC 9101 section 10.5).
    require_signed_request_object: Option<bool>,
    /// Whether every authorization request must be pushed (RFC 9126 section 6).
    require_pushed_authorization_requests: Option<bool>,
    /// `max_age` where a request has none, in seconds.
    default_max_age: Option<u32>,
    /// Whether every ID token has `auth_time`.
    require_auth_time: Option<bool>,
    /// `acr_values` where a request has none.
    default_acr_values: Option<Vec<String>>,
    /// Where a browser may be sent after a logout (RP-Initiated Logout 3.1).
    post_logout_redirect_uris: Option<Vec<String>>,
    /// What a browser loads in a frame when the session ends: an https URL on host and port of a redirect URI
    /// (Front-Channel Logout 2).
    frontchannel_logout_uri: Option<String>,
    /// Whether that has `iss` and `sid`; no when absent.
    frontchannel_logout_session_required: Option<bool>,
    /// Where this server posts a logout token when the session ends: an https URL (Back-Channel Logout 2.2).
    backchannel_logout_uri: Option<String>,
    /// Whether logout tokens must have `sid`, which this server's always have; no when absent.
    backchannel_logout_session_required: Option<bool>,
    /// How the client learns of answers to its backchannel authentication requests (CIBA Core 4).
    backchannel_token_delivery_mode: Option<TokenDeliveryMode>,
    /// Where this server tells it: an https URL (CIBA Core 4).
    backchannel_client_notification_endpoint: Option<String>,
    /// The one algorithm of its signed backchannel authentication requests; where it is registered, every one is signed
    /// (CIBA Core 4).
    backchannel_authentication_request_signing_alg: Option<String>,
    /// Whether it sends user codes, where the realm has them; no when absent (CIBA Core 4).
    backchannel_user_code_parameter: Option<bool>,
    /// Where a requesting party may be sent after claims were gathered (UMA Grant section 3.3.2).
    claims_redirect_uris: Option<Vec<String>>,
    /// Expected subject of the certificate, as an RFC 4514 string (RFC 8705 section 2.1.2).
    tls_client_auth_subject_dn: Option<String>,
    /// Expected DNS name of the certificate (RFC 8705 section 2.1.2).
    tls_client_auth_san_dns: Option<String>,
    /// Expected URI of the certificate (RFC 8705 section 2.1.2).
    tls_client_auth_san_uri: Option<String>,
    /// Expected IP address of the certificate (RFC 8705 section 2.1.2).
    tls_client_auth_san_ip: Option<String>,
    /// Expected e-mail address of the certificate (RFC 8705 section 2.1.2).
    tls_client_auth_san_email: Option<String>,
    /// Whether access tokens are bound to the client's certificate; no when absent (RFC 8705 section 3.4).
    tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether access tokens are bound to the key of a DPoP proof; no when absent (RFC 9449 section 5.2).
    dpop_bound_access_tokens: Option<bool>,
}

/// What this server adds to a client's metadata. Absent members follow the realm or the profile.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ClientSettings {
    /// The security profile; never weaker than the realm's.
    profile: Option<ProfileName>,
    /// Whether consent is taken as given: for first-party applications. No when absent.
    skip_consent: Option<bool>,
    /// Whether PKCE is demanded; public clients always need it.
    require_pkce: Option<bool>,
    /// Whether the `plain` code challenge is taken. No when absent.
    allow_plain_pkce: Option<bool>,
    /// The form of access tokens for the issuer's own audience; `jwt` when absent.
    access_token_format: Option<AccessTokenFormat>,
    /// The algorithm of JWT access tokens.
    access_token_signed_response_alg: Option<String>,
    /// Lifetime of access tokens in seconds: 30 to 86400.
    access_token_seconds: Option<i64>,
    /// How refresh tokens change on use.
    refresh_rotation: Option<RefreshRotation>,
    /// Identifiers of the resource servers that `resource` may name; all of the realm when absent.
    resources: Option<Vec<String>>,
    /// Whether the client registered itself: consent is always asked, and people see where they are sent. Set it to
    /// `false` to vouch for the client. No when absent.
    dynamically_registered: Option<bool>,
    /// Whether DPoP proofs of the client need a nonce of this server, wherever they are sent. No when absent.
    require_dpop_nonce: Option<bool>,
    /// Whether the client may introspect tokens that were not issued to it. No when absent.
    may_introspect: Option<bool>,
    /// The claims of requesting parties that the client, as a resource server of User-Managed Access, may learn of at
    /// introspection: up to 20 names; none when absent.
    pct_claims: Option<Vec<String>>,
    /// Whether the client, as a resource server of User-Managed Access, may register patterns of scopes, within which it
    /// makes up scopes later. No when absent.
    uma_spontaneous_scopes: Option<bool>,
    /// Seconds in which the client takes a logout token, from 1 to 20, before it is tried again later; 5 when absent.
    backchannel_logout_timeout_seconds: Option<u32>,
    /// Seconds in which the client takes a ping or pushed tokens of CIBA, from 1 to 20; a ping is tried again later. 5
    /// when absent.
    backchannel_notification_timeout_seconds: Option<u32>,
    /// What the client may exchange tokens for (RFC 8693); nothing when absent.
    token_exchange: Option<TokenExchangePolicy>,
    /// The client that may act for the users of this one's access tokens: their `may_act` (RFC 8693 section 4.4).
    may_act: Option<String>,
    /// The group of native applications of one vendor that the client shares logins with, by a name that all of them have
    /// here (Native SSO for Mobile Apps 4.3); none when absent.
    native_sso_group: Option<String>,
    /// Whether the client may ask for user name and password itself (OAuth 2.0 for First-Party Applications). Only for
    /// applications of whoever runs this server. No when absent.
    authorization_challenge: Option<bool>,
}

/// What a client may exchange tokens for (RFC 8693).
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct TokenExchangePolicy {
    /// The clients whose tokens it may bring, besides those that were issued to it or are for it.
    #[oai(default)]
    subject_clients: Vec<String>,
    /// The resource servers that its access and refresh tokens may be for, by identifier.
    #[oai(default)]
    audiences: Vec<String>,
    /// The scope values that they may have, separated by spaces; never more than the subject token has and the client is
    /// registered for.
    #[oai(default)]
    scope: String,
    /// The kinds of tokens it may ask for: access tokens where nothing is said.
    #[oai(default = "access_tokens")]
    issued_token_types: Vec<TokenType>,
    /// Whether it may get tokens as if it were the subject, without an actor.
    #[oai(default)]
    impersonation: bool,
    /// Whether it may get tokens in which an actor acts for the subject.
    #[oai(default)]
    delegation: bool,
    /// Whether the subject may be a client: the tokens that clients get for themselves.
    #[oai(default)]
    client_subjects: bool,
    /// What it may say in the transaction tokens that it asks for; nothing when absent.
    transaction_tokens: Option<TransactionTokenPolicy>,
    /// The authorization servers that it may ask for identity assertion grants for.
    #[oai(default)]
    identity_assertions: Vec<IdentityAssertionPolicy>,
}

/// What a client may say in transaction tokens (Transaction Tokens section 13.10).
#[derive(Object)]
pub(crate) struct TransactionTokenPolicy {
    /// The members of `request_details` that go into `tctx`.
    #[oai(default)]
    request_details: Vec<String>,
    /// The members of `request_context` that go into `rctx`.
    #[oai(default)]
    request_context: Vec<String>,
    /// Whether it may bring a transaction token to have it replaced.
    #[oai(default)]
    replacement: bool,
}

/// An authorization server of another trust domain that believes this one (Identity Assertion JWT Authorization Grant).
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct IdentityAssertionPolicy {
    /// Its issuer identifier: the `aud` of the grants.
    audience: String,
    /// What the client is called there; as here when absent.
    client_id: Option<String>,
    /// As which client it has users log in here: the grants name users as that client's ID tokens do; as this client's
    /// own when absent.
    relying_party: Option<String>,
    /// The resources there that grants may be for; without any, grants name none.
    #[oai(default)]
    resources: Vec<String>,
    /// The scope values there that grants may have, separated by spaces.
    #[oai(default)]
    scope: String,
    /// The claims of the user that are told there.
    #[oai(default)]
    claims: Vec<String>,
}

fn access_tokens() -> Vec<TokenType> {
    vec![TokenType::AccessToken]
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signet_core::{model, protocol};

    use super::*;
    use crate::mirror;

    #[test]
    fn metadata_and_settings_of_the_api_mirror_those_of_the_core() {
        mirror::assert_mirrors::<ClientMetadata, protocol::client_metadata::ClientMetadata>();
        mirror::assert_mirrors::<ClientSettings, model::ClientSettings>();
        mirror::assert_mirrors::<TokenExchangePolicy, model::TokenExchangePolicy>();
        mirror::assert_mirrors::<TransactionTokenPolicy, model::TransactionTokenPolicy>();
        mirror::assert_mirrors::<IdentityAssertionPolicy, model::IdentityAssertionPolicy>();
    }

    #[test]
    fn every_member_goes_to_the_core_and_back() {
        let mut metadata = json!({
            "redirect_uris": ["https://rp.test/cb"], "response_types": ["code"], "grant_types": ["refresh_token"],
            "application_type": "native", "token_endpoint_auth_method": "tls_client_auth",
            "token_endpoint_auth_signing_alg": "ES256", "scope": "openid email", "contacts": ["a@b.test"],
            "client_name": "n", "client_uri": "https://rp.test", "logo_uri": "l", "policy_uri": "p", "tos_uri": "t",
            "jwks": {"keys": [{"kty": "EC"}]}, "jwks_uri": "j", "software_id": "s", "software_version": "1",
            "subject_type": "pairwise", "sector_identifier_uri": "https://rp.test/list",
            "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "PS256",
            "id_token_encrypted_response_alg": "dir", "id_token_encrypted_response_enc": "A128GCM",
            "userinfo_encrypted_response_alg": "A128KW", "userinfo_encrypted_response_enc": "A256GCM",
            "request_object_signing_alg": "ES256", "request_uris": ["r"], "require_signed_request_object": true,
            "default_max_age": 5, "require_auth_time": true, "default_acr_values": ["a"],
            "post_logout_redirect_uris": ["https://rp.test/out"], "frontchannel_logout_uri": "f",
            "frontchannel_logout_session_required": true, "backchannel_logout_uri": "b",
            "backchannel_logout_session_required": false,
            "tls_client_auth_subject_dn": "CN=a", "tls_client_auth_san_dns": "d", "tls_client_auth_san_uri": "u",
            "tls_client_auth_san_ip": "i", "tls_client_auth_san_email": "e",
        });
        metadata["request_object_encryption_alg"] = json!("dir");
        metadata["request_object_encryption_enc"] = json!("A256GCM");
        metadata["localized"] = json!({"client_name#de": "m"});
        metadata["initiate_login_uri"] = json!("i");
        metadata["claims_redirect_uris"] = json!(["https://rp.test/claims"]);
        metadata["authorization_signed_response_alg"] = json!("PS256");
        metadata["authorization_encrypted_response_alg"] = json!("dir");
        metadata["authorization_encrypted_response_enc"] = json!("A128GCM");
        metadata["introspection_signed_response_alg"] = json!("PS256");
        metadata["introspection_encrypted_response_alg"] = json!("dir");
        metadata["introspection_encrypted_response_enc"] = json!("A128GCM");
        metadata["require_pushed_authorization_requests"] = json!(true);
        metadata["tls_client_certificate_bound_access_tokens"] = json!(true);
        metadata["dpop_bound_access_tokens"] = json!(false);
        let core: protocol::client_metadata::ClientMetadata = serde_json::from_value(metadata.clone()).unwrap();
        let object: ClientMetadata = mirror::shown(&core).unwrap();
        assert_eq!(mirror::stored::<protocol::client_metadata::ClientMetadata>(&object, "").unwrap(), core);
        assert_eq!(serde_json::to_value(&core).unwrap(), metadata);
        let settings = json!({
            "profile": "base", "skip_consent": true, "require_pkce": false, "allow_plain_pkce": true,
            "access_token_format": "opaque", "access_token_signed_response_alg": "EdDSA", "access_token_seconds": 60,
            "refresh_rotation": "keep", "resources": ["https://api.test"], "dynamically_registered": true,
            "require_dpop_nonce": true, "may_introspect": true, "pct_claims": ["role"],
            "uma_spontaneous_scopes": true, "may_act": "gateway",
            "backchannel_logout_timeout_seconds": 20, "backchannel_notification_timeout_seconds": 1,
            "native_sso_group": "vendor", "authorization_challenge": true,
            "token_exchange": {
                "subject_clients": ["shop"], "audiences": ["https://api.test"], "scope": "read", "impersonation": false,
                "delegation": true, "issued_token_types": ["urn:ietf:params:oauth:token-type:access_token"],
                "client_subjects": true,
                "transaction_tokens": {"request_details": ["a"], "request_context": ["b"], "replacement": true},
                "identity_assertions": [{
                    "audience": "https://as.test", "client_id": "c", "relying_party": "r", "scope": "read",
                    "resources": ["https://api.as.test"], "claims": ["email"],
                }],
            },
        });
        let core: model::ClientSettings = serde_json::from_value(settings.clone()).unwrap();
        let object: ClientSettings = mirror::shown(&core).unwrap();
        assert_eq!(mirror::stored::<model::ClientSettings>(&object, "").unwrap(), core);
        assert_eq!(serde_json::to_value(&core).unwrap(), settings);
    }

    #[test]
    fn defaults_of_the_core_are_absent_members_here() {
        let object: ClientSettings = mirror::shown(&model::ClientSettings::default()).unwrap();
        let stored: model::ClientSettings = mirror::stored(&object, "settings.").unwrap();
        assert_eq!(stored, model::ClientSettings::default());
    }
}
