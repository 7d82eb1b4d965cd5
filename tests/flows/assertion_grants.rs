//! Assertions of trusted issuers as authorization grants (RFC 7523 section 2.1), identity assertion grants among them.

use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::dpop::ProofKey;
use crate::support::http::{Answer, at_once};
use crate::support::jwt::{self, SigningKey, random_text};
use crate::support::realm::{Realm, merged};
use crate::support::time::now;
use crate::support::web::WebServer;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const PARTNER: &str = "https://partner.test";

pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) client: Client,
    pub(crate) key: SigningKey,
    /// Path of the trusted issuer.
    path: String,
}

async fn world_with(more: Value) -> World {
    let realm = Realm::new().await;
    let metadata = json!({
        "client_id": "agent", "grant_types": [GRANT], "response_types": [], "redirect_uris": [],
        "scope": "openid offline_access read write",
    });
    let client = realm.client(metadata).await;
    let key = SigningKey::generate("ES256");
    let body = json!({
        "issuer": PARTNER, "jwks": key.public_set(), "uses": ["assertion_grant"], "clients": ["agent"],
        "subject_mapping": "username",
    });
    let path = format!("/realms/{}/trusted-issuers", realm.name);
    let made = realm.server.administration.ask(Method::POST, &path, &merged(body, more)).await;
    let path = format!("{path}/{}", made.json()["id"].as_str().unwrap());
    World { realm, client, key, path }
}

pub(crate) async fn world() -> World {
    world_with(json!({})).await
}

impl World {
    fn claims(&self) -> Value {
        json!({
            "iss": PARTNER, "sub": "ana", "aud": self.realm.issuer, "jti": random_text(), "iat": now(), "exp": now() + 60,
        })
    }

    fn with(&self, more: Value) -> String {
        self.key.sign(&merged(self.claims(), more))
    }

    fn identity_assertion(&self, more: Value) -> String {
        let claims = merged(self.claims(), json!({"client_id": "agent"}));
        let header = merged(self.key.header(), json!({"typ": "oauth-id-jag+jwt"}));
        self.key.sign_with_header(&header, &merged(claims, more))
    }

    async fn change(&self, change: Value) {
        self.realm.server.administration.ask(Method::PATCH, &self.path, &change).await;
    }
}

async fn present(client: &Client, assertion: &str, more: &[(&str, &str)]) -> Answer {
    client.ask("/token", &[&[("grant_type", GRANT), ("assertion", assertion)], more].concat()).await
}

