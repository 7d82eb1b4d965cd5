//! Discovery and the key set (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::http::{Request, members};
use crate::support::jwt::{ASYMMETRIC, SYMMETRIC};
use crate::support::realm::Realm;

/// Members that a list of strings in a document has.
fn set(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().map(|item| item.as_str().unwrap()).collect()
}

/// CheckDiscEndpointIssuer, CheckDiscoveryEndpointReturnedJsonContentType, CheckOauthDiscEndpointIssuer.
#[tokio::test]
async fn oidc_discovery_4_1_every_location_has_the_same_document() {
    let realm = Realm::new().await;
    let base = &realm.server.public_url;
    let document = realm.discovery().await;
    assert_eq!(document["issuer"], realm.issuer);
    for url in [
        format!("{}/.well-known/oauth-authorization-server", realm.issuer),
        format!("{base}/.well-known/oauth-authorization-server/realms/{}", realm.name),
        format!("{base}/.well-known/openid-configuration/realms/{}", realm.name),
    ] {
        let answer = realm.http.get(&url).await;
        assert_eq!(answer.content_type(), "application/json");
        assert_eq!(answer.success(), document, "{url}");
    }
}

#[tokio::test]
async fn oidc_discovery_3_the_document_says_what_the_server_does() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    for (member, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("pushed_authorization_request_endpoint", "/par"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("end_session_endpoint", "/logout"),
        ("check_session_iframe", "/session"),
    ] {
        assert_eq!(document[member], realm.url(path));
    }
    assert_eq!(document["response_types_supported"], json!(["code", "none"]));
    let modes = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"];
    assert_eq!(set(&document["response_modes_supported"]), BTreeSet::from(modes));
    let grants = BTreeSet::from([
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ]);
    assert_eq!(set(&document["grant_types_supported"]), grants);
    assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["claims_parameter_supported"], true);
    assert_eq!(document["request_parameter_supported"], true);
    // An absent member means yes (section 3), and one that is absent there means no.
    assert_eq!(document["request_uri_parameter_supported"], true);
    assert_eq!(document["require_request_uri_registration"], true);
    for scope in ["openid", "profile", "email", "address", "phone", "offline_access"] {
        assert!(set(&document["scopes_supported"]).contains(scope), "{scope}");
    }
}

/// CheckForUnexpectedParametersInServerMetadata.
#[tokio::test]
async fn oidc_discovery_3_every_member_is_a_registered_one() {
    let realm = Realm::new().await;
    let registered = "issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri introspection_endpoint \
        revocation_endpoint mtls_endpoint_aliases tls_client_certificate_bound_access_tokens scopes_supported response_types_supported response_modes_supported \
        grant_types_supported acr_values_supported subject_types_supported id_token_signing_alg_values_supported \
        id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported \
        userinfo_encryption_alg_values_supported userinfo_encryption_enc_values_supported \
        userinfo_signing_alg_values_supported display_values_supported claim_types_supported claims_supported \
        claims_parameter_supported request_parameter_supported request_uri_parameter_supported \
        require_request_uri_registration request_object_signing_alg_values_supported \
        request_object_encryption_alg_values_supported request_object_encryption_enc_values_supported \
        ui_locales_supported \
        prompt_values_supported code_challenge_methods_supported token_endpoint_auth_methods_supported \
        token_endpoint_auth_signing_alg_values_supported introspection_endpoint_auth_methods_supported \
        introspection_endpoint_auth_signing_alg_values_supported revocation_endpoint_auth_methods_supported \
        revocation_endpoint_auth_signing_alg_values_supported authorization_response_iss_parameter_supported \
        pushed_authorization_request_endpoint authorization_signing_alg_values_supported \
        authorization_encryption_alg_values_supported authorization_encryption_enc_values_supported \
        end_session_endpoint check_session_iframe frontchannel_logout_supported \
        frontchannel_logout_session_supported backchannel_logout_supported backchannel_logout_session_supported \
        introspection_signing_alg_values_supported introspection_encryption_alg_values_supported \
        introspection_encryption_enc_values_supported protected_resources dpop_signing_alg_values_supported";
    let document = realm.discovery().await;
    let unknown: Vec<_> = members(&document).difference(&registered.split_whitespace().collect()).copied().collect();
    assert_eq!(unknown, [""; 0]);
    for (member, value) in document.as_object().unwrap() {
        assert!(!value.is_null() && *value != json!([]), "{member}");
    }
}

