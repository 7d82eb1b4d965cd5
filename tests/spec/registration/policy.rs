//! What a realm permits to clients that register themselves, and whose word it takes.

use http::Method;
use serde_json::{Value, json};
use signet_core::registry;

use super::{ask, assert_refused, managed, open_realm, register, registered, text, usable};
use crate::support::http::at_once;
use crate::support::jwt::SigningKey;
use crate::support::provider::TimedProvider;
use crate::support::realm::{REDIRECT_URI, Realm};

#[tokio::test]
async fn rg_001_an_initial_access_token_permits_as_many_registrations_as_it_says() {
    let realm = Realm::with(json!({"registration": {"mode": "initial_access_token"}})).await;
    let body = json!({"redirect_uris": [REDIRECT_URI]});
    let answer = register(&realm, &body).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error="), "{challenge}");
    let made = realm.server.administration.create_initial_access_token(&realm.name, &json!({"uses": 1})).await;
    let (url, token) = (realm.url("/register"), text(&made, "token").to_owned());
    // What is refused uses nothing up.
    let refused = ask(&realm, (Method::POST, &url), Some(&token), &json!({"redirect_uris": ["x"]})).await;
    assert_refused(&refused, "invalid_redirect_uri", "redirect_uris");
    let answers = at_once(16, async || ask(&realm, (Method::POST, &url), Some(&token), &body).await).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(401)), (1, 15));
    let answer = ask(&realm, (Method::POST, &url), Some("wrong"), &body).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
}

