//! Step-up authentication (RFC 9470): what tokens say of a login, and what a resource demands of it.

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Tokens};
use crate::support::http::Answer;
use crate::support::jwt;
use crate::support::realm::{Realm, merged};

const PASSWORD: &str = "urn:signet:acr:password";

async fn register(realm: &Realm, identifier: &str, demands: Value) {
    let body = json!({"identifier": identifier, "display_name": "API"});
    realm.server.administration.create_resource_server(&realm.name, &merged(body, demands)).await;
}

/// Tokens for a resource, in the session of a browser.
async fn obtain(realm: &Realm, client: &Client, more: &[(&str, &str)]) -> Tokens {
    let request = client.request().with("scope", "openid read offline_access");
    let request = more.iter().fold(request, |request, (name, value)| request.repeated(name, value));
    client.obtain(&mut realm.signed_in_browser().await, &request, &realm.user).await
}

/// The parameters of a challenge, as far as they are quoted.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let challenge = answer.header("www-authenticate").unwrap();
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"').unwrap().0.to_owned())
}

#[tokio::test]
async fn rfc9470_6_1_and_6_2_tokens_and_introspection_say_when_and_how_the_user_was_authenticated() {
    let realm = Realm::new().await;
    for format in ["jwt", "opaque"] {
        let api = format!("https://{format}.test");
        register(&realm, &api, json!({"token_format": format})).await;
        let caller = realm.client(json!({"client_id": api, "grant_types": ["client_credentials"]})).await;
        let client = realm.versatile_client().await;
        let tokens = obtain(&realm, &client, &[("resource", &api), ("acr_values", PASSWORD)]).await;
        let login = jwt::read(tokens.id_token()).claims["auth_time"].clone();
        let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
        for token in [tokens.access_token(), refreshed.access_token()] {
            let seen = caller.introspect(token).await;
            assert_eq!((&seen["acr"], &seen["auth_time"]), (&json!(PASSWORD), &login), "{format}");
            if format == "jwt" {
                let claims = realm.verify(token).await.claims;
                assert_eq!((&claims["acr"], &claims["auth_time"]), (&json!(PASSWORD), &login));
            }
        }
    }
    // A client's own token is nobody's login.
    let client = realm.versatile_client().await;
    let own = client.client_credentials("read").await.tokens();
    let seen = client.introspect(own.access_token()).await;
    assert_eq!((seen.get("acr"), seen.get("auth_time")), (None, None));
}

#[tokio::test]
async fn rfc9470_5_acr_values_that_cannot_be_met_are_refused_where_the_realm_says_so() {
    for (required, expected) in [(true, Some("unmet_authentication_requirements")), (false, None)] {
        let realm = Realm::with(json!({"acr_values_required": required})).await;
        let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
        let mut browser = realm.signed_in_browser().await;
        let mut error = async |values: &str| {
            let request = client.request().with("acr_values", values);
            let answer = browser.authorize(&request).await;
            AuthorizationResponse::read(&answer, &request).get("error").map(str::to_owned)
        };
        assert_eq!(error("urn:mace:incommon:iap:silver phr").await.as_deref(), expected);
        assert_eq!(error(&format!("phr {PASSWORD}")).await, None, "one of them is enough");
    }
}

/// SE-012: the class of a login is looked at, not only its age.
#[tokio::test]
async fn rfc9470_3_and_4_a_resource_of_the_server_says_what_it_wants_and_takes_what_comes_of_it() {
    let realm = Realm::new().await;
    let userinfo = realm.url("/userinfo");
    register(&realm, &userinfo, json!({"required_acr_values": [PASSWORD], "max_authentication_age_seconds": 3600}))
        .await;
    let client = realm.versatile_client().await;
    let weak = obtain(&realm, &client, &[]).await;
    let refused = client.userinfo(weak.access_token()).await;
    refused.assert_token_refused(401, "insufficient_user_authentication");
    assert_eq!(refused.json()["error"], "insufficient_user_authentication");
    let acr_values = parameter(&refused, "acr_values").unwrap();
    let max_age = parameter(&refused, "max_age").unwrap();
    assert_eq!((acr_values.as_str(), max_age.as_str()), (PASSWORD, "3600"));
    // Only who has a good token learns of it.
    let forged = client.userinfo("nonsense").await;
    forged.assert_token_refused(401, "invalid_token");
    assert_eq!(parameter(&forged, "acr_values"), None);
    let strong = obtain(&realm, &client, &[("acr_values", &acr_values), ("max_age", &max_age)]).await;
    assert_eq!(client.userinfo(strong.access_token()).await.success()["sub"], realm.user.id);
    let refreshed = client.refresh(strong.refresh_token()).await.tokens();
    assert_eq!(client.userinfo(refreshed.access_token()).await.status, 200);
}

#[tokio::test]
async fn rfc9470_5_who_names_the_resource_gets_a_token_that_is_good_there_at_once() {
    let realm = Realm::new().await;
    let userinfo = realm.url("/userinfo");
    register(&realm, &userinfo, json!({"required_acr_values": [PASSWORD]})).await;
    let client = realm.versatile_client().await;
    let tokens = obtain(&realm, &client, &[("resource", &userinfo)]).await;
    let claims = realm.verify(tokens.access_token()).await.claims;
    assert_eq!((&claims["aud"], &claims["acr"]), (&json!(realm.issuer), &json!(PASSWORD)));
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
}
