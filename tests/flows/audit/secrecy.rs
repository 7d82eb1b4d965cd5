//! What is in the record, and what survives when the process dies.

use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::client::Credential;
use crate::support::databases::connect_directly;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

/// Every text of every event, read past the server.
async fn recorded(url: &str) -> String {
    let connection = connect_directly(&format!("{url}?mode=ro")).await;
    let select = "SELECT request_id || ' ' || kind || ' ' || coalesce(client_id, '') || ' ' || coalesce(address, '') \
                  || ' ' || details || ' ' || hex(id) || coalesce(hex(user_id), '') || coalesce(hex(session_id), '') \
                  FROM audit_events";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), select)).await;
    let texts: Vec<String> = rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    connection.close().await.unwrap();
    texts.join("\n")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one scene in which every secret there is comes up")]
async fn nothing_in_the_record_opens_anything() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let (keyed, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let page = browser.authorize(&request).await;
    let interaction = page.page("login-page").form().field("interaction").unwrap().to_owned();
    browser.log_in_as(&page, "ana", "a wrong password 1").await;
    // People type passwords into the wrong field.
    browser.log_in_as(&page, "a password as name 1", "x").await;
    let response = browser.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    client.refresh(tokens.refresh_token()).await.tokens();
    client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    client.revoke(tokens.refresh_token()).await;
    let assertion = key.sign(&keyed.assertion_claims());
    keyed.present(&assertion).await.tokens();
    keyed.present(&assertion).await.assert_refused("invalid_client");
    let wrong = client.with_credential(Credential::Basic("a wrong secret 1".to_owned()));
    wrong.client_credentials("read").await.assert_refused("invalid_client");
    // Programs send the secret as the name.
    let mut swapped = client.with_credential(Credential::Basic("x".to_owned()));
    swapped.id = "a secret as name 1".to_owned();
    swapped.client_credentials("read").await.assert_refused("invalid_client");
    browser.authorize(&request.clone().with("id_token_hint", tokens.access_token())).await;
    let rotated = format!("/realms/{}/clients/{}/secret", realm.name, client.id);
    let rotated = server.administration.ask(http::Method::POST, &rotated, &json!({})).await.json();
    server.administration.set_password(&realm.name, &realm.user.id, "ana and 10 mussels").await;
    realm.events("kind=login_refused", 2).await;
    realm.events("kind=client_authentication_failed", 3).await;
    realm.events("kind=authorization_refused", 1).await;

    let record = recorded(&server.database).await;
    assert!(record.lines().count() > 15, "{record}");
    let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    let secrets = [
        secret.as_str(),
        rotated["client_secret"].as_str().unwrap(),
        "a wrong secret 1",
        "a secret as name 1",
        &realm.user.password,
        "ana and 10 mussels",
        "a wrong password 1",
        "a password as name 1",
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
        // Neither as it is nor as it stands in an address, nor the greater part of it.
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for text in [secret, &encoded, &secret[secret.len() / 2..]] {
            assert!(!record.contains(text), "{text} is in the record");
        }
    }
}

#[tokio::test]
async fn a_killed_server_has_kept_every_event_of_what_it_answered() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let page = browser.authorize(&request).await;
    let refused = browser.log_in_as(&page, "ana", "a wrong password 1").await;
    let response = browser.complete(&request, &realm.user).await;
    let redeemed = client.redeem(&request, response.code()).await;
    let tokens = redeemed.tokens();
    let refreshed = client.refresh(tokens.refresh_token()).await;
    let second_use = client.refresh(tokens.refresh_token()).await;
    let revoked = client.client_credentials("read").await.tokens();
    let revocation = client.revoke(revoked.access_token()).await;

    server.kill_and_restart().await;

    for (answer, kind) in [
        (&refused, "login_refused"),
        (&redeemed, "token_issued"),
        (&refreshed, "token_issued"),
        (&second_use, "refresh_reuse"),
        (&revocation, "token_revoked"),
    ] {
        let id = answer.header("x-request-id").unwrap();
        let events = realm.events_in(&realm.name, &format!("request_id={id}")).await;
        assert!(events.iter().any(|event| event["kind"] == kind), "{kind}: {events:#?}");
    }
    for kind in ["login", "consent_given"] {
        assert_eq!(realm.events_in(&realm.name, &format!("kind={kind}")).await.len(), 1, "{kind}");
    }
    // The chain goes on where it ended.
    client.client_credentials("read").await.tokens();
    let path = format!("/realms/{}/audit-chain", realm.name);
    let mut found = json!({"waiting": 1});
    while found["waiting"] != 0 {
        found = server.administration.ask(http::Method::GET, &path, &json!({})).await.json();
        assert_eq!(found["holds"], true, "{found:#}");
    }
}
