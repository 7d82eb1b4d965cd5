//! `on_resource_indicators`.

use serde_json::{Value, json};

use super::{FAILS, assert_failed_closed, assert_silent_about_scripts, bind};
use crate::support::authorization::AuthorizationRequest;
use crate::support::client::{Client, Tokens};
use crate::support::jwt;
use crate::support::realm::Realm;

const ONE: &str = "https://one.test";
const TWO: &str = "https://two.test";

/// A realm with two APIs.
async fn two() -> (Realm, Client) {
    let realm = Realm::new().await;
    for identifier in [ONE, TWO] {
        let body = json!({"identifier": identifier, "display_name": identifier, "access_token_seconds": 300});
        realm.server.administration.create_resource_server(&realm.name, &body).await;
    }
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let settings = json!({"skip_consent": true});
    let metadata = json!({"grant_types": grants, "scope": "openid offline_access read", "settings": settings});
    let client = realm.client(metadata).await;
    (realm, client)
}

fn asking(client: &Client) -> AuthorizationRequest {
    client.request().with("scope", "read").without("nonce").repeated("resource", ONE).repeated("resource", TWO)
}

async fn own(client: &Client, resources: &[&str]) -> crate::support::http::Answer {
    let mut parameters = vec![("grant_type", "client_credentials")];
    parameters.extend(resources.iter().map(|resource| ("resource", *resource)));
    client.ask("/token", &parameters).await
}

fn audience(tokens: &Tokens) -> Value {
    jwt::read(tokens.access_token()).claims["aud"].clone()
}

#[tokio::test]
async fn on_resource_indicators_can_drop_resources_and_shorten_lives_at_the_token_endpoint() {
    let (realm, client) = two().await;
    let body = "if ctx.grant_type == () { return none(); } \
                if resources.len() > 1 { return narrow(#{ drop_resources: [resources[1].identifier, \"x\"] }); } \
                narrow(#{ access_token_seconds: 60 })";
    bind(&realm, "on_resource_indicators", body).await;
    assert_eq!(audience(&own(&client, &[ONE, TWO]).await.tokens()), json!(ONE));
    let short = own(&client, &[TWO]).await.tokens();
    assert_eq!((audience(&short), &short.0["expires_in"]), (json!(TWO), &json!(60)));
    // A request that names none is not asked about.
    assert_eq!(client.client_credentials("read").await.tokens().0["expires_in"], 600);
    // What the user agreed to stays with the refresh token.
    let tokens = client.obtain(&mut realm.browser(), &asking(&client), &realm.user).await;
    assert_eq!(audience(&tokens), json!(ONE));
    bind(&realm, "on_resource_indicators", "narrow(#{ access_token_seconds: 86400 })").await;
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!((audience(&refreshed), &refreshed.0["expires_in"]), (json!([ONE, TWO]), &json!(300)));
}

#[tokio::test]
async fn on_resource_indicators_narrows_what_is_authorized() {
    let (realm, client) = two().await;
    let body = format!("if ctx.grant_type == () {{ narrow(#{{ drop_resources: [\"{TWO}\"] }}) }} else {{ none() }}");
    bind(&realm, "on_resource_indicators", &body).await;
    let request = asking(&client);
    let response = realm.browser().complete(&request, &realm.user).await;
    let mut parameters = Client::redemption(&request, response.code());
    parameters.push(("resource", TWO));
    client.ask("/token", &parameters).await.assert_refused("invalid_target");
    assert_eq!(audience(&client.redeem(&request, response.code()).await.tokens()), json!(ONE));
    // Without any of its resources it would be another request.
    let alone = client.request().with("scope", "read").without("nonce").with("resource", TWO);
    realm.browser().authorize(&alone).await.assert_error_response(&alone, "invalid_target");
}

#[tokio::test]
async fn on_resource_indicators_can_refuse_and_never_leaves_a_token_for_the_issuer() {
    let (realm, client) = two().await;
    bind(&realm, "on_resource_indicators", "deny(\"invalid_target\", \"not \" + resources[0].token_format)").await;
    let request = asking(&client);
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_target");
    assert_eq!(response.get("error_description"), Some("not jwt"));
    own(&client, &[ONE]).await.assert_refused("invalid_target");
    let all = format!("narrow(#{{ drop_resources: [\"{ONE}\", \"{TWO}\"] }})");
    bind(&realm, "on_resource_indicators", &all).await;
    own(&client, &[ONE]).await.assert_refused("invalid_target");
}

#[tokio::test]
async fn what_a_resource_demands_of_a_login_is_demanded_of_the_request() {
    let (realm, client) = two().await;
    let demanding = json!({
        "identifier": "https://three.test", "display_name": "Three", "max_authentication_age_seconds": 900,
    });
    realm.server.administration.create_resource_server(&realm.name, &demanding).await;
    bind(&realm, "on_authorize_request", "deny(\"access_denied\", \"max_age \" + req.max_age)").await;
    for (own, expected) in [(None, "max_age 900"), (Some("1000"), "max_age 900"), (Some("60"), "max_age 60")] {
        let request = asking(&client).repeated("resource", "https://three.test");
        let request = own.map_or(request.clone(), |own| request.with("max_age", own));
        let response = realm.browser().authorize(&request).await.assert_error_response(&request, "access_denied");
        assert_eq!(response.get("error_description"), Some(expected));
    }
}

#[tokio::test]
async fn sc_009_on_resource_indicators_fails_closed() {
    let (realm, client) = two().await;
    bind(&realm, "on_resource_indicators", FAILS).await;
    let request = asking(&client);
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
    assert_failed_closed(&own(&client, &[ONE]).await);
}
