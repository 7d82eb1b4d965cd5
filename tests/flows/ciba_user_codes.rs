//! User codes (CIBA Core 7.1.2): a secret without which a client that can ask for it has nobody asked, on every database.

use http::Method;
use serde_json::{Value, json};

use crate::support::ciba::{ciba_settings, polling};
use crate::support::client::Client;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::Answer;
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};

const CODE: &str = "739164";

fn settings() -> Value {
    merged(ciba_settings(), json!({"backchannel_user_code": true, "backchannel_requests_per_user": 100}))
}

/// A client that sends user codes.
async fn asking(realm: &Realm) -> Client {
    realm.client(merged(polling(), json!({"backchannel_user_code_parameter": true}))).await
}

async fn set(realm: &Realm, code: Value) -> Answer {
    let path = format!("/realms/{}/users/{}/user-code", realm.name, realm.user.id);
    realm.server.administration.try_ask(Method::PUT, &path, &json!({ "user_code": code })).await
}

async fn ask(client: &Client, code: Option<&str>) -> Answer {
    let own = [("scope", "openid"), ("login_hint", "ana")];
    let code: Vec<_> = code.map(|code| ("user_code", code)).into_iter().collect();
    client.ask_user(&[&own[..], &code].concat()).await
}

#[tokio::test]
async fn ciba_7_1_2_a_user_with_a_code_is_asked_with_that_code_only() {
    let realm = Realm::with(settings()).await;
    let client = asking(&realm).await;
    assert_eq!(realm.discovery().await["backchannel_user_code_parameter_supported"], true);
    // Whoever has no code is asked without one, and none is right.
    ask(&client, None).await.success();
    ask(&client, Some(CODE)).await.assert_refused("invalid_user_code");
    assert_eq!(set(&realm, json!(CODE)).await.status, 204);
    ask(&client, None).await.assert_refused("missing_user_code");
    for wrong in ["739165", "", "7391640", &realm.user.password] {
        let refused = ask(&client, Some(wrong)).await;
        assert!(["invalid_user_code", "missing_user_code"].contains(&refused.json()["error"].as_str().unwrap()));
        ask(&client, Some(CODE)).await.success();
    }
    // A client that is not registered for codes knows its users otherwise; what it sends is not looked at.
    let plain = realm.client(polling()).await;
    ask(&plain, None).await.success();
    ask(&plain, Some("739165")).await.success();
    assert_eq!(set(&realm, Value::Null).await.status, 204);
    ask(&client, None).await.success();
}

#[tokio::test]
async fn ciba_7_1_2_codes_are_not_guessed() {
    let realm = Realm::with(merged(settings(), json!({"password_attempts_per_account": 3}))).await;
    let (client, other) = (asking(&realm).await, asking(&realm).await);
    assert_eq!(set(&realm, json!(CODE)).await.status, 204);
    for _ in 0..3 {
        ask(&client, Some("000111")).await.assert_refused("invalid_user_code");
    }
    // Now not even the right one is looked at, and only for this client.
    let refused = ask(&client, Some(CODE)).await;
    assert_eq!((refused.status, &refused.json()["error"]), (429, &json!("temporarily_unavailable")));
    ask(&client, None).await.assert_refused("missing_user_code");
    ask(&other, Some(CODE)).await.success();
}

#[tokio::test]
async fn ciba_7_1_2_codes_are_off_and_bad_ones_are_refused() {
    let realm = Realm::with(ciba_settings()).await;
    assert_eq!(realm.discovery().await["backchannel_user_code_parameter_supported"], false);
    assert_eq!(set(&realm, json!(CODE)).await.status, 422);
    let body = merged(polling(), json!({"backchannel_user_code_parameter": true}));
    let path = format!("/realms/{}/clients", realm.name);
    let refused = realm.server.administration.try_ask(Method::POST, &path, &body).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let realm = Realm::with(settings()).await;
    for bad in ["12345", "123456", "111111", &"x".repeat(65), "73\n9164", &realm.user.password] {
        assert_eq!(set(&realm, json!(bad)).await.status, 422, "{bad}");
    }
}

#[tokio::test]
async fn people_set_and_remove_their_code_on_the_account_page() {
    let realm = Realm::with(settings()).await;
    let client = asking(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    let address = realm.url("/account/requests");
    let send = async |browser: &mut crate::support::browser::Browser, action: &str, code: &str| {
        let page = browser.get(&address).await;
        let form = page.page("requests-page").forms().into_iter().next_back().unwrap();
        browser.submit(&page, &form.with("action", action).with("user_code", code)).await
    };
    for (code, is_set) in [("123456", false), ("12345", false), (CODE, true)] {
        let page = send(&mut browser, "set-code", code).await;
        assert!(page.page("requests-page").text_of("requests-outcome").is_some());
        assert_eq!(ask(&client, None).await.status == 200, !is_set, "{code}");
        assert!(!page.body.contains(code), "a code is not shown again");
    }
    ask(&client, Some(CODE)).await.success();
    send(&mut browser, "remove-code", "").await.page("requests-page");
    ask(&client, None).await.success();
    let events = format!("/realms/{}/audit-events?kind=administrative_change&limit=50", realm.name);
    let events = realm.server.administration.ask(Method::GET, &events, &Value::Null).await.success().to_string();
    assert!(events.contains("user_code_set") && events.contains("user_code_removed") && !events.contains(CODE));
}

/// Codes on a database.
async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let realm = Realm::on(&server, settings()).await;
    let client = asking(&realm).await;
    for code in [CODE, "another code"] {
        assert_eq!(set(&realm, json!(code)).await.status, 204);
        ask(&client, None).await.assert_refused("missing_user_code");
        ask(&client, Some("something else")).await.assert_refused("invalid_user_code");
        ask(&client, Some(code)).await.success();
    }
    assert_eq!(set(&realm, Value::Null).await.status, 204);
    ask(&client, None).await.success();
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn user_codes_work_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn user_codes_work_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
