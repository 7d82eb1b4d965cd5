//! `on_client_policy` and `on_client_authenticated`.

use serde_json::json;

use super::{FAILS, assert_failed_closed, bind, runs};
use crate::support::client::Credential;
use crate::support::realm::Realm;

#[tokio::test]
async fn on_client_authenticated_can_refuse_a_client_that_has_proved_who_it_is() {
    let realm = Realm::new().await;
    let (client, other) = (realm.versatile_client().await, realm.versatile_client().await);
    let token = client.client_credentials("read").await.tokens();
    let body = format!(
        "if ctx.client.id == \"{}\" && auth.endpoint == \"token\" {{ return deny(\"unauthorized_client\", \"not today\"); }} \
         allow()",
        client.id
    );
    bind(&realm, "on_client_authenticated", &body).await;
    let refused = client.client_credentials("read").await;
    refused.assert_refused("unauthorized_client");
    assert_eq!(refused.json()["error_description"], "not today");
    other.client_credentials("read").await.tokens();
    assert!(client.is_active(token.access_token()).await, "another endpoint");
    // It is not asked about a client that did not prove who it is, so that it cannot turn that around.
    let wrong = client.with_credential(Credential::Basic("wrong".to_owned()));
    wrong.client_credentials("read").await.assert_refused("invalid_client");
    let asked = runs(&realm, "on_client_authenticated", 3).await;
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(asked[0]["details"]["decision"], "deny(unauthorized_client)");
    assert_eq!((&asked[0]["client_id"], &asked[0]["details"]["outcome"]), (&json!(client.id), &json!("decided")));
}

#[tokio::test]
async fn an_assertion_counts_once_also_where_a_script_refuses_its_client() {
    let realm = Realm::new().await;
    let (client, key) =
        realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"], "scope": "read"})).await;
    bind(&realm, "on_client_authenticated", "deny(\"invalid_client\", \"no\")").await;
    let assertion = key.sign(&client.assertion_claims());
    assert_eq!(client.present(&assertion).await.json()["error_description"], "no");
    super::ask(&realm, http::Method::DELETE, "/scripts/on-client-authenticated", &serde_json::Value::Null).await;
    client.present(&assertion).await.assert_refused("invalid_client");
    client.present(&key.sign(&client.assertion_claims())).await.tokens();
}

#[tokio::test]
async fn sc_009_on_client_authenticated_fails_closed() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let token = client.client_credentials("read").await.tokens();
    bind(&realm, "on_client_authenticated", FAILS).await;
    assert_failed_closed(&client.client_credentials("read").await);
    assert_failed_closed(&client.ask("/introspect", &[("token", token.access_token())]).await);
    assert_failed_closed(&client.revoke(token.access_token()).await);
    let run = &runs(&realm, "on_client_authenticated", 1).await[0]["details"];
    assert_eq!(run["decision"], "closed");
    assert_eq!(run["outcome"], "thrown at main.rhai:1:41");
    assert!(!run.to_string().contains("sauce"), "{run}");
    // The operator learns what it said.
    assert!(realm.server.log().contains("secret sauce of 4711"));
}

#[tokio::test]
async fn on_client_policy_adds_demands_at_the_authorization_endpoint() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let body = format!(
        "if ctx.client.id != \"{}\" || policy.endpoint != \"authorization\" {{ return none(); }} \
         if policy.request.scope.contains(\"email\") {{ return tighten(#{{ require_pkce: true }}); }} \
         if policy.request.scope.contains(\"phone\") {{ return tighten(#{{ profile: \"fapi2_security\" }}); }} \
         tighten(#{{ profile: \"base\", require_pkce: false }})",
        client.id
    );
    bind(&realm, "on_client_policy", &body).await;
    let plain = client.request().without_pkce();
    browser.complete(&plain, &realm.user).await.code();
    let email = plain.clone().with("scope", "openid email");
    browser.authorize(&email).await.assert_error_response(&email, "invalid_request");
    let email = client.request().with("scope", "openid email");
    browser.complete(&email, &realm.user).await.code();
    let phone = client.request().with("scope", "openid phone");
    browser.authorize(&phone).await.assert_error_response(&phone, "invalid_request");
}

#[tokio::test]
async fn on_client_policy_takes_away_nothing_that_an_administrator_demands() {
    let realm = Realm::new().await;
    let settings = json!({"skip_consent": true, "require_pkce": true});
    let client = realm.client(json!({"require_signed_request_object": false, "settings": settings})).await;
    let mut browser = realm.signed_in_browser().await;
    let body = "tighten(#{ profile: \"base\", require_pkce: false, require_pushed_authorization_requests: false })";
    bind(&realm, "on_client_policy", body).await;
    let plain = client.request().without_pkce();
    browser.authorize(&plain).await.assert_error_response(&plain, "invalid_request");
    browser.complete(&client.request(), &realm.user).await.code();
}

#[tokio::test]
async fn on_client_policy_holds_a_client_to_a_profile_at_the_token_endpoint() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let token = client.client_credentials("read").await.tokens();
    let body = "if policy.endpoint == \"token\" { tighten(#{ profile: \"fapi2_security\" }) } else { none() }";
    bind(&realm, "on_client_policy", body).await;
    client.client_credentials("read").await.assert_refused("invalid_client");
    assert!(client.is_active(token.access_token()).await, "another endpoint");
}

#[tokio::test]
async fn sc_009_on_client_policy_fails_closed() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    bind(&realm, "on_client_policy", FAILS).await;
    assert_failed_closed(&client.client_credentials("read").await);
    let run = &runs(&realm, "on_client_policy", 1).await[0]["details"];
    assert_eq!(run["decision"], "closed");
}
