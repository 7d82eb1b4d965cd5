//! DPoP proofs (RFC 9449 section 4): a token that carries the public key it is signed with, and says which request it was
//! made for. Whether a proof was used before is for the caller, who can remember.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use signet_protocol::target_uri;
use signet_protocol::time::UnixTime;

use crate::algorithm::SignatureAlgorithm;
use crate::jwk::{self, Jwk, JwkError};
use crate::jws::{TokenError, UnverifiedToken};
use crate::profile::VerificationProfile;
use crate::verified_claims::VerifiedClaims;
use crate::verify::{VerificationError, verify};
use crate::verifying_key::VerifyingKey;
use crate::{base64url, digest};

/// Longest proof in bytes. One with the largest RSA key that is taken has about half of it.
pub const LONGEST_PROOF: usize = 8 * 1024;

/// Seconds after its `iat` that a proof may be used, beside the tolerance for clocks (RFC 9449 section 11.1).
pub const PROOF_SECONDS: i64 = 60;

/// Most keys that are remembered at a time, in each of two generations.
const LARGEST_GENERATION: usize = 2_048;

/// Why a proof is not taken. Names of members, never their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than [`LONGEST_PROOF`].
    #[error("the proof is longer than 8 KiB")]
    TooLong,
    /// What is wrong with any token.
    #[error(transparent)]
    Token(#[from] VerificationError),
    /// The header has no `jwk`, or one that is not taken.
    #[error("the proof's jwk: {0}")]
    Key(#[from] JwkError),
    /// `htm` is another method.
    #[error("the proof's htm is not the method of the request")]
    WrongMethod,
    /// `htu` is another address.
    #[error("the proof's htu is not the address of the endpoint")]
    WrongUri,
    /// `ath` is missing, or the hash of another access token.
    #[error("the proof's ath is not the hash of the access token")]
    WrongAccessToken,
}

impl From<TokenError> for ProofError {
    fn from(error: TokenError) -> Self {
        Self::Token(error.into())
    }
}

/// The request that a proof must have been made for.
#[derive(Debug, Clone)]
pub struct ExpectedProof<'a> {
    /// The algorithms that are allowed; symmetric ones never are.
    pub algorithms: &'a [SignatureAlgorithm],
    /// The HTTP method.
    pub method: &'a str,
    /// The addresses of the endpoint: it may be reached on more hosts than one.
    pub uris: &'a [String],
    /// The access token that comes along.
    pub access_token: Option<&'a str>,
    /// Seconds of tolerance for clocks.
    pub clock_skew: i64,
    /// Whether a nonce of this server says when the proof was made, so that the client's clock need not (section 11.1).
    pub is_dated_by_nonce: bool,
}

/// A well-formed proof of which nothing is proven yet.
#[derive(Debug, Clone)]
pub struct UnverifiedProof<'a>(UnverifiedToken<'a>);

/// A proof that is good, if it was not used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProof {
    /// The RFC 7638 thumbprint of its key.
    pub thumbprint: [u8; 32],
    /// `jti`, not empty and not longer than 256 bytes.
    pub jwt_id: String,
    /// `iat`.
    pub issued_at: UnixTime,
    /// The algorithm of its signature.
    pub algorithm: SignatureAlgorithm,
}

impl<'a> UnverifiedProof<'a> {
    /// Reads the value of the header `DPoP`.
    pub fn parse(text: &'a str) -> Result<Self, ProofError> {
        if text.len() > LONGEST_PROOF {
            return Err(ProofError::TooLong);
        }
        Ok(Self(UnverifiedToken::parse(text)?))
    }

    /// The `nonce` that the proof claims.
    pub fn nonce(&self) -> Option<&str> {
        self.0.claims.get("nonce").and_then(Value::as_str)
    }

    /// Checks everything that RFC 9449 section 4.3 lists, except for the nonce and whether the proof was used before.
    pub fn verify(
        self,
        keys: &ProofKeys,
        expected: &ExpectedProof<'_>,
        now: UnixTime,
    ) -> Result<VerifiedProof, ProofError> {
        // Before the key is even read: it might be a shared secret.
        if self.0.algorithm().is_symmetric() || !expected.algorithms.contains(&self.0.algorithm()) {
            return Err(VerificationError::AlgorithmNotAllowed.into());
        }
        let algorithm = self.0.algorithm();
        let presented = keys.presented(&self.0)?;
        let mut profile = VerificationProfile::dpop_proof(expected.algorithms);
        profile.clock_skew = expected.clock_skew;
        profile.issue_is_undated = expected.is_dated_by_nonce;
        let claims = verify(self.0, std::slice::from_ref(&presented.key), &profile, now)?;
        check_request(&claims, expected)?;
        let missing = |name| VerificationError::MissingClaim(name);
        let jwt_id = claims.jwt_id().ok_or(missing("jti"))?.to_owned();
        let issued_at = claims.issued_at().ok_or(missing("iat"))?;
        let thumbprint = presented.thumbprint;
        keys.remember(presented);
        Ok(VerifiedProof { thumbprint, jwt_id, issued_at, algorithm })
    }
}

