//! Scripts are asked about an application's own login as about one on a page, and about a login that apps share as about any
//! exchange.

use serde_json::json;

use super::{FAILS, assert_failed_closed, bind, runs};
use crate::flows::authorization_challenge::{begin, first_party, realm, request_of};
use crate::support::realm::Realm;

const ANA: [(&str, &str); 2] = [("username", "ana"), ("password", "ana and 9 mussels")];

#[tokio::test]
async fn on_auth_start_on_factor_result_and_on_session_can_end_the_login_of_an_application() {
    for (hook, about) in [("on_auth_start", "start"), ("on_factor_result", "result")] {
        let realm = realm().await;
        let client = first_party(&realm, json!({})).await;
        bind(&realm, hook, "deny(\"access_denied\", \"not today\")").await;
        let answer = begin(&client, &request_of(&client), &ANA).await;
        answer.assert_refused("access_denied");
        assert_eq!(answer.json()["error_description"], "not today", "{about}");
        assert_eq!(realm.rows().await.count("sessions"), 0);
        assert!(!runs(&realm, hook, 1).await.is_empty());
    }
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    bind(&realm, "on_session", "end()").await;
    let answer = begin(&client, &request_of(&client), &ANA).await;
    answer.assert_refused("access_denied");
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn on_client_policy_is_asked_about_what_an_application_asks_for() {
    let realm = realm().await;
    let client = first_party(&realm, json!({"token_endpoint_auth_method": "client_secret_basic"})).await;
    let body = "if policy.endpoint == \"authorization\" && policy.request.scope.contains(\"email\") { \
                return tighten(#{ require_pkce: true }); } \
                if policy.endpoint == \"authorization_challenge\" && policy.request != () { throw \"too early\"; } none()";
    bind(&realm, "on_client_policy", body).await;
    let plain = request_of(&client).without_pkce();
    begin(&client, &plain, &ANA).await.authorization_code();
    let email = plain.with("scope", "openid email");
    begin(&client, &email, &ANA).await.assert_refused("invalid_request");
    begin(&client, &request_of(&client).with("scope", "openid email"), &ANA).await.authorization_code();
}

#[tokio::test]
async fn on_consent_sends_the_user_of_an_application_to_the_browser() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    bind(&realm, "on_consent", "consent(#{ ask: true })").await;
    let answer = begin(&client, &request_of(&client), &ANA).await;
    assert_eq!(answer.json()["error"], "redirect_to_web", "{answer:?}");
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn sc_009_hooks_of_an_applications_login_fail_closed() {
    for hook in ["on_auth_start", "on_factor_result", "on_consent", "on_authorize_request"] {
        let realm = realm().await;
        let client = first_party(&realm, json!({})).await;
        bind(&realm, hook, FAILS).await;
        assert_failed_closed(&begin(&client, &request_of(&client), &ANA).await);
        assert_eq!(realm.rows().await.count("sessions"), 0, "{hook}");
    }
}

#[tokio::test]
async fn on_token_exchange_and_on_consent_decide_about_a_shared_login() {
    let realm = Realm::with(json!({"native_sso": true})).await;
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    let app = |name: &str| {
        json!({
            "client_id": name, "application_type": "native", "token_endpoint_auth_method": "none",
            "redirect_uris": ["com.example.app:/callback"], "scope": "openid email device_sso",
            "grant_types": ["authorization_code", grant],
            "settings": {"skip_consent": true, "native_sso_group": "vendor"},
        })
    };
    let (mail, maps) = (realm.client(app("mail")).await, realm.client(app("maps")).await);
    let request = mail.request().with("scope", "openid email device_sso");
    let login = mail.obtain(&mut realm.browser(), &request, &realm.user).await;
    let parameters = [
        ("grant_type", grant),
        ("audience", realm.issuer.as_str()),
        ("subject_token", login.id_token()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("actor_token", login.device_secret()),
        ("actor_token_type", "urn:openid:params:token-type:device-secret"),
    ];
    bind(
        &realm,
        "on_token_exchange",
        "if exchange.subject_client != \"mail\" { deny(\"invalid_target\", \"x\") } \
        else { narrow(#{ drop_scopes: [\"email\"], token_seconds: 120 }) }",
    )
    .await;
    let shared = maps.ask("/token", &parameters).await.tokens();
    assert_eq!((&shared.0["scope"], &shared.0["expires_in"]), (&json!("openid device_sso"), &json!(120)));
    bind(&realm, "on_consent", "consent(#{ ask: true })").await;
    maps.ask("/token", &parameters).await.assert_refused("interaction_required");
    bind(&realm, "on_consent", FAILS).await;
    assert_failed_closed(&maps.ask("/token", &parameters).await);
}
