//! Where random bytes come from. The binary owns the real source and hands it down; tests hand down a fixed one.

use ring::rand::SecureRandom as _;

use crate::base64url;

/// A source of random bytes fit for keys and tokens.
pub trait Random: Send + Sync {
    /// Fills `bytes` completely.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl SystemRandom {
    /// The system's generator. Made once, in the composition root.
    #[expect(clippy::new_without_default, reason = "an ambient default is what the ban on this source is about")]
    pub fn new() -> Self {
        Self(system_source())
    }
}

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // No randomness means no secret is secret any more: stop rather than issue guessable tokens.
            std::process::abort();
        }
    }
}

/// The source for the nonces and salts inside ECDSA and PSS signatures and for new private keys: ring seals its trait,
/// so that nobody can hand it another one.
#[expect(clippy::disallowed_methods, reason = "the one place that names the system's generator")]
pub(crate) fn system_source() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}

/// A new array of random bytes.
pub fn random_bytes<const LENGTH: usize>(random: &dyn Random) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    random.fill(&mut bytes);
    bytes
}

/// A random token: base64url of `length` random bytes (RFC 6749 section 10.10 asks for at least 16).
pub fn random_token(random: &dyn Random, length: usize) -> String {
    let mut bytes = zeroize::Zeroizing::new(vec![0; length]);
    random.fill(&mut bytes);
    base64url::encode(bytes.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_10_10_tokens_have_the_asked_length_and_differ() {
        let random = SystemRandom::new();
        let token = random_token(&random, 32);
        assert_eq!(token.len(), 43);
        assert_ne!(token, random_token(&random, 32));
        assert_ne!(random_bytes::<16>(&random), [0; 16]);
    }

    /// SE-005: the value of a session cookie is one of these. A source of 32 bits would repeat itself a hundred times.
    #[test]
    fn se_005_of_a_million_values_none_comes_twice() {
        let random = SystemRandom::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000_000 {
            let value: [u8; 32] = random_bytes(&random);
            assert!(seen.insert(value));
        }
    }
}
