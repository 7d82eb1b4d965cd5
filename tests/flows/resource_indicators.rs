//! Tokens for some of the resources that were authorized: what they are good for there, and what each resource server
//! learns of them (RFC 8707 section 2.2, RFC 9396 section 9).

use serde_json::{Value, json};

use super::authorization_details::{accounts, asking, client_of, payment, register};
use crate::support::client::{Client, Tokens};
use crate::support::http::Answer;
use crate::support::jwt;
use crate::support::realm::{Realm, merged};

const CALENDAR: &str = "https://cal.test/";
const CONTACTS: &str = "https://contacts.test/";

async fn resource_server(realm: &Realm, identifier: &str, scope: &str, more: Value) {
    let scopes = json!([{"name": scope, "description": scope}, {"name": "shared", "description": "both know it"}]);
    let body = json!({"identifier": identifier, "display_name": identifier, "scopes": scopes});
    realm.server.administration.create_resource_server(&realm.name, &merged(body, more)).await;
}

/// The example of RFC 8707 section 2.1.
async fn organiser() -> (Realm, Client) {
    let realm = Realm::new().await;
    resource_server(&realm, CALENDAR, "calendar", json!({})).await;
    resource_server(&realm, CONTACTS, "contacts", json!({})).await;
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let scope = "openid offline_access calendar contacts shared free";
    let client = realm.client(json!({"grant_types": grants, "scope": scope})).await;
    (realm, client)
}

async fn refresh_for(client: &Client, tokens: &Tokens, resources: &[&str]) -> Answer {
    let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
    parameters.extend(resources.iter().map(|resource| ("resource", *resource)));
    client.ask("/token", &parameters).await
}

fn said(tokens: &Tokens) -> (Value, Value) {
    let claims = jwt::read(tokens.access_token()).claims;
    assert_eq!(claims["scope"], tokens.0["scope"], "RFC 6749 section 5.1");
    (claims["aud"].clone(), claims["scope"].clone())
}

#[tokio::test]
async fn rfc8707_2_2_a_token_has_the_scope_that_its_resource_can_make_use_of() {
    let (realm, client) = organiser().await;
    let request = client.request().with("scope", "calendar contacts shared free").without("nonce");
    let request = request.repeated("resource", CALENDAR).repeated("resource", CONTACTS);
    let response = realm.browser().complete(&request, &realm.user).await;
    let mut redemption = Client::redemption(&request, response.code());
    redemption.push(("resource", CALENDAR));
    let tokens = client.ask("/token", &redemption).await.tokens();
    assert_eq!(said(&tokens), (json!(CALENDAR), json!("calendar shared free")));
    let other = refresh_for(&client, &tokens, &[CONTACTS]).await.tokens();
    assert_eq!(said(&other), (json!(CONTACTS), json!("contacts shared free")));
    // The refresh token stays good for all that was authorized.
    let both = refresh_for(&client, &other, &[]).await.tokens();
    assert_eq!(said(&both), (json!([CALENDAR, CONTACTS]), json!("calendar contacts shared free")));
    for wrong in ["https://cal.test", "https://cal.test/#x", "/cal", "https://unknown.test/", &realm.issuer] {
        refresh_for(&client, &both, &[wrong]).await.assert_refused("invalid_target");
    }
}

#[tokio::test]
async fn rfc8707_2_resource_and_scope_must_have_something_in_common() {
    let (_, client) = organiser().await;
    let ask = async |scope: &str, resource: &str| {
        let parameters = [("grant_type", "client_credentials"), ("scope", scope), ("resource", resource)];
        client.ask("/token", &parameters).await
    };
    ask("contacts", CALENDAR).await.assert_refused("invalid_target");
    assert_eq!(said(&ask("contacts calendar", CALENDAR).await.tokens()), (json!(CALENDAR), json!("calendar")));
    assert_eq!(said(&ask("free", CALENDAR).await.tokens()), (json!(CALENDAR), json!("free")));
}

#[tokio::test]
async fn rfc7662_4_each_resource_server_learns_of_its_own_scope_only() {
    let (realm, client) = organiser().await;
    let caller = json!({"client_id": CALENDAR, "grant_types": ["client_credentials"]});
    let calendar = realm.client(caller).await;
    let request = client.request().with("scope", "openid calendar contacts shared free");
    let request = request.repeated("resource", CALENDAR).repeated("resource", CONTACTS);
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!(calendar.introspect(tokens.access_token()).await["scope"], "openid calendar shared free");
    let all = "openid calendar contacts shared free";
    assert_eq!(client.introspect(tokens.access_token()).await["scope"], all);
    let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
    assert_eq!(realm.client(auditor).await.introspect(tokens.access_token()).await["scope"], all);
}

