//! Rules for client metadata (RFC 7591 section 2, OpenID Connect Registration 2, RFC 8705 section 2). One place, whoever
//! registers the client.

use signet_jose::{JwkSet, SignatureAlgorithm};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::{ApplicationType, ClientAuthenticationMethod, GrantType, SubjectType};
use signet_protocol::redirect_uri;
use url::Url;

use super::{RegistryError, response_encryption};
use crate::client_auth::expected_subject;
use crate::profile::SecurityProfile;
use crate::tokens::sector_identifier;

/// Most redirect URIs, contacts and other lists of a client.
const MAXIMUM_LIST: usize = 100;

/// Checks a client's metadata against a profile.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn check(metadata: &ClientMetadata, profile: &SecurityProfile) -> Result<(), RegistryError> {
    check_redirect_uris(metadata)?;
    check_grants(metadata)?;
    check_subjects(metadata)?;
    check_authentication(metadata, profile)?;
    check_keys(metadata)?;
    check_algorithms(metadata, profile)?;
    check_logout(metadata)?;
    response_encryption::check(metadata, profile)?;
    check_request_objects(metadata, profile)?;
    check_authorization_details(metadata)?;
    check_addresses(metadata)?;
    check_texts(metadata)
}

fn invalid(field: &str, problem: impl Into<String>) -> RegistryError {
    RegistryError::invalid(field, problem)
}

fn check_redirect_uris(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    if metadata.redirect_uris.len() > MAXIMUM_LIST {
        return Err(invalid("redirect_uris", "has more than 100 entries"));
    }
    for uri in &metadata.redirect_uris {
        redirect_uri::check_registration(uri, metadata.application_type())
            .map_err(|problem| invalid("redirect_uris", problem.to_string()))?;
    }
    let by_redirect = [GrantType::AuthorizationCode, GrantType::Implicit];
    let redirected = by_redirect.into_iter().find(|grant| metadata.grant_types().contains(grant));
    if let Some(grant) = redirected.filter(|_| metadata.redirect_uris.is_empty()) {
        return Err(invalid("redirect_uris", format!("the grant {grant} needs at least one redirect URI")));
    }
    Ok(())
}

fn check_grants(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let grant_types = metadata.grant_types();
    if grant_types.is_empty() {
        return Err(invalid("grant_types", "is empty"));
    }
    let uses_code = grant_types.contains(&GrantType::AuthorizationCode);
    if grant_types.contains(&GrantType::RefreshToken) && !uses_code {
        return Err(invalid(
            "grant_types",
            "refresh_token needs a grant that yields refresh tokens, such as authorization_code",
        ));
    }
    if grant_types.contains(&GrantType::ClientCredentials) && !metadata.is_confidential() {
        return Err(invalid("grant_types", "client_credentials needs a client that authenticates itself"));
    }
    Ok(())
}

/// OpenID Connect Core 8.1. That the document behind `sector_identifier_uri` lists the redirect URIs is for whoever
/// registers the client to check.
fn check_subjects(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let is_needed = metadata.subject_type() == SubjectType::Pairwise || metadata.sector_identifier_uri.is_some();
    match sector_identifier(metadata) {
        Err(problem) if is_needed => Err(invalid("sector_identifier_uri", problem.to_string())),
        _ => Ok(()),
    }
}

fn check_authentication(metadata: &ClientMetadata, profile: &SecurityProfile) -> Result<(), RegistryError> {
    let method = metadata.authentication_method();
    if !profile.client_authentication_methods.contains(&method) {
        return Err(invalid("token_endpoint_auth_method", format!("the security profile does not allow {method}")));
    }
    let names = [
        metadata.tls_client_auth_subject_dn.is_some(),
        metadata.tls_client_auth_san_dns.is_some(),
        metadata.tls_client_auth_san_uri.is_some(),
        metadata.tls_client_auth_san_ip.is_some(),
        metadata.tls_client_auth_san_email.is_some(),
    ];
    let count = names.iter().filter(|present| **present).count();
    match (method, count) {
        (ClientAuthenticationMethod::TlsClientAuth, 1) if expected_subject(metadata).is_none() => {
            Err(invalid("tls_client_auth_subject_dn", "the expected certificate name does not read"))
        }
        (ClientAuthenticationMethod::TlsClientAuth, 1) => Ok(()),
        (ClientAuthenticationMethod::TlsClientAuth, _) => {
            Err(invalid("tls_client_auth_subject_dn", "tls_client_auth needs exactly one of the tls_client_auth names"))
        }
        (_, 0) => Ok(()),
        _ => Err(invalid("tls_client_auth_subject_dn", "only tls_client_auth uses certificate names")),
    }
}

