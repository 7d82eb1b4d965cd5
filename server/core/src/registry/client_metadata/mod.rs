//! Rules for client metadata (RFC 7591 section 2, OpenID Connect Registration 2, RFC 8705 section 2). One place, whoever
//! registers the client.

mod addresses;
mod backchannel;
mod logout;
mod request_objects;
mod texts;
mod uma;

pub(crate) use addresses::LOCALIZABLE;
pub(super) use addresses::{AddressUse, addresses};
use signet_jose::{JwkSet, SignatureAlgorithm};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::names::{ClientAuthenticationMethod, GrantType, SubjectType};
use signet_protocol::redirect_uri;

use super::{RegistryError, response_encryption};
use crate::client_auth::expected_subject;
use crate::tokens::sector_identifier;

/// Most redirect URIs, contacts and other lists of a client.
const MAXIMUM_LIST: usize = 100;

/// Checks a client's metadata, whatever its security profile wants besides.
///
/// # Errors
/// Names the field that is wrong.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    check_redirect_uris(metadata)?;
    check_grants(metadata)?;
    check_subjects(metadata)?;
    check_authentication(metadata)?;
    check_binding(metadata)?;
    check_keys(metadata)?;
    check_algorithms(metadata)?;
    logout::check(metadata)?;
    backchannel::check(metadata)?;
    uma::check(metadata)?;
    response_encryption::check(metadata)?;
    request_objects::check(metadata)?;
    check_authorization_details(metadata)?;
    addresses::check(metadata)?;
    texts::check(metadata)
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

fn check_grants(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let grant_types = metadata.grant_types();
    if grant_types.is_empty() {
        return Err(invalid("grant_types", "is empty"));
    }
    let yields_refresh_tokens =
        [GrantType::AuthorizationCode, GrantType::DeviceCode, GrantType::Ciba, GrantType::TokenExchange];
    let has_one = yields_refresh_tokens.iter().any(|grant| grant_types.contains(grant));
    if grant_types.contains(&GrantType::RefreshToken) && !has_one {
        return Err(invalid(
            "grant_types",
            "refresh_token needs a grant that yields refresh tokens, such as authorization_code",
        ));
    }
    if grant_types.contains(&GrantType::ClientCredentials) && !metadata.is_confidential() {
        return Err(invalid("grant_types", "client_credentials needs a client that authenticates itself"));
    }
    // RFC 7521 section 4.1 lets anybody come with an assertion; here the issuer's list of clients says who may.
    if grant_types.contains(&GrantType::JwtBearer) && !metadata.is_confidential() {
        return Err(invalid("grant_types", "jwt-bearer needs a client that authenticates itself"));
    }
    Ok(())
}

/// RFC 9449 section 5.2, RFC 8705 section 3.4: a token is bound to one thing, and where it leaves through the browser to
/// nothing.
fn check_binding(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    if metadata.dpop_bound_access_tokens != Some(true) {
        return Ok(());
    }
    if metadata.tls_client_certificate_bound_access_tokens == Some(true) {
        let problem =
            "excludes tls_client_certificate_bound_access_tokens: a token is bound to a key or to a certificate";
        return Err(invalid("dpop_bound_access_tokens", problem));
    }
    if metadata.response_types().iter().any(|response_type| response_type.returns_access_token()) {
        let problem = "excludes response types with an access token, which comes without any proof";
        return Err(invalid("dpop_bound_access_tokens", problem));
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

fn check_authentication(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let method = metadata.authentication_method();
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

/// An algorithm by its name.
fn known(field: &str, name: &str) -> Result<SignatureAlgorithm, RegistryError> {
    name.parse().map_err(|_| invalid(field, "is not a signature algorithm of this server"))
}

fn check_algorithms(metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let signing = [
        ("id_token_signed_response_alg", &metadata.id_token_signed_response_alg),
        ("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg),
        ("authorization_signed_response_alg", &metadata.authorization_signed_response_alg),
        ("introspection_signed_response_alg", &metadata.introspection_signed_response_alg),
    ];
    for (field, name) in signing {
        let Some(name) = name else { continue };
        if known(field, name)?.is_symmetric() && !metadata.authentication_method().needs_secret() {
            return Err(invalid(field, "HMAC algorithms need a client with a secret"));
        }
    }
    if let Some(name) = &metadata.token_endpoint_auth_signing_alg {
        let field = "token_endpoint_auth_signing_alg";
        let algorithm = known(field, name)?;
        let symmetric_method = metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt;
        if algorithm.is_symmetric() != symmetric_method {
            return Err(invalid(field, "does not go with token_endpoint_auth_method"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(super) fn checked(json: &Value) -> Result<(), String> {
        let metadata: ClientMetadata = serde_json::from_value(json.clone()).unwrap();
        check(&metadata).map_err(|error| error.to_string())
    }

    /// Each of the clients is refused for the member named with it.
    pub(super) fn assert_refused(clients: &[(Value, &str)]) {
        for (json, field) in clients {
            let error = checked(json).unwrap_err();
            assert!(error.starts_with(&format!("{field}: ")), "{json} gave {error}");
        }
    }

    #[test]
    fn rfc7591_2_a_plain_client_is_accepted() {
        assert_eq!(checked(&json!({"redirect_uris": ["https://rp.test/cb"]})), Ok(()));
        assert_eq!(checked(&json!({"grant_types": ["client_credentials"]})), Ok(()));
    }

    #[test]
    fn rfc7591_3_2_2_the_wrong_field_is_named() {
        let redirect = ["https://rp.test/cb"];
        assert_refused(&[
            (json!({}), "redirect_uris"),
            (json!({"redirect_uris": ["http://rp.test/cb"]}), "redirect_uris"),
            (json!({"redirect_uris": redirect, "grant_types": []}), "grant_types"),
            (json!({"grant_types": ["refresh_token"]}), "grant_types"),
            (json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}), "grant_types"),
            (json!({"grant_types": ["implicit"]}), "redirect_uris"),
            (
                json!({"redirect_uris": ["https://a.test/cb", "https://b.test/cb"], "subject_type": "pairwise"}),
                "sector_identifier_uri",
            ),
            (
                json!({"redirect_uris": redirect, "sector_identifier_uri": "http://rp.test/list"}),
                "sector_identifier_uri",
            ),
            (json!({"redirect_uris": redirect, "token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
            (json!({"redirect_uris": redirect, "jwks": {"keys": []}, "jwks_uri": "https://rp.test/jwks"}), "jwks"),
            (json!({"redirect_uris": redirect, "jwks": []}), "jwks"),
            (
                json!({"redirect_uris": redirect, "id_token_signed_response_alg": "none"}),
                "id_token_signed_response_alg",
            ),
            (
                json!({"redirect_uris": redirect, "id_token_signed_response_alg": "HS256", "token_endpoint_auth_method": "none"}),
                "id_token_signed_response_alg",
            ),
            (
                json!({"redirect_uris": redirect, "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256"}),
                "token_endpoint_auth_signing_alg",
            ),
            (
                json!({"redirect_uris": redirect, "token_endpoint_auth_method": "tls_client_auth"}),
                "tls_client_auth_subject_dn",
            ),
            (json!({"redirect_uris": redirect, "tls_client_auth_san_dns": "rp.test"}), "tls_client_auth_subject_dn"),
        ]);
    }
}
