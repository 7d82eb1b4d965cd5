//! What the resources of the server say of themselves, and how a client finds out (RFC 9728).

use http::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

/// The address of the metadata that a challenge names.
fn metadata_of(answer: &Answer) -> String {
    let challenge = answer.header("www-authenticate").unwrap();
    let (_, rest) = challenge.split_once("resource_metadata=\"").unwrap_or_else(|| panic!("{challenge}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Where section 3.1 says that the metadata of a resource is.
fn well_known(realm: &Realm, resource: &str) -> String {
    let public = &realm.server.public_url;
    format!("{public}/.well-known/oauth-protected-resource{}", resource.strip_prefix(public.as_str()).unwrap())
}

#[tokio::test]
async fn rfc9728_3_and_5_each_resource_leads_to_its_metadata() {
    let realm = Realm::with(json!({"grant_management": true})).await;
    let public = &realm.server.public_url;
    let grants = realm.url("/grants");
    for (resource, address, issuer, scope) in [
        (realm.url("/userinfo"), realm.url("/userinfo"), realm.issuer.clone(), "openid"),
        (grants.clone(), format!("{grants}/x"), realm.issuer.clone(), "grant_management_query"),
        (
            format!("{public}/admin/api/v1"),
            format!("{public}/admin/api/v1/realms"),
            format!("{public}/realms/admin"),
            "signet.admin.read",
        ),
    ] {
        for request in [Request::get(&address), Request::get(&address).bearer("nonsense")] {
            let refused = realm.http.send(request).await;
            assert_eq!(refused.status, 401);
            assert_eq!(metadata_of(&refused), well_known(&realm, &resource));
        }
        let answer = realm.http.get(&well_known(&realm, &resource)).await;
        assert_eq!((answer.status, answer.content_type()), (200, "application/json"), "{resource}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let document = answer.json();
        assert_eq!(document["resource"], resource, "section 3.3");
        assert_eq!(document["authorization_servers"], json!([issuer]));
        assert!(document["scopes_supported"].as_array().unwrap().contains(&json!(scope)), "{document}");
        assert!(document["bearer_methods_supported"].as_array().unwrap().contains(&json!("header")));
        for (member, value) in document.as_object().unwrap() {
            assert!(!value.is_null() && *value != json!([]), "{member}");
        }
        // The issuer's own metadata lists it (section 4).
        let discovery = realm.http.get(&format!("{issuer}/.well-known/oauth-authorization-server")).await.success();
        assert!(discovery["protected_resources"].as_array().unwrap().contains(&json!(resource)), "{discovery}");
        assert_eq!(document["dpop_signing_alg_values_supported"], discovery["dpop_signing_alg_values_supported"]);
    }
}

#[tokio::test]
async fn rfc9728_3_what_is_not_there_says_nothing() {
    let realm = Realm::new().await;
    let discovery = realm.discovery().await;
    assert_eq!(discovery["protected_resources"], json!([realm.url("/userinfo")]));
    for resource in [realm.url("/grants"), realm.url("/token"), format!("{}/admin", realm.server.public_url)] {
        assert_eq!(realm.http.get(&well_known(&realm, &resource)).await.status, 404, "{resource}");
    }
    let foreign = format!("{}/realms/unknown/userinfo", realm.server.public_url);
    assert_eq!(realm.http.get(&well_known(&realm, &foreign)).await.status, 404);
    let post = Request { method: Method::POST, ..Request::get(&well_known(&realm, &realm.url("/userinfo"))) };
    let answer = realm.http.send(post).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
}

/// What a client does that knows no more than the address of a resource: RFC 9728 section 5, RFC 8414, RFC 8707.
#[tokio::test]
async fn rfc9728_5_a_client_finds_its_way_from_the_resource_to_a_token_for_it() {
    let realm = Realm::new().await;
    let resource = realm.url("/userinfo");
    let document = realm.http.get(&metadata_of(&realm.http.get(&resource).await)).await.success();
    assert_eq!(document["resource"], resource);
    let issuer = document["authorization_servers"][0].as_str().unwrap();
    assert_eq!(issuer, realm.issuer);
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid email offline_access").with("resource", &resource);
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!(realm.verify(tokens.access_token()).await.claims["aud"], realm.issuer);
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
    let parameters =
        [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token()), ("resource", &resource)];
    let refreshed = client.ask("/token", &parameters).await.tokens();
    assert_eq!(client.userinfo(refreshed.access_token()).await.status, 200);
    assert_foreign_is_refused(&client, &realm, "/grants").await;
    assert_foreign_is_refused(&client, &realm, "/token").await;
    // Of the admin realm alone.
    let administration = format!("{}/admin/api/v1", realm.server.public_url);
    let grant = ("grant_type", "client_credentials");
    client.ask("/token", &[grant, ("resource", &administration)]).await.assert_refused("invalid_target");
}

/// What the realm does not have, or is no resource, is no target (RFC 8707 section 2).
async fn assert_foreign_is_refused(client: &Client, realm: &Realm, path: &str) {
    let foreign: Value = json!(realm.url(path));
    let parameters = [("grant_type", "client_credentials"), ("resource", foreign.as_str().unwrap())];
    client.ask("/token", &parameters).await.assert_refused("invalid_target");
}
