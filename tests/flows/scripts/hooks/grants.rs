//! `on_grant_management`.

use http::Method;
use serde_json::json;

use super::{FAILS, assert_failed_closed, assert_silent_about_scripts, bind};
use crate::support::client::Client;
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

const SCOPE: &str = "openid read write grant_management_query grant_management_revoke";

async fn managing() -> (Realm, Client) {
    let realm = Realm::with(json!({"grant_management": true})).await;
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let client = realm.client(json!({"grant_types": grants, "scope": SCOPE})).await;
    (realm, client)
}

async fn ask(client: &Client, method: Method, grant: &str) -> Answer {
    let token = client.client_credentials("grant_management_query grant_management_revoke").await.tokens();
    let url = format!("{}/grants/{grant}", client.issuer);
    client.http.send(Request { method, ..Request::get(&url) }.bearer(token.access_token())).await
}

#[tokio::test]
async fn on_grant_management_can_narrow_and_refuse() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let body = "if ctx.action == \"create\" { narrow(#{ drop_scopes: [\"write\", \"openid\"] }) } \
                else if ctx.action == \"merge\" { deny(\"access_denied\", \"not \" + grant.id.len() + \" characters\") } \
                else if ctx.action == \"revoke\" { deny(\"access_denied\", \"keep it\") } else { none() }";
    bind(&realm, "on_grant_management", body).await;
    let request = client.request().with("scope", "openid read write").with("grant_management_action", "create");
    let page = browser.authorize(&request).await;
    assert!(!page.page("consent-page").text_of("consent-memory").unwrap().is_empty());
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let grant = tokens.0["grant_id"].as_str().unwrap();
    assert_eq!(tokens.0["scope"], "openid read");
    let merge = client.request().with("grant_management_action", "merge").with("grant_id", grant);
    let response = browser.authorize(&merge).await.assert_error_response(&merge, "access_denied");
    assert_eq!(response.get("error_description"), Some("not 22 characters"));
    assert_eq!(ask(&client, Method::GET, grant).await.success()["scopes"], json!([{"scope": "openid read"}]));
    let kept = ask(&client, Method::DELETE, grant).await;
    assert_eq!((kept.status, kept.json()["error"].as_str()), (403, Some("access_denied")));
    assert!(client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn sc_009_on_grant_management_fails_closed() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request().with("grant_management_action", "create");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let grant = tokens.0["grant_id"].as_str().unwrap();
    bind(&realm, "on_grant_management", FAILS).await;
    let response = browser.authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
    assert_failed_closed(&ask(&client, Method::GET, grant).await);
    assert_failed_closed(&ask(&client, Method::DELETE, grant).await);
    assert!(client.is_active(tokens.access_token()).await);
}