fn check_keys(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
        return Err(invalid("jwks", "jwks and jwks_uri exclude each other"));
    }
    let needs_keys = matches!(
        metadata.authentication_method(),
        ClientAuthenticationMethod::PrivateKeyJwt | ClientAuthenticationMethod::SelfSignedTlsClientAuth
    );
    if needs_keys && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
        return Err(invalid("jwks", "the authentication method needs jwks or jwks_uri"));
    }
    if let Some(jwks) = &metadata.jwks {
        let set = JwkSet::parse(jwks.to_string().as_bytes()).map_err(|problem| invalid("jwks", problem.to_string()))?;
        if let Some(rejected) = set.rejected().iter().find(|_| set.keys().is_empty() && set.recipients().is_empty()) {
            return Err(invalid("jwks", format!("key {}: {}", rejected.index, rejected.reason)));
        }
        if jwks.to_string().contains("\"d\":") {
            return Err(invalid(
                "jwks",
                "holds a private key; register public keys only, and replace this one, which is no longer secret",
            ));
        }
    }
    Ok(())
}

/// An algorithm by its name, if it is one of those allowed.
fn known(field: &str, name: &str, allowed: &[SignatureAlgorithm]) -> Result<SignatureAlgorithm, RegistryError> {
    let algorithm: SignatureAlgorithm =
        name.parse().map_err(|_| invalid(field, "is not a signature algorithm of this server"))?;
    if allowed.contains(&algorithm) {
        Ok(algorithm)
    } else {
        Err(invalid(field, "the security profile does not allow the algorithm"))
    }
}

fn check_algorithms(metadata: &ClientMetadata, profile: &SecurityProfile) -> Result<(), RegistryError> {
    let signing = [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
    ];
    for (field, name) in signing {
        let Some(name) = name else { continue };
        if known(field, name, profile.signing_algorithms)?.is_symmetric()
            && !metadata.authentication_method().needs_secret()
        {
            return Err(invalid(field, "HMAC algorithms need a client with a secret"));
        }
    }
    if let Some(name) = &metadata.token_endpoint_auth_signing_alg {
        let field = "token_endpoint_auth_signing_alg";
        let algorithm = known(field, name, profile.assertion_algorithms)?;
        let symmetric_method = metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt;
        if algorithm.is_symmetric() != symmetric_method {
            return Err(invalid(field, "does not go with token_endpoint_auth_method"));
        }
    }
    Ok(())
}

/// Where a client is told of a logout, and where its users go afterwards (RP-Initiated Logout 3.1, Front-Channel Logout
/// 2, Back-Channel Logout 2.2).
fn check_logout(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let field = "post_logout_redirect_uris";
    if metadata.post_logout_redirect_uris.len() > MAXIMUM_LIST {
        return Err(invalid(field, "has more than 100 entries"));
    }
    for uri in &metadata.post_logout_redirect_uris {
        redirect_uri::check_registration(uri, metadata.application_type())
            .map_err(|problem| invalid(field, problem.to_string()))?;
    }
    if let Some(uri) = &metadata.frontchannel_logout_uri {
        let field = "frontchannel_logout_uri";
        let origin = logout_uri(field, uri)?.origin();
        // Front-Channel Logout 2: scheme, host and port are those of a registered redirect URI.
        let redirects = metadata.redirect_uris.iter().filter_map(|redirect| Url::parse(redirect).ok());
        if !redirects.into_iter().any(|redirect| redirect.origin() == origin) {
            return Err(invalid(field, "must have scheme, host and port of one of the redirect URIs"));
        }
    }
    if let Some(uri) = &metadata.backchannel_logout_uri {
        logout_uri("backchannel_logout_uri", uri)?;
    }
    let required = [
        ("frontchannel_logout_session_required", &metadata.frontchannel_logout_uri),
        ("backchannel_logout_session_required", &metadata.backchannel_logout_uri),
    ];
    let wants = [metadata.frontchannel_logout_session_required, metadata.backchannel_logout_session_required];
    match required.iter().zip(wants).find(|((_, uri), wants)| uri.is_none() && *wants == Some(true)) {
        Some(((field, _), _)) => Err(invalid(field, "needs the URI that it is about")),
        None => Ok(()),
    }
}

