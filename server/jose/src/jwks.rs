//! Sets of keys (RFC 7517 section 5): strangers' sets, read key by key, and ours as published.

use serde::Serialize;
use serde_json::Value;

use crate::decryption_key::DecryptionKey;
use crate::encryption_algorithm::KeyManagementAlgorithm;
use crate::jwk::{Jwk, JwkError};
use crate::recipient_key::RecipientKey;
use crate::signing_key::SigningKey;
use crate::strict_json;
use crate::verifying_key::VerifyingKey;

/// Largest set in bytes; room for a hundred keys with certificates.
pub const LARGEST_SET: usize = 256 * 1024;
/// Most keys in a set.
pub const MOST_KEYS: usize = 128;

/// Why a whole set is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Larger than [`LARGEST_SET`].
    #[error("the key set is larger than 256 KiB")]
    TooLarge,
    /// More keys than [`MOST_KEYS`].
    #[error("the key set has more than 128 keys")]
    TooManyKeys,
    /// Not an object with an array `keys`, or a member is repeated somewhere.
    #[error("the key set is not a JSON object with an array named keys and without duplicate members")]
    Malformed,
}

/// A key of a set that is not used, and why: for the log and for whoever registers the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedKey {
    /// Position in `keys`, from 0.
    pub index: usize,
    /// Its `kid`, where that is a string.
    pub key_id: Option<String>,
    /// What is wrong with it, or why it serves for nothing here.
    pub reason: JwkError,
}

/// A stranger's key set: the keys that verify signatures, those that something can be encrypted to, and the rest with
/// reasons (RFC 7517 section 5 wants unknown keys ignored, so one of them does not spoil the set).
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<VerifyingKey>,
    recipients: Vec<RecipientKey>,
    rejected: Vec<RejectedKey>,
}

impl JwkSet {
    /// Parses a set.
    pub fn parse(text: &[u8]) -> Result<Self, JwkSetError> {
        if text.len() > LARGEST_SET {
            return Err(JwkSetError::TooLarge);
        }
        let document = strict_json::parse_object(text).map_err(|_| JwkSetError::Malformed)?;
        let elements = document.get("keys").and_then(Value::as_array).ok_or(JwkSetError::Malformed)?;
        if elements.len() > MOST_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }
        let mut set = Self::default();
        for (index, element) in elements.iter().enumerate() {
            if let Err(reason) = set.take(element) {
                let key_id = element.get("kid").and_then(Value::as_str).map(str::to_owned);
                set.rejected.push(RejectedKey { index, key_id, reason });
            }
        }
        Ok(set)
    }

    fn take(&mut self, element: &Value) -> Result<(), JwkError> {
        let members = element.as_object().ok_or(JwkError::NotAnObject)?;
        if members.get("use").is_some_and(|purpose| purpose == "enc") {
            self.recipients.push(RecipientKey::from_members(members)?);
            return Ok(());
        }
        match Jwk::from_members(members) {
            Ok(jwk) => {
                let is_for_anything = ["use", "alg", "key_ops"].iter().all(|name| !members.contains_key(*name));
                self.recipients.extend(is_for_anything.then(|| RecipientKey::unreserved(&jwk)).flatten());
                self.keys.push(VerifyingKey::from_jwk(jwk)?);
                Ok(())
            }
            // Without `use`, only `alg`, `key_ops` or the curve say that a key is for encryption.
            Err(
                reason @ (JwkError::UnsupportedAlgorithm | JwkError::UnsupportedKeyType | JwkError::NotForVerification),
            ) => {
                self.recipients.push(RecipientKey::from_members(members).map_err(|_| reason)?);
                Ok(())
            }
            Err(reason) => Err(reason),
        }
    }

    /// The keys that can verify signatures.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The keys that something can be encrypted to.
    pub fn recipients(&self) -> &[RecipientKey] {
        &self.recipients
    }

    /// The key to encrypt to with an algorithm: the first of those whose owner said most clearly that they are for it.
    pub fn recipient(&self, algorithm: KeyManagementAlgorithm) -> Option<&RecipientKey> {
        let fitting = self.recipients.iter().filter(|key| key.permits(algorithm));
        fitting.min_by_key(|key| key.vagueness())
    }

    /// The keys that are not used.
    pub fn rejected(&self) -> &[RejectedKey] {
        &self.rejected
    }

    /// Whether a certificate with this SHA-256 thumbprint is registered in an `x5c` (RFC 8705 section 2.2.2).
    pub fn contains_certificate(&self, thumbprint: &[u8; 32]) -> bool {
        self.keys.iter().filter_map(VerifyingKey::jwk).any(|key| key.certificate_thumbprint() == Some(thumbprint))
    }
}

/// The set this server publishes. Secrets have no public key and therefore no place in it.
#[derive(Debug, Clone, Serialize)]
pub struct PublicJwkSet {
    keys: Vec<PublicKey>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum PublicKey {
    Signature(Jwk),
    Encryption(RecipientKey),
}

impl PublicJwkSet {
    /// The public halves of `keys`, in their order.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        Self { keys: keys.into_iter().filter_map(SigningKey::public_jwk).cloned().map(PublicKey::Signature).collect() }
    }

    /// The same set with keys that something can be encrypted to behind it (OpenID Connect Discovery 3: each key says
    /// its `use`).
    #[must_use]
    pub fn with_recipients<'a>(mut self, keys: impl IntoIterator<Item = &'a DecryptionKey>) -> Self {
        self.keys.extend(keys.into_iter().filter_map(DecryptionKey::public).cloned().map(PublicKey::Encryption));
        self
    }
}
