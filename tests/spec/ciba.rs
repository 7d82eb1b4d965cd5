//! Client-initiated backchannel authentication (CIBA Core, FAPI-CIBA): what the endpoint takes, who is asked, what the
//! client gets.

use http::Method;
use serde_json::{Value, json};

use crate::support::ciba::{CIBA, ciba_settings, polling};
use crate::support::client::{Client, Credential};
use crate::support::dpop::ProofKey;
use crate::support::http::{Answer, Request, at_once, members};
use crate::support::jwt::SigningKey;
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

/// An application of the user's that answers for the user: its access token.
async fn approving(realm: &Realm) -> String {
    let client = realm.client(json!({"scope": "openid approve", "settings": {"skip_consent": true}})).await;
    let request = client.request().with("scope", "openid approve");
    client.obtain(&mut realm.browser(), &request, &realm.user).await.access_token().to_owned()
}

async fn waiting(realm: &Realm, token: &str) -> Vec<Value> {
    let answer = realm.http.send(Request::get(&realm.url("/approvals")).bearer(token)).await;
    answer.success()["items"].as_array().unwrap().clone()
}

async fn decide(realm: &Realm, token: &str, request_id: &Value, decision: &str) -> Answer {
    let url = realm.url(&format!("/approvals/{}", request_id.as_str().unwrap()));
    let body = json!({ "decision": decision }).to_string();
    realm.http.send(Request::post(&url, "application/json", body).bearer(token)).await
}

#[tokio::test]
async fn ciba_7_3_and_10_1_the_client_waits_until_the_user_has_agreed_and_then_gets_its_tokens_once() {
    let realm = Realm::with(ciba_settings()).await;
    let client = realm.ciba_client(json!({"client_name": "Harbour Savings"})).await;
    let token = approving(&realm).await;
    let scope = "openid profile offline_access";
    let answer = client.ask_user(&[("scope", scope), ("login_hint", "ANA"), ("binding_message", "W4SCT")]).await;
    let body = answer.success();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(members(&body), ["auth_req_id", "expires_in", "interval"].into());
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(300), &json!(1)));
    let auth_req_id = body["auth_req_id"].as_str().unwrap();
    assert!(!realm.rows().await.contain(auth_req_id));
    client.poll_ciba(auth_req_id).await.assert_refused("authorization_pending");

    let listed = waiting(&realm, &token).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["client_name"], &listed[0]["binding_message"]),
        (&json!("Harbour Savings"), &json!("W4SCT"))
    );
    assert_eq!(listed[0]["scope"], scope);
    assert!(!listed[0].to_string().contains(auth_req_id));
    assert_eq!(decide(&realm, &token, &listed[0]["request_id"], "allow").await.status, 204);
    decide(&realm, &token, &listed[0]["request_id"], "deny").await.assert_refused("invalid_request");

    let tokens = client.poll_ciba(auth_req_id).await.tokens();
    assert_eq!(tokens.0["scope"], scope);
    assert_eq!(realm.verify(tokens.id_token()).await.claims["sub"], realm.user.id);
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["name"], "Ana Example");
    client.refresh(tokens.refresh_token()).await.tokens();
    client.poll_ciba(auth_req_id).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn ciba_11_a_refusal_and_an_unknown_request_are_told_to_the_client() {
    let realm = Realm::with(ciba_settings()).await;
    let (client, other) = (realm.ciba_client(json!({})).await, realm.ciba_client(json!({})).await);
    let token = approving(&realm).await;
    let auth_req_id = client.begin_ciba("ana").await;
    other.poll_ciba(&auth_req_id).await.assert_refused("invalid_grant");
    client.poll_ciba("unknown").await.assert_refused("invalid_grant");
    client.ask("/token", &[("grant_type", CIBA)]).await.assert_refused("invalid_request");
    let listed = waiting(&realm, &token).await;
    assert_eq!(decide(&realm, &token, &listed[0]["request_id"], "deny").await.status, 204);
    for _ in 0..2 {
        client.poll_ciba(&auth_req_id).await.assert_refused("access_denied");
    }
    assert_eq!(waiting(&realm, &token).await, [json!(null); 0]);
}

