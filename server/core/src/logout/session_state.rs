//! The session as clients may watch it from their pages (Session Management 1.0). The browser's state is derived from the
//! session cookie, so that it needs no row, changes with every login, and tells nothing of the cookie.

use signet_jose::{base64url, digest, random};
use url::Url;

use crate::authn::SessionCookie;
use crate::provider::Provider;

/// The state of a browser, as the script-readable cookie has it.
pub fn browser_state(cookie: &SessionCookie) -> String {
    base64url::encode(digest::hmac_sha256(cookie.value().as_bytes(), b"browser state"))
}

/// `session_state` of an authorization response (Session Management 2): a hash over client, origin of the redirect URI,
/// browser state and salt, and the salt. Nothing for redirect URIs that no page can be at.
pub(crate) fn session_state(
    provider: &Provider,
    (client_id, redirect_uri): (&str, &str),
    cookie: &SessionCookie,
) -> Option<String> {
    let origin = Url::parse(redirect_uri).ok()?.origin();
    if !origin.is_tuple() {
        return None;
    }
    let salt: [u8; 16] = random::random_bytes(&*provider.random);
    let salt = base64url::encode(salt);
    Some(state_of((client_id, &origin.ascii_serialization()), &browser_state(cookie), &salt))
}

/// What `ui/assets/check_session.js` computes too.
fn state_of((client_id, origin): (&str, &str), browser_state: &str, salt: &str) -> String {
    let text = format!("{client_id} {origin} {browser_state} {salt}");
    format!("{}.{salt}", base64url::encode(digest::sha256(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_management_2_state_is_a_hash_with_its_salt_and_no_space() {
        let state = state_of(("app", "https://rp.test"), "state", "salt");
        let (hash, salt) = state.split_once('.').unwrap();
        assert_eq!((hash.len(), salt), (43, "salt"));
        assert_ne!(state, state_of(("app", "https://rp.test:444"), "state", "salt"));
        assert_ne!(state, state_of(("app", "https://rp.test"), "other", "salt"));
    }

    #[test]
    fn the_browser_state_is_not_the_cookie() {
        let text = base64url::encode([7; 32]);
        let cookie = SessionCookie::parse(&text).unwrap();
        let state = browser_state(&cookie);
        assert_ne!(state, text);
        assert_ne!(state, base64url::encode(cookie.hash().0));
        assert!(SessionCookie::parse(&state).is_some_and(|other| other.hash() != cookie.hash()));
    }
}
