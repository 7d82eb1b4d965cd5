//! ID tokens of other issuers as claim tokens (UMA Grant 3.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::{GRANT, ID_TOKEN, World, refused, request};
use crate::support::client::{Client, Credential};
use crate::support::http::Answer;
use crate::support::jwt::{SigningKey, random_text};
use crate::support::realm::merged;
use crate::support::time::now;

const PARTNER: &str = "https://partner.test";

/// An issuer that says who somebody is.
pub(crate) struct Partner {
    key: SigningKey,
    /// Path of the trusted issuer.
    path: String,
}

impl Partner {
    /// An issuer that the realm of this world trusts to say to the app who somebody is.
    pub(crate) async fn of(world: &World) -> Self {
        let key = SigningKey::generate("ES256");
        let body = json!({
            "issuer": PARTNER, "jwks": key.public_set(), "uses": ["claim_token"], "clients": [world.app.id],
            "subject_mapping": "username",
        });
        let path = format!("/realms/{}/trusted-issuers", world.realm.name);
        let made = world.realm.server.administration.ask(Method::POST, &path, &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("{path}/{}", made.json()["id"].as_str().unwrap());
        Self { key, path }
    }

    async fn change(&self, world: &World, change: Value) -> Answer {
        world.realm.server.administration.try_ask(Method::PATCH, &self.path, &change).await
    }

    /// The claims of an ID token for the app, about the friend.
    fn claims(world: &World) -> Value {
        json!({
            "iss": PARTNER, "sub": "bea", "aud": world.app.id, "iat": now(), "exp": now() + 300, "nonce": random_text(),
            "auth_time": now() - 60, "acr": "theirs",
        })
    }

    pub(crate) fn with(&self, world: &World, more: Value) -> String {
        self.key.sign(&merged(Self::claims(world), more))
    }
}

/// Whether an ID token of the partner is good enough to view the album.
async fn is_good(world: &World, client: &Client, token: &str) -> bool {
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = request(client, &ticket, &[("claim_token", token), ("claim_token_format", ID_TOKEN)]).await;
    if answer.status == 200 {
        return true;
    }
    assert!(refused(&answer, "need_info").is_some());
    false
}

#[tokio::test]
async fn uma_grant_3_3_1_an_id_token_of_a_trusted_issuer_says_who_asks() {
    let world = World::new().await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    let id_token = partner.with(&world, json!({}));
    // It may come again, as one of this realm may: a ticket counts once.
    for _ in 0..2 {
        let ticket = world.ticket(&world.album, &["view"]).await;
        let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
        let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
        assert_eq!(world.permissions(rpt.access_token()).await, expected);
        let introspected = world.server.introspect(rpt.access_token()).await;
        assert_eq!(introspected["sub"], json!(world.bea.id));
        assert_ne!(introspected["acr"], "theirs", "what they call a class of authentication is theirs");
    }
    // The owner's policies are about the person, whoever says who that is.
    let owners = partner.with(&world, json!({"sub": "ana"}));
    let ticket = world.ticket(&world.album, &["view"]).await;
    assert_eq!(refused(&world.request_for(&owners, &ticket, &[]).await, "request_denied"), None);
    // The client is told whose tokens it may push, and no other client is.
    let issuers = async |client: &Client| {
        let answer = request(client, &world.ticket(&world.album, &["view"]).await, &[]).await;
        answer.json()["required_claims"][0]["issuer"].clone()
    };
    assert_eq!(issuers(&world.app).await, json!([world.realm.issuer, PARTNER]));
    let other = super::client(&world.realm, "openid", json!({})).await;
    assert_eq!(issuers(&other).await, json!([world.realm.issuer]));
}

#[tokio::test]
async fn um_004_an_id_token_of_another_issuer_must_be_as_it_must_be() {
    let world = World::new().await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    for (name, wrong) in [
        ("iss", json!("https://other.test")),
        ("iss", json!("https://partner.test/")),
        ("iss", Value::Null),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("nobody")),
        ("sub", json!(["bea"])),
        ("aud", json!("https://other.test")),
        ("aud", json!(world.server.id)),
        ("aud", Value::Null),
        // Two parties, and nobody says which of them asked for it.
        ("aud", json!([world.app.id, "another"])),
        ("azp", json!("another")),
        ("azp", json!([world.app.id])),
        ("exp", json!(now() - 1)),
        ("exp", Value::Null),
        ("nbf", json!(now() + 120)),
        ("iat", json!(now() + 120)),
        ("iat", Value::Null),
        // A logout token without a type of its own, and one that somebody acts with.
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ("act", json!({"sub": "agent"})),
        ("cnf", json!({"jkt": random_text()})),
        ("cnf", json!({"kid": "theirs"})),
        // More than is kept.
        ("groups", json!("x".repeat(9_000))),
    ] {
        assert!(!is_good(&world, &world.app, &partner.with(&world, json!({name: wrong}))).await, "{name}: {wrong}");
    }
    let claims = Partner::claims(&world);
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-id-jag+jwt", "client-authentication+jwt"] {
        let header = merged(partner.key.header(), json!({"typ": typ}));
        assert!(!is_good(&world, &world.app, &partner.key.sign_with_header(&header, &claims)).await, "{typ}");
    }
    let secret = SigningKey::from_secret("HS256", &partner.key.public_set().to_string());
    let jwk = SigningKey::from_secret("HS256", &partner.key.public_jwk().to_string());
    let Credential::Basic(secret_of_app) = &world.app.credential else { panic!("the app has a secret") };
    let apps = SigningKey::from_secret("HS256", secret_of_app);
    for key in [secret, jwk, apps, SigningKey::generate("ES256"), SigningKey::generate("RS256")] {
        assert!(!is_good(&world, &world.app, &key.sign(&claims)).await, "{}", key.algorithm);
    }
    // Signed by nobody; and one of the partner that says to be of this realm.
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&claims));
    let disguised = partner.with(&world, json!({"iss": world.realm.issuer, "sub": world.bea.id}));
    for token in [unsigned, disguised] {
        assert!(!is_good(&world, &world.app, &token).await, "{token}");
    }
    let good = |more: Value| partner.with(&world, more);
    for more in [
        json!({}),
        json!({"aud": world.realm.issuer}),
        json!({"aud": [world.app.id]}),
        json!({"aud": [world.app.id, "another"], "azp": world.app.id}),
    ] {
        assert!(is_good(&world, &world.app, &good(more.clone())).await, "{more}");
    }
}

