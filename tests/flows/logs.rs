//! The log of a running server: one line for each request, with an identifier that the client gets as well, and nothing
//! that opens anything.

use serde_json::{Value, json};

use crate::support::client::Credential;
use crate::support::http::Answer;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

/// The lines that tell of the request behind an answer.
fn lines(log: &str, answer: &Answer) -> Vec<Value> {
    let id = answer.header("x-request-id").expect("every answer has an identifier");
    let lines = log.lines().filter(|line| line.contains(id));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn nothing_in_the_log_is_a_secret() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let (keyed, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let page = browser.authorize(&request).await;
    let interaction = page.page("login-page").form().field("interaction").unwrap().to_owned();
    browser.log_in_as(&page, "ana", "a wrong password 1").await;
    let response = browser.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    client.userinfo(tokens.access_token()).await.success();
    client.refresh(tokens.refresh_token()).await.tokens();
    // What goes wrong is where secrets tend to be printed.
    client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    client.revoke(tokens.refresh_token()).await;
    let assertion = key.sign(&keyed.assertion_claims());
    keyed.present(&assertion).await.tokens();
    keyed.present(&assertion).await.assert_refused("invalid_client");
    let wrong = client.with_credential(Credential::Basic("a wrong secret 1".to_owned()));
    wrong.client_credentials("read").await.assert_refused("invalid_client");
    browser.authorize(&request.clone().with("id_token_hint", tokens.access_token())).await;

    let log = server.log();
    let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    let secrets = [
        secret.as_str(),
        "a wrong secret 1",
        &realm.user.password,
        "a wrong password 1",
        &interaction,
        response.code(),
        tokens.access_token(),
        tokens.refresh_token(),
        tokens.id_token(),
        &assertion,
        request.verifier.as_deref().unwrap(),
        request.get("state").unwrap(),
        request.get("nonce").unwrap(),
        browser.cookie("session").unwrap().1,
        browser.cookie("browser").unwrap().1,
    ];
    for secret in secrets {
        // Neither as it is nor as it stands in an address or a header, nor the greater part of it.
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for text in [secret, &encoded, &secret[secret.len() / 2..]] {
            assert!(!log.contains(text), "{text} is in the log");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_logged_once_with_its_reason_and_found_by_its_support_code() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let refused = client.refresh("sr_invented").await;
    refused.assert_refused("invalid_grant");
    let log = realm.server.log();
    let told: Vec<_> = lines(&log, &refused).into_iter().filter(|line| line["message"] == "request refused").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["error"], "invalid_grant");
    assert!(told[0]["spec"].as_str().is_some_and(|spec| spec.starts_with("RFC 6749")), "{told:?}");
    // The detail is for the log alone.
    let detail = told[0]["detail"].as_str().expect("a detail");
    assert!(!refused.body.contains(detail), "{}", refused.body);

    let page = realm.browser().authorize(&client.request().with("redirect_uri", "https://evil.test")).await;
    page.assert_error_page();
    let code = page.page("error-page").text_of("support-code").unwrap();
    let log = realm.server.log();
    assert_eq!(lines(&log, &page).iter().filter(|line| line["message"] == "request refused").count(), 1);
    assert!(log.contains(&code));
}
