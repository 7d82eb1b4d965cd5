//! `on_identify` and `on_factor_result`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind, runs, trusted_client};
use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::Realm;

const BY_ADDRESS: &str = "if hint.domain == \"example.com\" { \
                          return identify(#{ username: hint.text.split(\"@\")[0].to_lower() }); } none()";

#[tokio::test]
async fn on_identify_spells_names_as_accounts_have_them() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_identify", BY_ADDRESS).await;
    let request = client.request().with("login_hint", "ANA@Example.com");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    assert_eq!(login.page("login-page").form().field("username"), Some("ana"));
    let answer = browser.log_in_as(&login, "Ana@EXAMPLE.COM", &realm.user.password).await;
    AuthorizationResponse::read(&answer, &request).code();
    let asked = runs(&realm, "on_identify", 2).await;
    assert!(asked.iter().all(|run| run["details"]["decision"] == "identify(username)"), "{asked:?}");
    assert!(!asked[0].to_string().to_lowercase().contains("ana@"), "{asked:?}");
}

#[tokio::test]
async fn a_spelling_logs_nobody_in_and_tells_nothing_of_accounts() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_identify", "identify(#{ username: \"ana\" })").await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let answer = browser.log_in_as(&login, "anybody", "wrong and 9 mussels").await;
    let page = answer.page("login-page");
    assert_eq!(page.form().field("username"), Some("anybody"), "what was typed comes back, not what was looked up");
    bind(&realm, "on_identify", "identify(#{ username: \"nobody-here\" })").await;
    let unknown = browser.log_in_as(&login, "anybody", "wrong and 9 mussels").await;
    let text = |body: &str| body.split("<form").next().unwrap().to_owned();
    assert_eq!(text(&unknown.body), text(&answer.body));
}

#[tokio::test]
async fn on_identify_fails_open_unless_its_manifest_demands_more() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_identify", FAILS).await;
    let request = client.request().with("login_hint", "ana");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    assert_eq!(login.page("login-page").form().field("username"), Some("ana"));
    let answer = browser.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &request).code();
    assert_eq!(runs(&realm, "on_identify", 2).await[0]["details"]["decision"], "open");
    let manifest = "on_failure = { on_identify = \"closed\" }";
    let script = format!("fn on_identify(ctx, hint) {{ {FAILS} }}");
    super::deploy(&realm, super::package("strict", &["on_identify"], manifest, &script)).await;
    realm.browser().authorize(&request).await.assert_error_response(&request, "server_error");
}

#[tokio::test]
async fn on_factor_result_can_end_the_interaction() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let script = "fn on_factor_result(ctx, result) { \
                  if result.succeeded && ctx.user.username == \"ana\" { \
                  return deny(\"access_denied\", \"the account is being looked at\"); } \
                  if ctx.user == () { allow() } else { none() } }";
    let manifest = "user_attributes = [\"username\"]";
    super::deploy(&realm, super::package("guard", &["on_factor_result"], manifest, script)).await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    // A failed factor has failed whatever the script says, and the script is not told whose it was.
    let wrong = browser.log_in_as(&login, "ana", "wrong and 9 mussels").await;
    wrong.page("login-page");
    let answer = browser.log_in(&login, &realm.user).await;
    let response = answer.assert_error_response(&request, "access_denied");
    assert_eq!(response.get("error_description"), Some("the account is being looked at"));
    assert_eq!(realm.rows().await.count("sessions"), 0);
    // The interaction is over.
    browser.log_in(&login, &realm.user).await.assert_error_page();
    let asked = runs(&realm, "on_factor_result", 2).await;
    assert_eq!(asked[0]["details"]["decision"], "allow");
    assert!(asked[0]["user_id"].is_null(), "{asked:?}");
    assert_eq!(asked[1]["details"]["decision"], "deny(access_denied)");
    let other = realm.add_user("bea").await;
    let mut browser = realm.browser();
    browser.complete(&request, &other).await.code();
}

#[tokio::test]
async fn sc_009_on_factor_result_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_factor_result", FAILS).await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let answer = browser.log_in(&login, &realm.user).await;
    let response = answer.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

/// A script refuses the person, not the account: that is there once, however often the form is answered.
#[tokio::test]
async fn on_factor_result_refuses_a_new_person_whose_account_stays() {
    let realm = Realm::with(json!({"self_registration": true})).await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_factor_result", "deny(\"access_denied\", \"not yet\")").await;
    let request = client.request().with("prompt", "create");
    let mut browser = realm.browser();
    let page = browser.authorize(&request).await;
    let form = page.page("sign-up-page").form().with("action", "sign-up");
    let secret = "otter-canvas-71-birch";
    let form = form.with("password", secret).with("repeated", secret);
    let answer = browser.submit(&page, &form.clone().with("username", "bruno")).await;
    answer.assert_error_response(&request, "access_denied");
    browser.submit(&page, &form.with("username", "other")).await.assert_error_page();
    let rows = realm.rows().await;
    assert_eq!((rows.count("users"), rows.count("sessions")), (2, 0), "{}", rows.of_table("users"));
}
