//! When something breaks: the process is killed, or the database is away. What was acknowledged is there afterwards,
//! and nothing is usable twice.

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::Answer;
use crate::support::proxy::{Mode, Proxy};
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

#[tokio::test]
async fn a_killed_server_has_lost_nothing_and_repeats_nothing() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let (keyed, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let used = browser.complete(&request, &realm.user).await;
    let unused = browser.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, used.code()).await.tokens();
    let rotated = client.refresh(tokens.refresh_token()).await.tokens();
    let revoked = client.client_credentials("read").await.tokens();
    client.revoke(revoked.access_token()).await;
    let assertion = key.sign(&keyed.assertion_claims());
    keyed.present(&assertion).await.tokens();
    let page = browser.authorize(&client.request().with("prompt", "login")).await;

    server.kill_and_restart().await;

    assert!(client.is_active(rotated.access_token()).await);
    assert!(!client.is_active(revoked.access_token()).await);
    keyed.present(&assertion).await.assert_refused("invalid_client");
    client.redeem(&request, unused.code()).await.tokens();
    // The session, the consent, and a form that was open.
    let silent = client.request().with("prompt", "none");
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
    let answer = browser.log_in(&page, &realm.user).await;
    assert!(answer.location().is_some_and(|location| location.contains("code=")), "{answer:?}");
    let newer = client.refresh(rotated.refresh_token()).await.tokens();
    // Used codes and tokens are as used as before.
    client.redeem(&request, used.code()).await.assert_refused("invalid_grant");
    assert!(!client.is_active(newer.access_token()).await);
}

/// RFC 6749 section 5.2 knows no code for it; the one of section 4.1.2.1 says it best.
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    if answer.content_type() == "application/json" {
        assert_eq!(answer.json(), json!({"error": "temporarily_unavailable"}));
    } else {
        answer.page("error-page");
    }
}

/// IR-010, TK-065.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cve_2020_15223_without_its_database_the_server_promises_nothing() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let (proxy, url) = Proxy::before(&database.url).await;
    let server = Server::start(Configuration { database: Some(url), ..Configuration::default() }).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let code = browser.complete(&request, &realm.user).await;
    let page = browser.authorize(&client.request().with("prompt", "login")).await;

    proxy.set(Mode::Cut);
    assert_unavailable(&client.redeem(&request, code.code()).await);
    assert_unavailable(&client.refresh(tokens.refresh_token()).await);
    assert_unavailable(&client.revoke(tokens.refresh_token()).await);
    assert_unavailable(&client.ask("/introspect", &[("token", tokens.access_token())]).await);
    assert_unavailable(&client.userinfo(tokens.access_token()).await);
    assert_unavailable(&browser.authorize(&client.request()).await);
    assert_unavailable(&browser.log_in(&page, &realm.user).await);

    proxy.set(Mode::Pass);
    // Nothing of it happened: everything is as usable as it was.
    client.redeem(&request, code.code()).await.tokens();
    client.refresh(tokens.refresh_token()).await.tokens();
    browser.log_in(&page, &realm.user).await.target();
    drop(server);
    database.remove().await;
}
