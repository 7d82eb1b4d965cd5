//! Logout as clients, browsers and administrators see it (RP-Initiated, Front-Channel and Back-Channel Logout, Session
//! Management).

mod administration;
mod backchannel;
mod frontchannel;
mod rp_initiated;
mod session_state;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::http::encode;
use crate::support::realm::{Realm, merged};

/// Where browsers are sent after a logout; nothing listens there.
pub(super) const LOGGED_OUT: &str = "https://client.test/logged-out?from=signet";

/// A client whose users are not asked for consent, with an address for after a logout.
pub(super) async fn client(realm: &Realm, metadata: Value) -> Client {
    let grants = ["authorization_code", "refresh_token"];
    let own = json!({
        "settings": {"skip_consent": true}, "post_logout_redirect_uris": [LOGGED_OUT], "grant_types": grants,
        "scope": "openid offline_access",
    });
    realm.client(merged(own, metadata)).await
}

/// The address of a logout request.
pub(super) fn logout_url(realm: &Realm, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    format!("{}?{}", realm.url("/logout"), encode(&parameters))
}