fn check_request(claims: &VerifiedClaims, expected: &ExpectedProof<'_>) -> Result<(), ProofError> {
    if claims.text("htm") != Some(expected.method) {
        return Err(ProofError::WrongMethod);
    }
    let is_ours = |htu: &str| expected.uris.iter().any(|uri| target_uri::is_same(htu, uri));
    if !claims.text("htu").is_some_and(is_ours) {
        return Err(ProofError::WrongUri);
    }
    let Some(access_token) = expected.access_token else { return Ok(()) };
    let hash = base64url::encode(digest::sha256(access_token.as_bytes()));
    match claims.text("ath") {
        Some(ath) if digest::equal_in_constant_time(ath.as_bytes(), hash.as_bytes()) => Ok(()),
        _ => Err(ProofError::WrongAccessToken),
    }
}

/// The keys that proofs were signed with lately, parsed once. A key is told by its thumbprint alone, so that a known one
/// costs a hash and no work on curves or primes.
#[derive(Debug, Default)]
pub struct ProofKeys(Mutex<Generations>);

/// What is used moves to the young; when those are many, they become the old, and the old are forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<[u8; 32], VerifyingKey>,
    old: HashMap<[u8; 32], VerifyingKey>,
}

/// The key of a proof.
struct Presented {
    key: VerifyingKey,
    thumbprint: [u8; 32],
    is_remembered: bool,
}

impl ProofKeys {
    /// The key that a proof carries.
    fn presented(&self, token: &UnverifiedToken<'_>) -> Result<Presented, JwkError> {
        let members = token.embedded_key.as_ref().and_then(Value::as_object).ok_or(JwkError::NotAnObject)?;
        jwk::refuse_private_members(members)?;
        jwk::check_purpose(members)?;
        if jwk::optional_text(members, "alg")?.is_some_and(|declared| declared != token.algorithm().as_str()) {
            return Err(JwkError::AlgorithmMismatch);
        }
        let thumbprint = digest::sha256(required_members(members)?.as_bytes());
        if let Some((key, is_remembered)) = self.generations().find(&thumbprint) {
            return Ok(Presented { key, thumbprint, is_remembered });
        }
        let (key_type, parameters) = jwk::public_parameters(members)?;
        let key = VerifyingKey::from_jwk(Jwk::unnamed(key_type, parameters))?;
        Ok(Presented { key, thumbprint, is_remembered: false })
    }

    /// Remembers a key, once a signature was made with it: whoever only writes keys down displaces nothing.
    fn remember(&self, presented: Presented) {
        if !presented.is_remembered {
            self.generations().insert(presented.thumbprint, presented.key);
        }
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// The key, and whether it is among the young.
    fn find(&self, thumbprint: &[u8; 32]) -> Option<(VerifyingKey, bool)> {
        let young = self.young.get(thumbprint).map(|key| (key.clone(), true));
        young.or_else(|| self.old.get(thumbprint).map(|key| (key.clone(), false)))
    }

    fn insert(&mut self, thumbprint: [u8; 32], key: VerifyingKey) {
        if self.young.len() >= LARGEST_GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(thumbprint, key);
    }
}

/// What a thumbprint is the hash of (RFC 7638 section 3). The values are the texts as they came: they have nothing but
/// letters of base64url, and a text that is not the one canonical spelling of its bytes never becomes a key.
fn required_members(members: &Map<String, Value>) -> Result<String, JwkError> {
    let text = |name: &'static str| {
        let text = jwk::required_text(members, name)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if is_plain { Ok(text) } else { Err(JwkError::Member(name)) }
    };
    Ok(match text("kty")? {
        "EC" => format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, text("crv")?, text("x")?, text("y")?),
        "OKP" => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, text("crv")?, text("x")?),
        "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text("e")?, text("n")?),
        _ => return Err(JwkError::UnsupportedKeyType),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7638_3_the_thumbprint_is_that_of_the_parsed_key() {
        for algorithm in
            [SignatureAlgorithm::ES256, SignatureAlgorithm::ES512, SignatureAlgorithm::EdDSA, SignatureAlgorithm::PS256]
        {
            let key = crate::SigningKey::generate(algorithm).unwrap();
            let jwk = key.verifying_key().unwrap().jwk().unwrap().clone();
            let Value::Object(members) = serde_json::to_value(&jwk).unwrap() else { panic!("a JWK is an object") };
            let hash = digest::sha256(required_members(&members).unwrap().as_bytes());
            assert_eq!(base64url::encode(hash), jwk.thumbprint().unwrap(), "{algorithm}");
        }
    }

    #[test]
    fn the_example_of_rfc7638_3_1() {
        let members = serde_json::json!({"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n":
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
        let hash = digest::sha256(required_members(members.as_object().unwrap()).unwrap().as_bytes());
        assert_eq!(base64url::encode(hash), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn keys_that_are_not_used_are_forgotten() {
        let key = crate::SigningKey::generate(SignatureAlgorithm::ES256).unwrap().verifying_key().unwrap().clone();
        let mut generations = Generations::default();
        let name = |number: usize| digest::sha256(&number.to_be_bytes());
        for number in 0..=LARGEST_GENERATION {
            generations.insert(name(number), key.clone());
        }
        assert_eq!(generations.find(&name(0)).map(|(_, is_young)| is_young), Some(false));
        assert_eq!(generations.find(&name(LARGEST_GENERATION)).map(|(_, is_young)| is_young), Some(true));
        for number in LARGEST_GENERATION + 1..=2 * LARGEST_GENERATION {
            generations.insert(name(number), key.clone());
        }
        assert!(generations.find(&name(0)).is_none());
        assert!(generations.young.len() <= LARGEST_GENERATION && generations.old.len() <= LARGEST_GENERATION);
    }
}
