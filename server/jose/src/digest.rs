//! Hashes, message authentication codes, key derivation and comparison in constant time.

use ring::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Length of a SHA-256 hash and of every key derived here, in bytes.
pub const LENGTH: usize = 32;

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; LENGTH] {
    into_array(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 of `message` under `key` (RFC 2104).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; LENGTH] {
    hmac_of_parts(key, &[message])
}

/// HKDF with SHA-256 and one output block (RFC 5869): a 32-byte key from `input_key`, bound to `salt` and to the
/// concatenation of `info`. Callers delimit the parts of `info` where their lengths vary.
pub fn derive_key(input_key: &[u8], salt: &[u8], info: &[&[u8]]) -> Zeroizing<[u8; LENGTH]> {
    let extracted = Zeroizing::new(hmac_of_parts(salt, &[input_key]));
    let key = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_slice());
    let mut context = hmac::Context::with_key(&key);
    for part in info {
        context.update(part);
    }
    context.update(&[1]);
    Zeroizing::new(into_array(context.sign().as_ref()))
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn hmac_of_parts(key: &[u8], parts: &[&[u8]]) -> [u8; LENGTH] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    into_array(context.sign().as_ref())
}

fn into_array(bytes: &[u8]) -> [u8; LENGTH] {
    let mut array = [0; LENGTH];
    array.copy_from_slice(bytes);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7636_appendix_b_sha256_of_the_code_verifier() {
        let challenge = sha256(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(crate::base64url::encode(challenge), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn rfc5869_appendix_a_1_first_block() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let key = derive_key(&[0x0b; 22], &salt, &[&info[..4], &info[4..]]);
        let expected = [
            0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d,
            0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf,
        ];
        assert_eq!(*key, expected);
    }

    #[test]
    fn rfc2104_3_the_example_key_and_message_of_rfc7515_a_1() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                       Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mac = hmac_sha256(&crate::base64url::decode(key).unwrap(), message.as_bytes());
        assert_eq!(crate::base64url::encode(mac), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn equality_in_constant_time_is_equality() {
        assert!(equal_in_constant_time(b"same", b"same"));
        assert!(!equal_in_constant_time(b"same", b"Same"));
        assert!(!equal_in_constant_time(b"same", b"same "));
    }
}
