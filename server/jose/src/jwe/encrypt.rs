//! Encryption to a recipient (RFC 7516 section 5.1).

use openssl::error::ErrorStack;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::agreement::{self, KeyContext};
use super::{content, key_wrap, oaep};
use crate::encryption_algorithm::{ContentEncryptionAlgorithm, KeyManagement, KeyManagementAlgorithm};
use crate::random::Random;
use crate::recipient_key::{PublicMaterial, RecipientKey};
use crate::shared_key::SharedKey;
use crate::{base64url, elliptic_curve};

/// Why nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The key is not one for the algorithm.
    #[error("the recipient's key does not permit {0}")]
    WrongKey(KeyManagementAlgorithm),
    /// The crypto library failed.
    #[error("the crypto library could not encrypt to the recipient's key")]
    Library,
}

impl From<ErrorStack> for EncryptError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

/// Whom something is encrypted to.
#[derive(Debug, Clone, Copy)]
pub enum Recipient<'a> {
    /// The owner of a public key.
    Public(&'a RecipientKey),
    /// Whoever knows the shared key.
    Shared(&'a SharedKey),
}

/// How something is encrypted, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'a> {
    /// `alg`.
    pub algorithm: KeyManagementAlgorithm,
    /// `enc`.
    pub content: ContentEncryptionAlgorithm,
    /// The recipient, whose key must permit the algorithm.
    pub recipient: Recipient<'a>,
    /// `cty`: `JWT` where what is encrypted is a signed token (RFC 7519 section 5.2).
    pub content_type: Option<&'a str>,
    /// `iss` again in the header, where the recipient learns before decryption whose token it is (RFC 7519 section 5.3).
    pub issuer: Option<&'a str>,
}

/// The content key, how it reaches the recipient, and what the header says of that.
struct ContentKey {
    key: Zeroizing<Vec<u8>>,
    encrypted: Vec<u8>,
    ephemeral: Option<Value>,
}

impl Encryption<'_> {
    /// The compact token. Content key and initialization vector come from `random`; the ephemeral key of an agreement
    /// and the seed of OAEP from the crypto library's own source.
    pub fn encrypt(&self, plaintext: &[u8], random: &dyn Random) -> Result<String, EncryptError> {
        let content_key = self.content_key(random).inspect_err(|_| elliptic_curve::forget_library_errors())?;
        let mut token = base64url::encode(self.header(content_key.ephemeral)?);
        let mut iv = vec![0; self.content.iv_length()];
        random.fill(&mut iv);
        let (ciphertext, tag) = content::encrypt(self.content, &content_key.key, &iv, token.as_bytes(), plaintext)
            .map_err(|_| EncryptError::Library)?;
        for part in [&content_key.encrypted, &iv, &ciphertext, &tag] {
            token.push('.');
            base64url::encode_onto(part, &mut token);
        }
        Ok(token)
    }

    fn header(&self, ephemeral: Option<Value>) -> Result<Vec<u8>, EncryptError> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), self.algorithm.as_str().into());
        header.insert("enc".to_owned(), self.content.as_str().into());
        if let Recipient::Public(key) = self.recipient
            && let Some(key_id) = key.key_id()
        {
            header.insert("kid".to_owned(), key_id.into());
        }
        if let Some(content_type) = self.content_type {
            header.insert("cty".to_owned(), content_type.into());
        }
        if let Some(issuer) = self.issuer {
            header.insert("iss".to_owned(), issuer.into());
        }
        if let Some(ephemeral) = ephemeral {
            header.insert("epk".to_owned(), ephemeral);
        }
        serde_json::to_vec(&header).map_err(|_| EncryptError::Library)
    }

    fn content_key(&self, random: &dyn Random) -> Result<ContentKey, EncryptError> {
        let wrong_key = EncryptError::WrongKey(self.algorithm);
        match self.recipient {
            Recipient::Public(key) if key.permits(self.algorithm) => match self.algorithm.management() {
                KeyManagement::RsaOaep => {
                    let content_key = self.new_key(random);
                    let encrypted = oaep::encrypt(self.algorithm, &key.material().to_openssl()?, &content_key)?;
                    Ok(ContentKey { key: content_key, encrypted, ephemeral: None })
                }
                KeyManagement::Agreement(wrapping) => self.agree(key.material(), wrapping, random),
                KeyManagement::Wrap(_) | KeyManagement::Direct => Err(wrong_key),
            },
            Recipient::Public(_) => Err(wrong_key),
            Recipient::Shared(key) => {
                let shared = key.for_algorithm(self.algorithm, self.content).ok_or(wrong_key)?;
                if self.algorithm.management() == KeyManagement::Direct {
                    return Ok(ContentKey { key: shared, encrypted: Vec::new(), ephemeral: None });
                }
                let content_key = self.new_key(random);
                let encrypted = key_wrap::wrap(&shared, &content_key)?;
                Ok(ContentKey { key: content_key, encrypted, ephemeral: None })
            }
        }
    }

    /// RFC 7518 section 4.6: a key of this one token meets the recipient's.
    fn agree(
        &self,
        recipient: &PublicMaterial,
        wrapping: Option<usize>,
        random: &dyn Random,
    ) -> Result<ContentKey, EncryptError> {
        let (private, public) = recipient.new_ephemeral()?.ok_or(EncryptError::WrongKey(self.algorithm))?;
        let secret = agreement::agree(&private, &recipient.to_openssl()?)?;
        let ephemeral = Some(public.members().map_err(|_| EncryptError::Library)?);
        let context = |algorithm| KeyContext { algorithm, party_u: &[], party_v: &[] };
        let Some(length) = wrapping else {
            let key = agreement::derive(&secret, &context(self.content.as_str()), self.content.key_length());
            return Ok(ContentKey { key, encrypted: Vec::new(), ephemeral });
        };
        let wrapping_key = agreement::derive(&secret, &context(self.algorithm.as_str()), length);
        let content_key = self.new_key(random);
        let encrypted = key_wrap::wrap(&wrapping_key, &content_key)?;
        Ok(ContentKey { key: content_key, encrypted, ephemeral })
    }

    fn new_key(&self, random: &dyn Random) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.content.key_length()]);
        random.fill(&mut key);
        key
    }
}