/// An https URL without fragment and user information, in the plain ASCII that redirect URIs have too.
fn logout_uri(field: &str, uri: &str) -> Result<Url, RegistryError> {
    redirect_uri::check_registration(uri, ApplicationType::Web).map_err(|_| {
        invalid(field, "must be an https URL of at most 2048 characters without fragment and user name")
    })?;
    Url::parse(uri).map_err(|_| invalid(field, "must be an https URL"))
}

/// Request objects (OpenID Connect Registration 2, RFC 9101 section 10.5): whoever must sign has something to sign with.
fn check_request_objects(metadata: &ClientMetadata, profile: &SecurityProfile) -> Result<(), RegistryError> {
    let field = "request_object_signing_alg";
    let must_sign = metadata.require_signed_request_object == Some(true);
    let has_keys = metadata.jwks.is_some() || metadata.jwks_uri.is_some();
    match metadata.request_object_signing_alg.as_deref() {
        Some("none") if must_sign => {
            return Err(invalid(field, "none contradicts require_signed_request_object"));
        }
        Some("none") => {}
        Some(name) => {
            let is_symmetric = known(field, name, profile.request_objects.algorithms)?.is_symmetric();
            if is_symmetric && !metadata.authentication_method().needs_secret() {
                return Err(invalid(field, "HMAC algorithms need a client with a secret"));
            }
            if !is_symmetric && !has_keys {
                return Err(invalid(field, "the algorithm needs jwks or jwks_uri"));
            }
        }
        None if must_sign && !has_keys => {
            return Err(invalid("require_signed_request_object", "needs jwks or jwks_uri, or an HMAC algorithm"));
        }
        None => {}
    }
    if metadata.request_uris.len() > MAXIMUM_LIST {
        return Err(invalid("request_uris", "has more than 100 entries"));
    }
    // OpenID Connect Core 6.2: at most 512 ASCII characters.
    let is_https = |uri: &String| uri.len() <= 512 && uri.is_ascii() && is_https(uri);
    if !metadata.request_uris.iter().all(is_https) {
        return Err(invalid(
            "request_uris",
            "must be https URLs of at most 512 ASCII characters without user information",
        ));
    }
    Ok(())
}

/// Types of authorization details (RFC 9396 section 10): names, each once. Whether there is such a type is asked when the
/// client asks for it.
fn check_authorization_details(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let (field, types) = ("authorization_details_types", &metadata.authorization_details_types);
    let is_name =
        |name: &String| (1..=200).contains(&name.len()) && name.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if types.len() > MAXIMUM_LIST || !types.iter().all(is_name) {
        return Err(invalid(field, "has more than 100 entries, or one that is no name of a type"));
    }
    if (1..types.len()).any(|index| types[..index].contains(&types[index])) {
        return Err(invalid(field, "names a type twice"));
    }
    Ok(())
}

/// What the server does with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressUse {
    /// Pages link to it or have it in a frame, or it is told of what happened.
    Shown,
    /// It asks what is there.
    Fetched,
}

/// Every member that is an `https` address, with what is done with it. A member that is added is one line here.
pub(super) fn addresses(metadata: &ClientMetadata) -> impl Iterator<Item = (&str, &str, AddressUse)> {
    let single = [
        ("client_uri", &metadata.client_uri, AddressUse::Shown),
        ("logo_uri", &metadata.logo_uri, AddressUse::Shown),
        ("policy_uri", &metadata.policy_uri, AddressUse::Shown),
        ("tos_uri", &metadata.tos_uri, AddressUse::Shown),
        ("initiate_login_uri", &metadata.initiate_login_uri, AddressUse::Shown),
        ("frontchannel_logout_uri", &metadata.frontchannel_logout_uri, AddressUse::Shown),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri, AddressUse::Shown),
        ("jwks_uri", &metadata.jwks_uri, AddressUse::Fetched),
        ("sector_identifier_uri", &metadata.sector_identifier_uri, AddressUse::Fetched),
    ];
    let lists = [("request_uris", &metadata.request_uris, AddressUse::Fetched)];
    let single = single.into_iter().filter_map(|(name, value, usage)| Some((name, value.as_deref()?, usage)));
    let listed = lists
        .into_iter()
        .flat_map(|(name, values, usage)| values.iter().map(move |value| (name, value.as_str(), usage)));
    let localized = metadata.localized.iter().filter(|(name, _)| name.contains("_uri#"));
    single.chain(listed).chain(localized.map(|(name, value)| (name.as_str(), value.as_str(), AddressUse::Shown)))
}

/// The members that may be there in several languages (RFC 7591 section 2.2).
pub(crate) const LOCALIZABLE: [&str; 5] = ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

