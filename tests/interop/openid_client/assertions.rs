//! Assertions as grants: of a trusted issuer (RFC 7523 section 2.1), and of one realm at another (Identity Assertion JWT
//! Authorization Grant).

use serde_json::json;

use super::{ForeignClient, assert_refused};
use crate::flows::assertion_grants::{GRANT as JWT_BEARER, PARTNER, world};
use crate::flows::token_exchange::identity_assertions::{API, ID_JAG, domains};
use crate::flows::token_exchange::{GRANT as TOKEN_EXCHANGE, ID};
use crate::support::realm::merged;

#[tokio::test]
async fn rfc7523_2_1_openid_client_presents_an_assertion_that_jose_made_once() {
    let world = world().await;
    let mut agent = ForeignClient::of(&world.client).await;
    let claims = json!({"iss": PARTNER, "sub": "ana", "aud": world.realm.issuer});
    let assertion = agent.call("signJwt", json!([world.key.private_jwk(), claims])).await.unwrap();
    let tokens = agent.grant(JWT_BEARER, json!({"assertion": assertion, "scope": "read"})).await.unwrap();
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("bearer"), &json!("read")));
    let introspected = agent.call("tokenIntrospection", json!([tokens["access_token"]])).await.unwrap();
    assert_eq!((&introspected["active"], &introspected["sub"]), (&json!(true), &json!(world.realm.user.id)));
    let replayed = agent.grant(JWT_BEARER, json!({"assertion": assertion})).await;
    assert_refused(&replayed, 400, "invalid_grant");
    for wrong in [json!({"iss": "https://other.test"}), json!({"aud": "https://other.test"})] {
        let signed = json!([world.key.private_jwk(), merged(claims.clone(), wrong)]);
        let assertion = agent.call("signJwt", signed).await.unwrap();
        assert_refused(&agent.grant(JWT_BEARER, json!({"assertion": assertion})).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn id_jag_4_openid_client_takes_a_login_at_one_realm_to_the_api_of_another() {
    let domains = domains().await;
    let mut wiki = ForeignClient::of(&domains.wiki).await;
    let login = wiki.log_in(&domains.idp, &domains.idp.user, "openid").await;
    let asked = json!({
        "requested_token_type": ID_JAG, "audience": domains.chat.issuer, "resource": API, "scope": "chat.read",
        "subject_token": login["id_token"], "subject_token_type": ID,
    });
    let issued = wiki.grant(TOKEN_EXCHANGE, asked.clone()).await.unwrap();
    assert_eq!((&issued["issued_token_type"], &issued["token_type"]), (&json!(ID_JAG), &json!("n_a")));
    let elsewhere = merged(asked, json!({"audience": "https://other.test"}));
    assert_refused(&wiki.grant(TOKEN_EXCHANGE, elsewhere).await, 400, "invalid_target");

    let mut there = ForeignClient::of(&domains.there).await;
    let assertion = json!({"assertion": issued["access_token"]});
    let tokens = there.grant(JWT_BEARER, assertion.clone()).await.unwrap();
    let claims = domains.chat.verify(tokens["access_token"].as_str().unwrap()).await.claims;
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(API), &json!("chat.read")));
    assert_eq!(claims["client_id"], "wiki-there");
    assert_refused(&there.grant(JWT_BEARER, assertion).await, 400, "invalid_grant");
}
