//! Client metadata: the fields a client is registered with (RFC 7591 section 2 and the registry it opened).

use std::collections::BTreeMap;

use serde::de::value::Error as NoValue;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};

use crate::names::{
    ApplicationType, ClientAuthenticationMethod, GrantType, ResponseType, SubjectType, TokenDeliveryMode,
};
use crate::scope::Scope;

/// What a client is registered with. Absent members have the default of their specification.
///
/// Algorithm names are text here, because this crate knows no cryptography; registration checks them against
/// what the server can do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMetadata {
    /// Where authorization responses may go (RFC 7591 section 2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Response types the client uses; `code` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<ResponseType>>,
    /// Grants the client uses; `authorization_code` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// Web or native; web when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// How the client authenticates; `client_secret_basic` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<ClientAuthenticationMethod>,
    /// The one algorithm of client assertions; any suitable one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Scope values the client may ask for; the realm's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Types of authorization details that the client may ask for; none when empty (RFC 9396 section 10).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// E-mail addresses of those responsible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The name shown to users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The logo shown to users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// How the client uses data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Members in a language (RFC 7591 section 2.2), each by its whole name: `client_name#de`. On the wire of dynamic
    /// registration they stand among the others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub localized: BTreeMap<String, String>,
    /// Where a login at the client can be started (OpenID Connect Core 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The client's public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// The client's public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Identifier of the software (RFC 7591 section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Version of the software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// How subjects are named; public when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// Names the sector of pairwise subjects, and lists the redirect URIs of all its clients (OpenID Connect
    /// Registration 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Algorithm of ID tokens; RS256 when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// How the content key of ID tokens is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<String>,
    /// How ID tokens are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<String>,
    /// Algorithm of userinfo responses; plain JSON when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// How the content key of userinfo responses is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<String>,
    /// How userinfo responses are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<String>,
    /// Algorithm of authorization responses that are JWTs; RS256 when absent (JARM 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<String>,
    /// How the content key of authorization responses is encrypted (RFC 7518 section 4.1); not encrypted when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<String>,
    /// How authorization responses are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent (JARM 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<String>,
    /// Algorithm of introspection responses that are JWTs; RS256 when absent (RFC 9701 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// How the content key of introspection responses that are JWTs is encrypted (RFC 7518 section 4.1); not encrypted
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<String>,
    /// How introspection responses that are JWTs are encrypted (RFC 7518 section 5.1); A128CBC-HS256 when absent
    /// (RFC 9701 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<String>,
    /// The one algorithm of request objects; any suitable one when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// How the content key of request objects may be encrypted: the client need not say, unless it is with its secret
    /// (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_alg: Option<String>,
    /// How request objects may be encrypted; A128CBC-HS256 when absent (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_enc: Option<String>,
    /// Where request objects may be fetched from (OpenID Connect Registration 2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether every authorization request must be a signed request object (RFC 9101 section 10.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// Whether every authorization request must be pushed (RFC 9126 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// `max_age` where a request has none, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Whether every ID token has `auth_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// `acr_values` where a request has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Where a browser may be sent after a logout (RP-Initiated Logout 3.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// What a browser loads in a frame when the session ends (Front-Channel Logout 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether that has `iss` and `sid`; no when absent (Front-Channel Logout 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_session_required: Option<bool>,
    /// Where this server posts a logout token when the session ends (Back-Channel Logout 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether logout tokens must have `sid`; no when absent (Back-Channel Logout 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// How the client learns of answers to its backchannel authentication requests (CIBA Core 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_token_delivery_mode: Option<TokenDeliveryMode>,
    /// Where this server tells it (CIBA Core 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_client_notification_endpoint: Option<String>,
    /// The one algorithm of its signed backchannel authentication requests; where it is registered, every one is signed
    /// (CIBA Core 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_request_signing_alg: Option<String>,
    /// Whether it sends user codes; no when absent (CIBA Core 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_user_code_parameter: Option<bool>,
    /// Where a requesting party may be sent after claims were gathered (UMA Grant section 3.3.2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims_redirect_uris: Vec<String>,
    /// Expected subject of the certificate, as an RFC 4514 string (RFC 8705 section 2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// Expected DNS name of the certificate (RFC 8705 section 2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// Expected URI of the certificate (RFC 8705 section 2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// Expected IP address of the certificate (RFC 8705 section 2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// Expected e-mail address of the certificate (RFC 8705 section 2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether access tokens are bound to the client's certificate; no when absent (RFC 8705 section 3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether access tokens are bound to the key of a DPoP proof; no when absent (RFC 9449 section 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
}

