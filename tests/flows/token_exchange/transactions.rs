//! Transaction tokens (draft): what they say, what they are issued for, and what takes them.

use http::Method;
use serde_json::{Value, json};

use super::{ACCESS, ID, JWT, REFRESH, STOCK, World, exchange, policy, revoke, world_on, world_with};
use crate::support::databases::{Kind, TestDatabase};
use crate::support::http::Answer;
use crate::support::jwt::{self, SigningKey};
use crate::support::realm::merged;
use crate::support::server::{Configuration, Server};
use crate::support::time::now;

pub(crate) const TXN: &str = "urn:ietf:params:oauth:token-type:txn_token";
pub(crate) const DOMAIN: &str = "trust-domain.test";

fn transactions(more: Value) -> Value {
    let own = json!({
        "issued_token_types": [ACCESS, TXN],
        "transaction_tokens": {
            "request_details": ["action", "quantity", "ticker"], "request_context": ["req_ip"], "replacement": true,
        },
    });
    policy(merged(own, more))
}

pub(crate) async fn trust_domain() -> World {
    world_with(json!({"transaction_trust_domain": DOMAIN}), json!({}), transactions(json!({}))).await
}

const REQUEST: [(&str, &str); 3] = [("requested_token_type", TXN), ("audience", DOMAIN), ("scope", "stock")];

async fn ask(world: &World, subject: (&str, &str), more: &[(&str, &str)]) -> Answer {
    exchange(&world.gateway, subject, &[&REQUEST, more].concat()).await
}

/// The same without one of the parameters, and others instead.
async fn ask_without(world: &World, subject: (&str, &str), name: &str, more: &[(&str, &str)]) -> Answer {
    let rest: Vec<_> = REQUEST.into_iter().filter(|(parameter, _)| *parameter != name).collect();
    exchange(&world.gateway, subject, &[&rest, more].concat()).await
}

#[tokio::test]
async fn txn_9_a_transaction_token_says_what_the_transaction_is_about() {
    let world = trust_domain().await;
    let login = world.login("openid stock prices").await;
    let more = [
        ("request_details", r#"{"action": "BUY", "quantity": 100}"#),
        ("request_context", r#"{"req_ip": "192.0.2.7"}"#),
    ];
    let answer = ask(&world, (login.access_token(), ACCESS), &more).await.tokens();
    assert_eq!((&answer.0["issued_token_type"], &answer.0["token_type"]), (&json!(TXN), &json!("N_A")));
    assert!(answer.0.get("refresh_token").is_none());
    let token = world.realm.verify(answer.access_token()).await;
    assert_eq!(token.header["typ"], "txntoken+jwt");
    assert!(token.header["kid"].is_string());
    let claims = token.claims;
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(DOMAIN), &json!(world.realm.issuer)));
    assert_eq!((&claims["sub"], &claims["scope"]), (&json!(world.realm.user.id), &json!("stock")));
    assert_eq!(claims["req_wl"], "gateway");
    assert_eq!(claims["tctx"], json!({"action": "BUY", "quantity": 100}));
    assert_eq!(claims["rctx"], json!({"req_ip": "192.0.2.7"}));
    assert!(claims["txn"].as_str().unwrap().len() >= 16);
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=60).contains(&life) && answer.0["expires_in"] == life, "{life}");
    // Section 13.4: whatever it holds, it is not the token that it was issued for.
    assert!(!answer.access_token().contains(login.access_token()));
    let again = ask(&world, (login.access_token(), ACCESS), &[]).await.tokens();
    let second = jwt::read(again.access_token()).claims;
    assert_ne!(second["txn"], claims["txn"]);
    assert!(second.get("tctx").is_none() && second.get("rctx").is_none());
}

