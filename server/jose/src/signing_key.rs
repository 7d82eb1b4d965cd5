//! Private keys and secrets that make signatures: parsed once, shared by all requests, never shown.

use std::fmt;
use std::sync::Arc;

use openssl::ec::EcKey;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::algorithm::{Curve, KeyType, SignatureAlgorithm};
use crate::jwk::{self, Jwk};
use crate::random::system_source;
use crate::{base64url, elliptic_curve, verifying_key::VerifyingKey};

/// Modulus length of a generated RSA key in bits.
const DEFAULT_RSA_BITS: u32 = 2048;

/// The `typ` values whose encoded header each key keeps ready.
const PREPARED_TYPES: [Option<&str>; 3] = [None, Some("JWT"), Some("at+jwt")];

/// Why a key cannot be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The PKCS#8 is not a private key of the kind that the algorithm needs.
    #[error("the private key is not a PKCS#8 key of the type that {0} needs")]
    WrongKey(SignatureAlgorithm),
    /// An HMAC secret shorter than the hash (RFC 7518 section 3.2).
    #[error("{algorithm} needs a secret of at least {} bytes", algorithm.minimum_secret_length())]
    ShortSecret {
        /// The algorithm that was asked for.
        algorithm: SignatureAlgorithm,
    },
    /// A symmetric algorithm where a private key was to be made, or the reverse.
    #[error("{0} does not use this kind of key")]
    WrongKind(SignatureAlgorithm),
    /// The crypto library failed.
    #[error("the crypto library could not use the key")]
    Library,
}

impl From<ErrorStack> for KeyError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

/// A key that signs with one algorithm. Clones share the key.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    algorithm: SignatureAlgorithm,
    key_id: Option<String>,
    material: Material,
    /// None for secrets: they are never published.
    public: Option<(Jwk, VerifyingKey)>,
    pkcs8: Zeroizing<Vec<u8>>,
    /// Base64url of the JOSE header for each of [`PREPARED_TYPES`].
    headers: [String; PREPARED_TYPES.len()],
}

enum Material {
    Ecdsa(EcdsaKeyPair),
    Es512(EcKey<Private>),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Hmac(hmac::Key),
}

impl SigningKey {
    /// A new private key, RSA with 2048 bits; its `kid` is its RFC 7638 thumbprint.
    pub fn generate(algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        if algorithm.key_type() == KeyType::Rsa {
            return Self::generate_rsa(algorithm, DEFAULT_RSA_BITS);
        }
        let pkcs8 = match algorithm.key_type() {
            KeyType::EllipticCurve(curve) => {
                PKey::from_ec_key(elliptic_curve::generate(curve)?)?.private_key_to_pkcs8()?
            }
            KeyType::Ed25519 => PKey::generate_ed25519()?.private_key_to_pkcs8()?,
            KeyType::Rsa | KeyType::Symmetric => return Err(KeyError::WrongKind(algorithm)),
        };
        Self::build(None, algorithm, Zeroizing::new(pkcs8))
    }

    /// A new RSA key of `bits` bits: 2048, 3072 or 4096 in practice.
    pub fn generate_rsa(algorithm: SignatureAlgorithm, bits: u32) -> Result<Self, KeyError> {
        if algorithm.key_type() != KeyType::Rsa {
            return Err(KeyError::WrongKind(algorithm));
        }
        let pkcs8 = PKey::from_rsa(Rsa::generate(bits)?)?.private_key_to_pkcs8()?;
        Self::build(None, algorithm, Zeroizing::new(pkcs8))
    }

    /// A stored private key.
    pub fn from_pkcs8(key_id: &str, algorithm: SignatureAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        Self::build(Some(key_id.to_owned()), algorithm, Zeroizing::new(pkcs8.to_vec()))
    }

    /// A shared secret. Its tokens have no `kid`: the verifier has one secret.
    pub fn symmetric(algorithm: SignatureAlgorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let hmac_algorithm = hmac_algorithm(algorithm).ok_or(KeyError::WrongKind(algorithm))?;
        if secret.len() < algorithm.minimum_secret_length() {
            return Err(KeyError::ShortSecret { algorithm });
        }
        Ok(Self(Arc::new(Inner {
            algorithm,
            key_id: None,
            material: Material::Hmac(hmac::Key::new(hmac_algorithm, secret)),
            public: None,
            pkcs8: Zeroizing::default(),
            headers: PREPARED_TYPES.map(|typ| encoded_header(algorithm, None, typ)),
        })))
    }

    fn build(
        key_id: Option<String>,
        algorithm: SignatureAlgorithm,
        pkcs8: Zeroizing<Vec<u8>>,
    ) -> Result<Self, KeyError> {
        let wrong_key = |_| KeyError::WrongKey(algorithm);
        let (material, parameters) = load(algorithm, &pkcs8)?;
        let key_id = match key_id {
            Some(key_id) => key_id,
            None => jwk::thumbprint(&parameters).map_err(wrong_key)?,
        };
        let public = Jwk::issued(key_id.clone(), algorithm, parameters);
        let verifying = VerifyingKey::from_jwk(public.clone()).map_err(wrong_key)?;
        Ok(Self(Arc::new(Inner {
            algorithm,
            headers: PREPARED_TYPES.map(|typ| encoded_header(algorithm, Some(&key_id), typ)),
            key_id: Some(key_id),
            material,
            public: Some((public, verifying)),
            pkcs8,
        })))
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }

