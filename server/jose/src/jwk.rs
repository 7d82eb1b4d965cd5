//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): public ones only. The envelope and the parsing are
//! ours; `biscuit` models the key material and computes thumbprints.

use biscuit::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, OctetKeyPairParameters, OctetKeyPairType,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::algorithm::{Curve, KeyType, SignatureAlgorithm};
use crate::{base64url, digest, ed25519_point, elliptic_curve, roca};

/// Smallest RSA modulus in bits (RFC 7518 section 3.3).
const SMALLEST_RSA_BITS: usize = 2048;
/// Largest RSA modulus in bits: what verification accepts, and a bound on the work a stranger's key can cause.
const LARGEST_RSA_BITS: usize = 8192;
/// Longest RSA exponent in bytes that verification accepts (33 bits).
const LONGEST_RSA_EXPONENT: usize = 5;
/// The members that only a private or secret key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key is not taken. The texts name members, never their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// An element of `keys` is not an object, or the text is not one.
    #[error("the key is not a JSON object with unique member names")]
    NotAnObject,
    /// A member is missing or has the wrong type.
    #[error("the key's member {0} is missing or has the wrong type")]
    Member(&'static str),
    /// `kty` or `crv` is not one that this use of keys knows.
    #[error("the key type or curve is not supported for this use")]
    UnsupportedKeyType,
    /// `alg` is not an algorithm of this server for this use of keys.
    #[error("the key's alg is not a supported algorithm for this use")]
    UnsupportedAlgorithm,
    /// `alg` needs another key type or curve.
    #[error("the key's alg does not fit its kty and crv")]
    AlgorithmMismatch,
    /// `use` or `key_ops` reserve the key for something else.
    #[error("use or key_ops do not allow the key to verify signatures")]
    NotForVerification,
    /// `use` or `key_ops` reserve the key for something else.
    #[error("use or key_ops do not allow anything to be encrypted to the key")]
    NotForEncryption,
    /// A private or secret member was sent.
    #[error(
        "the key contains private members; publish the public key only and replace this one, it is no longer secret"
    )]
    PrivateMember,
    /// RSA modulus or exponent out of range.
    #[error("the RSA key is not between 2048 and 8192 bits with an odd exponent of at least 3")]
    WeakRsaKey,
    /// The modulus has the form that a broken key generator gave it (CVE-2017-15361).
    #[error("the RSA key was made by a generator whose keys can be factored; make a new one elsewhere")]
    BrokenGenerator,
    /// The point is not on its curve, or generates too small a group.
    #[error("the public key is not a valid point of its curve")]
    InvalidPoint,
    /// The certificate in `x5c` is for another key (RFC 7517 section 4.7).
    #[error("x5c is not a certificate for this key")]
    CertificateMismatch,
}

/// A public key with what its owner says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    pub(crate) key_id: Option<String>,
    pub(crate) algorithm: Option<SignatureAlgorithm>,
    pub(crate) parameters: AlgorithmParameters,
    pub(crate) key_type: KeyType,
    pub(crate) certificate_thumbprint: Option<[u8; 32]>,
}

