//! Compact JWS holding JSON claims: how this server writes its tokens, and the strict reading of anyone's (RFC 7515
//! sections 3.1 and 7.1, RFC 7519 section 7). Reading checks form only; [`crate::verify()`] decides.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::algorithm::SignatureAlgorithm;
use crate::signing_key::{KeyError, SigningKey};
use crate::{base64url, strict_json};

/// Longest token that is read, in bytes.
pub const LONGEST_TOKEN: usize = 16 * 1024;

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims do not serialise.
    #[error("the claims cannot be written as JSON")]
    Claims(#[from] serde_json::Error),
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a string is not a token that could be verified. Never echoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`LONGEST_TOKEN`].
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// Not three base64url segments between two dots.
    #[error("the token is not in the JWS compact form: three base64url parts without padding")]
    NotCompact,
    /// The header is not an object with unique members, or `typ` or `kid` is not a string.
    #[error("the token's header is not a JSON object with unique members of the right types")]
    Header,
    /// `alg` is missing, unknown or `none`.
    #[error("the token's alg is not a supported signature algorithm")]
    Algorithm,
    /// `crit` or `b64` is present: no extension is understood here, so none may be critical (RFC 7515 section 4.1.11,
    /// RFC 7797 section 6).
    #[error("the token's header demands an extension that is not supported")]
    Extension,
    /// The payload is not an object with unique members.
    #[error("the token's claims are not a JSON object with unique members")]
    Claims,
}

/// Signs claims into a compact token whose header has `alg`, the key's `kid` and `typ`.
pub fn sign(key: &SigningKey, typ: Option<&str>, claims: &impl Serialize) -> Result<String, SignError> {
    let claims = serde_json::to_vec(claims)?;
    let header = key.header(typ);
    let longest_signature = 700;
    let mut token = String::with_capacity(header.len() + claims.len().div_ceil(3) * 4 + longest_signature);
    token.push_str(&header);
    token.push('.');
    base64url::encode_onto(&claims, &mut token);
    let signature = key.sign_bytes(token.as_bytes())?;
    token.push('.');
    base64url::encode_onto(&signature, &mut token);
    Ok(token)
}

/// A well-formed token of which nothing is proven yet.
#[derive(Debug, Clone)]
pub struct UnverifiedToken<'a> {
    pub(crate) signing_input: &'a str,
    pub(crate) signature: Vec<u8>,
    pub(crate) claims: Map<String, Value>,
    /// `jwk`. Only [`crate::dpop`] reads it: anywhere else it would let a token choose its own key.
    pub(crate) embedded_key: Option<Value>,
    algorithm: SignatureAlgorithm,
    key_id: Option<String>,
    typ: Option<String>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the compact form.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        let Parts { signing_input, mut header, claims, signature } = Parts::of(token)?;
        let algorithm = text_member(&header, "alg")?.ok_or(TokenError::Algorithm)?;
        Ok(Self {
            signing_input,
            signature,
            embedded_key: header.remove("jwk"),
            algorithm: algorithm.parse().map_err(|_| TokenError::Algorithm)?,
            key_id: text_member(&header, "kid")?,
            typ: text_member(&header, "typ")?,
            claims: strict_json::parse_object(&claims).map_err(|_| TokenError::Claims)?,
        })
    }

    /// `alg`.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ`, as written.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The `iss` that the token claims: to find whose keys to verify with, nothing else.
    pub fn unverified_issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// The `sub` that the token claims: to find whose keys to verify with, nothing else.
    pub fn unverified_subject(&self) -> Option<&str> {
        self.claims.get("sub").and_then(Value::as_str)
    }

    /// The values of `aud` that the token claims: to find whose keys to verify with, nothing else.
    pub fn unverified_audience(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(value)) => vec![value],
            _ => Vec::new(),
        }
    }
}

/// A well-formed token that says of itself that nobody signed it (RFC 7515 appendix A.5, RFC 7518 section 3.6).
#[derive(Debug, Clone)]
pub struct UnsecuredToken {
    pub(crate) claims: Map<String, Value>,
    pub(crate) typ: Option<String>,
}

impl UnsecuredToken {
    /// Reads the compact form: `alg` is `none` in these very letters, and the signature is empty.
    pub fn parse(token: &str) -> Result<Self, TokenError> {
        let Parts { header, claims, signature, .. } = Parts::of(token)?;
        if text_member(&header, "alg")?.as_deref() != Some("none") {
            return Err(TokenError::Algorithm);
        }
        if !signature.is_empty() {
            return Err(TokenError::NotCompact);
        }
        let claims = strict_json::parse_object(&claims).map_err(|_| TokenError::Claims)?;
        Ok(Self { typ: text_member(&header, "typ")?, claims })
    }

    /// Reads claims that were encrypted without having been signed: there is no token around them (RFC 7519 section 7.1).
    pub fn of_encrypted_claims(claims: &str) -> Result<Self, TokenError> {
        let claims = strict_json::parse_object(claims.as_bytes()).map_err(|_| TokenError::Claims)?;
        Ok(Self { typ: None, claims })
    }
}

/// The parts of a compact token, decoded.
struct Parts<'a> {
    signing_input: &'a str,
    header: Map<String, Value>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::NotCompact)?;
        let (header, claims) = signing_input.split_once('.').ok_or(TokenError::NotCompact)?;
        // A third dot is no base64url character, so more parts fail here.
        let decode = |part| base64url::decode(part).map_err(|_| TokenError::NotCompact);
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        let header = strict_json::parse_object(&header).map_err(|_| TokenError::Header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(TokenError::Extension);
        }
        Ok(Self { signing_input, header, claims, signature })
    }
}

fn text_member(header: &Map<String, Value>, name: &str) -> Result<Option<String>, TokenError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(TokenError::Header),
    }
}