/// CheckDiscEndpointIdTokenSigningAlgValuesSupported.
#[tokio::test]
async fn oidc_discovery_3_algorithms_are_those_the_realm_has_keys_for() {
    let realm = Realm::new().await;
    let offered = |document: &Value| -> BTreeSet<String> {
        set(&document["id_token_signing_alg_values_supported"]).into_iter().map(str::to_owned).collect()
    };
    let before = offered(&realm.discovery().await);
    assert!(before.contains("RS256") && !before.contains("ES384") && !before.contains("none"), "{before:?}");
    realm.client(json!({"id_token_signed_response_alg": "ES384"})).await;
    let after = offered(&realm.discovery().await);
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), ["ES384"]);
    let assertions = realm.discovery().await["token_endpoint_auth_signing_alg_values_supported"].clone();
    assert_eq!(set(&assertions), ASYMMETRIC.iter().chain(SYMMETRIC).copied().collect());
}

#[tokio::test]
async fn rfc8705_5_aliases_are_on_the_host_that_asks_for_certificates() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let aliases = &document["mtls_endpoint_aliases"];
    let base = realm.issuer.replacen(&realm.server.public_url, &realm.server.mtls_url, 1);
    assert_ne!(base, realm.issuer);
    for (member, path) in [
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("pushed_authorization_request_endpoint", "/par"),
    ] {
        assert_eq!(aliases[member], format!("{base}{path}"));
    }
    let methods = set(&document["token_endpoint_auth_methods_supported"]);
    assert!(methods.contains("self_signed_tls_client_auth"), "{methods:?}");
    // The realm trusts no authority, so nobody can use the other one.
    assert!(!methods.contains("tls_client_auth"), "{methods:?}");
}

/// CheckForKeyIdInServerJWKs, CheckDistinctKeyIdValueInServerJWKs, ValidateJwksSequence.
#[tokio::test]
async fn rfc7517_5_the_key_set_has_public_keys_each_with_a_name_of_its_own() {
    let realm = Realm::new().await;
    for algorithm in ["PS256", "ES512", "EdDSA"] {
        realm.client(json!({"id_token_signed_response_alg": algorithm})).await;
    }
    let answer = realm.get("/jwks").await;
    assert_eq!(answer.content_type(), "application/jwk-set+json");
    let set = answer.success();
    let keys = set["keys"].as_array().unwrap();
    let algorithms: BTreeSet<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, BTreeSet::from(["RS256", "ES256", "PS256", "ES512", "EdDSA"]));
    let names: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), keys.len());
    for key in keys {
        assert_eq!(key["use"], "sig");
        for member in key.as_object().unwrap().keys() {
            let public = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"];
            assert!(public.contains(&member.as_str()), "{member} in {key}");
        }
    }
}

#[tokio::test]
async fn fetch_public_documents_are_open_to_every_origin_and_may_be_kept_for_a_while() {
    let realm = Realm::new().await;
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        let answer = realm.get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    }
}

#[tokio::test]
async fn rfc9110_13_1_2_a_document_that_did_not_change_is_not_sent_again() {
    let realm = Realm::new().await;
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        let answer = realm.get(path).await;
        let tag = answer.header("etag").unwrap().to_owned();
        assert!(tag.len() == 24 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        assert_eq!(realm.get(path).await.header("etag"), Some(tag.as_str()));
        let ask =
            async |known: &str| realm.http.send(Request::get(&realm.url(path)).header("if-none-match", known)).await;
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let unchanged = ask(&known).await;
            assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""), "{known}");
            assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
            assert_eq!(unchanged.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(unchanged.header("access-control-allow-origin"), Some("*"));
        }
        for other in ["\"other\"", &tag[1..tag.len() - 1], ""] {
            assert_eq!(ask(other).await.status, 200, "{other}");
        }
        // A new key changes both: it is published, and its algorithm is offered.
        realm.client(json!({"id_token_signed_response_alg": "ES384"})).await;
        if path == "/.well-known/openid-configuration" {
            assert_eq!(ask(&tag).await.status, 200);
        }
    }
}

#[tokio::test]
async fn unknown_and_disabled_realms_have_nothing() {
    let realm = Realm::new().await;
    let base = realm.server.public_url.clone();
    realm.server.administration.update_realm(&realm.name, &json!({"enabled": false})).await;
    for name in [realm.name.as_str(), "no-such-realm", "Test", "a%2fb", "a%00"] {
        let answer = realm.http.get(&format!("{base}/realms/{name}/.well-known/openid-configuration")).await;
        assert_eq!(answer.status, 404, "{name}: {answer:?}");
        assert!(!answer.body.contains(name), "{answer:?}");
        for page in ["authorize?client_id=x", "account"] {
            let answer = realm.http.get(&format!("{base}/realms/{name}/{page}")).await;
            assert_eq!(answer.status, 404, "{answer:?}");
            answer.assert_error_page();
        }
        let answer = realm.http.post(&format!("{base}/realms/{name}/token"), &[("grant_type", "x")]).await;
        assert_eq!((answer.status, answer.content_type()), (404, "application/json"), "{answer:?}");
    }
}
