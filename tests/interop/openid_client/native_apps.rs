//! Native applications: a login that apps share (Native SSO), and one without a browser (First-Party Applications).

use serde_json::{Value, json};

use super::{ForeignClient, assert_refused};
use crate::flows::authorization_challenge::first_party;
use crate::flows::native_sso::{ACCESS, DEVICE_SECRET, GRANT, ID, SCOPE, world};
use crate::support::http::encode;
use crate::support::realm::{Realm, merged};

#[tokio::test]
async fn native_sso_4_openid_client_takes_the_login_of_one_app_to_another() {
    let world = world().await;
    let mut mail = ForeignClient::of(&world.mail).await;
    let login = mail.log_in(&world.realm, &world.realm.user, SCOPE).await;
    assert!(login["device_secret"].is_string() && login["claims"]["ds_hash"].is_string(), "{login}");

    let mut maps = ForeignClient::of(&world.maps).await;
    let parameters = json!({
        "audience": world.realm.issuer, "subject_token": login["id_token"], "subject_token_type": ID,
        "actor_token": login["device_secret"], "actor_token_type": DEVICE_SECRET,
    });
    let shared = maps.grant(GRANT, parameters.clone()).await.unwrap();
    assert_eq!(shared["issued_token_type"], ACCESS);
    assert_eq!(shared["claims"]["aud"], world.maps.id);
    for same in ["sub", "sid", "ds_hash"] {
        assert_eq!(shared["claims"][same], login["claims"][same], "{same}");
    }
    let userinfo = maps.call("fetchUserInfo", json!([shared["access_token"], world.realm.user.id])).await.unwrap();
    assert_eq!(userinfo["email"], "ana@ana.test");
    // Whoever has the ID token of one device and the secret of another has nothing.
    let other = mail.log_in(&world.realm, &world.realm.user, SCOPE).await;
    let crossed = merged(parameters, json!({"actor_token": other["device_secret"]}));
    assert_refused(&maps.grant(GRANT, crossed).await, 400, "invalid_request");
}

/// Sends a challenge request; answers the status with the body.
async fn challenge(app: &mut ForeignClient, parameters: Value) -> (u64, Value) {
    let answer = app.call("challenge", Value::from(vec![parameters])).await.unwrap();
    (answer["status"].as_u64().unwrap(), answer["body"].clone())
}

#[tokio::test]
async fn first_party_5_openid_client_redeems_the_code_of_a_challenge_for_bound_tokens() {
    let settings = json!({"authorization_challenge": true, "dpop_nonce_at_token_endpoint": true});
    let realm = Realm::with(settings).await;
    let client = first_party(&realm, json!({})).await;
    let mut app = ForeignClient::of(&client).await;
    let key = app.call("thumbprint", json!([])).await.unwrap();
    let asked = json!([{"redirect_uri": client.redirect_uri, "scope": "openid email", "dpop_jkt": key}]);
    let started = app.call("startCodeFlow", asked).await.unwrap();
    let url = url::Url::parse(started["url"].as_str().unwrap()).unwrap();
    let parameters: serde_json::Map<String, Value> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect();

    let (status, body) = challenge(&mut app, Value::Object(parameters)).await;
    assert_eq!((status, &body["error"]), (400, &json!("insufficient_authorization")), "{body}");
    let typed = json!({
        "client_id": client.id, "auth_session": body["auth_session"],
        "username": realm.user.username, "password": realm.user.password,
    });
    let (status, body) = challenge(&mut app, typed).await;
    assert_eq!(status, 200, "{body}");

    // The library reads codes from authorization responses: this is the one that there would have been.
    let (code, checks) = (body["authorization_code"].as_str().unwrap(), &started["checks"]);
    let response =
        [("code", code), ("iss", realm.issuer.as_str()), ("state", checks["expectedState"].as_str().unwrap())];
    let response = format!("{}?{}", client.redirect_uri, encode(&response));
    app.begin("authorizationCodeGrant", json!([response, checks, {}, {"DPoP": true}])).await;
    app.is_answered("use_dpop_nonce").await;
    let tokens = app.end().await.unwrap();
    assert_eq!((&tokens["token_type"], &tokens["claims"]["sub"]), (&json!("dpop"), &json!(realm.user.id)));
    let userinfo = json!([tokens["access_token"], realm.user.id, {"DPoP": true}]);
    assert_eq!(app.call("fetchUserInfo", userinfo).await.unwrap()["email"], "ana@ana.test");
    let again = app.call("authorizationCodeGrant", json!([response, checks, {}, {"DPoP": true}])).await;
    assert_refused(&again, 400, "invalid_grant");
}
