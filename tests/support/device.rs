//! Device authorization as the device and its user see it (RFC 8628).

use serde_json::{Value, json};

use super::browser::Browser;
use super::client::Client;
use super::http::Answer;
use super::realm::{Realm, User, merged};

/// The grant type of RFC 8628 section 3.4.
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Settings of a realm in which devices are authorized, and may poll as fast as a test does.
pub(crate) fn device_settings() -> Value {
    json!({"device_authorization": true, "device_poll_interval_seconds": 1})
}

/// What the device got.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) complete: String,
}

impl Realm {
    /// A client for devices that nobody has to consent to.
    pub(crate) async fn device(&self, metadata: Value) -> Client {
        let own = json!({
            "grant_types": [DEVICE_CODE, "refresh_token"], "redirect_uris": [], "response_types": [],
            "settings": {"skip_consent": true},
        });
        self.client(merged(own, metadata)).await
    }
}

impl Client {
    /// Asks for codes.
    pub(crate) async fn ask_for_codes(&self, parameters: &[(&str, &str)]) -> Answer {
        self.ask("/device_authorization", parameters).await
    }

    /// The same for a scope, which succeeds.
    pub(crate) async fn codes(&self, scope: &str) -> Codes {
        let body = self.ask_for_codes(&[("scope", scope)]).await.success();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name} in {body}")).to_owned();
        Codes {
            device_code: text("device_code"),
            user_code: text("user_code"),
            complete: text("verification_uri_complete"),
        }
    }

    /// Asks for the tokens.
    pub(crate) async fn poll(&self, device_code: &str) -> Answer {
        self.ask("/token", &[("grant_type", DEVICE_CODE), ("device_code", device_code)]).await
    }
}

impl Browser {
    /// Types a code; answers the page that follows.
    pub(crate) async fn enter_code(&mut self, realm: &Realm, user_code: &str) -> Answer {
        let page = self.get(&realm.url("/device")).await;
        let form = page.page("device-page").form().with("user_code", user_code);
        self.submit(&page, &form).await
    }

    /// Types a code, confirms and logs in where a login is asked for; answers the page that follows.
    pub(crate) async fn verify(&mut self, realm: &Realm, user_code: &str, user: &User) -> Answer {
        let page = self.enter_code(realm, user_code).await;
        self.confirm(&page, user).await
    }

    /// Confirms and logs in where a login is asked for; answers the page that follows.
    pub(crate) async fn confirm(&mut self, page: &Answer, user: &User) -> Answer {
        page.page("device-confirm-page");
        let answer = self.press(page, "confirm").await;
        let answer = self.follow(answer).await;
        if answer.is_page("login-page") { self.log_in(&answer, user).await } else { answer }
    }
}

/// The page that says that a device is connected.
pub(crate) fn assert_connected(answer: &Answer) {
    answer.page("device-done-page");
    assert!(answer.body.contains("goes on by itself"), "{answer:?}");
}

/// The page that says that a device is not connected.
pub(crate) fn assert_not_connected(answer: &Answer) {
    answer.page("device-done-page");
    assert!(answer.body.contains("gets no access"), "{answer:?}");
}
