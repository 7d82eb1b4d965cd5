//! Pairwise subjects (OpenID Connect Core 8.1).

use http::{Method, Response};
use serde_json::{Value, json};

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Tokens};
use crate::support::jwt;
use crate::support::realm::{Realm, merged};
use crate::support::web::WebServer;

/// A client with pairwise subjects whose one redirect URI is on a host.
async fn client(realm: &Realm, host: &str, metadata: Value) -> Client {
    let own = json!({
        "redirect_uris": [format!("https://{host}/callback")], "subject_type": "pairwise",
        "grant_types": ["authorization_code", "refresh_token"], "settings": {"skip_consent": true},
    });
    realm.client(merged(own, metadata)).await
}

async fn obtain(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid offline_access");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

fn subject(token: &str) -> String {
    jwt::read(token).claims["sub"].as_str().unwrap().to_owned()
}

/// IR-012.
#[tokio::test]
async fn oidc_core_8_1_subjects_differ_by_sector_and_are_the_same_in_every_place() {
    let realm = Realm::new().await;
    let one = client(&realm, "one.test", json!({})).await;
    let tokens = obtain(&realm, &one).await;
    let name = subject(tokens.id_token());
    assert_ne!(name, realm.user.id);
    assert!(name.is_ascii() && name.len() <= 255);
    assert_eq!(subject(tokens.access_token()), name, "a client reads its access tokens");
    assert_eq!(one.userinfo(tokens.access_token()).await.success()["sub"], name);
    for token in [tokens.access_token(), tokens.refresh_token()] {
        let described = one.introspect(token).await;
        assert_eq!(described["sub"], name);
        assert_eq!(described.get("username"), None, "it would say who it is");
    }
    let refreshed = one.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(subject(refreshed.id_token()), name, "OpenID Connect Core 12.2");
    let beside = client(&realm, "one.test", json!({})).await;
    assert_eq!(subject(obtain(&realm, &beside).await.id_token()), name);
    let other = client(&realm, "two.test", json!({})).await;
    assert_ne!(subject(obtain(&realm, &other).await.id_token()), name);
    let redirects = json!(["https://two.test/callback", "https://three.test/callback"]);
    let listed = redirects.to_string();
    let sector = WebServer::start(move |_| Response::new(listed.clone())).await;
    let uri = format!("{}/redirect_uris.json", sector.url);
    let host = url::Url::parse(&uri).unwrap().host_str().unwrap().to_owned();
    let alone = client(&realm, &host, json!({})).await;
    let in_sector = subject(obtain(&realm, &alone).await.id_token());
    let joined = json!({"redirect_uris": redirects, "sector_identifier_uri": uri});
    let joined = client(&realm, "two.test", joined).await;
    assert_eq!(subject(obtain(&realm, &joined).await.id_token()), in_sector);
    let elsewhere = Realm::new().await;
    let elsewhere_client = client(&elsewhere, "one.test", json!({})).await;
    assert_ne!(subject(obtain(&elsewhere, &elsewhere_client).await.id_token()), name);
}

#[tokio::test]
async fn oidc_core_8_1_several_hosts_need_a_sector_identifier_uri() {
    let realm = Realm::new().await;
    let clients = format!("/realms/{}/clients", realm.name);
    let hosts = json!(["https://one.test/callback", "https://two.test/callback"]);
    for more in [json!({}), json!({"sector_identifier_uri": "http://one.test/list"})] {
        let body = merged(json!({"redirect_uris": hosts, "subject_type": "pairwise"}), more);
        let answer = realm.server.administration.try_ask(Method::POST, &clients, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains("sector_identifier_uri"), "{answer:?}");
    }
}

#[tokio::test]
async fn oidc_core_3_1_2_2_hints_and_sub_claims_name_the_user_as_the_client_knows_them() {
    let realm = Realm::new().await;
    let one = client(&realm, "one.test", json!({})).await;
    let mut browser = realm.browser();
    let tokens = one.obtain(&mut browser, &one.request(), &realm.user).await;
    let wanted = |value: &str| json!({"id_token": {"sub": {"value": value}}}).to_string();
    let silent = one.request().with("prompt", "none");
    for request in [
        silent.clone().with("id_token_hint", tokens.id_token()),
        silent.clone().with("claims", &wanted(&subject(tokens.id_token()))),
    ] {
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    // Nor does the name that other clients would know say anything here.
    for value in [realm.user.id.as_str(), "somebody else"] {
        let request = silent.clone().with("claims", &wanted(value));
        browser.authorize(&request).await.assert_error_response(&request, "login_required");
    }
    // A hint of another client is none of this one's, even in the same sector.
    let beside = client(&realm, "one.test", json!({})).await;
    let request = beside.request().with("prompt", "none").with("id_token_hint", tokens.id_token());
    browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn oidc_core_8_a_new_salt_changes_nobodys_subject() {
    let realm = Realm::new().await;
    let rotate = format!("/realms/{}/pairwise-salt/rotate", realm.name);
    let one = client(&realm, "one.test", json!({})).await;
    let name = subject(obtain(&realm, &one).await.id_token());
    for _ in 0..2 {
        let answer = realm.server.administration.ask(Method::POST, &rotate, &Value::Null).await;
        assert!(answer.json()["since"].is_string(), "{answer:?}");
        assert_eq!(subject(obtain(&realm, &one).await.id_token()), name);
    }
    let rows = realm.rows().await;
    assert_eq!(rows.count("pairwise_salts"), 3);
}

#[tokio::test]
async fn oidc_core_12_2_what_was_issued_ends_when_users_get_other_names() {
    let realm = Realm::new().await;
    let one = client(&realm, "one.test", json!({})).await;
    for change in [json!({"redirect_uris": ["https://two.test/callback"]}), json!({"subject_type": "public"})] {
        let tokens = obtain(&realm, &one).await;
        realm.update_client(&one, json!({"client_name": "Another name"})).await;
        assert!(one.is_active(tokens.access_token()).await);
        realm.update_client(&one, change).await;
        assert!(!one.is_active(tokens.access_token()).await);
        one.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
        realm.update_client(&one, json!({"redirect_uris": ["https://one.test/callback"]})).await;
    }
    assert_eq!(subject(obtain(&realm, &one).await.id_token()), realm.user.id);
}
