//! The signature algorithms that exist here (RFC 7518 section 3.1, RFC 8037, RFC 9864). `none` is not among them:
//! what cannot be said cannot be accepted.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, SHA384, SHA512};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base64url;

/// A JWS `alg` value. The order of the variants is the order of the RFCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// Edwards-curve signatures; here always on Ed25519 (RFC 8037 section 3.1).
    EdDSA,
    /// The same signature under its fully specified name (RFC 9864 section 2.2).
    Ed25519,
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
}

/// What kind of key an algorithm needs (RFC 7518 section 6.1 `kty`, with the curve where there is one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// `kty` RSA.
    Rsa,
    /// `kty` EC on the named curve.
    EllipticCurve(Curve),
    /// `kty` OKP with `crv` Ed25519.
    Ed25519,
    /// `kty` oct: a shared secret.
    Symmetric,
}

/// The elliptic curves of RFC 7518 section 6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    /// Length of one coordinate in octets (RFC 7518 section 6.2.1.2).
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// An `alg` that is not a signature algorithm of this server. Carries no content: the value came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm is not one that is supported for signatures")]
pub struct UnknownAlgorithm;

impl SignatureAlgorithm {
    /// Every algorithm, in the order in which metadata documents list them.
    pub const ALL: [Self; 14] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
        Self::Ed25519,
        Self::HS256,
        Self::HS384,
        Self::HS512,
    ];

    /// The algorithms whose verification needs only a public key.
    pub const ASYMMETRIC: &'static [Self] = Self::ALL.split_at(11).0;

    /// The algorithms made with a shared secret.
    pub const SYMMETRIC: &'static [Self] = Self::ALL.split_at(11).1;

    /// The registered name, as in a JOSE header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::EdDSA => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    /// Whether signer and verifier share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self.key_type(), KeyType::Symmetric)
    }

    /// The only kind of key this algorithm may be used with (RFC 8725 section 3.1).
    pub const fn key_type(self) -> KeyType {
        match self {
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => KeyType::Rsa,
            Self::ES256 => KeyType::EllipticCurve(Curve::P256),
            Self::ES384 => KeyType::EllipticCurve(Curve::P384),
            Self::ES512 => KeyType::EllipticCurve(Curve::P521),
            Self::EdDSA | Self::Ed25519 => KeyType::Ed25519,
            Self::HS256 | Self::HS384 | Self::HS512 => KeyType::Symmetric,
        }
    }

    /// The hash in the algorithm's name; for Ed25519 SHA-512, which the signature uses inside (RFC 8032 section 5.1).
    pub(crate) fn hash(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::RS256 | Self::PS256 | Self::ES256 | Self::HS256 => &SHA256,
            Self::RS384 | Self::PS384 | Self::ES384 | Self::HS384 => &SHA384,
            Self::RS512 | Self::PS512 | Self::ES512 | Self::HS512 | Self::EdDSA | Self::Ed25519 => &SHA512,
        }
    }

    /// Shortest secret for an HMAC algorithm in octets: the length of the hash (RFC 7518 section 3.2). Zero for others.
    pub fn minimum_secret_length(self) -> usize {
        if self.is_symmetric() { self.hash().output_len() } else { 0 }
    }
}

/// `at_hash`, `c_hash` and `s_hash`: base64url of the left half of the hash of `value`, with the hash of the ID
/// token's `alg` (OpenID Connect Core section 3.1.3.6).
pub fn left_half_hash(algorithm: SignatureAlgorithm, value: &str) -> String {
    let hash = ring::digest::digest(algorithm.hash(), value.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    base64url::encode(left)
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for SignatureAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

impl Serialize for SignatureAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SignatureAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7518_3_1_every_name_parses_back_and_none_does_not_exist() {
        for algorithm in SignatureAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_string(&algorithm).unwrap(), format!("\"{algorithm}\""));
        }
        for unknown in ["none", "None", "nOnE", "", "rs256", "ES256K", "HS256 ", "RSA-OAEP", "EDDSA"] {
            assert_eq!(unknown.parse::<SignatureAlgorithm>(), Err(UnknownAlgorithm), "{unknown}");
        }
    }

    #[test]
    fn rfc7518_3_1_symmetric_and_asymmetric_are_a_partition() {
        assert!(SignatureAlgorithm::ASYMMETRIC.iter().all(|algorithm| !algorithm.is_symmetric()));
        assert!(SignatureAlgorithm::SYMMETRIC.iter().all(|algorithm| algorithm.is_symmetric()));
        assert_eq!(SignatureAlgorithm::ASYMMETRIC.len() + SignatureAlgorithm::SYMMETRIC.len(), 14);
    }

    #[test]
    fn oidcc_3_1_3_6_at_hash_of_the_core_specification_example() {
        // OpenID Connect Core appendix A.3 and A.4: one access token, RS256.
        let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(left_half_hash(SignatureAlgorithm::RS256, access_token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(left_half_hash(SignatureAlgorithm::ES384, access_token).len(), 32);
        assert_eq!(left_half_hash(SignatureAlgorithm::EdDSA, access_token).len(), 43);
    }
}
