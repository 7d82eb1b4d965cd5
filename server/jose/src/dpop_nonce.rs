//! Nonces for DPoP proofs (RFC 9449 sections 8 and 9): made from the time under a key, so that every node knows those of
//! every other and nothing is stored.

use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::{base64url, digest};

/// Seconds after which another nonce is given out. One is good for as long again.
pub const WINDOW_SECONDS: i64 = 120;

/// Bytes of a nonce.
const LENGTH: usize = 16;

/// The key that nonces are made with.
pub struct DpopNonceKey(Zeroizing<[u8; 32]>);

impl DpopNonceKey {
    /// Nonces under a key. Who shares the key takes the same nonces.
    pub const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    fn of_window(&self, purpose: u8, window: i64) -> String {
        let mut message = vec![purpose];
        message.extend_from_slice(&window.to_be_bytes());
        base64url::encode(&digest::hmac_sha256(self.0.as_slice(), &message)[..LENGTH])
    }

    /// The nonce of this moment. Those of one `purpose` are not good for another (section 9).
    pub fn fresh(&self, purpose: u8, now: UnixTime) -> String {
        self.of_window(purpose, now.0.div_euclid(WINDOW_SECONDS))
    }

    /// Until when a nonce is good, if it is now: one of this window or the one before, or of the next that a node with a
    /// faster clock is in already. `clock_skew` are seconds.
    pub fn check(&self, nonce: Option<&str>, purpose: u8, (now, clock_skew): (UnixTime, i64)) -> Option<UnixTime> {
        let nonce = nonce?;
        let window = |moment: UnixTime| moment.0.div_euclid(WINDOW_SECONDS);
        let is_of = |window: &i64| {
            digest::equal_in_constant_time(self.of_window(purpose, *window).as_bytes(), nonce.as_bytes())
        };
        let found = (window(now) - 1..=window(now.plus(clock_skew))).find(is_of)?;
        Some(UnixTime((found + 2) * WINDOW_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = WINDOW_SECONDS * 1_000_000;

    fn key(byte: u8) -> DpopNonceKey {
        DpopNonceKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn rfc9449_8_a_nonce_is_good_in_its_window_and_in_the_next() {
        let key = key(1);
        let nonce = key.fresh(2, UnixTime(START + 5));
        for (moment, is_good) in
            [(5, true), (119, true), (120, true), (239, true), (240, false), (-1, false), (-120, false)]
        {
            let found = key.check(Some(&nonce), 2, (UnixTime(START + moment), 0));
            assert_eq!(found, is_good.then_some(UnixTime(START + 240)), "{moment}");
        }
        // A node whose clock is a little ahead gave it out.
        assert!(key.check(Some(&nonce), 2, (UnixTime(START - 3), 10)).is_some());
        assert_ne!(nonce, key.fresh(2, UnixTime(START + 120)));
    }

    #[test]
    fn rfc9449_9_nonces_of_others_are_not_good() {
        let own = key(1);
        let now = UnixTime(START);
        let nonce = own.fresh(1, now);
        assert!(own.check(Some(&nonce), 1, (now, 0)).is_some());
        assert!(own.check(Some(&nonce), 2, (now, 0)).is_none());
        assert!(key(2).check(Some(&nonce), 1, (now, 0)).is_none());
        for wrong in [None, Some(""), Some(&nonce[1..]), Some("AAAAAAAAAAAAAAAAAAAAAA")] {
            assert!(own.check(wrong, 1, (now, 0)).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn rfc9449_8_1_a_nonce_has_the_characters_of_one() {
        let nonce = key(3).fresh(2, UnixTime(START));
        assert_eq!(nonce.len(), 22);
        assert!(nonce.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'));
    }
}