impl Jwk {
    /// Parses one public key of a stranger. Members that are not understood are ignored (RFC 7517 section 4).
    pub fn parse(text: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&crate::strict_json::parse_object(text).map_err(|_| JwkError::NotAnObject)?)
    }

    /// As [`Jwk::parse`], from members whose names are known to be unique.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        refuse_private_members(members)?;
        let (key_type, parameters) = public_parameters(members)?;
        let algorithm = optional_text(members, "alg")?
            .map(|name| name.parse::<SignatureAlgorithm>().map_err(|_| JwkError::UnsupportedAlgorithm))
            .transpose()?;
        if algorithm.is_some_and(|algorithm| algorithm.key_type() != key_type) {
            return Err(JwkError::AlgorithmMismatch);
        }
        check_purpose(members)?;
        let key_id = optional_text(members, "kid")?.map(str::to_owned);
        let mut key = Self { key_id, algorithm, parameters, key_type, certificate_thumbprint: None };
        key.certificate_thumbprint = key.read_certificate(members)?;
        Ok(key)
    }

    /// A key of our own, which always says its `kid` and `alg`.
    pub(crate) fn issued(key_id: String, algorithm: SignatureAlgorithm, parameters: AlgorithmParameters) -> Self {
        Self {
            key_id: Some(key_id),
            algorithm: Some(algorithm),
            parameters,
            key_type: algorithm.key_type(),
            certificate_thumbprint: None,
        }
    }

    /// A key of which nothing but the key itself counts.
    pub(crate) const fn unnamed(key_type: KeyType, parameters: AlgorithmParameters) -> Self {
        Self { key_id: None, algorithm: None, parameters, key_type, certificate_thumbprint: None }
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `alg`.
    pub const fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// Key type and curve.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// SHA-256 of the DER of the first `x5c` certificate: what `self_signed_tls_client_auth` compares (RFC 8705
    /// section 2.2.2).
    pub const fn certificate_thumbprint(&self) -> Option<&[u8; 32]> {
        self.certificate_thumbprint.as_ref()
    }

    /// The RFC 7638 thumbprint with SHA-256, base64url.
    pub fn thumbprint(&self) -> Result<String, JwkError> {
        thumbprint(&self.parameters)
    }

    fn read_certificate(&self, members: &Map<String, Value>) -> Result<Option<[u8; 32]>, JwkError> {
        use base64::Engine as _;
        let Some(chain) = members.get("x5c") else { return Ok(None) };
        let first = chain.get(0).and_then(Value::as_str).ok_or(JwkError::Member("x5c"))?;
        let certificate =
            base64::engine::general_purpose::STANDARD.decode(first).map_err(|_| JwkError::Member("x5c"))?;
        let parsed = crate::ClientCertificate::from_der(&certificate).map_err(|_| JwkError::Member("x5c"))?;
        if parsed.public_key_parameters().as_ref() == Some(&self.parameters) {
            Ok(Some(digest::sha256(&certificate)))
        } else {
            Err(JwkError::CertificateMismatch)
        }
    }
}

impl Serialize for Jwk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Published<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            kid: Option<&'a str>,
            #[serde(rename = "use")]
            public_key_use: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            alg: Option<SignatureAlgorithm>,
            #[serde(flatten)]
            parameters: &'a AlgorithmParameters,
        }
        let published =
            Published { kid: self.key_id(), public_key_use: "sig", alg: self.algorithm, parameters: &self.parameters };
        published.serialize(serializer)
    }
}

pub(crate) fn thumbprint(parameters: &AlgorithmParameters) -> Result<String, JwkError> {
    // Serialising to memory cannot fail for these types; the error is mapped all the same.
    parameters.thumbprint(&biscuit::digest::SHA256).map_err(|_| JwkError::UnsupportedKeyType)
}

/// EC parameters after the check that the point is on the curve.
pub(crate) fn elliptic_curve_parameters(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<AlgorithmParameters, JwkError> {
    if x.len() != curve.coordinate_length() || y.len() != curve.coordinate_length() {
        return Err(JwkError::InvalidPoint);
    }
    elliptic_curve::point_on_curve(curve, &x, &y).map_err(|_| JwkError::InvalidPoint)?;
    let curve = match curve {
        Curve::P256 => EllipticCurve::P256,
        Curve::P384 => EllipticCurve::P384,
        Curve::P521 => EllipticCurve::P521,
    };
    Ok(AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters { curve, x, y, ..Default::default() }))
}

