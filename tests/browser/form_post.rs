//! Form Post Response Mode 1.0: the page sends itself on, and without scripts a person does it.

use http::Method;
use serde_json::json;

use super::chromium::{Chromium, received};
use super::{client_at, client_site};
use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

/// Checks what the client's site received last, and that the code is good.
async fn assert_answered(site: &WebServer, client: &Client, request: &AuthorizationRequest) {
    let arrived = site.received();
    let posted: Vec<_> = arrived.iter().filter(|received| received.method == Method::POST).collect();
    let last = posted.last().expect("something was posted");
    assert_eq!(last.target, "/callback", "nothing is in the address");
    assert_eq!(last.headers["content-type"], "application/x-www-form-urlencoded");
    let response = received(&last.body, request);
    client.redeem(request, response.code()).await.tokens();
}

#[tokio::test]
async fn form_post_2_the_response_arrives_with_and_without_scripts() {
    let realm = Realm::new().await;
    let site = client_site().await;
    let client = client_at(&realm, &site, "Harbour Savings").await;
    realm.update_client(&client, json!({"settings": {"skip_consent": true}})).await;
    Chromium::with(async |chromium| {
        let request = client.request().with("response_mode", "form_post");
        chromium.open(&request.url()).await;
        chromium.log_in(&realm.user).await;
        chromium.arrives_at(&client.redirect_uri).await;
        assert_answered(&site, &client, &request).await;
        // The policy of the page let its one script run.
        assert_eq!(chromium.complaints().await, Vec::<String>::new());

        let without_scripts = json!({"value": true});
        chromium.devtools("Emulation.setScriptExecutionDisabled", &without_scripts).await;
        let request = client.request().with("response_mode", "form_post");
        chromium.open(&request.url()).await;
        chromium.shows("form-post-page").await;
        chromium.press("form-post-continue").await;
        chromium.arrives_at(&client.redirect_uri).await;
        assert_answered(&site, &client, &request).await;
    })
    .await;
}
