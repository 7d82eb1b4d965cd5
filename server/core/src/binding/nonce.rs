//! Nonces for DPoP proofs (RFC 9449 sections 8 and 9): made from the time under a key of the realm, so that every node
//! knows those of every other and nothing is stored.

use signet_jose::{base64url, digest};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::model::Client;
use crate::realm::RealmContext;

/// Seconds after which another nonce is given out. One is good for as long again.
const WINDOW_SECONDS: i64 = 120;

/// Bytes of a nonce.
const LENGTH: usize = 16;

/// Who gives a nonce out and takes it back: one of these does not take the other's (section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The token endpoint, and others where clients authenticate.
    AuthorizationServer,
    /// The resources of this server.
    Resource,
}

/// The key that the nonces of a realm are made with.
pub(crate) struct NonceKey(Zeroizing<[u8; 32]>);

impl NonceKey {
    pub(crate) const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    fn of_window(&self, audience: Audience, window: i64) -> String {
        let mut message = vec![match audience {
            Audience::AuthorizationServer => 1,
            Audience::Resource => 2,
        }];
        message.extend_from_slice(&window.to_be_bytes());
        base64url::encode(&digest::hmac_sha256(self.0.as_slice(), &message)[..LENGTH])
    }

    pub(crate) fn fresh(&self, audience: Audience, now: UnixTime) -> String {
        self.of_window(audience, now.0.div_euclid(WINDOW_SECONDS))
    }

    /// Until when a nonce is good, if it is now: one of this window or the one before, or of the next that a node with a
    /// faster clock is in already.
    pub(super) fn check(
        &self,
        nonce: Option<&str>,
        audience: Audience,
        (now, clock_skew): (UnixTime, i64),
    ) -> Option<UnixTime> {
        let nonce = nonce?;
        let window = |moment: UnixTime| moment.0.div_euclid(WINDOW_SECONDS);
        let is_of = |window: &i64| {
            digest::equal_in_constant_time(self.of_window(audience, *window).as_bytes(), nonce.as_bytes())
        };
        let found = (window(now) - 1..=window(now.plus(clock_skew))).find(is_of)?;
        Some(UnixTime((found + 2) * WINDOW_SECONDS))
    }
}

/// Whether proofs of a client need a nonce.
pub(super) const fn is_demanded(realm: &RealmContext, client: &Client, audience: Audience) -> bool {
    client.settings.require_dpop_nonce || is_demanded_of_all(realm, audience)
}

const fn is_demanded_of_all(realm: &RealmContext, audience: Audience) -> bool {
    let settings = &realm.realm.settings;
    match audience {
        Audience::AuthorizationServer => settings.dpop_nonce_at_token_endpoint,
        Audience::Resource => settings.dpop_nonce_at_resources,
    }
}

/// The nonce that a client is given along with an answer (section 8.2), where it needs one. Without a client, where all
/// need one.
pub fn fresh_nonce(realm: &RealmContext, client: Option<&Client>, audience: Audience, now: UnixTime) -> Option<String> {
    let is_needed =
        client.map_or_else(|| is_demanded_of_all(realm, audience), |client| is_demanded(realm, client, audience));
    is_needed.then(|| realm.dpop_nonce(audience, now))
}

/// The refusal of a proof without a nonce, or with one that is not good any more.
pub(super) fn wanted() -> Refusal {
    let reason = "the DPoP proof needs the nonce of the header DPoP-Nonce";
    ErrorCode::UseDpopNonce.because(reason).per(rfc9449("8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = WINDOW_SECONDS * 1_000_000;

    fn key(byte: u8) -> NonceKey {
        NonceKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn rfc9449_8_a_nonce_is_good_in_its_window_and_in_the_next() {
        let key = key(1);
        let nonce = key.fresh(Audience::Resource, UnixTime(START + 5));
        for (moment, is_good) in
            [(5, true), (119, true), (120, true), (239, true), (240, false), (-1, false), (-120, false)]
        {
            let found = key.check(Some(&nonce), Audience::Resource, (UnixTime(START + moment), 0));
            assert_eq!(found, is_good.then_some(UnixTime(START + 240)), "{moment}");
        }
        // A node whose clock is a little ahead gave it out.
        assert!(key.check(Some(&nonce), Audience::Resource, (UnixTime(START - 3), 10)).is_some());
        assert_ne!(nonce, key.fresh(Audience::Resource, UnixTime(START + 120)));
    }

    #[test]
    fn rfc9449_9_nonces_of_others_are_not_good() {
        let own = key(1);
        let now = UnixTime(START);
        let nonce = own.fresh(Audience::AuthorizationServer, now);
        assert!(own.check(Some(&nonce), Audience::AuthorizationServer, (now, 0)).is_some());
        assert!(own.check(Some(&nonce), Audience::Resource, (now, 0)).is_none());
        assert!(key(2).check(Some(&nonce), Audience::AuthorizationServer, (now, 0)).is_none());
        for wrong in [None, Some(""), Some(&nonce[1..]), Some("AAAAAAAAAAAAAAAAAAAAAA")] {
            assert!(own.check(wrong, Audience::AuthorizationServer, (now, 0)).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn rfc9449_8_1_a_nonce_has_the_characters_of_one() {
        let nonce = key(3).fresh(Audience::Resource, UnixTime(START));
        assert_eq!(nonce.len(), 22);
        assert!(nonce.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'));
    }
}
