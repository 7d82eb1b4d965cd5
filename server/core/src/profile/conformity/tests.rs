//! What registrations lack, one demand a test.

use serde_json::{Value, json};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::*;
use crate::model::SecretLife;

/// A client that meets every profile.
fn conforming() -> Value {
    json!({
        "redirect_uris": ["https://rp.test/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "PS256",
        "jwks_uri": "https://rp.test/jwks",
        "id_token_signed_response_alg": "ES256",
        "tls_client_certificate_bound_access_tokens": true,
    })
}

fn client(changes: &Value) -> Client {
    let mut metadata = conforming();
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let mut metadata = metadata.as_object().cloned().unwrap();
    metadata.retain(|_, value| !value.is_null());
    let settings = metadata.remove("settings").unwrap_or_else(|| json!({}));
    Client {
        realm_id: RealmId([0; 16]),
        client_id: "client".parse().unwrap(),
        enabled: true,
        metadata: serde_json::from_value(Value::Object(metadata)).unwrap(),
        settings: serde_json::from_value(settings).unwrap(),
        secret: None,
        secret_life: SecretLife::default(),
        epoch: 0,
        created_at: UnixTime(0),
        updated_at: UnixTime(0),
        revision: 0,
    }
}

fn shortfall(name: ProfileName, changes: &Value) -> Option<(&'static str, &'static str)> {
    let (realm, client) = (RealmSettings::default(), client(changes));
    let registered = Registered { profile: name.profile(), realm: &realm, client: &client };
    first_shortfall(&registered).map(|(requirement, shortfall)| (requirement.name, shortfall.field))
}

/// The profiles of FAPI.
const FAPI: [ProfileName; 4] =
    [ProfileName::Fapi1Advanced, ProfileName::Fapi2Security, ProfileName::Fapi2MessageSigning, ProfileName::FapiCiba];

fn assert_short(names: &[ProfileName], changes: &Value, expected: (&'static str, &'static str)) {
    assert_eq!(shortfall(ProfileName::Base, changes), None, "{changes}");
    for name in FAPI {
        let found = shortfall(name, changes);
        assert_eq!(found, names.contains(&name).then_some(expected), "{name:?} {changes}");
    }
}

#[test]
fn a_client_that_conforms_lacks_nothing() {
    for name in ProfileName::ALL {
        assert_eq!(shortfall(name, &json!({})), None, "{name:?}");
    }
}

#[test]
fn fapi1_5_2_2_16_and_fapi2_5_3_2_1_3_public_clients_fall_short() {
    let public = json!({"token_endpoint_auth_method": "none", "token_endpoint_auth_signing_alg": null});
    assert_short(&FAPI, &public, ("confidential_client", "token_endpoint_auth_method"));
}

#[test]
fn fapi1_5_2_2_14_and_fapi2_5_3_2_1_6_secrets_fall_short() {
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        let secret = json!({"token_endpoint_auth_method": method, "token_endpoint_auth_signing_alg": null});
        assert_short(&FAPI, &secret, ("client_authentication", "token_endpoint_auth_method"));
    }
    let unsaid = json!({"token_endpoint_auth_method": null, "token_endpoint_auth_signing_alg": null});
    assert_short(&FAPI, &unsaid, ("client_authentication", "token_endpoint_auth_method"));
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let certificate = json!({"token_endpoint_auth_method": method, "token_endpoint_auth_signing_alg": null});
        assert_short(&[], &certificate, ("", ""));
    }
}

#[test]
fn fapi1_8_6_1_and_fapi2_5_4_1_1_weak_assertion_algorithms_fall_short() {
    for algorithm in ["RS256", "RS512", "PS384", "ES384"] {
        let named = json!({"token_endpoint_auth_signing_alg": algorithm});
        assert_short(&FAPI, &named, ("assertion_algorithm", "token_endpoint_auth_signing_alg"));
    }
    let edwards = json!({"token_endpoint_auth_signing_alg": "EdDSA"});
    let first = &[ProfileName::Fapi1Advanced, ProfileName::FapiCiba];
    assert_short(first, &edwards, ("assertion_algorithm", "token_endpoint_auth_signing_alg"));
}

#[test]
fn fapi2_5_3_2_1_13_a_realm_without_tolerance_falls_short() {
    let client = client(&json!({}));
    for (name, skew, falls_short) in [
        (ProfileName::Fapi2Security, 9, true),
        (ProfileName::Fapi2MessageSigning, 0, true),
        (ProfileName::Fapi2Security, 10, false),
        (ProfileName::Fapi1Advanced, 0, false),
        (ProfileName::Base, 0, false),
    ] {
        let realm = RealmSettings { clock_skew_seconds: skew, ..RealmSettings::default() };
        let registered = Registered { profile: name.profile(), realm: &realm, client: &client };
        let found = first_shortfall(&registered).map(|(requirement, _)| requirement.name);
        assert_eq!(found, falls_short.then_some("clock_skew"), "{name:?} {skew}");
    }
}

