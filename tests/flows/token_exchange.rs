//! Token exchange (RFC 8693): what may be brought, what comes of it, and how that ends.

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::dpop::ProofKey;
use crate::support::http::Answer;
use crate::support::jwt::{self, SigningKey};
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const STOCK: &str = "https://stock.test/";
const PRICES: &str = "https://prices.test/";

/// A shop in which people log in, and a gateway that calls on behalf of them.
struct World {
    realm: Realm,
    shop: Client,
    gateway: Client,
}

fn policy(more: Value) -> Value {
    let policy = json!({
        "subject_clients": ["shop"], "audiences": [STOCK, PRICES], "scope": "stock prices openid offline_access",
        "issued_token_types": [ACCESS, REFRESH, ID], "impersonation": true, "delegation": true,
    });
    merged(policy, more)
}

async fn world_with(realm: Value, shop: Value, policy: Value) -> World {
    let realm = Realm::with(merged(json!({"backchannel_logout": true}), realm)).await;
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

async fn world() -> World {
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
async fn tk_072_an_absent_empty_or_unreadable_subject_token_is_an_invalid_request() {
    let world = world().await;
    let ask = async |parameters: &[(&str, &str)]| {
        let grant = [("grant_type", GRANT)];
        world.gateway.ask("/token", &[&grant, parameters].concat()).await.assert_refused("invalid_request");
    };
    ask(&[]).await;
    ask(&[("subject_token_type", ACCESS)]).await;
    ask(&[("subject_token", ""), ("subject_token_type", ACCESS)]).await;
    for text in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "null", "{}"] {
        for kind in [ACCESS, REFRESH, ID, JWT] {
            ask(&[("subject_token", text), ("subject_token_type", kind)]).await;
        }
        ask(&[("subject_token", text)]).await;
        ask(&[("subject_token", text), ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")]).await;
    }
}

#[tokio::test]
async fn tk_074_a_token_is_what_its_type_says() {
    let world = world().await;
    let request = world.shop.request().with("scope", "openid offline_access stock");
    let login = world.shop.obtain(&mut world.realm.browser(), &request, &world.realm.user).await;
    let tokens = [(login.access_token(), ACCESS), (login.refresh_token(), REFRESH), (login.id_token(), ID)];
    world.realm.update_client(&world.shop, json!({"settings": {"token_exchange": policy(json!({}))}})).await;
    for (token, own) in tokens {
        for kind in [ACCESS, REFRESH, ID, JWT].into_iter().filter(|kind| *kind != own) {
            exchange(&world.shop, (token, kind), &[]).await.assert_refused("invalid_request");
        }
    }
}

#[tokio::test]
async fn tk_073_revoked_foreign_and_unfit_subject_tokens_are_refused() {
    let world = world().await;
    let login = world.login("openid stock").await;
    revoke(&world.shop, login.access_token()).await;
    exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    // Signed by nobody, by somebody else, and of another realm.
    let login = world.login("openid stock").await;
    let claims = jwt::read(login.access_token()).claims;
    let key = SigningKey::generate("ES256");
    let header = json!({"alg": "ES256", "typ": "at+jwt"});
    for forged in [key.sign_with_header(&header, &claims), key.sign(&claims)] {
        exchange(&world.gateway, (&forged, ACCESS), &[]).await.assert_refused("invalid_request");
        exchange(&world.gateway, (&forged, JWT), &[]).await.assert_refused("invalid_request");
    }
    let other = self::world().await;
    let foreign = other.login("openid stock").await;
    exchange(&world.gateway, (foreign.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    exchange(&world.gateway, (foreign.id_token(), ID), &[]).await.assert_refused("invalid_request");
    // Of a client that the policy does not name.
    world.set_policy(policy(json!({"subject_clients": []}))).await;
    exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    exchange(&world.gateway, (login.id_token(), ID), &[]).await.assert_refused("invalid_request");
    // A client's own token is nobody's.
    let own = world.gateway.client_credentials("read").await.tokens();
    exchange(&world.gateway, (own.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
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

#[tokio::test]
async fn tk_080_what_was_exchanged_dies_with_what_it_was_exchanged_for() {
    let world = world().await;
    let derived = async |tokens: &Tokens| {
        let first = exchange(&world.gateway, (tokens.access_token(), ACCESS), &[]).await.tokens();
        let second = exchange(&world.gateway, (first.access_token(), ACCESS), &[]).await.tokens();
        [first, second].map(|tokens| tokens.access_token().to_owned())
    };
    let assert_dead = async |tokens: &[String]| {
        for token in tokens {
            assert!(!world.gateway.is_active(token).await);
            exchange(&world.gateway, (token, ACCESS), &[]).await.assert_refused("invalid_request");
        }
    };
    // The subject token is revoked.
    let login = world.login("openid offline_access stock").await;
    let tokens = derived(&login).await;
    revoke(&world.shop, login.access_token()).await;
    assert_dead(&tokens).await;
    // Its lineage is: another access token of the same login.
    let again = world.shop.refresh(login.refresh_token()).await.tokens();
    let tokens = derived(&again).await;
    revoke(&world.shop, again.refresh_token()).await;
    assert_dead(&tokens).await;
    // The one in the middle is revoked: the first lives on.
    let login = world.login("stock").await;
    let tokens = derived(&login).await;
    revoke(&world.gateway, &tokens[0]).await;
    assert_dead(&tokens).await;
    assert!(world.shop.is_active(login.access_token()).await);
    // The session ends.
    let tokens = derived(&login).await;
    let path = format!("/realms/{}/users/{}/sign-out", world.realm.name, world.realm.user.id);
    world.realm.server.administration.ask(http::Method::POST, &path, &json!({})).await;
    assert_dead(&tokens).await;
    // The client of the subject token is disabled.
    let login = world.login("stock").await;
    let tokens = derived(&login).await;
    world.realm.update_client(&world.shop, json!({"enabled": false})).await;
    assert_dead(&tokens).await;
}

#[tokio::test]
async fn cve_2025_14559_disabled_users_and_clients_exchange_nothing() {
    let world = world().await;
    let login = world.login("openid stock").await;
    let derived = exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.tokens();
    let administration = &world.realm.server.administration;
    administration.update_user(&world.realm.name, &world.realm.user.id, &json!({"enabled": false})).await;
    exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    exchange(&world.gateway, (login.id_token(), ID), &[]).await.assert_refused("invalid_request");
    assert!(!world.gateway.is_active(derived.access_token()).await);
    administration.update_user(&world.realm.name, &world.realm.user.id, &json!({"enabled": true})).await;
    let login = world.login("openid stock").await;
    administration.set_password(&world.realm.name, &world.realm.user.id, "a password that is new 7").await;
    exchange(&world.gateway, (login.access_token(), ACCESS), &[]).await.assert_refused("invalid_request");
    exchange(&world.gateway, (login.id_token(), ID), &[]).await.assert_refused("invalid_request");
}

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