#[tokio::test]
async fn um_004_an_issuer_may_know_an_application_by_another_name() {
    let world = World::new().await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    let renamed = partner.with(&world, json!({"aud": "app-at-partner"}));
    assert!(!is_good(&world, &world.app, &renamed).await);
    partner.change(&world, json!({"audiences": ["app-at-partner"]})).await;
    assert!(is_good(&world, &world.app, &renamed).await);
}

#[tokio::test]
async fn um_004_only_issuers_that_are_trusted_for_this_and_list_the_client_are_believed() {
    let world = World::new().await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    let token = partner.with(&world, json!({"aud": world.realm.issuer}));
    for change in [
        json!({"uses": []}),
        json!({"uses": ["assertion_grant", "token_exchange"]}),
        json!({"uses": ["claim_token"], "enabled": false}),
        json!({"enabled": true, "clients": []}),
        json!({"clients": ["another"]}),
    ] {
        partner.change(&world, change.clone()).await;
        assert!(!is_good(&world, &world.app, &token).await, "{change}");
    }
    // Anybody can say to be a client that has no secret.
    let public = json!({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", GRANT]});
    let public = super::client(&world.realm, "openid", public).await;
    partner.change(&world, json!({"clients": [public.id, world.app.id]})).await;
    assert!(!is_good(&world, &public, &token).await);
    assert!(is_good(&world, &world.app, &token).await);
    // No script can say here who somebody is.
    assert_eq!(partner.change(&world, json!({"subject_mapping": "script"})).await.status, 422);
    world.realm.server.administration.ask(Method::DELETE, &partner.path, &json!({})).await;
    assert!(!is_good(&world, &world.app, &token).await);
}

#[tokio::test]
async fn what_another_issuer_says_is_no_lasting_grant() {
    let grants = json!(["authorization_code", "refresh_token", GRANT]);
    let world = World::with(json!({"grant_types": grants})).await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let tokens = world.request_for(&partner.with(&world, json!({})), &ticket, &[]).await.tokens();
    assert_eq!(tokens.0.get("refresh_token"), None, "as RFC 7521 4.1 has it");
    let ticket = world.ticket(&world.album, &["view"]).await;
    let tokens = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    assert!(tokens.0.get("refresh_token").is_some());
}

#[tokio::test]
async fn who_waits_for_the_owner_is_still_known_as_long_as_the_issuer_is_believed() {
    let world = World::of(json!({"uma_poll_interval_seconds": 0}), json!({})).await;
    world.allow(&world.album, json!([{"scopes": ["view"], "ask": true}])).await;
    let partner = Partner::of(&world).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&partner.with(&world, json!({})), &ticket, &[]).await;
    let ticket = refused(&answer, "request_submitted").unwrap();
    let ticket = refused(&world.request(&ticket, &[]).await, "request_submitted").unwrap();
    partner.change(&world, json!({"uses": []})).await;
    refused(&world.request(&ticket, &[]).await, "need_info").unwrap();
}

#[tokio::test]
async fn a_claim_token_is_about_whoever_was_asked_in_the_browser() {
    let world = World::gathering(json!({})).await;
    world.allow_bea().await;
    let partner = Partner::of(&world).await;
    for (person, is_same) in [("bea", true), ("ana", false)] {
        let told = world.gather(&world.ticket(&world.album, &["view"]).await, &world.bea).await;
        let token = partner.with(&world, json!({"sub": person}));
        let answer = world.request_for(&token, &told["ticket"], &[]).await;
        if is_same {
            answer.tokens();
        } else {
            assert!(refused(&answer, "need_info").is_some());
        }
    }
}
