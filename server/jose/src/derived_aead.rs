//! AES-256-GCM under a key made for one value: HKDF of a long-lived key with the value's own 128-bit random salt. The
//! nonce can then be constant, and no counter and no limit on the number of values has to be kept.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::digest;

/// Length of the salt in bytes.
pub(crate) const SALT: usize = 16;
/// Length of the authentication tag in bytes.
pub(crate) const TAG: usize = 16;

/// Which key encrypts, and what the value is bound to.
pub(crate) struct Binding<'a> {
    /// The long-lived key.
    pub(crate) key: &'a [u8; digest::LENGTH],
    /// Random salt of this value.
    pub(crate) salt: &'a [u8; SALT],
    /// What the derived key is for: keeps the uses of one long-lived key apart.
    pub(crate) label: &'static str,
    /// Associated data.
    pub(crate) associated_data: &'a [u8],
}

/// The cipher failed: on opening because anything at all differs, on sealing because the value is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CipherFailed;

impl Binding<'_> {
    fn cipher(&self) -> Result<LessSafeKey, CipherFailed> {
        let key = digest::derive_key(self.key, self.salt, &[self.label.as_bytes()]);
        UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| CipherFailed)
    }

    fn nonce() -> Nonce {
        Nonce::assume_unique_for_key([0; ring::aead::NONCE_LEN])
    }

    /// Encrypts what stands in `message` from `start` on, in place, and appends the tag.
    pub(crate) fn seal(&self, message: &mut Vec<u8>, start: usize) -> Result<(), CipherFailed> {
        let plaintext = message.get_mut(start..).ok_or(CipherFailed)?;
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(Self::nonce(), Aad::from(self.associated_data), plaintext)
            .map_err(|_| CipherFailed)?;
        message.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypts ciphertext and tag in place and returns the plaintext.
    pub(crate) fn open<'c>(&self, ciphertext: &'c mut [u8]) -> Result<&'c mut [u8], CipherFailed> {
        self.cipher()?
            .open_in_place(Self::nonce(), Aad::from(self.associated_data), ciphertext)
            .map_err(|_| CipherFailed)
    }
}

/// Appends a length and then the bytes, so that no two lists of parts read the same.
pub(crate) fn push_delimited(associated_data: &mut Vec<u8>, part: &[u8]) {
    associated_data.extend_from_slice(&(part.len() as u64).to_be_bytes());
    associated_data.extend_from_slice(part);
}
