//! Token exchange (RFC 8693), and transaction tokens by it (draft).

use serde_json::{Value, json};

use super::{ForeignClient, assert_refused};
use crate::flows::token_exchange::transactions::{DOMAIN, TXN, trust_domain};
use crate::flows::token_exchange::{ACCESS, GRANT, STOCK, World, world};
use crate::support::jwt;
use crate::support::realm::merged;

/// The library as the shop, at which a user has got an access token, and as the gateway that is called with it.
async fn gateway_and_token(world: &World, scope: &str) -> (ForeignClient, Value) {
    let mut shop = ForeignClient::of(&world.shop).await;
    let login = shop.log_in(&world.realm, &world.realm.user, scope).await;
    (ForeignClient::of(&world.gateway).await, login["access_token"].clone())
}

#[tokio::test]
async fn rfc8693_2_openid_client_exchanges_a_users_token_for_one_with_less_in_it() {
    let world = world().await;
    let (mut gateway, token) = gateway_and_token(&world, "openid stock prices read").await;
    let subject = json!({"subject_token": token, "subject_token_type": ACCESS});
    let parameters = merged(subject.clone(), json!({"audience": STOCK, "scope": "stock"}));
    let exchanged = gateway.grant(GRANT, parameters).await.unwrap();
    assert_eq!((&exchanged["issued_token_type"], &exchanged["scope"]), (&json!(ACCESS), &json!("stock")));
    let claims = world.realm.verify(exchanged["access_token"].as_str().unwrap()).await.claims;
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(world.realm.user.id), &json!(STOCK)));
    assert!(claims.get("act").is_none(), "impersonation: {claims}");
    for (more, error) in [
        (json!({"audience": "https://unknown.test/"}), "invalid_target"),
        (json!({"scope": "stock read"}), "invalid_scope"),
        (json!({"subject_token": "nonsense"}), "invalid_request"),
    ] {
        let outcome = gateway.grant(GRANT, merged(subject.clone(), more)).await;
        assert_refused(&outcome, 400, error);
    }
}

#[tokio::test]
async fn rfc8693_4_1_openid_client_acts_for_a_user_with_a_token_of_its_own_that_is_bound() {
    let world = world().await;
    let change = json!({"dpop_nonce_at_token_endpoint": true});
    world.realm.server.administration.update_realm(&world.realm.name, &change).await;
    let (mut gateway, token) = gateway_and_token(&world, "openid stock").await;
    let proven = json!({"DPoP": true});
    let own = gateway.call("clientCredentialsGrant", json!([{"scope": "read"}])).await.unwrap();
    let parameters = json!({
        "subject_token": token, "subject_token_type": ACCESS,
        "actor_token": own["access_token"], "actor_token_type": ACCESS,
    });
    gateway.begin("genericGrantRequest", json!([GRANT, parameters, proven])).await;
    gateway.is_answered("use_dpop_nonce").await;
    let exchanged = gateway.end().await.unwrap();
    assert_eq!(exchanged["token_type"], "dpop");
    let claims = world.realm.verify(exchanged["access_token"].as_str().unwrap()).await.claims;
    assert_eq!(claims["sub"], world.realm.user.id);
    assert_eq!(claims["act"], json!({"sub": "gateway", "client_id": "gateway"}));
    let introspected = gateway.call("tokenIntrospection", json!([exchanged["access_token"]])).await.unwrap();
    let thumbprint = gateway.call("thumbprint", json!([])).await.unwrap();
    assert_eq!((&introspected["cnf"]["jkt"], &introspected["act"]), (&thumbprint, &claims["act"]));
}

#[tokio::test]
async fn txn_9_openid_client_gets_a_transaction_token_for_a_users_token() {
    let world = trust_domain().await;
    let (mut gateway, token) = gateway_and_token(&world, "openid stock").await;
    let parameters = json!({
        "subject_token": token, "subject_token_type": ACCESS, "requested_token_type": TXN, "audience": DOMAIN,
        "scope": "stock",
    });
    let details = json!({"request_details": r#"{"action": "BUY"}"#});
    let issued = gateway.grant(GRANT, merged(parameters.clone(), details)).await.unwrap();
    assert_eq!((&issued["issued_token_type"], &issued["token_type"]), (&json!(TXN), &json!("n_a")));
    let transaction = issued["access_token"].as_str().unwrap();
    assert_eq!(world.realm.verify(transaction).await.header["typ"], "txntoken+jwt");
    let claims = jwt::read(transaction).claims;
    assert_eq!((&claims["sub"], &claims["tctx"]), (&json!(world.realm.user.id), &json!({"action": "BUY"})));
    // The next service of the call chain replaces it; nothing that was said is said otherwise.
    let replacing = merged(parameters, json!({"subject_token": transaction, "subject_token_type": TXN}));
    let replaced = gateway.grant(GRANT, replacing.clone()).await.unwrap();
    assert_eq!(jwt::read(replaced["access_token"].as_str().unwrap()).claims["txn"], claims["txn"]);
    let changed = merged(replacing, json!({"request_details": r#"{"action": "SELL"}"#}));
    assert_refused(&gateway.grant(GRANT, changed).await, 400, "invalid_request");
}
