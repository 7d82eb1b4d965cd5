//! Keys that both sides of an encryption know.

use std::fmt;

use ring::digest::{SHA256, SHA384, SHA512};
use zeroize::Zeroizing;

use crate::encryption_algorithm::{ContentEncryptionAlgorithm, KeyManagementAlgorithm};

/// A shared key: one as it is, or the secret of a client, of which each algorithm takes a hash.
#[derive(Clone)]
pub struct SharedKey {
    octets: Zeroizing<Vec<u8>>,
    is_secret: bool,
}

impl SharedKey {
    /// A key as it is (RFC 7518 section 6.4). It serves for algorithms that need exactly its length.
    pub fn new(octets: &[u8]) -> Self {
        Self { octets: Zeroizing::new(octets.to_vec()), is_secret: false }
    }

    /// The UTF-8 of a `client_secret`. Each algorithm uses the left-most bits of the shortest SHA-2 hash that is long
    /// enough (OpenID Connect Core section 10.2).
    pub fn of_client_secret(secret: &[u8]) -> Self {
        Self { octets: Zeroizing::new(secret.to_vec()), is_secret: true }
    }

    /// The key that an algorithm uses: it wraps the content key, or is the content key. Nothing where the algorithm is
    /// not symmetric or the key has another length.
    pub(crate) fn for_algorithm(
        &self,
        algorithm: KeyManagementAlgorithm,
        content: ContentEncryptionAlgorithm,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let length = algorithm.secret_length(content)?;
        if self.is_secret {
            return Some(left_most(&self.octets, length));
        }
        (self.octets.len() == length).then(|| self.octets.clone())
    }
}

/// `length` is at most 64.
fn left_most(secret: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let hash = match length {
        ..=32 => &SHA256,
        33..=48 => &SHA384,
        _ => &SHA512,
    };
    let mut key = Zeroizing::new(ring::digest::digest(hash, secret).as_ref().to_vec());
    key.truncate(length);
    key
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SharedKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContentEncryptionAlgorithm as Enc;
    use KeyManagementAlgorithm as Alg;

    #[test]
    fn oidcc_10_2_the_left_most_bits_of_the_shortest_hash_that_suffices() {
        let key = SharedKey::of_client_secret(b"abc");
        let of = |alg, enc| key.for_algorithm(alg, enc).unwrap().to_vec();
        // FIPS 180-4: the hashes of "abc" begin like this.
        let sha256 = [0xba, 0x78, 0x16, 0xbf];
        assert!(of(Alg::A128Kw, Enc::A256Gcm).starts_with(&sha256));
        assert_eq!(of(Alg::A128Kw, Enc::A256Gcm).len(), 16);
        assert_eq!(of(Alg::A192Kw, Enc::A128Gcm).len(), 24);
        assert_eq!(of(Alg::Dir, Enc::A128CbcHs256), ring::digest::digest(&SHA256, b"abc").as_ref());
        assert!(of(Alg::Dir, Enc::A192CbcHs384).starts_with(&[0xcb, 0x00, 0x75, 0x3f]));
        assert_eq!(of(Alg::Dir, Enc::A256CbcHs512), ring::digest::digest(&SHA512, b"abc").as_ref());
        assert_eq!(key.for_algorithm(Alg::EcdhEs, Enc::A128Gcm), None);
    }

    #[test]
    fn rfc7518_4_5_a_key_as_it_is_serves_for_its_own_length_only() {
        let key = SharedKey::new(&[5; 32]);
        assert!(key.for_algorithm(Alg::Dir, Enc::A128CbcHs256).is_some());
        assert!(key.for_algorithm(Alg::A256Kw, Enc::A128Gcm).is_some());
        assert_eq!(key.for_algorithm(Alg::A128Kw, Enc::A128Gcm), None);
        assert_eq!(key.for_algorithm(Alg::Dir, Enc::A128Gcm), None);
        assert_eq!(format!("{key:?}"), "SharedKey { .. }");
    }
}
