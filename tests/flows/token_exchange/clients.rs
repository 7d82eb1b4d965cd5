//! Tokens that clients got for themselves, as subject tokens.

use serde_json::json;

use super::{ACCESS, GRANT, ID, PRICES, REFRESH, STOCK, exchange, policy, revoke, world_with};
use crate::support::databases::{Kind, TestDatabase};
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

const TXN: &str = "urn:ietf:params:oauth:token-type:txn_token";

#[tokio::test]
async fn rfc8693_2_1_a_clients_own_token_is_exchanged_where_the_policy_permits_it() {
    let permitted = policy(json!({"client_subjects": true}));
    let world = world_with(json!({}), json!({}), permitted.clone()).await;
    let own = world.shop.client_credentials("stock prices read").await.tokens();
    let subject = (own.access_token(), ACCESS);
    let tokens = exchange(&world.gateway, subject, &[("audience", STOCK)]).await.tokens();
    let claims = world.realm.verify(tokens.access_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("shop"), &json!("gateway")));
    assert_eq!((&claims["aud"], &claims["scope"], claims.get("act")), (&json!(STOCK), &json!("stock"), None));
    assert!(claims["exp"].as_i64() <= jwt::read(own.access_token()).claims["exp"].as_i64());
    let described = world.gateway.introspect(tokens.access_token()).await;
    assert_eq!((&described["active"], &described["sub"]), (&json!(true), &json!("shop")));
    assert!(described.get("username").is_none());
    assert_ne!(world.gateway.userinfo(tokens.access_token()).await.status, 200);
    // Who acts is said here too.
    let actor = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", actor.access_token()), ("actor_token_type", ACCESS)];
    let delegated = exchange(&world.gateway, subject, &actor).await.tokens();
    assert_eq!(
        world.gateway.introspect(delegated.access_token()).await["act"],
        json!({"sub": "gateway", "client_id": "gateway"})
    );
    // Nobody is behind it whom these would be for.
    for kind in [REFRESH, ID] {
        exchange(&world.gateway, subject, &[("requested_token_type", kind)]).await.assert_refused("invalid_request");
    }
    // TK-077, TK-078.
    exchange(&world.gateway, subject, &[("scope", "read")]).await.assert_refused("invalid_scope");
    exchange(&world.gateway, subject, &[("audience", "https://unknown.test/")]).await.assert_refused("invalid_target");
    world.set_policy(policy(json!({"client_subjects": false}))).await;
    exchange(&world.gateway, subject, &[]).await.assert_refused("invalid_request");
    // TK-080.
    world.set_policy(permitted).await;
    let second = exchange(&world.gateway, (tokens.access_token(), ACCESS), &[]).await.tokens();
    revoke(&world.shop, own.access_token()).await;
    for token in [tokens.access_token(), delegated.access_token(), second.access_token()] {
        assert!(!world.gateway.is_active(token).await);
        exchange(&world.gateway, (token, ACCESS), &[]).await.assert_refused("invalid_request");
    }
    let own = world.shop.client_credentials("prices").await.tokens();
    let tokens = exchange(&world.gateway, (own.access_token(), ACCESS), &[("audience", PRICES)]).await.tokens();
    world.realm.update_client(&world.shop, json!({"enabled": false})).await;
    assert!(!world.gateway.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn txn_8_2_a_workload_begins_a_transaction_of_its_own() {
    let policy = policy(json!({"client_subjects": true, "issued_token_types": [TXN]}));
    let world = world_with(json!({"transaction_trust_domain": "domain.test"}), json!({}), policy).await;
    let own = world.gateway.client_credentials("stock").await.tokens();
    let more = [("requested_token_type", TXN), ("audience", "domain.test"), ("scope", "stock")];
    let token = exchange(&world.gateway, (own.access_token(), ACCESS), &more).await.tokens();
    let claims = world.realm.verify(token.access_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["req_wl"]), (&json!("gateway"), &json!("gateway")));
}

/// What is exchanged on a database dies there with what it was exchanged for.
async fn works_on(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let server =
        Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let realm = Realm::on(&server, json!({"transaction_trust_domain": "domain.test"})).await;
    let body = json!({"identifier": STOCK, "display_name": "Stock"});
    server.administration.create_resource_server(&realm.name, &body).await;
    let policy = json!({
        "audiences": [STOCK], "scope": "stock", "impersonation": true, "client_subjects": true,
        "issued_token_types": [ACCESS, TXN], "transaction_tokens": {"replacement": true},
    });
    let client = json!({
        "scope": "stock", "grant_types": ["client_credentials", GRANT], "settings": {"token_exchange": policy},
        "redirect_uris": [], "response_types": [],
    });
    let client = realm.client(client).await;
    let own = client.client_credentials("stock").await.tokens();
    let access = exchange(&client, (own.access_token(), ACCESS), &[]).await.tokens();
    let more = [("requested_token_type", TXN), ("audience", "domain.test"), ("scope", "stock")];
    let transaction = exchange(&client, (access.access_token(), ACCESS), &more).await.tokens();
    let replaced = exchange(&client, (transaction.access_token(), TXN), &more).await.tokens();
    assert!(client.is_active(access.access_token()).await);
    revoke(&client, own.access_token()).await;
    assert!(!client.is_active(access.access_token()).await);
    for token in [transaction.access_token(), replaced.access_token()] {
        exchange(&client, (token, TXN), &more).await.assert_refused("invalid_request");
    }
    drop(server);
    database.remove().await;
}

#[tokio::test]
async fn tk_080_exchanges_of_clients_work_on_postgres() {
    works_on(Kind::Postgres).await;
}

#[tokio::test]
async fn tk_080_exchanges_of_clients_work_on_mariadb() {
    works_on(Kind::MariaDb).await;
}