/// Ed25519 parameters after the check against points of small order.
pub(crate) fn ed25519_parameters(x: Vec<u8>) -> Result<AlgorithmParameters, JwkError> {
    let point: &[u8; 32] = x.as_slice().try_into().map_err(|_| JwkError::InvalidPoint)?;
    if ed25519_point::has_small_order(point) {
        return Err(JwkError::InvalidPoint);
    }
    Ok(AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        key_type: OctetKeyPairType::OctetKeyPair,
        curve: EllipticCurve::Curve25519,
        x,
        d: None,
    }))
}

/// RSA parameters after the check of size and exponent, from big-endian numbers without leading zeros.
pub(crate) fn rsa_parameters(modulus: &[u8], exponent: &[u8]) -> Result<AlgorithmParameters, JwkError> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    let modulus_fits = (SMALLEST_RSA_BITS..=LARGEST_RSA_BITS).contains(&bits) && is_canonical_odd(modulus);
    let exponent_fits = exponent.len() <= LONGEST_RSA_EXPONENT && is_canonical_odd(exponent) && exponent != [1];
    if !modulus_fits || !exponent_fits {
        return Err(JwkError::WeakRsaKey);
    }
    if roca::is_fingerprint(modulus) {
        return Err(JwkError::BrokenGenerator);
    }
    let members = serde_json::json!({
        "kty": "RSA", "n": base64url::encode(modulus), "e": base64url::encode(exponent),
    });
    serde_json::from_value(members).map_err(|_| JwkError::WeakRsaKey)
}

fn is_canonical_odd(number: &[u8]) -> bool {
    number.first().is_some_and(|first| *first != 0) && number.last().is_some_and(|last| last % 2 == 1)
}

/// A private or secret key is no longer one.
pub(crate) fn refuse_private_members(members: &Map<String, Value>) -> Result<(), JwkError> {
    if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) { Err(JwkError::PrivateMember) } else { Ok(()) }
}

pub(crate) fn public_parameters(members: &Map<String, Value>) -> Result<(KeyType, AlgorithmParameters), JwkError> {
    match required_text(members, "kty")? {
        "RSA" => {
            let (modulus, exponent) = (bytes(members, "n")?, bytes(members, "e")?);
            Ok((KeyType::Rsa, rsa_parameters(&modulus, &exponent)?))
        }
        "EC" => {
            let curve = match required_text(members, "crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(JwkError::UnsupportedKeyType),
            };
            let parameters = elliptic_curve_parameters(curve, bytes(members, "x")?, bytes(members, "y")?)?;
            Ok((KeyType::EllipticCurve(curve), parameters))
        }
        "OKP" if required_text(members, "crv")? == "Ed25519" => {
            Ok((KeyType::Ed25519, ed25519_parameters(bytes(members, "x")?)?))
        }
        _ => Err(JwkError::UnsupportedKeyType),
    }
}

/// RFC 7517 sections 4.2 and 4.3: a key that is said to be for something else does not verify signatures.
pub(crate) fn check_purpose(members: &Map<String, Value>) -> Result<(), JwkError> {
    if optional_text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(JwkError::NotForVerification);
    }
    if permits_operation(members, &["verify"])? { Ok(()) } else { Err(JwkError::NotForVerification) }
}

/// Whether `key_ops` is absent or has one of the operations.
pub(crate) fn permits_operation(members: &Map<String, Value>, wanted: &[&str]) -> Result<bool, JwkError> {
    let Some(operations) = members.get("key_ops") else { return Ok(true) };
    let operations = operations.as_array().ok_or(JwkError::Member("key_ops"))?;
    if !operations.iter().all(Value::is_string) {
        return Err(JwkError::Member("key_ops"));
    }
    Ok(operations.iter().filter_map(Value::as_str).any(|operation| wanted.contains(&operation)))
}

pub(crate) fn optional_text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Member(name)),
    }
}

pub(crate) fn required_text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, JwkError> {
    optional_text(members, name)?.ok_or(JwkError::Member(name))
}

pub(crate) fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    base64url::decode(required_text(members, name)?).map_err(|_| JwkError::Member(name))
}