impl ClientMetadata {
    /// The names of all members, in declaration order.
    pub fn member_names() -> &'static [&'static str] {
        let mut names: &'static [&'static str] = &[];
        // What is read has no value: the names are all that comes of it.
        let _ = Self::deserialize(MemberNames(&mut names));
        names
    }

    /// A member in the first of some languages that the client registered it in; the one without a language otherwise
    /// (RFC 7591 section 2.2).
    pub fn in_language<'a>(&'a self, name: &str, plain: Option<&'a str>, languages: &[&str]) -> Option<&'a str> {
        let find = |tag: &&str| {
            let primary = tag.split('-').next().unwrap_or_default();
            let named = |wanted: &str| {
                self.localized.iter().find(|(member, _)| {
                    member
                        .strip_prefix(name)
                        .and_then(|rest| rest.strip_prefix('#'))
                        .is_some_and(|tag| tag.eq_ignore_ascii_case(wanted))
                })
            };
            named(tag).or_else(|| named(primary)).map(|(_, text)| text.as_str())
        };
        languages.iter().find_map(find).or(plain)
    }

    /// The response types, with the default of RFC 7591 section 2.
    pub fn response_types(&self) -> &[ResponseType] {
        self.response_types.as_deref().unwrap_or(&[ResponseType::Code])
    }

    /// The grant types, with the default of RFC 7591 section 2.
    pub fn grant_types(&self) -> &[GrantType] {
        self.grant_types.as_deref().unwrap_or(&[GrantType::AuthorizationCode])
    }

    /// The subject type, with the default of OpenID Connect Registration 2.
    pub fn subject_type(&self) -> SubjectType {
        self.subject_type.unwrap_or(SubjectType::Public)
    }

    /// The authentication method, with the default of RFC 7591 section 2.
    pub fn authentication_method(&self) -> ClientAuthenticationMethod {
        self.token_endpoint_auth_method.unwrap_or(ClientAuthenticationMethod::ClientSecretBasic)
    }

    /// The application type, with the default of OpenID Connect Registration 2.
    pub fn application_type(&self) -> ApplicationType {
        self.application_type.unwrap_or(ApplicationType::Web)
    }

    /// Whether the client can keep a credential (RFC 6749 section 2.1).
    pub fn is_confidential(&self) -> bool {
        self.authentication_method() != ClientAuthenticationMethod::None
    }
}

/// Learns the names of a structure's members from its own reading code, so that there is no second list of them.
struct MemberNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for MemberNames<'_> {
    type Error = NoValue;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoValue> {
        Err(NoValue::custom("there is no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NoValue> {
        *self.0 = fields;
        Err(NoValue::custom("there is no value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_all_members_are_known() {
        let names = ClientMetadata::member_names();
        assert_eq!(names.first(), Some(&"redirect_uris"));
        for name in ["client_name", "jwks_uri", "initiate_login_uri", "tls_client_auth_san_email"] {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn rfc7591_2_2_a_member_is_shown_in_the_language_asked_for() {
        let metadata = ClientMetadata {
            client_name: Some("Shop".to_owned()),
            localized: [("client_name#de", "Laden"), ("client_name#fr-CH", "Boutique")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            ..ClientMetadata::default()
        };
        let name = |languages: &[&str]| metadata.in_language("client_name", metadata.client_name.as_deref(), languages);
        assert_eq!(name(&["de"]), Some("Laden"));
        assert_eq!(name(&["de-AT"]), Some("Laden"));
        assert_eq!(name(&["FR-ch"]), Some("Boutique"));
        assert_eq!(name(&["en"]), Some("Shop"));
        assert_eq!(metadata.in_language("logo_uri", None, &["de"]), None);
    }
}
