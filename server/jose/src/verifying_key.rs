//! Keys that check signatures. A key knows which algorithms it may be used with before it is used at all (RFC 8725
//! section 3.1), so that no token can choose how its own key is read.

use std::fmt;
use std::sync::Arc;

use biscuit::jwk::AlgorithmParameters;
use openssl::ec::EcKey;
use openssl::pkey::Public;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, UnparsedPublicKey, VerificationAlgorithm,
};
use zeroize::Zeroizing;

use crate::algorithm::{Curve, KeyType, SignatureAlgorithm};
use crate::jwk::{Jwk, JwkError};
use crate::{elliptic_curve, signing_key};

/// A key for verification, parsed once and cheap to clone.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    jwk: Option<Jwk>,
    material: Material,
}

/// The form in which verification is fastest: ring takes points and numbers as they are, so a stranger's key costs no
/// decoding by OpenSSL.
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(EcKey<Public>),
    Ed25519(Vec<u8>),
    Secret(Zeroizing<Vec<u8>>),
}

impl VerifyingKey {
    /// A public key; its point or modulus was checked when the JWK was made.
    pub fn from_jwk(jwk: Jwk) -> Result<Self, JwkError> {
        let material = match (&jwk.parameters, jwk.key_type) {
            (AlgorithmParameters::RSA(rsa), KeyType::Rsa) => {
                Material::Rsa { modulus: rsa.n.to_bytes_be(), exponent: rsa.e.to_bytes_be() }
            }
            (AlgorithmParameters::EllipticCurve(point), KeyType::EllipticCurve(curve)) => {
                let uncompressed = [&[4], point.x.as_slice(), &point.y].concat();
                match curve {
                    Curve::P256 => Material::P256(uncompressed),
                    Curve::P384 => Material::P384(uncompressed),
                    Curve::P521 => Material::P521(
                        elliptic_curve::public_key(curve, &uncompressed).map_err(|_| JwkError::InvalidPoint)?,
                    ),
                }
            }
            (AlgorithmParameters::OctetKeyPair(point), KeyType::Ed25519) => Material::Ed25519(point.x.clone()),
            _ => return Err(JwkError::UnsupportedKeyType),
        };
        Ok(Self(Arc::new(Inner { jwk: Some(jwk), material })))
    }

    /// A shared secret, for the HMAC algorithms whose hash is not longer than it (RFC 7518 section 3.2). For a client
    /// it is the UTF-8 of its `client_secret` (OpenID Connect Core section 10.1).
    pub fn symmetric(secret: &[u8]) -> Self {
        Self(Arc::new(Inner { jwk: None, material: Material::Secret(Zeroizing::new(secret.to_vec())) }))
    }

    /// `kid`, where the key has one. Secrets have none.
    pub fn key_id(&self) -> Option<&str> {
        self.0.jwk.as_ref().and_then(Jwk::key_id)
    }

    /// The JWK that the key was made from; none for a secret.
    pub fn jwk(&self) -> Option<&Jwk> {
        self.0.jwk.as_ref()
    }

    /// Whether the key may verify signatures of this algorithm: key type, curve, the JWK's own `alg`, and for secrets
    /// the length.
    pub fn permits(&self, algorithm: SignatureAlgorithm) -> bool {
        match (&self.0.jwk, &self.0.material) {
            (Some(jwk), _) => {
                jwk.key_type == algorithm.key_type() && jwk.algorithm.is_none_or(|declared| declared == algorithm)
            }
            (None, Material::Secret(secret)) => {
                algorithm.is_symmetric() && secret.len() >= algorithm.minimum_secret_length()
            }
            (None, _) => false,
        }
    }

    /// Whether `signature` is a good signature of `message`. False too where [`VerifyingKey::permits`] is false.
    pub fn verifies(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.permits(algorithm) {
            return false;
        }
        match &self.0.material {
            Material::Rsa { modulus, exponent } => rsa_parameters(algorithm).is_some_and(|parameters| {
                PublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }),
            Material::P256(point) => verifies_with(&ECDSA_P256_SHA256_FIXED, point, message, signature),
            Material::P384(point) => verifies_with(&ECDSA_P384_SHA384_FIXED, point, message, signature),
            Material::P521(key) => elliptic_curve::verify_es512(key, message, signature),
            Material::Ed25519(point) => verifies_with(&ED25519, point, message, signature),
            Material::Secret(secret) => signing_key::hmac_algorithm(algorithm).is_some_and(|hmac| {
                ring::hmac::verify(&ring::hmac::Key::new(hmac, secret), message, signature).is_ok()
            }),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifyingKey").field("jwk", &self.0.jwk).finish_non_exhaustive()
    }
}

fn verifies_with(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

fn rsa_parameters(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        SignatureAlgorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        SignatureAlgorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        SignatureAlgorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        SignatureAlgorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}
