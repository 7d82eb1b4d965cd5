//! Authenticated encryption of content (RFC 7518 section 5).

use openssl::error::ErrorStack;
use openssl::symm::{self, Cipher};
use ring::hmac;
use zeroize::Zeroizing;

use crate::digest;
use crate::encryption_algorithm::ContentEncryptionAlgorithm as Enc;

/// The content key does not have the length that the algorithm needs, or the crypto library failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CannotEncrypt;

impl From<ErrorStack> for CannotEncrypt {
    fn from(_: ErrorStack) -> Self {
        Self
    }
}

/// Encrypts; answers ciphertext and tag. `iv` is fresh for each call.
pub(super) fn encrypt(
    enc: Enc,
    key: &[u8],
    iv: &[u8],
    authenticated: &[u8],
    plaintext: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), CannotEncrypt> {
    if key.len() != enc.key_length() || iv.len() != enc.iv_length() {
        return Err(CannotEncrypt);
    }
    if let Some(hmac) = hmac_of(enc) {
        // RFC 7518 section 5.2.2.1: the first half authenticates, the second encrypts.
        let (mac_key, encryption_key) = key.split_at(key.len() / 2);
        let ciphertext = symm::encrypt(cipher(enc), encryption_key, Some(iv), plaintext)?;
        let tag = cbc_tag(enc, hmac, mac_key, &[authenticated, iv, &ciphertext]);
        return Ok((ciphertext, tag));
    }
    let mut tag = vec![0; enc.tag_length()];
    let ciphertext = symm::encrypt_aead(cipher(enc), key, Some(iv), authenticated, plaintext, &mut tag)?;
    Ok((ciphertext, tag))
}

/// What is to be decrypted.
pub(super) struct Encrypted<'a> {
    pub(super) iv: &'a [u8],
    /// The header as it was sent, which the tag covers.
    pub(super) authenticated: &'a [u8],
    pub(super) ciphertext: &'a [u8],
    pub(super) tag: &'a [u8],
}

/// Decrypts; nothing where anything at all is wrong. The tag is checked before a padding is looked at.
pub(super) fn decrypt(enc: Enc, key: &[u8], encrypted: &Encrypted<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let Encrypted { iv, authenticated, ciphertext, tag } = *encrypted;
    if key.len() != enc.key_length() || iv.len() != enc.iv_length() || tag.len() != enc.tag_length() {
        return None;
    }
    let plaintext = if let Some(hmac) = hmac_of(enc) {
        let (mac_key, encryption_key) = key.split_at(key.len() / 2);
        let expected = cbc_tag(enc, hmac, mac_key, &[authenticated, iv, ciphertext]);
        if !digest::equal_in_constant_time(&expected, tag) {
            return None;
        }
        symm::decrypt(cipher(enc), encryption_key, Some(iv), ciphertext)
    } else {
        symm::decrypt_aead(cipher(enc), key, Some(iv), authenticated, ciphertext, tag)
    };
    plaintext.ok().map(Zeroizing::new)
}

fn cipher(enc: Enc) -> Cipher {
    match enc {
        Enc::A128CbcHs256 => Cipher::aes_128_cbc(),
        Enc::A192CbcHs384 => Cipher::aes_192_cbc(),
        Enc::A256CbcHs512 => Cipher::aes_256_cbc(),
        Enc::A128Gcm => Cipher::aes_128_gcm(),
        Enc::A192Gcm => Cipher::aes_192_gcm(),
        Enc::A256Gcm => Cipher::aes_256_gcm(),
    }
}

fn hmac_of(enc: Enc) -> Option<hmac::Algorithm> {
    match enc {
        Enc::A128CbcHs256 => Some(hmac::HMAC_SHA256),
        Enc::A192CbcHs384 => Some(hmac::HMAC_SHA384),
        Enc::A256CbcHs512 => Some(hmac::HMAC_SHA512),
        Enc::A128Gcm | Enc::A192Gcm | Enc::A256Gcm => None,
    }
}

/// RFC 7518 section 5.2.2.1, steps 4 and 5: over header, vector, ciphertext and the header's length in bits.
fn cbc_tag(enc: Enc, algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]; 3]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    let bits = u64::try_from(parts[0].len()).unwrap_or(u64::MAX).saturating_mul(8);
    context.update(&bits.to_be_bytes());
    let mut tag = context.sign().as_ref().to_vec();
    tag.truncate(enc.tag_length());
    tag
}
