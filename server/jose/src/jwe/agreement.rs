//! Key agreement with an ephemeral key (RFC 7518 section 4.6, RFC 8037 section 3.2).

use openssl::derive::Deriver;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private, Public};
use ring::digest;
use zeroize::Zeroizing;

/// The agreed secret. OpenSSL refuses the all-zero secret that a point of small order on Curve25519 gives.
pub(crate) fn agree(private: &PKey<Private>, public: &PKey<Public>) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let mut deriver = Deriver::new(private)?;
    deriver.set_peer(public)?;
    deriver.derive_to_vec().map(Zeroizing::new)
}

/// What a derived key is bound to (RFC 7518 section 4.6.2).
pub(super) struct KeyContext<'a> {
    /// `enc` where the key encrypts content, `alg` where it wraps the content key.
    pub(super) algorithm: &'a str,
    /// `apu`, decoded.
    pub(super) party_u: &'a [u8],
    /// `apv`, decoded.
    pub(super) party_v: &'a [u8],
}

/// The Concat KDF of NIST SP 800-56A with SHA-256: `length` octets, at most 64.
pub(super) fn derive(secret: &[u8], context: &KeyContext<'_>, length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length.next_multiple_of(32)));
    let mut round: u32 = 1;
    while key.len() < length {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&round.to_be_bytes());
        hash.update(secret);
        for value in [context.algorithm.as_bytes(), context.party_u, context.party_v] {
            hash.update(&big_endian(value.len()));
            hash.update(value);
        }
        hash.update(&big_endian(length * 8));
        key.extend_from_slice(hash.finish().as_ref());
        round += 1;
    }
    key.truncate(length);
    key
}

/// Lengths here are far below 2^32.
fn big_endian(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7518_appendix_c_example_of_the_derivation() {
        let secret = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let context = KeyContext { algorithm: "A128GCM", party_u: b"Alice", party_v: b"Bob" };
        assert_eq!(crate::base64url::encode(&*derive(&secret, &context, 16)), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn rfc7518_4_6_2_longer_keys_take_further_rounds() {
        let context = KeyContext { algorithm: "A256CBC-HS512", party_u: b"", party_v: b"" };
        let key = derive(&[1; 32], &context, 64);
        assert_eq!(key.len(), 64);
        assert_ne!(key[..32], key[32..]);
        // The length is part of what is hashed.
        assert_ne!(derive(&[1; 32], &context, 32)[..], key[..32]);
    }
}