#[tokio::test]
async fn rfc8707_2_a_token_for_two_lives_as_long_as_both_permit() {
    let realm = Realm::new().await;
    resource_server(&realm, CALENDAR, "calendar", json!({"access_token_seconds": 7200})).await;
    resource_server(&realm, CONTACTS, "contacts", json!({})).await;
    let client = realm.client(json!({"grant_types": ["client_credentials"], "scope": "calendar contacts"})).await;
    let grant = ("grant_type", "client_credentials");
    let one = client.ask("/token", &[grant, ("resource", CALENDAR)]).await.tokens();
    let both = client.ask("/token", &[grant, ("resource", CALENDAR), ("resource", CONTACTS)]).await.tokens();
    assert_eq!((&one.0["expires_in"], &both.0["expires_in"]), (&json!(7200), &json!(600)));
}

/// The two APIs of the example of RFC 9396, where the locations of the types are.
async fn bank(format: &str) -> (Realm, Client) {
    let realm = Realm::new().await;
    register(&realm, json!({})).await;
    for api in ["payments", "accounts"] {
        let body = json!({"identifier": format!("https://example.com/{api}"), "display_name": api});
        let body = merged(body, json!({"token_format": format}));
        realm.server.administration.create_resource_server(&realm.name, &body).await;
    }
    let client = client_of(&realm, json!({})).await;
    (realm, client)
}

#[tokio::test]
async fn rfc9396_9_1_a_token_for_some_resources_has_the_details_that_are_for_them() {
    let (payments, account) = ("https://example.com/payments", "https://example.com/accounts");
    for format in ["jwt", "opaque"] {
        let (realm, client) = bank(format).await;
        let request = asking(&client, &json!([payment(), accounts()])).with("scope", "openid offline_access");
        let request = request.repeated("resource", payments).repeated("resource", account);
        let response = realm.browser().complete(&request, &realm.user).await;
        let mut redemption = Client::redemption(&request, response.code());
        redemption.push(("resource", payments));
        let tokens = client.ask("/token", &redemption).await.tokens();
        assert_eq!(tokens.0["authorization_details"], json!([payment()]), "{format}");
        assert_eq!(client.introspect(tokens.access_token()).await["authorization_details"], json!([payment()]));
        if format == "jwt" {
            assert_eq!(realm.verify(tokens.access_token()).await.claims["authorization_details"], json!([payment()]));
        }
        // What is named must be for the resource (RFC 9396 section 6).
        let named = json!([payment()]).to_string();
        let parameters = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh_token()),
            ("resource", account),
            ("authorization_details", &named),
        ];
        client.ask("/token", &parameters).await.assert_refused("invalid_authorization_details");
        let other = refresh_for(&client, &tokens, &[account]).await.tokens();
        assert_eq!(other.0["authorization_details"], json!([accounts()]));
        let both = refresh_for(&client, &other, &[]).await.tokens();
        assert_eq!(both.0["authorization_details"], json!([payment(), accounts()]));
    }
}

#[tokio::test]
async fn rfc9396_9_2_a_resource_server_learns_of_the_details_that_are_for_it() {
    for format in ["jwt", "opaque"] {
        let (realm, client) = bank(format).await;
        let request = asking(&client, &json!([payment(), accounts()])).with("scope", "openid");
        let request = ["payments", "accounts", "other"]
            .iter()
            .take(2)
            .fold(request, |request, api| request.repeated("resource", &format!("https://example.com/{api}")));
        let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
        for (api, own) in [("payments", payment()), ("accounts", accounts())] {
            let caller =
                json!({"client_id": format!("https://example.com/{api}"), "grant_types": ["client_credentials"]});
            let seen = realm.client(caller).await.introspect(tokens.access_token()).await;
            assert_eq!(seen["authorization_details"], json!([own]), "{format} {api}");
        }
    }
}

#[tokio::test]
async fn rfc9396_9_a_token_that_would_be_good_for_nothing_is_not_issued() {
    let (realm, client) = bank("jwt").await;
    let request = asking(&client, &json!([payment()])).without("scope").without("nonce");
    let request = request.repeated("resource", "https://example.com/payments");
    let request = request.repeated("resource", "https://example.com/accounts");
    let response = realm.browser().complete(&request, &realm.user).await;
    let mut redemption = Client::redemption(&request, response.code());
    redemption.push(("resource", "https://example.com/accounts"));
    client.ask("/token", &redemption).await.assert_refused("invalid_target");
    // Nothing was used up.
    assert_eq!(client.redeem(&request, response.code()).await.status, 200);
}
