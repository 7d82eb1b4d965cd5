//! The same server on every database: a user logs in, a client gets, refreshes and loses its tokens, and of many who
//! redeem one code one wins.

use serde_json::json;

use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::at_once;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let realm = Realm::on(&server, json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid profile offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["name"], "Ana Example");

    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    assert!(!client.is_active(refreshed.access_token()).await);

    let response = browser.complete(&request, &realm.user).await;
    let answers = at_once(20, async || client.redeem(&request, response.code()).await).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in &lost {
        answer.assert_refused("invalid_grant");
    }
    assert!(!client.is_active(won[0].tokens().access_token()).await);

    let page = browser.get(&realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    browser.authorize(&request).await.page("login-page");
    drop(server);
    database.remove().await;
}

/// Changes of one client through two servers at once: each member somebody sets is there in the end.
async fn loses_no_change_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let first = Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let second = first.beside().await;
    let realm = Realm::on(&first, json!({})).await;
    let client = realm.versatile_client().await;
    let path = format!("/realms/{}/clients/{}", realm.name, client.id);
    let members = ["client_uri", "logo_uri", "policy_uri", "tos_uri"];
    for round in 0..5 {
        let value = format!("https://client.test/{round}");
        let changes = members.iter().enumerate().map(|(number, member)| {
            let server = if number % 2 == 0 { &first } else { &second };
            let change = json!({ *member: value });
            let path = &path;
            async move { server.administration.ask(http::Method::PATCH, path, &change).await }
        });
        futures_util::future::join_all(changes).await;
        let shown = first.administration.ask(http::Method::PATCH, &path, &json!({})).await.json();
        for member in members {
            assert_eq!(shown[member], value, "{member}");
        }
    }
    drop((first, second));
    database.remove().await;
}

#[tokio::test]
async fn two_servers_lose_no_change_on_postgres() {
    loses_no_change_on(Kind::Postgres).await;
}

#[tokio::test]
async fn two_servers_lose_no_change_on_mariadb() {
    loses_no_change_on(Kind::MariaDb).await;
}

#[tokio::test]
async fn a_server_works_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_server_works_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