/// RG-008, RG-010.
#[tokio::test]
async fn rg_008_rg_010_scopes_and_grants_beyond_the_policy_are_not_registered() {
    let policy = json!({"mode": "open", "scope": "openid email", "redirect_hosts": ["client.test"],
        "token_endpoint_auth_methods": ["client_secret_post"], "access_token_seconds": 60});
    let realm = Realm::with(json!({"registration": policy})).await;
    let post = |more: Value| {
        let mut body = json!({"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_post"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        body
    };
    let client = registered(&realm, &post(json!({"scope": "openid signet.admin uma_protection"}))).await;
    assert_eq!(client["scope"], "openid");
    // What is left out gets what the policy permits, not what the realm does.
    assert_eq!(registered(&realm, &post(json!({}))).await["scope"], "openid email");
    let client = realm.server.administration.client(&realm.name, text(&client, "client_id")).await;
    assert_eq!(client["settings"]["access_token_seconds"], 60);
    assert_eq!(client["settings"]["dynamically_registered"], true);
    for (more, member) in [
        (json!({"scope": "signet.admin"}), "scope"),
        (json!({"grant_types": ["client_credentials"]}), "grant_types"),
        (json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
        (json!({"token_endpoint_auth_method": null}), "token_endpoint_auth_method"),
        (json!({"id_token_signed_response_alg": "ES384"}), "id_token_signed_response_alg"),
        (json!({"id_token_signed_response_alg": "none"}), "id_token_signed_response_alg"),
    ] {
        assert_refused(&register(&realm, &post(more)).await, "invalid_client_metadata", member);
    }
    let answer = register(&realm, &post(json!({"redirect_uris": ["https://elsewhere.test/cb"]}))).await;
    assert_refused(&answer, "invalid_redirect_uri", "redirect_uris");
    // A change is held to the same, and what was not registered is not granted.
    let own = registered(&realm, &post(json!({}))).await;
    let changed = |more: Value| {
        let mut change = post(more);
        change["client_id"] = own["client_id"].clone();
        change
    };
    for (more, member) in [
        (json!({"scope": "signet.admin"}), "scope"),
        (json!({"grant_types": ["client_credentials"]}), "grant_types"),
        (json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
    ] {
        let answer = managed(&realm, Method::PUT, &own, &changed(more)).await;
        assert_refused(&answer, "invalid_client_metadata", member);
    }
    for scope in ["signet.admin", "uma_protection", "phone"] {
        let request = usable(&realm, &own).request().with("scope", scope).without("nonce");
        realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_scope");
    }
}

#[tokio::test]
async fn rg_009_members_that_are_the_servers_own_are_ignored() {
    let realm = open_realm().await;
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "skip_consent": true, "settings": {"skip_consent": true}, "enabled": false,
        "client_id": "mine", "client_secret": "mine", "require_pkce": false, "localized": {"client_name#de": "x"},
        "registration_access_token": "mine", "epoch": 9,
    });
    let client = registered(&realm, &body).await;
    assert!(text(&client, "client_id") != "mine" && text(&client, "client_secret") != "mine");
    let stored = realm.server.administration.client(&realm.name, text(&client, "client_id")).await;
    assert_eq!(stored["enabled"], true);
    assert_eq!(stored["settings"], json!({"dynamically_registered": true}));
    assert!(stored["localized"].is_null());
}

#[tokio::test]
async fn rg_013_only_statements_of_trusted_issuers_count_and_they_win() {
    let (trusted, stranger) = (SigningKey::generate("ES256"), SigningKey::generate("ES256"));
    let issuer = json!({"issuer": "https://trust.test", "jwks": trusted.public_set(), "single_use": true});
    let policy = json!({"mode": "open", "software_statement_required": true, "software_statement_issuers": [issuer]});
    let realm = Realm::with(json!({"registration": policy})).await;
    let claims = |more: Value| {
        let mut claims = json!({"iss": "https://trust.test", "exp": 4_000_000_000_u64, "jti": "one",
            "client_name": "Theirs", "redirect_uris": [REDIRECT_URI]});
        claims.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        claims
    };
    let body = |statement: &str| json!({"software_statement": statement, "client_name": "Mine", "redirect_uris": []});
    let answer = register(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    assert_refused(&answer, "unapproved_software_statement", "software_statement");
    // {"alg":"none"} and {"iss":"https://trust.test"}
    let none = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3RydXN0LnRlc3QifQ.".to_owned();
    for (statement, error) in [
        (none, "invalid_software_statement"),
        ("x".to_owned(), "invalid_software_statement"),
        (stranger.sign(&claims(json!({}))), "invalid_software_statement"),
        (trusted.sign(&claims(json!({"exp": 1}))), "invalid_software_statement"),
        (trusted.sign(&claims(json!({"jti": null}))), "invalid_software_statement"),
        (stranger.sign(&claims(json!({"iss": "https://stranger.test"}))), "unapproved_software_statement"),
    ] {
        assert_refused(&register(&realm, &body(&statement)).await, error, "software_statement");
    }
    let good = trusted.sign(&claims(json!({})));
    let client = registered(&realm, &body(&good)).await;
    assert_eq!(client["client_name"], "Theirs");
    assert_eq!(client["redirect_uris"], json!([REDIRECT_URI]));
    assert_eq!(client["software_statement"], good);
    let again = register(&realm, &body(&good)).await;
    assert_refused(&again, "invalid_software_statement", "software_statement");
}

#[tokio::test]
async fn rg_020_too_many_registrations_from_one_address_are_429_and_a_full_realm_is_403() {
    let policy = json!({"mode": "open", "attempts_per_address": 3, "maximum_clients": 2});
    let realm = Realm::with(json!({"registration": policy})).await;
    let body = json!({"redirect_uris": [REDIRECT_URI]});
    registered(&realm, &body).await;
    registered(&realm, &body).await;
    let full = register(&realm, &body).await;
    assert_eq!((full.status, &full.json()["error"]), (403, &json!("access_denied")));
    let fast = register(&realm, &body).await;
    assert_eq!(fast.status, 429);
    assert_eq!(fast.header("retry-after"), Some("3600"));
}

/// A client that only ever gets tokens through browsers is used all the same.
#[tokio::test]
async fn rg_020_unused_clients_go_and_a_response_through_the_browser_is_a_use() {
    let timed = TimedProvider::start().await;
    let grants = ["authorization_code", "implicit"];
    let policy = json!({"mode": "open", "grant_types": grants, "unused_client_seconds": 86_400});
    let realm = timed.realm(json!({"response_types": ["code", "id_token", "none"], "registration": policy})).await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "response_types": ["id_token"], "grant_types": ["implicit"]});
    let (used, idle) = (registered(&realm, &body).await, registered(&realm, &body).await);
    timed.advance(80_000);
    let request = usable(&realm, &used).request().with("response_type", "id_token");
    realm.browser().complete(&request, &realm.user).await.id_token();
    timed.advance(10_000);
    assert_eq!(registry::delete_unused_clients(&timed.provider.serving_itself(), 100).await.unwrap(), 1);
    assert_eq!(managed(&realm, Method::GET, &used, &Value::Null).await.status, 200);
    assert_eq!(managed(&realm, Method::GET, &idle, &Value::Null).await.status, 401);
    timed.stop().await;
}
