//! `on_ciba_request` and `on_ciba_notify`.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{FAILS, assert_silent_about_scripts, bind, runs};
use crate::support::ciba::ciba_settings;
use crate::support::realm::{Realm, merged};
use crate::support::wait::until;
use crate::support::web::{Received, WebServer};

fn service() -> impl Fn(&Received) -> Response<String> {
    |_| {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

/// A realm with a service that reaches users.
async fn reaching(service: &WebServer) -> Realm {
    let own = json!({"backchannel_device_service": {"url": format!("{}/tell", service.url), "amr": "mca"}});
    Realm::with(merged(ciba_settings(), own)).await
}

#[tokio::test]
async fn on_ciba_request_names_the_user_shortens_the_wait_and_refuses() {
    let realm = Realm::with(json!({"backchannel_authentication": true})).await;
    let client = realm.ciba_client(json!({})).await;
    let script = "if req.hint.kind == \"login_hint_token\" && req.hint.text == \"card-4711\" { \
                  return ciba(#{ username: \"ana\", expires_in: 60, interval: 20 }); } \
                  if req.scope.contains(\"email\") { return deny(\"access_denied\", \"no mail\"); } \
                  ciba(#{ expires_in: 3600, interval: 1 })";
    client.ask_user(&[("scope", "openid"), ("login_hint_token", "card-4711")]).await.assert_refused("invalid_request");
    bind(&realm, "on_ciba_request", script).await;
    let body = client.ask_user(&[("scope", "openid"), ("login_hint_token", "card-4711")]).await.success();
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(60), &json!(20)));
    let body = client.ask_user(&[("scope", "openid"), ("login_hint", "ana")]).await.success();
    assert!(body["expires_in"].as_i64().unwrap() < 3600 && body["interval"] == 5, "{body}");
    let refused = client.ask_user(&[("scope", "openid email"), ("login_hint", "ana")]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("access_denied")));
    assert_eq!(runs(&realm, "on_ciba_request", 3).await.len(), 3);
}

#[tokio::test]
async fn on_ciba_notify_says_by_which_channel_and_whether_at_all() {
    let site = WebServer::start(service()).await;
    let realm = reaching(&site).await;
    let client = realm.ciba_client(json!({})).await;
    let script = "if job.binding_message == \"quiet\" { return skip(); } \
                  payload(#{ channel: \"sms\", text: #{ en: \"Somebody asks\" } })";
    bind(&realm, "on_ciba_notify", script).await;
    let asked = |message| [("scope", "openid"), ("login_hint", "ana"), ("binding_message", message)];
    client.ask_user(&asked("quiet")).await.success();
    client.ask_user(&asked("loud")).await.success();
    let received = until("the message", async || site.received().pop()).await;
    let message: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!((&message["channel"], &message["text"]["en"]), (&json!("sms"), &json!("Somebody asks")));
    let token = realm.verify(message["request"].as_str().unwrap()).await;
    assert_eq!(token.claims["binding_message"], "loud");
    runs(&realm, "on_ciba_notify", 2).await;
    assert_eq!(site.received().len(), 1);
}

#[tokio::test]
async fn sc_009_a_request_fails_closed_and_a_message_goes_out_without_more() {
    let site = WebServer::start(service()).await;
    let realm = reaching(&site).await;
    let client = realm.ciba_client(json!({})).await;
    bind(&realm, "on_ciba_notify", FAILS).await;
    client.begin_ciba("ana").await;
    let received = until("the message", async || site.received().pop()).await;
    assert_silent_about_scripts(&received.body);
    bind(&realm, "on_ciba_request", FAILS).await;
    let answer = client.ask_user(&[("scope", "openid"), ("login_hint", "ana")]).await;
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")));
    assert_silent_about_scripts(answer.json()["error_description"].as_str().unwrap());
}
