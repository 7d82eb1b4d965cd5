//! Subject tokens that are not good, or not good any more, and what becomes of what was exchanged for them.

use serde_json::json;

use super::{ACCESS, GRANT, ID, JWT, REFRESH, exchange, policy, revoke, world};
use crate::support::client::Tokens;
use crate::support::jwt::{self, SigningKey};

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
    let other = super::world().await;
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
