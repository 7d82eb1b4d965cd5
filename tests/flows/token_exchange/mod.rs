//! Token exchange (RFC 8693): what may be brought, what comes of it, and how that ends.

mod clients;
mod endings;
pub(crate) mod identity_assertions;
mod kinds;
pub(crate) mod transactions;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::http::Answer;
use crate::support::jwt;
use crate::support::realm::{Realm, merged};
use crate::support::server::Server;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(crate) const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
pub(crate) const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
pub(crate) const STOCK: &str = "https://stock.test/";
const PRICES: &str = "https://prices.test/";

/// A shop in which people log in, and a gateway that calls on behalf of them.
pub(crate) struct World {
    pub(crate) realm: Realm,
    pub(crate) shop: Client,
    pub(crate) gateway: Client,
}

fn policy(more: Value) -> Value {
    let policy = json!({
        "subject_clients": ["shop"], "audiences": [STOCK, PRICES], "scope": "stock prices openid offline_access",
        "issued_token_types": [ACCESS, REFRESH, ID], "impersonation": true, "delegation": true,
    });
    merged(policy, more)
}

async fn world_with(realm: Value, shop: Value, policy: Value) -> World {
    world_on(&Server::shared().await, realm, shop, policy).await
}

async fn world_on(server: &Arc<Server>, realm: Value, shop: Value, policy: Value) -> World {
    let realm = Realm::on(server, merged(json!({"backchannel_logout": true}), realm)).await;
    for (identifier, scope) in [(STOCK, "stock"), (PRICES, "prices")] {
        let scopes = json!([{"name": scope, "description": scope}]);
        let body = json!({"identifier": identifier, "display_name": scope, "scopes": scopes});
        realm.server.administration.create_resource_server(&realm.name, &body).await;
    }
    let scope = "openid offline_access stock prices read";
    let grants = json!(["authorization_code", "refresh_token", "client_credentials", GRANT]);
    let own = json!({"client_id": "shop", "scope": scope, "grant_types": grants});
    let shop = realm.client(merged(own, shop)).await;
    let gateway = json!({
        "client_id": "gateway", "scope": scope, "grant_types": grants, "settings": {"token_exchange": policy},
    });
    let gateway = realm.client(gateway).await;
    World { realm, shop, gateway }
}

pub(crate) async fn world() -> World {
    world_with(json!({}), json!({}), policy(json!({}))).await
}

impl World {
    /// What the user gets at the shop.
    async fn login(&self, scope: &str) -> Tokens {
        let request = self.shop.request().with("scope", scope);
        self.shop.obtain(&mut self.realm.browser(), &request, &self.realm.user).await
    }

    async fn set_policy(&self, policy: Value) {
        self.realm.update_client(&self.gateway, json!({"settings": {"token_exchange": policy}})).await;
    }
}

async fn revoke(client: &Client, token: &str) {
    assert_eq!(client.revoke(token).await.status, 200);
}

async fn exchange(client: &Client, (token, kind): (&str, &str), more: &[(&str, &str)]) -> Answer {
    let parameters = [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", kind)];
    client.ask("/token", &[&parameters, more].concat()).await
}

#[tokio::test]
async fn rfc8693_2_2_1_an_access_token_becomes_one_for_another_resource_with_less_in_it() {
    let world = world().await;
    let login = world.login("openid stock prices read").await;
    let answer = exchange(&world.gateway, (login.access_token(), ACCESS), &[("audience", STOCK)]).await.tokens();
    assert_eq!(answer.0["issued_token_type"], ACCESS);
    assert_eq!((&answer.0["token_type"], &answer.0["scope"]), (&json!("Bearer"), &json!("stock")));
    assert!(answer.0.get("refresh_token").is_none() && answer.0.get("id_token").is_none());
    let claims = world.realm.verify(answer.access_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(world.realm.user.id), &json!("gateway")));
    assert_eq!((&claims["aud"], claims.get("act")), (&json!(STOCK), None));
    let before = jwt::read(login.access_token()).claims;
    assert!(claims["exp"].as_i64() <= before["exp"].as_i64());
    assert_eq!(claims["auth_time"], before["auth_time"]);
    assert!(world.gateway.is_active(answer.access_token()).await);
}