#[tokio::test]
async fn cb_001_and_cb_010_malformed_requests_are_refused() {
    let realm = Realm::with(ciba_settings()).await;
    let client = realm.ciba_client(json!({})).await;
    let scope = ("scope", "openid");
    for (parameters, error) in [
        (vec![scope], "invalid_request"),
        (vec![scope, ("login_hint", "ana"), ("login_hint_token", "x")], "invalid_request"),
        (vec![scope, ("login_hint", "ana"), ("id_token_hint", "x")], "invalid_request"),
        (vec![scope, ("id_token_hint", "x")], "invalid_request"),
        (vec![scope, ("login_hint_token", "x")], "invalid_request"),
        (vec![scope, ("login_hint", "nobody")], "unknown_user_id"),
        (vec![("login_hint", "ana")], "invalid_scope"),
        (vec![("scope", "profile"), ("login_hint", "ana")], "invalid_scope"),
        (vec![scope, ("login_hint", "ana"), ("requested_expiry", "0")], "invalid_request"),
        (vec![scope, ("login_hint", "ana"), ("requested_expiry", "1000000000")], "invalid_request"),
        (vec![scope, ("login_hint", "ana"), ("requested_expiry", "abc")], "invalid_request"),
        (vec![scope, ("login_hint", "ana"), ("binding_message", "a\nb")], "invalid_binding_message"),
        (vec![scope, ("login_hint", "ana"), ("request", "x.y.z")], "invalid_request"),
        (vec![("request", "x.y.z")], "invalid_request"),
    ] {
        client.ask_user(&parameters).await.assert_refused(error);
    }
    assert_eq!(realm.rows().await.count("deferred_requests"), 0);
    let short = client.ask_user(&[scope, ("login_hint", "ana"), ("requested_expiry", "30")]).await.success();
    assert_eq!(short["expires_in"], 30);
}

#[tokio::test]
async fn ciba_4_who_may_not_use_the_grant_asks_nobody() {
    let realm = Realm::with(ciba_settings()).await;
    let ordinary = realm.client(json!({})).await;
    let asked = [("scope", "openid"), ("login_hint", "ana")];
    ordinary.ask_user(&asked).await.assert_refused("unauthorized_client");
    let client = realm.ciba_client(json!({})).await;
    for credential in [Credential::None, Credential::Basic("wrong".to_owned())] {
        client.with_credential(credential).ask_user(&asked).await.assert_refused("invalid_client");
    }
    let off = Realm::new().await;
    let client = off.ciba_client(json!({})).await;
    client.ask_user(&asked).await.assert_refused("unauthorized_client");
    client.poll_ciba("x").await.assert_refused("unsupported_grant_type");
    assert_eq!(off.discovery().await["backchannel_authentication_endpoint"], json!(null));
}

async fn signing(realm: &Realm, metadata: Value) -> (Client, SigningKey) {
    realm.client_with_key("ES256", merged(polling(), metadata)).await
}

fn request_of(realm: &Realm, client: &Client) -> Value {
    json!({
        "iss": client.id, "aud": realm.issuer, "iat": now(), "nbf": now(), "exp": now() + 300,
        "jti": crate::support::jwt::random_text(), "scope": "openid", "login_hint": "ana", "requested_expiry": 60,
    })
}

