//! Backchannel authentication as a client, a user's device and a device service see it (CIBA Core).

use serde_json::{Value, json};

use super::client::Client;
use super::http::Answer;
use super::realm::{Realm, merged};

/// The grant type of CIBA Core 4.
pub(crate) const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// Settings of a realm in which users are asked at another device, and clients may poll as fast as a test does.
pub(crate) fn ciba_settings() -> Value {
    json!({"backchannel_authentication": true, "backchannel_poll_interval_seconds": 1})
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