#[tokio::test]
async fn rfc7523_2_1_an_assertion_of_a_trusted_issuer_becomes_an_access_token_once() {
    let world = world().await;
    let assertion = world.with(json!({}));
    let tokens = present(&world.client, &assertion, &[]).await.tokens();
    assert_eq!((&tokens.0["token_type"], &tokens.0["scope"]), (&json!("Bearer"), &json!("read write")));
    assert!(tokens.0.get("refresh_token").is_none() && tokens.0.get("id_token").is_none());
    let claims = world.realm.verify(tokens.access_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(world.realm.user.id), &json!("agent")));
    assert!(world.client.is_active(tokens.access_token()).await);
    present(&world.client, &assertion, &[]).await.assert_refused("invalid_grant");
    assert!(world.client.is_active(tokens.access_token()).await, "a replay tells of nothing but the replay");
    let narrow = present(&world.client, &world.with(json!({})), &[("scope", "read")]).await.tokens();
    assert_eq!(narrow.0["scope"], "read");
    for wrong in ["other", "read other", "openid", "offline_access", "\""] {
        present(&world.client, &world.with(json!({})), &[("scope", wrong)]).await.assert_refused("invalid_scope");
    }
    world.client.ask("/token", &[("grant_type", GRANT)]).await.assert_refused("invalid_request");
    let discovery = world.realm.discovery().await;
    assert!(discovery["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    let without = Realm::new().await.discovery().await;
    assert!(!without["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
}

#[tokio::test]
async fn st_004_of_many_requests_with_one_assertion_one_is_first() {
    let world = world().await;
    let assertion = world.with(json!({}));
    let answers = at_once(8, async || present(&world.client, &assertion, &[]).await).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 7));
    for answer in bad {
        answer.assert_refused("invalid_grant");
    }
}

#[tokio::test]
async fn rfc7523_3_assertions_that_are_not_as_they_must_be_are_invalid_grants() {
    let world = world().await;
    for (name, wrong) in [
        ("iss", json!("https://other.test")),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("nobody")),
        ("sub", json!(["ana"])),
        ("aud", json!("https://other.test")),
        ("aud", Value::Null),
        ("aud", json!("agent")),
        ("exp", json!(now() - 120)),
        ("exp", Value::Null),
        // CVE-2025-2559: its jti would have to be remembered for as long.
        ("exp", json!(now() + 3600)),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(now() + 120)),
        ("iat", json!(now() + 120)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("scope", json!(7)),
        ("act", json!("x")),
    ] {
        let assertion = world.with(json!({name: wrong}));
        present(&world.client, &assertion, &[]).await.assert_refused("invalid_grant");
    }
    let header = |typ: &str| merged(world.key.header(), json!({"typ": typ}));
    // CR-004 and TK-034: another kind of token, another algorithm, another key, nobody's.
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "client-authentication+jwt", "oauth-authz-req+jwt"] {
        let assertion = world.key.sign_with_header(&header(typ), &world.claims());
        present(&world.client, &assertion, &[]).await.assert_refused("invalid_grant");
    }
    let secret = SigningKey::from_secret("HS256", &world.key.public_set().to_string());
    let jwk = SigningKey::from_secret("HS256", &world.key.public_jwk().to_string());
    for key in [secret, jwk, SigningKey::generate("ES256"), SigningKey::generate("RS256")] {
        present(&world.client, &key.sign(&world.claims()), &[]).await.assert_refused("invalid_grant");
    }
    for text in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        present(&world.client, text, &[]).await.assert_refused("invalid_grant");
    }
    present(&world.client, &world.with(json!({})), &[]).await.tokens();
}

#[tokio::test]
async fn cve_2026_1486_only_enabled_issuers_of_this_use_that_list_the_client_are_believed() {
    let world = world().await;
    // Where nobody is trusted, there is no such grant; discovery says the same.
    world.change(json!({"enabled": false})).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("unsupported_grant_type");
    for change in [json!({"enabled": true, "uses": []}), json!({"uses": ["token_exchange"]})] {
        world.change(change).await;
        present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_grant");
    }
    world.change(json!({"uses": ["assertion_grant"], "clients": ["another"]})).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_grant");
    world.change(json!({"clients": ["agent"]})).await;
    let assertion = world.with(json!({}));
    present(&world.client, &assertion, &[]).await.tokens();
    // The grant type itself.
    let plain = world.realm.client(json!({})).await;
    present(&plain, &world.with(json!({})), &[]).await.assert_refused("unauthorized_client");
    world.realm.server.administration.ask(Method::DELETE, &world.path, &json!({})).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("unsupported_grant_type");
}