#[tokio::test]
async fn cb_002_signed_requests_have_every_claim_and_a_signature_that_counts() {
    let realm = Realm::with(ciba_settings()).await;
    let registered = json!({"backchannel_authentication_request_signing_alg": "ES256"});
    let (client, key) = signing(&realm, registered).await;
    let (_, foreign) = signing(&realm, json!({})).await;
    let good = request_of(&realm, &client);
    let send = async |object: &str| client.ask_user(&[("request", object)]).await;
    assert_eq!(send(&key.sign(&good)).await.success()["expires_in"], 60);
    let text = merged(good.clone(), json!({"requested_expiry": "30"}));
    assert_eq!(send(&key.sign(&text)).await.success()["expires_in"], 30);
    for missing in ["iss", "aud", "exp", "iat", "nbf", "jti"] {
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(missing);
        send(&key.sign(&less)).await.assert_refused("invalid_request");
    }
    for change in [
        json!({"exp": now() + 70 * 60}),
        json!({"exp": now() - 60}),
        json!({"nbf": now() - 70 * 60}),
        json!({"nbf": now() + 10 * 60}),
        json!({"aud": "https://elsewhere.test"}),
        json!({"iss": "somebody"}),
    ] {
        send(&key.sign(&merged(good.clone(), change))).await.assert_refused("invalid_request");
    }
    send(&foreign.sign(&good)).await.assert_refused("invalid_request");
    send(&SigningKey::generate("RS256").sign(&good)).await.assert_refused("invalid_request");
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    send(unsigned).await.assert_refused("invalid_request");
    // Who signs, signs always, and everything.
    client.ask_user(&[("scope", "openid"), ("login_hint", "ana")]).await.assert_refused("invalid_request");
    let beside = [("request", &*key.sign(&good)), ("scope", "openid")];
    client.ask_user(&beside).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn ciba_7_1_a_user_is_named_by_an_id_token_or_by_a_token_of_the_client() {
    let realm = Realm::with(ciba_settings()).await;
    let (client, key) = signing(&realm, json!({})).await;
    let approve = approving(&realm).await;
    let auth_req_id = client.begin_ciba("ana").await;
    let listed = waiting(&realm, &approve).await;
    decide(&realm, &approve, &listed[0]["request_id"], "allow").await;
    let id_token = client.poll_ciba(&auth_req_id).await.tokens().id_token().to_owned();
    let scope = ("scope", "openid");
    client.ask_user(&[scope, ("id_token_hint", &id_token)]).await.success();
    let hint = json!({
        "iss": client.id, "aud": realm.issuer, "exp": now() + 60,
        "sub_id": {"format": "opaque", "id": realm.user.id},
    });
    client.ask_user(&[scope, ("login_hint_token", &key.sign(&hint))]).await.success();
    let subject = json!({"sub_id": {"format": "iss_sub", "iss": realm.issuer, "sub": realm.user.id}});
    client.ask_user(&[scope, ("login_hint_token", &key.sign(&merged(hint.clone(), subject)))]).await.success();
    for (change, error) in [
        (json!({"exp": now() - 600}), "expired_login_hint_token"),
        (json!({"sub_id": {"format": "phone_number", "phone_number": "+41"}}), "invalid_request"),
        (json!({"sub_id": {"format": "opaque", "id": "nobody"}}), "unknown_user_id"),
        (json!({"sub_id": {"format": "iss_sub", "iss": "https://a.test", "sub": realm.user.id}}), "invalid_request"),
        (json!({"aud": "https://elsewhere.test"}), "invalid_request"),
    ] {
        let token = key.sign(&merged(hint.clone(), change));
        client.ask_user(&[scope, ("login_hint_token", &token)]).await.assert_refused(error);
    }
}

#[tokio::test]
async fn cb_004_a_user_who_is_disabled_is_not_asked_and_gets_nobody_tokens() {
    let realm = Realm::with(ciba_settings()).await;
    let client = realm.ciba_client(json!({})).await;
    let token = approving(&realm).await;
    let auth_req_id = client.begin_ciba("ana").await;
    let listed = waiting(&realm, &token).await;
    assert_eq!(decide(&realm, &token, &listed[0]["request_id"], "allow").await.status, 204);
    let path = format!("/realms/{}/users/{}", realm.name, realm.user.id);
    let administration = &realm.server.administration;
    administration.ask(Method::PATCH, &path, &json!({"enabled": false})).await;
    client.poll_ciba(&auth_req_id).await.assert_refused("invalid_grant");
    let again = client.ask_user(&[("scope", "openid"), ("login_hint", "ana")]).await;
    again.assert_refused("unknown_user_id");
}

#[tokio::test]
async fn cb_005_a_user_is_not_rung_out_of_bed() {
    let bounds = json!({"backchannel_requests_per_user": 3, "backchannel_requests_per_user_and_hour": 12});
    let realm = Realm::with(merged(ciba_settings(), bounds)).await;
    let client = realm.ciba_client(json!({})).await;
    let asked = [("scope", "openid"), ("login_hint", "ana")];
    let answers = at_once(10, async || client.ask_user(&asked).await).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (3, 7), "{answers:?}");
    assert!(answers.iter().filter(|answer| answer.status == 429).all(|answer| answer.header("retry-after").is_some()));
    // One client alone has half of what there is in an hour; others still reach the user once there is room.
    let token = approving(&realm).await;
    for waiting in waiting(&realm, &token).await {
        decide(&realm, &token, &waiting["request_id"], "deny").await;
    }
    assert_eq!(client.ask_user(&asked).await.status, 429);
    let other = realm.ciba_client(json!({})).await;
    assert_eq!(other.ask_user(&asked).await.status, 200);
    let bea = realm.add_user("bea").await;
    client.begin_ciba(&bea.username).await;
}

