//! Backchannel authentication as a client, a user's device and a device service see it (CIBA Core).

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::client::Client;
use super::http::Answer;
use super::realm::{Realm, merged};
use super::web::Received;

/// The grant type of CIBA Core 4.
pub(crate) const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// Settings of a realm in which users are asked at another device, and clients may poll as fast as a test does.
pub(crate) fn ciba_settings() -> Value {
    json!({"backchannel_authentication": true, "backchannel_poll_interval_seconds": 1})
}

/// Whether a client is told that there is an answer, and not what it is (CIBA Core 10.2).
pub(crate) fn is_ping(received: &Received) -> bool {
    let body: Value = serde_json::from_str(&received.body).unwrap();
    body.as_object().unwrap().keys().eq(["auth_req_id"])
}

/// What a client answers that takes no ping now: the server comes again, and an answer of the user waits to be told.
pub(crate) fn without_pings(received: &Received) -> Response<String> {
    let mut response = Response::new(String::new());
    if is_ping(received) {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

impl Realm {
    /// A client that has users asked and polls.
    pub(crate) async fn ciba_client(&self, metadata: Value) -> Client {
        self.client(merged(polling(), metadata)).await
    }
}

/// What such a client is registered with.
pub(crate) fn polling() -> Value {
    json!({
        "grant_types": [CIBA, "refresh_token"], "redirect_uris": [], "response_types": [],
        "backchannel_token_delivery_mode": "poll", "scope": "openid profile email offline_access",
        "settings": {"skip_consent": true},
    })
}

impl Client {
    /// Has a user asked.
    pub(crate) async fn ask_user(&self, parameters: &[(&str, &str)]) -> Answer {
        self.ask("/bc-authorize", parameters).await
    }

    /// The same for a user by name, which succeeds.
    pub(crate) async fn begin_ciba(&self, username: &str) -> String {
        let answer = self.ask_user(&[("scope", "openid profile offline_access"), ("login_hint", username)]).await;
        answer.success()["auth_req_id"].as_str().unwrap().to_owned()
    }

    /// Asks for the tokens.
    pub(crate) async fn poll_ciba(&self, auth_req_id: &str) -> Answer {
        self.ask("/token", &[("grant_type", CIBA), ("auth_req_id", auth_req_id)]).await
    }
}