#[tokio::test]
async fn cve_2026_1609_disabled_users_get_nothing_and_lose_what_they_had() {
    let world = world().await;
    let tokens = present(&world.client, &world.with(json!({})), &[]).await.tokens();
    let administration = &world.realm.server.administration;
    administration.update_user(&world.realm.name, &world.realm.user.id, &json!({"enabled": false})).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_grant");
    assert!(!world.client.is_active(tokens.access_token()).await);
    administration.delete_user(&world.realm.name, &world.realm.user.id).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn a_user_is_named_by_identifier_login_name_or_verified_address() {
    let world = world().await;
    let ana = &world.realm.user.id;
    present(&world.client, &world.with(json!({"sub": " ANA "})), &[]).await.tokens();
    present(&world.client, &world.with(json!({"sub": ana})), &[]).await.assert_refused("invalid_grant");
    world.change(json!({"subject_mapping": "user_id"})).await;
    present(&world.client, &world.with(json!({"sub": ana})), &[]).await.tokens();
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_grant");
    world.realm.add_user("bob@bob.test").await;
    world.change(json!({"subject_mapping": "username", "subject_claim": "email"})).await;
    let bob = |verified: Value| world.with(json!({"email": "bob@bob.test", "email_verified": verified}));
    present(&world.client, &bob(json!(true)), &[]).await.tokens();
    for unverified in [json!(false), Value::Null, json!("true"), json!(1)] {
        present(&world.client, &bob(unverified), &[]).await.assert_refused("invalid_grant");
    }
    present(&world.client, &world.with(json!({"email_verified": true})), &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn identity_assertion_grants_are_for_one_server_one_client_and_one_scope() {
    let world = world().await;
    let tokens = present(&world.client, &world.identity_assertion(json!({"scope": "read other"})), &[]).await.tokens();
    assert_eq!(tokens.0["scope"], "read");
    let token_endpoint = format!("{}/token", world.realm.issuer);
    for wrong in [
        json!({"client_id": "another"}),
        json!({"client_id": null}),
        json!({"aud": token_endpoint}),
        json!({"aud": [world.realm.issuer, "https://other.test"]}),
        json!({"iat": null}),
    ] {
        let assertion = world.identity_assertion(wrong);
        present(&world.client, &assertion, &[]).await.assert_refused("invalid_grant");
    }
    present(&world.client, &world.identity_assertion(json!({"aud": [world.realm.issuer]})), &[]).await.tokens();
    let wider = world.identity_assertion(json!({"scope": "read"}));
    present(&world.client, &wider, &[("scope", "write")]).await.assert_refused("invalid_scope");
    // Where it is for resources, it is for no others.
    let body = json!({"identifier": "https://api.test/", "display_name": "API", "scopes": []});
    world.realm.server.administration.create_resource_server(&world.realm.name, &body).await;
    let bound = || world.identity_assertion(json!({"resource": "https://api.test/"}));
    let tokens = present(&world.client, &bound(), &[]).await.tokens();
    assert_eq!(jwt::read(tokens.access_token()).claims["aud"], "https://api.test/");
    present(&world.client, &bound(), &[("resource", "https://other.test/")]).await.assert_refused("invalid_target");
    let unknown = world.identity_assertion(json!({"resource": ["https://other.test/"]}));
    present(&world.client, &unknown, &[]).await.assert_refused("invalid_target");
    // Who acted before is not forgotten.
    let acted = world.identity_assertion(json!({"act": {"sub": "helper"}}));
    let tokens = present(&world.client, &acted, &[]).await.tokens();
    assert_eq!(jwt::read(tokens.access_token()).claims["act"], json!({"sub": "helper"}));
}

#[tokio::test]
async fn a_bound_assertion_needs_its_key_and_bound_clients_get_bound_tokens() {
    let world = world().await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let bound = || world.with(json!({"cnf": {"jkt": key.thumbprint()}}));
    present(&world.client, &bound(), &[]).await.assert_refused("invalid_grant");
    let assertion = bound();
    let parameters = [("grant_type", GRANT), ("assertion", assertion.as_str())];
    world.client.ask_with(&other, &parameters).await.assert_refused("invalid_grant");
    world.client.ask_with(&key, &parameters).await.bound_tokens();
    world.realm.update_client(&world.client, json!({"dpop_bound_access_tokens": true})).await;
    present(&world.client, &world.with(json!({})), &[]).await.assert_refused("invalid_dpop_proof");
}

#[tokio::test]
async fn keys_of_an_issuer_by_reference_are_fetched_again_when_they_change() {
    let key = SigningKey::generate("ES256");
    let document = std::sync::Arc::new(Mutex::new(key.public_set()));
    let site = WebServer::of_json(std::sync::Arc::clone(&document)).await;
    let world = world_with(json!({"jwks": null, "jwks_uri": format!("{}/jwks", site.url)})).await;
    let signed = |key: &SigningKey| key.sign(&world.claims());
    present(&world.client, &signed(&key), &[]).await.tokens();
    let next = SigningKey::generate("ES256");
    *document.lock().unwrap() = next.public_set();
    let taken = async || present(&world.client, &signed(&next), &[]).await.status == 200;
    crate::support::wait::until_true("the new key is taken", taken).await;
    present(&world.client, &signed(&key), &[]).await.assert_refused("invalid_grant");
}
