//! The kinds of tokens that are exchanged and issued.

use serde_json::json;

use super::{ACCESS, GRANT, ID, JWT, PRICES, REFRESH, STOCK, exchange, policy, revoke, world, world_with};
use crate::support::client::Client;
use crate::support::dpop::ProofKey;
use crate::support::jwt::{self, SigningKey};
use crate::support::realm::merged;
use crate::support::time::now;

#[tokio::test]
async fn an_id_token_is_exchanged_while_its_session_lives() {
    let world = world().await;
    let login = world.login("openid stock").await;
    let tokens = exchange(&world.gateway, (login.id_token(), ID), &[("audience", STOCK)]).await.tokens();
    assert_eq!(tokens.0["scope"], "stock");
    assert!(world.gateway.is_active(tokens.access_token()).await);
    let id = exchange(&world.gateway, (login.access_token(), ACCESS), &[("requested_token_type", ID)]).await.tokens();
    assert_eq!((&id.0["issued_token_type"], &id.0["token_type"]), (&json!(ID), &json!("N_A")));
    let claims = world.realm.verify(id.access_token()).await.claims;
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("gateway"), &json!(world.realm.user.id)));
    assert_eq!(claims["sid"], jwt::read(login.id_token()).claims["sid"]);
    let named = [("requested_token_type", ID), ("audience", STOCK)];
    exchange(&world.gateway, (login.access_token(), ACCESS), &named).await.assert_refused("invalid_target");
    let path = format!("/realms/{}/users/{}/sign-out", world.realm.name, world.realm.user.id);
    world.realm.server.administration.ask(http::Method::POST, &path, &json!({})).await;
    for token in [login.id_token(), id.access_token()] {
        exchange(&world.gateway, (token, ID), &[]).await.assert_refused("invalid_request");
    }
    assert!(!world.gateway.is_active(tokens.access_token()).await);
    // Where ID tokens do not name the session nobody knows whether it lives.
    let settings = json!({"backchannel_logout": false, "frontchannel_logout": false});
    let silent = world_with(settings, json!({}), policy(json!({}))).await;
    let login = silent.login("openid stock").await;
    exchange(&silent.gateway, (login.id_token(), ID), &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn a_refresh_token_of_an_exchange_ends_with_the_subject_token_and_with_the_policy() {
    let world = world().await;
    let login = world.login("openid offline_access stock prices").await;
    let wanted = [("requested_token_type", REFRESH), ("audience", STOCK)];
    let issued = exchange(&world.gateway, (login.access_token(), ACCESS), &wanted).await.tokens();
    assert_eq!((&issued.0["issued_token_type"], &issued.0["token_type"]), (&json!(REFRESH), &json!("N_A")));
    let token = issued.access_token();
    let end = jwt::read(login.access_token()).claims["exp"].as_i64().unwrap();
    assert!(world.gateway.introspect(token).await["exp"].as_i64().unwrap() <= end);
    let access = world.gateway.refresh(token).await.tokens();
    let claims = jwt::read(access.access_token()).claims;
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(STOCK), &json!("stock")));
    assert!(claims["exp"].as_i64().unwrap() <= end, "RFC 8693 section 5");
    // Nobody else's.
    world.shop.refresh(token).await.assert_refused("invalid_grant");
    world.set_policy(policy(json!({"audiences": [PRICES]}))).await;
    world.gateway.refresh(access.refresh_token()).await.assert_refused("invalid_grant");
    world.set_policy(policy(json!({}))).await;
    // The lineage that it came from is closed.
    revoke(&world.shop, login.refresh_token()).await;
    world.gateway.refresh(access.refresh_token()).await.assert_refused("invalid_grant");
    assert!(!world.gateway.is_active(access.access_token()).await);
    // Kinds that the policy does not name.
    world.set_policy(policy(json!({"issued_token_types": [ACCESS]}))).await;
    let login = world.login("stock").await;
    for kind in [REFRESH, ID, JWT, "x"] {
        let wanted = [("requested_token_type", kind)];
        exchange(&world.gateway, (login.access_token(), ACCESS), &wanted).await.assert_refused("invalid_request");
    }
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_by_its_own_client_and_stays_as_it_is() {
    let world = world().await;
    world.realm.update_client(&world.shop, json!({"settings": {"token_exchange": policy(json!({}))}})).await;
    let login = world.login("openid offline_access stock").await;
    let subject = (login.refresh_token(), REFRESH);
    exchange(&world.gateway, subject, &[]).await.assert_refused("invalid_request");
    let tokens = exchange(&world.shop, subject, &[("audience", STOCK)]).await.tokens();
    assert!(world.shop.is_active(tokens.access_token()).await);
    let next = world.shop.refresh(login.refresh_token()).await.tokens();
    exchange(&world.shop, subject, &[]).await.assert_refused("invalid_request");
    revoke(&world.shop, next.refresh_token()).await;
    assert!(!world.shop.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn tk_052_bound_clients_get_bound_tokens_and_bound_tokens_need_their_key() {
    let world = world_with(json!({}), json!({"dpop_bound_access_tokens": true}), policy(json!({}))).await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    world.realm.update_client(&world.shop, json!({"settings": {"token_exchange": policy(json!({}))}})).await;
    let request = world.shop.request().with("scope", "stock").without("nonce");
    let response = world.realm.browser().complete(&request, &world.realm.user).await;
    let login = world.shop.ask_with(&key, &Client::redemption(&request, response.code())).await.bound_tokens();
    let parameters = [("grant_type", GRANT), ("subject_token", login.access_token()), ("subject_token_type", ACCESS)];
    world.shop.ask("/token", &parameters).await.assert_refused("invalid_dpop_proof");
    world.shop.ask_with(&other, &parameters).await.assert_refused("invalid_request");
    let tokens = world.shop.ask_with(&key, &parameters).await.bound_tokens();
    let claims = jwt::read(tokens.access_token()).claims;
    assert_eq!(claims["cnf"]["jkt"], key.thumbprint().as_str());
    // A bound actor token needs its key as well.
    let actor = world.shop.own_token(&key).await;
    let actor = [("actor_token", actor.access_token()), ("actor_token_type", ACCESS)];
    let delegated = [&parameters[..], &actor].concat();
    world.shop.ask_with(&other, &delegated).await.assert_refused("invalid_request");
    let tokens = world.shop.ask_with(&key, &delegated).await.bound_tokens();
    assert_eq!(jwt::read(tokens.access_token()).claims["act"]["sub"], "shop");
    // A resource server that got it cannot prove the key, and needs not: the policy names whose tokens it brings.
    exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.tokens();
}

#[tokio::test]
async fn an_opaque_token_is_exchanged_like_a_jwt() {
    let world = world_with(json!({}), json!({"settings": {"access_token_format": "opaque"}}), policy(json!({}))).await;
    let login = world.login("openid stock").await;
    assert_ne!(login.access_token().split('.').count(), 3);
    let own = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", own.access_token()), ("actor_token_type", ACCESS)];
    let tokens = exchange(&world.gateway, (login.access_token(), ACCESS), &actor).await.tokens();
    assert_eq!(world.gateway.introspect(tokens.access_token()).await["act"]["sub"], "gateway");
    revoke(&world.shop, login.access_token()).await;
    assert!(!world.gateway.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn rfc8693_2_1_a_token_of_a_trusted_issuer_is_exchanged_by_the_clients_it_lists() {
    let world = world().await;
    let key = SigningKey::generate("ES256");
    let path = format!("/realms/{}/trusted-issuers", world.realm.name);
    let body = json!({
        "issuer": "https://partner.test", "jwks": key.public_set(), "uses": ["token_exchange"], "clients": ["gateway"],
        "subject_mapping": "username", "subject_claim": "preferred_username",
    });
    let administration = &world.realm.server.administration;
    let made = administration.ask(http::Method::POST, &path, &body).await.json();
    let claims = json!({
        "iss": "https://partner.test", "sub": "8f3a", "aud": world.realm.issuer, "iat": now(), "exp": now() + 300,
        "preferred_username": "ana", "scope": "stock",
    });
    let token = key.sign(&claims);
    let tokens = exchange(&world.gateway, (&token, JWT), &[]).await.tokens();
    let issued = jwt::read(tokens.access_token()).claims;
    assert_eq!((&issued["sub"], &issued["scope"]), (&json!(world.realm.user.id), &json!("stock")));
    assert!(issued["exp"].as_i64() <= claims["exp"].as_i64());
    // A subject token may come again; an assertion grant it is not.
    exchange(&world.gateway, (&token, JWT), &[("scope", "stock")]).await.tokens();
    exchange(&world.gateway, (&token, JWT), &[("scope", "prices")]).await.assert_refused("invalid_scope");
    exchange(&world.gateway, (&token, ACCESS), &[]).await.assert_refused("invalid_request");
    for (name, wrong) in [
        ("aud", json!("https://other.test")),
        ("exp", json!(now() - 1)),
        ("iss", json!("https://other.test")),
        ("preferred_username", json!("nobody")),
        ("preferred_username", json!(7)),
        ("act", json!("x")),
        ("nbf", json!(now() + 600)),
    ] {
        let token = key.sign(&merged(claims.clone(), json!({name: wrong})));
        exchange(&world.gateway, (&token, JWT), &[]).await.assert_refused("invalid_request");
    }
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    for change in [json!({"enabled": false}), json!({"enabled": true, "clients": []})] {
        administration.ask(http::Method::PATCH, &path, &change).await;
        exchange(&world.gateway, (&token, JWT), &[]).await.assert_refused("invalid_request");
    }
}