#[tokio::test]
async fn rfc8693_4_1_with_an_actor_the_token_says_who_acts_and_who_acted_before() {
    let world = world().await;
    let login = world.login("openid stock").await;
    let own = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", own.access_token()), ("actor_token_type", ACCESS)];
    let first = exchange(&world.gateway, (login.access_token(), ACCESS), &actor).await.tokens();
    let claims = world.realm.verify(first.access_token()).await.claims;
    assert_eq!(claims["act"], json!({"sub": "gateway", "client_id": "gateway"}));
    assert_eq!(claims["sub"], world.realm.user.id.as_str());
    assert_eq!(world.gateway.introspect(first.access_token()).await["act"], claims["act"]);
    let second = exchange(&world.gateway, (first.access_token(), ACCESS), &actor).await.tokens();
    let claims = jwt::read(second.access_token()).claims;
    assert_eq!(
        claims["act"],
        json!({"sub": "gateway", "client_id": "gateway", "act": {"sub": "gateway", "client_id": "gateway"}})
    );
    // Who acted is not forgotten where nobody acts now.
    let third = exchange(&world.gateway, (second.access_token(), ACCESS), &[]).await.tokens();
    assert_eq!(jwt::read(third.access_token()).claims["act"], claims["act"]);
}

#[tokio::test]
async fn tk_076_chains_of_actors_and_of_exchanges_are_short() {
    let world = world().await;
    let login = world.login("stock").await;
    let own = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", own.access_token()), ("actor_token_type", ACCESS)];
    let mut token = login.access_token().to_owned();
    for _ in 0..5 {
        token = exchange(&world.gateway, (&token, ACCESS), &actor).await.tokens().access_token().to_owned();
    }
    exchange(&world.gateway, (&token, ACCESS), &actor).await.assert_refused("invalid_request");
    exchange(&world.gateway, (&token, ACCESS), &[]).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn without_grant_type_or_policy_there_is_no_exchange() {
    let world = world().await;
    let login = world.login("stock").await;
    let subject = (login.access_token(), ACCESS);
    exchange(&world.shop, subject, &[]).await.assert_refused("unauthorized_client");
    let plain = world.realm.client(json!({"scope": "stock"})).await;
    exchange(&plain, subject, &[]).await.assert_refused("unauthorized_client");
    world.set_policy(Value::Null).await;
    exchange(&world.gateway, subject, &[]).await.assert_refused("unauthorized_client");
}

#[tokio::test]
async fn tk_076_who_may_act_is_said_by_policy_and_subject_token() {
    let world = world().await;
    let login = world.login("stock").await;
    let own = world.gateway.client_credentials("read").await.tokens();
    let actor = [("actor_token", own.access_token()), ("actor_token_type", ACCESS)];
    let of_shop = world.shop.client_credentials("read").await.tokens();
    let others = [("actor_token", of_shop.access_token()), ("actor_token_type", ACCESS)];
    let subject = (login.access_token(), ACCESS);
    exchange(&world.gateway, subject, &others).await.assert_refused("invalid_request");
    exchange(&world.gateway, subject, &actor[..1]).await.assert_refused("invalid_request");
    exchange(&world.gateway, subject, &actor[1..]).await.assert_refused("invalid_request");
    world.set_policy(policy(json!({"impersonation": false}))).await;
    exchange(&world.gateway, subject, &[]).await.assert_refused("invalid_request");
    exchange(&world.gateway, subject, &actor).await.tokens();
    world.set_policy(policy(json!({"delegation": false}))).await;
    exchange(&world.gateway, subject, &actor).await.assert_refused("invalid_request");
    exchange(&world.gateway, subject, &[]).await.tokens();
    // RFC 8693 section 4.4.
    world.set_policy(policy(json!({}))).await;
    for (named, may) in [("other", false), ("gateway", true)] {
        world.realm.update_client(&world.shop, json!({"settings": {"may_act": named}})).await;
        let login = world.login("stock").await;
        let claims = jwt::read(login.access_token()).claims;
        assert_eq!(claims["may_act"], json!({"sub": named, "client_id": named}));
        assert_eq!(world.shop.introspect(login.access_token()).await["may_act"], claims["may_act"]);
        for more in [&actor[..], &[]] {
            let answer = exchange(&world.gateway, (login.access_token(), ACCESS), more).await;
            if may { drop(answer.tokens()) } else { answer.assert_refused("invalid_request") }
        }
    }
}

#[tokio::test]
async fn tk_077_audiences_outside_the_policy_are_invalid_targets() {
    let world = world().await;
    let login = world.login("openid stock prices").await;
    let subject = (login.access_token(), ACCESS);
    let userinfo = format!("{}/userinfo", world.realm.issuer);
    let admin = format!("{}/admin/api/v1", world.realm.server.public_url);
    for wrong in
        [&*world.realm.issuer, &userinfo, &admin, "https://unknown.test/", "https://stock.test", "/stock", "shop"]
    {
        for name in ["audience", "resource"] {
            exchange(&world.gateway, subject, &[(name, wrong)]).await.assert_refused("invalid_target");
            exchange(&world.gateway, subject, &[(name, wrong), ("resource", STOCK)])
                .await
                .assert_refused("invalid_target");
        }
    }
    world.set_policy(policy(json!({"audiences": [STOCK, userinfo]}))).await;
    exchange(&world.gateway, subject, &[("audience", PRICES)]).await.assert_refused("invalid_target");
    exchange(&world.gateway, subject, &[("audience", &userinfo)]).await.assert_refused("invalid_target");
    world.set_policy(policy(json!({"audiences": []}))).await;
    exchange(&world.gateway, subject, &[]).await.assert_refused("invalid_target");
    // The client's own list of resources counts as well.
    world
        .realm
        .update_client(
            &world.gateway,
            json!({"settings": {"token_exchange": policy(json!({})), "resources": [PRICES]}}),
        )
        .await;
    exchange(&world.gateway, subject, &[("audience", STOCK)]).await.assert_refused("invalid_target");
    exchange(&world.gateway, subject, &[("audience", PRICES)]).await.tokens();
}

#[tokio::test]
async fn rfc8693_2_1_audience_and_resource_may_be_repeated() {
    let world = world().await;
    let login = world.login("stock prices").await;
    let both = [("audience", STOCK), ("audience", PRICES), ("resource", PRICES)];
    let tokens = exchange(&world.gateway, (login.access_token(), ACCESS), &both).await.tokens();
    assert_eq!(jwt::read(tokens.access_token()).claims["aud"], json!([PRICES, STOCK]));
    let all = exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.tokens();
    assert_eq!(all.0["scope"], "stock prices");
}

#[tokio::test]
async fn tk_078_a_scope_wider_than_subject_client_and_policy_is_invalid() {
    let world = world().await;
    let login = world.login("openid stock read").await;
    let subject = (login.access_token(), ACCESS);
    // Not the subject's, not the policy's, not for others at all, unreadable.
    for wrong in ["prices", "stock prices", "read", "openid", "offline_access", "\"", " "] {
        exchange(&world.gateway, subject, &[("scope", wrong)]).await.assert_refused("invalid_scope");
    }
    let tokens = exchange(&world.gateway, subject, &[("scope", "stock")]).await.tokens();
    assert_eq!(tokens.0["scope"], "stock");
    // Not the client's any more.
    world.realm.update_client(&world.gateway, json!({"scope": "prices"})).await;
    exchange(&world.gateway, subject, &[("scope", "stock")]).await.assert_refused("invalid_scope");
}