fn check_addresses(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    if metadata.localized.len() > MAXIMUM_LIST {
        return Err(invalid("localized", "has more than 100 entries"));
    }
    let is_tag = |tag: &str| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_known =
        |name: &String| name.split_once('#').is_some_and(|(member, tag)| LOCALIZABLE.contains(&member) && is_tag(tag));
    if !metadata.localized.keys().all(is_known) {
        return Err(invalid("localized", "names members like client_name#de, with a language tag of BCP 47"));
    }
    match addresses(metadata).find(|(_, value, _)| !is_https(value)) {
        Some((field, ..)) => {
            Err(invalid(field, "must be an https URL of at most 2048 characters without user information"))
        }
        None => Ok(()),
    }
}

/// Whether every reader takes a text for the same `https` URL: nothing in it is dropped or corrected.
fn is_https(value: &str) -> bool {
    let is_plain = value.len() <= 2048
        && value.starts_with("https://")
        && value.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
        && !value.contains(['\\', '"', '<', '>']);
    is_plain
        && Url::parse(value).is_ok_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
}

fn check_texts(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let is_bad =
        |text: &String| text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control);
    let single = [
        ("client_name", &metadata.client_name),
        ("software_id", &metadata.software_id),
        ("software_version", &metadata.software_version),
    ];
    let single = single.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let localized = metadata.localized.iter().filter(|(name, _)| name.starts_with("client_name#"));
    let mut texts = single.chain(localized.map(|(name, value)| (name.as_str(), value)));
    if let Some((field, _)) = texts.find(|(_, value)| is_bad(value)) {
        return Err(invalid(field, "must have 1 to 200 characters and no control characters"));
    }
    for (field, list) in [("contacts", &metadata.contacts), ("default_acr_values", &metadata.default_acr_values)] {
        if list.len() > MAXIMUM_LIST || list.iter().any(is_bad) {
            return Err(invalid(field, "must be at most 100 texts of 1 to 200 characters"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileName;

    fn checked(json: &serde_json::Value) -> Result<(), String> {
        let metadata: ClientMetadata = serde_json::from_value(json.clone()).unwrap();
        check(&metadata, ProfileName::Base.profile()).map_err(|error| error.to_string())
    }

    #[test]
    fn rfc7591_2_a_plain_client_is_accepted() {
        assert_eq!(checked(&serde_json::json!({"redirect_uris": ["https://rp.test/cb"]})), Ok(()));
        assert_eq!(checked(&serde_json::json!({"grant_types": ["client_credentials"]})), Ok(()));
    }

    #[test]
    fn rfc7591_3_2_2_the_wrong_field_is_named() {
        let redirect = ["https://rp.test/cb"];
        for (json, field) in [
            (serde_json::json!({}), "redirect_uris"),
            (serde_json::json!({"redirect_uris": ["http://rp.test/cb"]}), "redirect_uris"),
            (serde_json::json!({"redirect_uris": redirect, "grant_types": []}), "grant_types"),
            (serde_json::json!({"grant_types": ["refresh_token"]}), "grant_types"),
            (
                serde_json::json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}),
                "grant_types",
            ),
            (serde_json::json!({"grant_types": ["implicit"]}), "redirect_uris"),
            (
                serde_json::json!({"redirect_uris": ["https://a.test/cb", "https://b.test/cb"], "subject_type": "pairwise"}),
                "sector_identifier_uri",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "sector_identifier_uri": "http://rp.test/list"}),
                "sector_identifier_uri",
            ),
            (serde_json::json!({"redirect_uris": redirect, "token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
            (
                serde_json::json!({"redirect_uris": redirect, "jwks": {"keys": []}, "jwks_uri": "https://rp.test/jwks"}),
                "jwks",
            ),
            (serde_json::json!({"redirect_uris": redirect, "jwks": []}), "jwks"),
            (
                serde_json::json!({"redirect_uris": redirect, "id_token_signed_response_alg": "none"}),
                "id_token_signed_response_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "id_token_signed_response_alg": "HS256", "token_endpoint_auth_method": "none"}),
                "id_token_signed_response_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256"}),
                "token_endpoint_auth_signing_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "token_endpoint_auth_method": "tls_client_auth"}),
                "tls_client_auth_subject_dn",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "tls_client_auth_san_dns": "rp.test"}),
                "tls_client_auth_subject_dn",
            ),
        ] {
            let error = checked(&json).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{json} gave {error}");
        }
    }

    #[test]
    fn rfc7591_3_2_2_the_wrong_address_or_text_is_named() {
        let redirect = ["https://rp.test/cb"];
        for (json, field) in [
            (serde_json::json!({"redirect_uris": redirect, "logo_uri": "javascript:alert(1)"}), "logo_uri"),
            (serde_json::json!({"redirect_uris": redirect, "client_name": "a\nb"}), "client_name"),
            (serde_json::json!({"redirect_uris": redirect, "logo_uri": "https://a\n.test/"}), "logo_uri"),
            (serde_json::json!({"redirect_uris": redirect, "tos_uri": "https://user:pw@rp.test"}), "tos_uri"),
            (
                serde_json::json!({"redirect_uris": redirect, "initiate_login_uri": "http://rp.test"}),
                "initiate_login_uri",
            ),
            (serde_json::json!({"redirect_uris": redirect, "request_uris": ["ftp://rp.test"]}), "request_uris"),
            (
                serde_json::json!({"redirect_uris": redirect, "sector_identifier_uri": "rp.test"}),
                "sector_identifier_uri",
            ),
            (serde_json::json!({"redirect_uris": redirect, "localized": {"client_name#de": ""}}), "client_name#de"),
            (serde_json::json!({"redirect_uris": redirect, "localized": {"tos_uri#de": "data:x"}}), "tos_uri#de"),
            (serde_json::json!({"redirect_uris": redirect, "localized": {"contacts#de": "x"}}), "localized"),
            (serde_json::json!({"redirect_uris": redirect, "localized": {"client_name#": "x"}}), "localized"),
            (serde_json::json!({"redirect_uris": redirect, "software_id": ""}), "software_id"),
            (
                serde_json::json!({"redirect_uris": redirect, "default_acr_values": vec!["a"; 101]}),
                "default_acr_values",
            ),
        ] {
            let error = checked(&json).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{json} gave {error}");
        }
    }

    #[test]
    fn rp_initiated_logout_3_1_and_the_channels_wrong_addresses_are_named() {
        let redirect = ["https://rp.test/cb"];
        for (json, field) in [
            (
                serde_json::json!({"redirect_uris": redirect, "post_logout_redirect_uris": ["javascript:alert(1)"]}),
                "post_logout_redirect_uris",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "frontchannel_logout_uri": "https://rp.test:444/out"}),
                "frontchannel_logout_uri",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "backchannel_logout_uri": "https://rp.test/out#x"}),
                "backchannel_logout_uri",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "backchannel_logout_uri": "http://rp.test/out"}),
                "backchannel_logout_uri",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "backchannel_logout_session_required": true}),
                "backchannel_logout_session_required",
            ),
        ] {
            let error = checked(&json).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{json} gave {error}");
        }
        let good = serde_json::json!({
            "redirect_uris": redirect, "post_logout_redirect_uris": ["https://elsewhere.test/out?x=y"],
            "frontchannel_logout_uri": "https://rp.test/frame?x", "frontchannel_logout_session_required": true,
            "backchannel_logout_uri": "https://api.test/out", "backchannel_logout_session_required": true,
        });
        assert_eq!(checked(&good), Ok(()));
    }

    #[test]
    fn oidc_registration_2_and_rfc9101_10_5_request_objects_need_what_they_are_signed_with() {
        let redirect = ["https://rp.test/cb"];
        for (json, field) in [
            (
                serde_json::json!({"redirect_uris": redirect, "request_object_signing_alg": "RS999"}),
                "request_object_signing_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "request_object_signing_alg": "ES256"}),
                "request_object_signing_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "request_object_signing_alg": "HS256", "token_endpoint_auth_method": "none"}),
                "request_object_signing_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "request_object_signing_alg": "none", "require_signed_request_object": true}),
                "request_object_signing_alg",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "require_signed_request_object": true}),
                "require_signed_request_object",
            ),
            (serde_json::json!({"redirect_uris": redirect, "request_uris": ["http://rp.test/r"]}), "request_uris"),
            (serde_json::json!({"redirect_uris": redirect, "request_uris": ["https://:x@rp.test/r"]}), "request_uris"),
            (
                serde_json::json!({"redirect_uris": redirect, "request_uris": [format!("https://rp.test/{}", "r".repeat(500))]}),
                "request_uris",
            ),
            (
                serde_json::json!({"redirect_uris": redirect, "request_uris": vec!["https://rp.test/r"; 101]}),
                "request_uris",
            ),
        ] {
            let error = checked(&json).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{json} gave {error}");
        }
    }
}