    /// `kid`; none for a shared secret.
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id.as_deref()
    }

    /// The private key for storage (encrypted: see [`crate::column`]); none for a shared secret.
    pub fn pkcs8(&self) -> Option<&Zeroizing<Vec<u8>>> {
        self.0.public.as_ref().map(|_| &self.0.pkcs8)
    }

    /// The public key as published; none for a shared secret, which must never be.
    pub fn public_jwk(&self) -> Option<&Jwk> {
        self.0.public.as_ref().map(|(jwk, _)| jwk)
    }

    /// The public key for verification; none for a shared secret.
    pub fn verifying_key(&self) -> Option<&VerifyingKey> {
        self.0.public.as_ref().map(|(_, key)| key)
    }

    /// Signs bytes: the signature in its JWS form (RFC 7518 section 3).
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let library = |_| KeyError::Library;
        match &self.0.material {
            Material::Ecdsa(key) => Ok(key.sign(&system_source(), message).map_err(library)?.as_ref().to_vec()),
            Material::Es512(key) => Ok(elliptic_curve::sign_es512(key, message)?),
            Material::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Material::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(*encoding, &system_source(), message, &mut signature).map_err(library)?;
                Ok(signature)
            }
            Material::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    /// The encoded JOSE header for a `typ`.
    pub(crate) fn header(&self, typ: Option<&str>) -> std::borrow::Cow<'_, str> {
        match PREPARED_TYPES.iter().position(|prepared| *prepared == typ) {
            Some(index) => self.0.headers[index].as_str().into(),
            None => encoded_header(self.0.algorithm, self.key_id(), typ).into(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SigningKey");
        shown.field("algorithm", &self.0.algorithm).field("key_id", &self.0.key_id).finish_non_exhaustive()
    }
}

fn encoded_header(algorithm: SignatureAlgorithm, key_id: Option<&str>, typ: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: SignatureAlgorithm,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        typ: Option<&'a str>,
    }
    // Three strings always serialise; an empty header would fail closed at every verifier.
    base64url::encode(serde_json::to_vec(&Header { alg: algorithm, kid: key_id, typ }).unwrap_or_default())
}

fn load(
    algorithm: SignatureAlgorithm,
    pkcs8: &[u8],
) -> Result<(Material, biscuit::jwk::AlgorithmParameters), KeyError> {
    let rejected = |_| KeyError::WrongKey(algorithm);
    let wrong_key = |_| KeyError::WrongKey(algorithm);
    match algorithm.key_type() {
        KeyType::Rsa => {
            let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(rejected)?;
            let encoding = rsa_encoding(algorithm).ok_or(KeyError::WrongKind(algorithm))?;
            let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
            let parameters = jwk::rsa_parameters(&public.n, &public.e).map_err(wrong_key)?;
            Ok((Material::Rsa(key, encoding), parameters))
        }
        KeyType::EllipticCurve(Curve::P521) => {
            let key = PKey::private_key_from_pkcs8(pkcs8).and_then(|key| key.ec_key());
            let key = key.map_err(|_| KeyError::WrongKey(algorithm))?;
            if elliptic_curve::curve_of(key.group()) != Some(Curve::P521) {
                return Err(KeyError::WrongKey(algorithm));
            }
            let (x, y) = elliptic_curve::coordinates(Curve::P521, &key)?;
            let parameters = jwk::elliptic_curve_parameters(Curve::P521, x, y).map_err(wrong_key)?;
            Ok((Material::Es512(key), parameters))
        }
        KeyType::EllipticCurve(curve) => {
            let key = EcdsaKeyPair::from_pkcs8(ecdsa_algorithm(curve), pkcs8, &system_source()).map_err(rejected)?;
            let coordinates = key.public_key().as_ref().get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            let parameters = jwk::elliptic_curve_parameters(curve, x.to_vec(), y.to_vec()).map_err(wrong_key)?;
            Ok((Material::Ecdsa(key), parameters))
        }
        KeyType::Ed25519 => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(rejected)?;
            let parameters = jwk::ed25519_parameters(key.public_key().as_ref().to_vec()).map_err(wrong_key)?;
            Ok((Material::Ed25519(key), parameters))
        }
        KeyType::Symmetric => Err(KeyError::WrongKind(algorithm)),
    }
}

fn ecdsa_algorithm(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    if curve == Curve::P384 { &ECDSA_P384_SHA384_FIXED_SIGNING } else { &ECDSA_P256_SHA256_FIXED_SIGNING }
}

fn rsa_encoding(algorithm: SignatureAlgorithm) -> Option<&'static dyn RsaEncoding> {
    match algorithm {
        SignatureAlgorithm::RS256 => Some(&RSA_PKCS1_SHA256),
        SignatureAlgorithm::RS384 => Some(&RSA_PKCS1_SHA384),
        SignatureAlgorithm::RS512 => Some(&RSA_PKCS1_SHA512),
        SignatureAlgorithm::PS256 => Some(&RSA_PSS_SHA256),
        SignatureAlgorithm::PS384 => Some(&RSA_PSS_SHA384),
        SignatureAlgorithm::PS512 => Some(&RSA_PSS_SHA512),
        _ => None,
    }
}

pub(crate) fn hmac_algorithm(algorithm: SignatureAlgorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        SignatureAlgorithm::HS256 => Some(hmac::HMAC_SHA256),
        SignatureAlgorithm::HS384 => Some(hmac::HMAC_SHA384),
        SignatureAlgorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}
