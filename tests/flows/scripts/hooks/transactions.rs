//! What scripts hand on to each other in a transaction: from the request over the forms into the code, the tokens and
//! their refreshes.

use serde_json::json;

use super::{assert_failed_closed, bind, deploy, package, runs, trusted_client};
use crate::support::authorization::AuthorizationResponse;
use crate::support::jwt;
use crate::support::realm::Realm;

/// Hands something on at each step of a request, and puts all of it into the claims of the tokens.
const STEPS: &str = r#"
fn on_authorize_request(ctx, req) { none().with_vars(#{ asked: ctx.client.id }) }
fn on_identify(ctx, hint) { none().with_vars(#{ spelled: hint.domain ?? "nowhere" }) }
fn on_auth_start(ctx) { none().with_vars(#{ started: true }) }
fn on_factor_result(ctx, result) {
    none().with_vars(#{ failures: (ctx.vars.failures ?? 0) + if result.succeeded { 0 } else { 1 } })
}
fn on_consent(ctx, grant) { none().with_vars(#{ consent: ctx.vars.failures }) }
fn on_token_request(ctx, req) { none().with_vars(#{ tokens: (ctx.vars.tokens ?? 0) + 1 }) }
fn on_claims(ctx, target) {
    let vars = ctx.vars;
    claims(#{
        asked: vars.asked ?? "-", spelled: vars.spelled ?? "-", started: vars.started ?? false,
        failures: vars.failures ?? 0, consent: vars.consent ?? 0, tokens: vars.tokens ?? 0,
    })
}
"#;
const CLAIMS: &str = "claims = { asked = \"string\", spelled = \"string\", started = \"bool\", failures = \"int\", \
                      consent = \"int\", tokens = \"int\" }";
const HOOKS: [&str; 7] = [
    "on_authorize_request",
    "on_identify",
    "on_auth_start",
    "on_factor_result",
    "on_consent",
    "on_token_request",
    "on_claims",
];

#[tokio::test]
async fn vars_travel_from_the_request_over_the_forms_into_tokens_and_their_refreshes() {
    let realm = Realm::new().await;
    let metadata = json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid email offline_access read",
    });
    let client = realm.client(metadata).await;
    deploy(&realm, package("steps", &HOOKS, CLAIMS, STEPS)).await;
    let request = client.request().with("scope", "openid email offline_access").with("prompt", "consent");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let again = browser.log_in_as(&login, "ana@example.com", "wrong and 9 mussels").await;
    let again = browser.log_in_as(&again, "ana@example.org", "wrong and 9 mussels").await;
    let consent = browser.log_in(&again, &realm.user).await;
    let answer = browser.allow(&consent).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    for tokens in [&tokens, &refreshed] {
        for token in [tokens.access_token(), tokens.id_token()] {
            let claims = jwt::read(token).claims;
            assert_eq!((&claims["asked"], &claims["spelled"]), (&json!(client.id), &json!("nowhere")));
            assert_eq!((&claims["started"], &claims["failures"]), (&json!(true), &json!(2)));
            // What is handed on at the token endpoint is of that request alone.
            assert_eq!((&claims["consent"], &claims["tokens"]), (&json!(2), &json!(1)));
        }
    }
    // Whoever presents the token begins a transaction of their own, and so does a client for itself.
    let userinfo = client.userinfo(tokens.access_token()).await.success();
    let own = jwt::read(client.client_credentials("read").await.tokens().access_token()).claims;
    for (claims, tokens) in [(&userinfo, 0), (&own, 1)] {
        assert_eq!(
            (&claims["asked"], &claims["failures"], &claims["tokens"]),
            (&json!("-"), &json!(0), &json!(tokens))
        );
    }
}

#[tokio::test]
async fn vars_of_one_browser_reach_no_other() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"scope": "openid email"})).await;
    deploy(&realm, package("steps", &HOOKS, CLAIMS, STEPS)).await;
    let request = client.request();
    let (mut one, mut other) = (realm.browser(), realm.browser());
    let login = one.authorize(&request).await;
    one.log_in_as(&login, "ana@example.com", "wrong and 9 mussels").await;
    let login = other.authorize(&request).await;
    let consent = other.log_in(&login, &realm.user).await;
    let answer = other.allow(&consent).await;
    let tokens = client.redeem(&request, AuthorizationResponse::read(&answer, &request).code()).await.tokens();
    assert_eq!(jwt::read(tokens.id_token()).claims["failures"], 0);
}

#[tokio::test]
async fn vars_that_are_too_large_are_the_failure_of_the_script() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    // Alone: where the hook fails open, the request goes on without them.
    let alone = "let text = \"\"; while text.len() < 500 { text += \"x\"; } none().with_vars(#{ text: text })";
    bind(&realm, "on_identify", alone).await;
    let request = client.request().with("login_hint", "ana");
    let login = realm.browser().authorize(&request).await;
    assert_eq!(login.page("login-page").form().field("username"), Some("ana"));
    let failed = &runs(&realm, "on_identify", 1).await[0]["details"];
    assert!(failed["outcome"].as_str().unwrap().starts_with("size at main.rhai:1:"), "{failed}");
    // Together at one hook: the second of two fails, and fails closed.
    for name in ["one", "two"] {
        let body = format!(
            "let text = \"\"; while text.len() < 300 {{ text += \"x\"; }} none().with_vars(#{{ {name}: text }})"
        );
        let script = format!("fn on_authorize_request(ctx, req) {{ {body} }}");
        deploy(&realm, package(name, &["on_authorize_request"], "", &script)).await;
    }
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "server_error");
    super::assert_silent_about_scripts(response.get("error_description").unwrap());
    let asked = runs(&realm, "on_authorize_request", 2).await;
    let outcome = |name: &str| {
        let run = asked.iter().rev().find(|run| run["details"]["package"] == name).unwrap();
        run["details"]["outcome"].clone()
    };
    assert_eq!((outcome("one"), outcome("two")), (json!("decided"), json!("size")));
}

#[tokio::test]
async fn vars_that_leave_no_room_for_those_of_the_code_refuse_the_request_and_use_nothing_up() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let large = |name: &str| format!("none().with_vars(#{{ {name}: \"{}\" }})", "x".repeat(300));
    bind(&realm, "on_authorize_request", &large("request")).await;
    bind(&realm, "on_client_authenticated", &large("client")).await;
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    assert_failed_closed(&client.redeem(&request, response.code()).await);
    bind(&realm, "on_client_authenticated", "none().with_vars(#{ request: \"shorter\" })").await;
    client.redeem(&request, response.code()).await.tokens();
}