#[tokio::test]
async fn cb_008_tokens_are_bound_to_what_the_poll_proves() {
    let realm = Realm::with(ciba_settings()).await;
    let client = realm.ciba_client(json!({"dpop_bound_access_tokens": true})).await;
    let token = approving(&realm).await;
    let auth_req_id = client.begin_ciba("ana").await;
    let listed = waiting(&realm, &token).await;
    decide(&realm, &token, &listed[0]["request_id"], "allow").await;
    client.poll_ciba(&auth_req_id).await.assert_refused("invalid_dpop_proof");
    let key = ProofKey::generate("ES256");
    let tokens = client.ask_with(&key, &[("grant_type", CIBA), ("auth_req_id", &auth_req_id)]).await.bound_tokens();
    assert_eq!(client.introspect(tokens.access_token()).await["cnf"], json!({"jkt": key.thumbprint()}));
    let pushing = json!({
        "backchannel_token_delivery_mode": "push", "dpop_bound_access_tokens": true,
        "backchannel_client_notification_endpoint": "https://client.test/ciba", "grant_types": [CIBA],
        "redirect_uris": [], "response_types": [],
    });
    let path = format!("/realms/{}/clients", realm.name);
    let refused = realm.server.administration.try_ask(Method::POST, &path, &pushing).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn only_the_user_s_own_application_answers_and_none_what_it_asked_itself() {
    let realm = Realm::with(ciba_settings()).await;
    let client = realm.ciba_client(json!({})).await;
    let auth_req_id = client.begin_ciba("ana").await;
    let token = approving(&realm).await;
    let listed = waiting(&realm, &token).await;
    let id = &listed[0]["request_id"];
    for wrong in ["x", "sv_x", "sv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(decide(&realm, wrong, id, "allow").await.status, 401, "{wrong}");
    }
    let bea = realm.add_user("bea").await;
    let app = realm.client(json!({"scope": "openid approve", "settings": {"skip_consent": true}})).await;
    let request = app.request().with("scope", "openid approve");
    let others = app.obtain(&mut realm.browser(), &request, &bea).await;
    assert_eq!(waiting(&realm, others.access_token()).await.len(), 0);
    decide(&realm, others.access_token(), id, "allow").await.assert_refused("invalid_request");
    let unscoped = app.obtain(&mut realm.browser(), &app.request(), &realm.user).await;
    assert_eq!(decide(&realm, unscoped.access_token(), id, "allow").await.status, 403);
    for body in ["", "{}", "{\"decision\":\"maybe\"}", "{\"decision\":\"allow\",\"more\":1}"] {
        let url = realm.url(&format!("/approvals/{}", id.as_str().unwrap()));
        let answer = realm.http.send(Request::post(&url, "application/json", body).bearer(&token)).await;
        answer.assert_refused("invalid_request");
    }
    client.poll_ciba(&auth_req_id).await.assert_refused("authorization_pending");
}
