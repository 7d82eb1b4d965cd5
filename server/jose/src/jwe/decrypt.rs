//! Decryption (RFC 7516 section 5.2).

use zeroize::Zeroizing;

use super::agreement::{self, KeyContext};
use super::content::{self, Encrypted};
use super::key_wrap;
use super::token::{EncryptedToken, JweError};
use crate::decryption_key::DecryptionKey;
use crate::elliptic_curve::forget_library_errors;
use crate::encryption_algorithm::{ContentEncryptionAlgorithm, KeyManagement, KeyManagementAlgorithm};
use crate::random::Random;
use crate::recipient_key::PublicMaterial;

/// Most keys that are tried for a token without `kid`.
const MOST_TRIED_KEYS: usize = 8;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptionError {
    /// The text is no encrypted token at all.
    #[error(transparent)]
    Unreadable(#[from] JweError),
    /// `alg` or `enc` is not one that this use allows.
    #[error("the token's alg or enc is not allowed here")]
    AlgorithmNotAllowed,
    /// No key has the token's `kid` and permits its `alg`.
    #[error("no key fits the token's kid and alg")]
    UnknownKey,
    /// A key was used, and the result is not what somebody encrypted. There is deliberately no more to know.
    #[error("the token does not decrypt")]
    Undecryptable,
}

/// What a use of encrypted tokens allows.
#[derive(Debug, Clone, Copy)]
pub struct AllowedEncryption<'a> {
    /// The `alg` values.
    pub algorithms: &'a [KeyManagementAlgorithm],
    /// The `enc` values.
    pub contents: &'a [ContentEncryptionAlgorithm],
}

/// What a token held.
pub struct Decrypted {
    plaintext: Zeroizing<Vec<u8>>,
    content_type: Option<String>,
}

impl Decrypted {
    /// The plaintext.
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// Whether the sender says that it is a token in turn (RFC 7519 section 5.2: `cty` is `JWT`, in capitals where old
    /// readers matter).
    pub fn is_nested(&self) -> bool {
        self.content_type.as_deref().is_some_and(|content_type| content_type.eq_ignore_ascii_case("JWT"))
    }
}

impl std::fmt::Debug for Decrypted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decrypted").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

impl EncryptedToken<'_> {
    /// Decrypts with one of `keys`: those that have the token's `kid`, or any that fits where it has none.
    pub fn decrypt(
        self,
        keys: &[DecryptionKey],
        allowed: &AllowedEncryption<'_>,
        random: &dyn Random,
    ) -> Result<Decrypted, DecryptionError> {
        if !allowed.algorithms.contains(&self.algorithm) || !allowed.contents.contains(&self.content) {
            return Err(DecryptionError::AlgorithmNotAllowed);
        }
        let is_named = |key: &&DecryptionKey| match (key.key_id(), self.key_id()) {
            // A shared key has no name that a token could get wrong.
            (None, _) | (_, None) => true,
            (Some(own), Some(named)) => own == named,
        };
        let mut fitting = keys.iter().filter(|key| key.permits(self.algorithm)).filter(is_named).peekable();
        if fitting.peek().is_none() {
            return Err(DecryptionError::UnknownKey);
        }
        let plaintext = fitting.take(MOST_TRIED_KEYS).find_map(|key| self.decrypt_with(key, random));
        if plaintext.is_none() {
            forget_library_errors();
        }
        let plaintext = plaintext.ok_or(DecryptionError::Undecryptable)?;
        Ok(Decrypted { plaintext, content_type: self.content_type })
    }

    fn decrypt_with(&self, key: &DecryptionKey, random: &dyn Random) -> Option<Zeroizing<Vec<u8>>> {
        // The stand-in is made in any case, so that a bad encrypted key takes no other path than a bad tag.
        let mut stand_in = Zeroizing::new(vec![0; self.content.key_length()]);
        random.fill(&mut stand_in);
        let content_key = self.content_key(key).filter(|key| key.len() == self.content.key_length());
        let encrypted = Encrypted {
            iv: &self.iv,
            authenticated: self.encoded_header.as_bytes(),
            ciphertext: &self.ciphertext,
            tag: &self.tag,
        };
        content::decrypt(self.content, &content_key.unwrap_or(stand_in), &encrypted)
    }

    fn content_key(&self, key: &DecryptionKey) -> Option<Zeroizing<Vec<u8>>> {
        match self.algorithm.management() {
            KeyManagement::RsaOaep => key.decrypt_oaep(self.algorithm, &self.encrypted_key),
            KeyManagement::Wrap(_) => {
                let wrapping_key = key.shared_key()?.for_algorithm(self.algorithm, self.content)?;
                key_wrap::unwrap(&wrapping_key, &self.encrypted_key)
            }
            KeyManagement::Direct => {
                self.has_no_encrypted_key()?;
                key.shared_key()?.for_algorithm(self.algorithm, self.content)
            }
            KeyManagement::Agreement(None) => {
                self.has_no_encrypted_key()?;
                self.agree(key, self.content.as_str(), self.content.key_length())
            }
            KeyManagement::Agreement(Some(length)) => {
                let wrapping_key = self.agree(key, self.algorithm.as_str(), length)?;
                key_wrap::unwrap(&wrapping_key, &self.encrypted_key)
            }
        }
    }

    /// RFC 7516 section 5.2, step 10.
    fn has_no_encrypted_key(&self) -> Option<()> {
        self.encrypted_key.is_empty().then_some(())
    }

    /// The point is checked to be on the curve, and on the curve of our key, before the two meet: an answer to another
    /// point would tell of the private key (RFC 8725 section 3.4, CVE-2016-9121).
    fn agree(&self, key: &DecryptionKey, algorithm: &str, length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let ephemeral = PublicMaterial::from_members(self.ephemeral.as_ref()?).ok()?;
        let secret = key.agree(&ephemeral)?;
        let context = KeyContext { algorithm, party_u: &self.party_u, party_v: &self.party_v };
        Some(agreement::derive(&secret, &context, length))
    }
}