#[tokio::test]
async fn txn_11_1_without_trust_domain_policy_audience_or_scope_there_is_none() {
    let world = world_with(json!({}), json!({}), transactions(json!({}))).await;
    let login = world.login("stock").await;
    ask(&world, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    let world = trust_domain().await;
    let login = world.login("stock").await;
    let subject = (login.access_token(), ACCESS);
    for name in ["audience", "scope"] {
        ask_without(&world, subject, name, &[]).await.assert_refused("invalid_request");
    }
    for wrong in ["other.test", STOCK, &world.realm.issuer] {
        ask_without(&world, subject, "audience", &[("audience", wrong)]).await.assert_refused("invalid_target");
        ask(&world, subject, &[("audience", wrong)]).await.assert_refused("invalid_target");
    }
    ask(&world, subject, &[("resource", STOCK)]).await.assert_refused("invalid_target");
    // Section 13.6.
    for wrong in ["prices", "stock prices", "read", "openid", "\"", " "] {
        ask_without(&world, subject, "scope", &[("scope", wrong)]).await.assert_refused("invalid_scope");
    }
    world.set_policy(policy(json!({"transaction_tokens": null}))).await;
    ask(&world, subject, &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn txn_13_10_a_client_asserts_what_its_policy_names() {
    let world = trust_domain().await;
    let login = world.login("stock").await;
    let subject = (login.access_token(), ACCESS);
    for (name, wrong) in [
        ("request_details", r#"{"level": "VIP"}"#),
        ("request_details", r#"{"req_ip": "192.0.2.7"}"#),
        ("request_context", r#"{"action": "BUY"}"#),
        ("request_details", "[]"),
        ("request_details", "\"a\""),
        ("request_details", "x"),
        ("request_context", r#"{"req_ip": 1, "req_ip": 2}"#),
    ] {
        ask(&world, subject, &[(name, wrong)]).await.assert_refused("invalid_request");
    }
    let long = json!({"action": "x".repeat(4096)}).to_string();
    ask(&world, subject, &[("request_details", &long)]).await.assert_refused("invalid_request");
    // Section 13.4: the access token never gets in.
    let inside = json!({"action": {"t": [login.access_token()]}}).to_string();
    ask(&world, subject, &[("request_details", &inside)]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn txn_11_2_refresh_tokens_id_tokens_and_tokens_without_scope_are_no_subjects() {
    let world = trust_domain().await;
    world.realm.update_client(&world.shop, json!({"settings": {"token_exchange": transactions(json!({}))}})).await;
    let login = world.login("openid offline_access stock").await;
    for subject in [(login.refresh_token(), REFRESH), (login.id_token(), ID)] {
        exchange(&world.shop, subject, &REQUEST).await.assert_refused("invalid_request");
    }
    let key = SigningKey::generate("ES256");
    let path = format!("/realms/{}/trusted-issuers", world.realm.name);
    let body = json!({
        "issuer": "https://partner.test", "jwks": key.public_set(), "uses": ["token_exchange"], "clients": ["gateway"],
        "subject_mapping": "username",
    });
    world.realm.server.administration.ask(Method::POST, &path, &body).await;
    let claims = json!({
        "iss": "https://partner.test", "sub": "ana", "aud": world.realm.issuer, "iat": now(), "exp": now() + 30,
    });
    // Section 13.14: unknown is not unconstrained.
    ask(&world, (&key.sign(&claims), JWT), &[]).await.assert_refused("invalid_request");
    let scoped = merged(claims, json!({"scope": "stock"}));
    let token = ask(&world, (&key.sign(&scoped), JWT), &[]).await.tokens();
    let claims = jwt::read(token.access_token()).claims;
    assert_eq!(claims["sub"], world.realm.user.id.as_str());
    // Section 6: not longer than what it was issued for.
    assert!(claims["exp"].as_i64() <= scoped["exp"].as_i64());
    let expired = merged(scoped, json!({"exp": now() - 120}));
    ask(&world, (&key.sign(&expired), JWT), &[]).await.assert_refused("invalid_request");
    let actor = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", actor.access_token()), ("actor_token_type", ACCESS)];
    ask(&world, (login.access_token(), ACCESS), &actor).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn txn_13_13_nothing_takes_a_transaction_token_for_anything_else() {
    let world = trust_domain().await;
    let login = world.login("openid stock").await;
    let token = ask(&world, (login.access_token(), ACCESS), &[]).await.tokens();
    let token = token.access_token();
    assert!(!world.gateway.is_active(token).await);
    assert_eq!(world.gateway.userinfo(token).await.status, 401);
    revoke(&world.gateway, token).await;
    // It was none of the tokens that can be revoked, and is as good as before.
    ask(&world, (token, TXN), &[]).await.tokens();
    for kind in [ACCESS, ID, JWT, REFRESH] {
        exchange(&world.gateway, (token, kind), &[]).await.assert_refused("invalid_request");
    }
    exchange(&world.gateway, (token, TXN), &[]).await.assert_refused("invalid_request");
    let actor = [("actor_token", token), ("actor_token_type", TXN)];
    exchange(&world.gateway, (login.access_token(), ACCESS), &actor).await.assert_refused("invalid_request");
    world.gateway.refresh(token).await.assert_refused("invalid_grant");
    let bearer = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", token)];
    world.gateway.ask("/token", &bearer).await.assert_refused("unsupported_grant_type");
}

#[tokio::test]
async fn txn_13_15_a_replacement_says_more_and_changes_nothing() {
    let world = trust_domain().await;
    let login = world.login("stock prices").await;
    let first = [("requested_token_type", TXN), ("audience", DOMAIN), ("scope", "stock prices")];
    let details = [("request_details", r#"{"action": "BUY"}"#)];
    let token = exchange(&world.gateway, (login.access_token(), ACCESS), &[&first[..], &details].concat()).await;
    let token = token.tokens().access_token().to_owned();
    let before = jwt::read(&token).claims;
    let more = [("request_details", r#"{"quantity": 1}"#), ("request_context", r#"{"req_ip": "a"}"#)];
    let replaced = ask(&world, (&token, TXN), &more).await.tokens();
    let after = jwt::read(replaced.access_token()).claims;
    for claim in ["txn", "sub", "aud"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    assert_eq!((&after["tctx"], &after["scope"]), (&json!({"action": "BUY", "quantity": 1}), &json!("stock")));
    assert_eq!(after["rctx"], json!({"req_ip": "a"}));
    assert!(after["exp"].as_i64() <= before["exp"].as_i64());
    // Who asked before is still named.
    assert_eq!(after["act"], json!({"sub": "gateway", "client_id": "gateway"}));
    let changed = [("request_details", r#"{"action": "SELL"}"#)];
    ask(&world, (replaced.access_token(), TXN), &changed).await.assert_refused("invalid_request");
    let wider = [("requested_token_type", TXN), ("audience", DOMAIN), ("scope", "prices")];
    exchange(&world.gateway, (replaced.access_token(), TXN), &wider).await.assert_refused("invalid_scope");
    // Not for a client that the policy does not let.
    exchange(&world.shop, (&token, TXN), &REQUEST).await.assert_refused("unauthorized_client");
    world.set_policy(transactions(json!({"transaction_tokens": {"replacement": false}}))).await;
    ask(&world, (&token, TXN), &[]).await.assert_refused("invalid_request");
    world.set_policy(transactions(json!({}))).await;
    // TK-076: not without end.
    let mut token = token;
    for _ in 0..4 {
        token = ask(&world, (&token, TXN), &[]).await.tokens().access_token().to_owned();
    }
    ask(&world, (&token, TXN), &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn tk_080_a_transaction_token_dies_with_what_it_was_issued_for() {
    let world = trust_domain().await;
    let issue = async |token: &str| ask(&world, (token, ACCESS), &[]).await.tokens().access_token().to_owned();
    let login = world.login("stock").await;
    let token = issue(login.access_token()).await;
    revoke(&world.shop, login.access_token()).await;
    ask(&world, (&token, TXN), &[]).await.assert_refused("invalid_request");
    let login = world.login("stock").await;
    let token = issue(login.access_token()).await;
    let path = format!("/realms/{}/users/{}/sign-out", world.realm.name, world.realm.user.id);
    world.realm.server.administration.ask(Method::POST, &path, &json!({})).await;
    ask(&world, (&token, TXN), &[]).await.assert_refused("invalid_request");
    ask(&world, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    let login = world.login("stock").await;
    let token = issue(login.access_token()).await;
    world.realm.update_client(&world.shop, json!({"enabled": false})).await;
    ask(&world, (&token, TXN), &[]).await.assert_refused("invalid_request");
    // Forged by somebody with a key of their own.
    let claims = jwt::read(&token).claims;
    let key = SigningKey::generate("ES256");
    let forged = key.sign_with_header(&json!({"alg": "ES256", "typ": "txntoken+jwt"}), &claims);
    ask(&world, (&forged, TXN), &[]).await.assert_refused("invalid_request");
}

/// A user's transaction on a database: it is replaced there, and dies with the login or with the token that it began with.
async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let realm = json!({"transaction_trust_domain": DOMAIN});
    let world = world_on(&server, realm, json!({}), transactions(json!({}))).await;
    let details = [("request_details", r#"{"action": "BUY"}"#)];
    let begin = async || {
        let login = world.login("stock").await;
        let token = ask(&world, (login.access_token(), ACCESS), &details).await.tokens();
        let replaced = ask(&world, (token.access_token(), TXN), &[]).await.tokens();
        (login, token, replaced)
    };
    let (login, token, replaced) = begin().await;
    let (before, after) = (
        world.realm.verify(token.access_token()).await.claims,
        world.realm.verify(replaced.access_token()).await.claims,
    );
    assert_eq!((&before["sub"], &before["req_wl"]), (&json!(world.realm.user.id), &json!("gateway")));
    for claim in ["sub", "txn", "tctx", "aud", "scope"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    revoke(&world.shop, login.access_token()).await;
    for dead in [&token, &replaced] {
        ask(&world, (dead.access_token(), TXN), &[]).await.assert_refused("invalid_request");
    }
    let (_, token, replaced) = begin().await;
    let path = format!("/realms/{}/users/{}/sign-out", world.realm.name, world.realm.user.id);
    server.administration.ask(Method::POST, &path, &json!({})).await;
    for dead in [&token, &replaced] {
        ask(&world, (dead.access_token(), TXN), &[]).await.assert_refused("invalid_request");
    }
    drop(world);
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn tk_080_transactions_of_users_work_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn tk_080_transactions_of_users_work_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
