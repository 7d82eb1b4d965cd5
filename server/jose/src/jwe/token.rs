//! The strict reading of the compact form (RFC 7516 sections 4, 5.2 and 7.1).

use serde_json::{Map, Value};

use crate::encryption_algorithm::{ContentEncryptionAlgorithm, KeyManagementAlgorithm};
use crate::{base64url, strict_json};

/// Longest token that is read, in bytes: a signed token of the longest kind, encrypted.
pub const LONGEST_TOKEN: usize = 32 * 1024;
/// Longest encoded header in bytes. An ephemeral key on P-521 needs 400.
const LONGEST_HEADER: usize = 4 * 1024;
/// Longest decoded `apu` or `apv` in bytes.
const LONGEST_PARTY: usize = 512;

/// Why a string is not a token that could be decrypted. Never echoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Longer than [`LONGEST_TOKEN`], or its header than 4 KiB.
    #[error("the token is longer than 32 KiB, or its header than 4 KiB")]
    TooLong,
    /// Not five base64url segments between four dots.
    #[error("the token is not in the JWE compact form: five base64url parts without padding")]
    NotCompact,
    /// The header is not an object with unique members, or one that is understood has the wrong type.
    #[error("the token's header is not a JSON object with unique members of the right types")]
    Header,
    /// `alg` is missing or unknown; `RSA1_5` and `PBES2` are unknown.
    #[error("the token's alg is not a supported key management algorithm")]
    Algorithm,
    /// `enc` is missing or unknown.
    #[error("the token's enc is not a supported content encryption algorithm")]
    ContentEncryption,
    /// `zip` is present: what expands when it is decrypted can exhaust memory (RFC 8725 section 2.8), so it is refused.
    #[error("compressed tokens are not supported")]
    Compressed,
    /// `crit` is present: no extension is understood here, so none may be critical (RFC 7516 section 4.1.13).
    #[error("the token's header demands an extension that is not supported")]
    Extension,
}

/// A well-formed token that nobody has decrypted yet.
#[derive(Debug, Clone)]
pub struct EncryptedToken<'a> {
    /// The header as sent: what the tag covers.
    pub(super) encoded_header: &'a str,
    pub(super) algorithm: KeyManagementAlgorithm,
    pub(super) content: ContentEncryptionAlgorithm,
    pub(super) key_id: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) ephemeral: Option<Map<String, Value>>,
    pub(super) party_u: Vec<u8>,
    pub(super) party_v: Vec<u8>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl<'a> EncryptedToken<'a> {
    /// Whether a text can only be meant as an encrypted token: it has four dots, a signed one has two.
    pub fn is_meant(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').take(5).count() == 4
    }

    /// Reads the compact form.
    pub fn parse(token: &'a str) -> Result<Self, JweError> {
        if token.len() > LONGEST_TOKEN {
            return Err(JweError::TooLong);
        }
        let mut parts = token.splitn(5, '.');
        let mut next = || parts.next().ok_or(JweError::NotCompact);
        let (encoded_header, encrypted_key, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
        if encoded_header.len() > LONGEST_HEADER {
            return Err(JweError::TooLong);
        }
        // A fifth dot is no base64url character, so more parts fail here.
        let decode = |part| base64url::decode(part).map_err(|_| JweError::NotCompact);
        let header = decode(encoded_header)?;
        let (encrypted_key, iv, ciphertext, tag) =
            (decode(encrypted_key)?, decode(iv)?, decode(ciphertext)?, decode(tag)?);

        let header = strict_json::parse_object(&header).map_err(|_| JweError::Header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(JweError::Extension);
        }
        if header.contains_key("zip") {
            return Err(JweError::Compressed);
        }
        let algorithm = text_member(&header, "alg")?.ok_or(JweError::Algorithm)?;
        let content = text_member(&header, "enc")?.ok_or(JweError::ContentEncryption)?;
        text_member(&header, "typ")?;
        Ok(Self {
            encoded_header,
            algorithm: algorithm.parse().map_err(|_| JweError::Algorithm)?,
            content: content.parse().map_err(|_| JweError::ContentEncryption)?,
            key_id: text_member(&header, "kid")?.map(str::to_owned),
            content_type: text_member(&header, "cty")?.map(str::to_owned),
            ephemeral: ephemeral(&header)?,
            party_u: party(&header, "apu")?,
            party_v: party(&header, "apv")?,
            encrypted_key,
            iv,
            ciphertext,
            tag,
        })
    }

    /// `alg`.
    pub const fn algorithm(&self) -> KeyManagementAlgorithm {
        self.algorithm
    }

    /// `enc`.
    pub const fn content(&self) -> ContentEncryptionAlgorithm {
        self.content
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

fn text_member<'a>(header: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JweError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JweError::Header),
    }
}

fn ephemeral(header: &Map<String, Value>) -> Result<Option<Map<String, Value>>, JweError> {
    match header.get("epk") {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members.clone())),
        Some(_) => Err(JweError::Header),
    }
}

/// RFC 7518 sections 4.6.1.2 and 4.6.1.3; empty where absent.
fn party(header: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JweError> {
    let Some(text) = text_member(header, name)? else { return Ok(Vec::new()) };
    let value = base64url::decode(text).map_err(|_| JweError::Header)?;
    if value.len() > LONGEST_PARTY { Err(JweError::Header) } else { Ok(value) }
}
