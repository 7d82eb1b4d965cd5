//! Profiles of realm and client together, and what an administrator is told of them.

use http::Method;
use serde_json::{Value, json};

use super::Bank;
use crate::support::http::Answer;
use crate::support::jwt::SigningKey;
use crate::support::realm::Realm;

async fn create(realm: &Realm, profile: Option<&str>) -> Answer {
    let key = SigningKey::generate("ES256");
    let mut body = json!({
        "redirect_uris": ["https://rp.test/cb"], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": key.public_set(),
    });
    if let Some(profile) = profile {
        body["settings"] = json!({"profile": profile});
    }
    let path = format!("/realms/{}/clients", realm.name);
    realm.server.administration.try_ask(Method::POST, &path, &body).await
}

#[tokio::test]
async fn a_client_is_at_least_as_strict_as_its_realm() {
    for (of_realm, own, is_taken) in [
        ("fapi2_security", None, true),
        ("fapi2_security", Some("fapi2_security"), true),
        ("fapi2_security", Some("fapi2_message_signing"), true),
        ("fapi2_security", Some("base"), false),
        ("fapi2_message_signing", Some("fapi2_security"), false),
        ("fapi2_security", Some("fapi1_advanced"), false),
        ("fapi1_advanced", Some("fapi2_message_signing"), false),
        ("fapi1_advanced", Some("fapi1_advanced"), true),
        ("base", Some("fapi1_advanced"), true),
    ] {
        let realm = Realm::with(json!({"profile": of_realm})).await;
        let answer = create(&realm, own).await;
        if is_taken {
            assert_eq!(answer.status, 201, "{of_realm} {own:?} {answer:?}");
        } else {
            let problem = answer.json();
            assert_eq!((answer.status, &problem["field"]), (422, &json!("settings.profile")), "{of_realm} {own:?}");
        }
    }
}

#[tokio::test]
async fn a_realm_that_is_given_a_contradicting_profile_leaves_the_client_nothing() {
    let bank = Bank::of("fapi1_advanced").await;
    bank.client.client_credentials("read").await.tokens();
    bank.realm.server.administration.update_realm(&bank.realm.name, &json!({"profile": "fapi2_security"})).await;
    bank.client.client_credentials("read").await.assert_refused("invalid_client");
    let path = format!("/realms/{}/clients/{}/conformity", bank.realm.name, bank.client.id);
    let told = bank.realm.server.administration.try_ask(Method::GET, &path, &Value::Null).await;
    assert_eq!((told.status, &told.json()["field"]), (422, &json!("settings.profile")), "{told:?}");
}

#[tokio::test]
async fn a_registration_is_refused_for_what_the_profile_wants_with_its_section() {
    let realm = Realm::with(json!({"profile": "fapi2_security"})).await;
    let path = format!("/realms/{}/clients", realm.name);
    let body = json!({"redirect_uris": ["https://rp.test/cb"]});
    let refused = realm.server.administration.try_ask(Method::POST, &path, &body).await;
    let problem = refused.json();
    assert_eq!((refused.status, &problem["field"]), (422, &json!("token_endpoint_auth_method")), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("FAPI 2.0 Security Profile section 5.3.2.1-6"), "{detail}");
}

#[tokio::test]
async fn a_client_that_registers_itself_meets_the_profile_of_the_realm() {
    let registration = json!({"mode": "open"});
    let realm = Realm::with(json!({"profile": "fapi2_security", "registration": registration})).await;
    let key = SigningKey::generate("ES256");
    let register = async |body: Value| {
        let request =
            crate::support::http::Request::post(&realm.url("/register"), "application/json", body.to_string());
        realm.http.send(request).await
    };
    let weak = register(json!({"redirect_uris": ["https://rp.test/cb"]})).await;
    assert_eq!((weak.status, &weak.json()["error"]), (400, &json!("invalid_client_metadata")), "{weak:?}");
    let strong = register(json!({
        "redirect_uris": ["https://rp.test/cb"], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": key.public_set(),
    }))
    .await;
    assert_eq!(strong.status, 201, "{strong:?}");
    assert_eq!(strong.json()["id_token_signed_response_alg"], "ES256");
}

#[tokio::test]
async fn the_check_tells_what_a_client_would_have_to_change() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let check = async |profile: &str| {
        let path = format!("/realms/{}/clients/{}/conformity{profile}", realm.name, client.id);
        realm.server.administration.try_ask(Method::GET, &path, &Value::Null).await
    };
    let base = check("").await.success();
    assert_eq!((&base["profile"], &base["conforms"], &base["gaps"]), (&json!("base"), &json!(true), &json!([])));
    let told = check("?profile=fapi2_message_signing").await.success();
    assert_eq!((&told["profile"], &told["conforms"]), (&json!("fapi2_message_signing"), &json!(false)));
    let gaps = told["gaps"].as_array().unwrap();
    let of = |name: &str| gaps.iter().find(|gap| gap["requirement"] == name).unwrap();
    assert_eq!(of("client_authentication")["field"], "token_endpoint_auth_method");
    assert_eq!(of("client_authentication")["section"], "FAPI 2.0 Security Profile section 5.3.2.1-6");
    assert_eq!(of("signed_request")["field"], "jwks");
    assert!(of("response_mode")["in_requests"].is_string());
    assert_eq!(check("?profile=fapi3").await.status, 400);
}

#[tokio::test]
async fn discovery_of_a_realm_tells_what_its_profile_takes() {
    for (profile, pushed, algorithms) in [
        ("fapi1_advanced", json!(null), json!(["PS256", "ES256"])),
        ("fapi2_security", json!(true), json!(["PS256", "ES256", "EdDSA", "Ed25519"])),
    ] {
        let document = Realm::with(json!({"profile": profile})).await.discovery().await;
        assert_eq!(document["token_endpoint_auth_signing_alg_values_supported"], algorithms, "{profile}");
        assert_eq!(document["request_object_signing_alg_values_supported"], algorithms, "{profile}");
        assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256"]), "{profile}");
        assert_eq!(document["response_types_supported"], json!(["code"]), "{profile}");
        let required = &document["require_pushed_authorization_requests"];
        assert!(*required == pushed || (pushed.is_null() && *required == false), "{profile} {required}");
    }
}