#[test]
fn fapi1_5_2_2_2_and_fapi2_5_3_2_2_1_other_response_types_fall_short() {
    let grants = json!(["authorization_code", "implicit"]);
    for kind in ["code token", "code id_token token", "id_token", "none"] {
        let named = json!({"response_types": [kind], "grant_types": grants});
        assert_short(&FAPI, &named, ("response_type", "response_types"));
    }
    let hybrid = json!({"response_types": ["code id_token"], "grant_types": grants});
    let second = &[ProfileName::Fapi2Security, ProfileName::Fapi2MessageSigning];
    assert_short(second, &hybrid, ("response_type", "response_types"));
}

#[test]
fn fapi1_5_2_2_1_and_fapi2_ms_5_3_1_1_a_client_without_keys_cannot_sign_requests() {
    let keyless = json!({
        "token_endpoint_auth_method": "tls_client_auth", "token_endpoint_auth_signing_alg": null, "jwks_uri": null,
    });
    let signing = &[ProfileName::Fapi1Advanced, ProfileName::FapiCiba, ProfileName::Fapi2MessageSigning];
    assert_short(signing, &keyless, ("signed_request", "jwks"));
    let machine = json!({
        "token_endpoint_auth_method": "tls_client_auth", "token_endpoint_auth_signing_alg": null, "jwks_uri": null,
        "grant_types": ["client_credentials"], "response_types": [],
    });
    assert_short(&[], &machine, ("", ""));
}

#[test]
fn fapi1_8_6_3_and_fapi2_5_4_1_1_unsigned_and_weak_request_objects_fall_short() {
    for algorithm in ["none", "RS256", "HS256"] {
        let named = json!({"request_object_signing_alg": algorithm});
        assert_short(&FAPI, &named, ("request_object_algorithm", "request_object_signing_alg"));
    }
    assert_short(&[], &json!({"request_object_signing_alg": "PS256"}), ("", ""));
}

#[test]
fn fapi1_5_2_2_20_only_https_redirects() {
    for uri in ["http://127.0.0.1/cb", "com.example.app:/cb"] {
        let native = json!({"application_type": "native", "redirect_uris": ["https://rp.test/cb", uri]});
        assert_short(&[ProfileName::Fapi1Advanced, ProfileName::FapiCiba], &native, ("redirect_uri", "redirect_uris"));
    }
}

#[test]
fn fapi1_8_6_1_and_fapi2_5_4_1_1_weak_signatures_of_tokens_fall_short() {
    for (field, change) in [
        ("id_token_signed_response_alg", json!({"id_token_signed_response_alg": "RS256"})),
        ("userinfo_signed_response_alg", json!({"userinfo_signed_response_alg": "HS256"})),
        ("introspection_signed_response_alg", json!({"introspection_signed_response_alg": "RS256"})),
        (
            "settings.access_token_signed_response_alg",
            json!({"settings": {"access_token_signed_response_alg": "RS256"}}),
        ),
    ] {
        assert_short(&FAPI, &change, ("signing_algorithm", field));
    }
    assert_short(&[], &json!({"id_token_signed_response_alg": null}), ("", ""));
}

#[test]
fn what_excludes_each_other_is_met_by_nobody() {
    let (realm, client) = (RealmSettings::default(), client(&json!({})));
    let registered = Registered { profile: ProfileName::together(None), realm: &realm, client: &client };
    assert!(first_shortfall(&registered).is_some());
}

#[test]
fn a_check_names_registration_and_requests() {
    let realm = RealmSettings::default();
    let weak = client(&json!({
        "token_endpoint_auth_method": "client_secret_basic", "token_endpoint_auth_signing_alg": null, "jwks_uri": null,
        "tls_client_certificate_bound_access_tokens": null,
    }));
    let found = gaps(ProfileName::Fapi2MessageSigning, &realm, &weak);
    let lacking: Vec<&str> =
        found.iter().filter(|gap| gap.shortfall.is_some()).map(|gap| gap.requirement.name).collect();
    assert_eq!(lacking, ["client_authentication", "signed_request"]);
    let asked: Vec<&str> =
        found.iter().filter(|gap| gap.in_requests.is_some()).map(|gap| gap.requirement.name).collect();
    let expected = [
        "response_mode",
        "pushed_request",
        "signed_request",
        "request_object_times",
        "pkce",
        "sender_constrained_tokens",
    ];
    assert_eq!(asked, expected);
    assert!(found.iter().all(|gap| gap.section.is_some()));
    assert!(gaps(ProfileName::Base, &realm, &weak).is_empty());
}
