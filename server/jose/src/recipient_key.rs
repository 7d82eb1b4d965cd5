//! Public keys that something can be encrypted to (RFC 7517, RFC 7518 section 6, RFC 8037 section 2). As with keys for
//! signatures, a key knows what it may be used for before it is used.

use biscuit::jwk::AlgorithmParameters;
use openssl::ec::EcKey;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::rsa::Rsa;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::algorithm::{Curve, KeyType};
use crate::encryption_algorithm::{KeyManagement, KeyManagementAlgorithm};
use crate::jwk::{self, Jwk, JwkError};
use crate::{base64url, elliptic_curve, strict_json};

/// Octets of a public key on Curve25519 (RFC 7748 section 5).
const X25519_LENGTH: usize = 32;

/// A public key with what its owner says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientKey {
    key_id: Option<String>,
    algorithm: Option<KeyManagementAlgorithm>,
    is_reserved: bool,
    material: PublicMaterial,
}

/// The key itself, checked: an RSA key of good size, or a point on its curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicMaterial {
    /// RSA, or a point on one of the curves of RFC 7518.
    Parameters(KeyType, AlgorithmParameters),
    /// A point on Curve25519.
    X25519([u8; X25519_LENGTH]),
}

impl RecipientKey {
    /// Parses one public key of a stranger. Members that are not understood are ignored (RFC 7517 section 4).
    pub fn parse(text: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&strict_json::parse_object(text).map_err(|_| JwkError::NotAnObject)?)
    }

    /// As [`RecipientKey::parse`], from members whose names are known to be unique.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let material = PublicMaterial::from_members(members)?;
        let algorithm = jwk::optional_text(members, "alg")?
            .map(|name| name.parse::<KeyManagementAlgorithm>().map_err(|_| JwkError::UnsupportedAlgorithm))
            .transpose()?;
        if algorithm.is_some_and(|algorithm| !material.fits(algorithm)) {
            return Err(JwkError::AlgorithmMismatch);
        }
        let is_reserved = match jwk::optional_text(members, "use")? {
            None => false,
            Some("enc") => true,
            Some(_) => return Err(JwkError::NotForEncryption),
        };
        let operations = ["encrypt", "wrapKey", "deriveKey", "deriveBits"];
        if !jwk::permits_operation(members, &operations)? {
            return Err(JwkError::NotForEncryption);
        }
        let key_id = jwk::optional_text(members, "kid")?.map(str::to_owned);
        Ok(Self { key_id, algorithm, is_reserved, material })
    }

    /// A key that its owner has not reserved for anything (RFC 7517 section 4.2: `use` is optional), where its type can
    /// be encrypted to.
    pub(crate) fn unreserved(jwk: &Jwk) -> Option<Self> {
        let material = match jwk.key_type {
            KeyType::Rsa | KeyType::EllipticCurve(_) => {
                PublicMaterial::Parameters(jwk.key_type, jwk.parameters.clone())
            }
            KeyType::Ed25519 | KeyType::Symmetric => return None,
        };
        Some(Self { key_id: jwk.key_id.clone(), algorithm: None, is_reserved: false, material })
    }

    /// A key of our own, which always says its `kid` and `alg`.
    pub(crate) fn issued(key_id: String, algorithm: KeyManagementAlgorithm, material: PublicMaterial) -> Self {
        Self { key_id: Some(key_id), algorithm: Some(algorithm), is_reserved: true, material }
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `alg`.
    pub const fn algorithm(&self) -> Option<KeyManagementAlgorithm> {
        self.algorithm
    }

    /// Whether something may be encrypted to this key with the algorithm: key type, and the JWK's own `alg`.
    pub fn permits(&self, algorithm: KeyManagementAlgorithm) -> bool {
        self.material.fits(algorithm) && self.algorithm.is_none_or(|declared| declared == algorithm)
    }

    /// Smaller for keys whose owner said more clearly that they are for this.
    pub(crate) const fn vagueness(&self) -> u8 {
        match (self.algorithm, self.is_reserved) {
            (Some(_), _) => 0,
            (None, true) => 1,
            (None, false) => 2,
        }
    }

    pub(crate) const fn material(&self) -> &PublicMaterial {
        &self.material
    }
}

impl PublicMaterial {
    /// The public key of a JWK or of an `epk` header. Private members are refused.
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        jwk::refuse_private_members(members)?;
        if jwk::optional_text(members, "kty")? == Some("OKP") {
            if jwk::optional_text(members, "crv")? != Some("X25519") {
                return Err(JwkError::UnsupportedKeyType);
            }
            let point = jwk::bytes(members, "x")?.try_into().map_err(|_| JwkError::InvalidPoint)?;
            return Ok(Self::X25519(point));
        }
        let (key_type, parameters) = jwk::public_parameters(members)?;
        Ok(Self::Parameters(key_type, parameters))
    }

    /// Whether the key is of the type that the algorithm needs (RFC 8725 section 3.1).
    pub(crate) const fn fits(&self, algorithm: KeyManagementAlgorithm) -> bool {
        match algorithm.management() {
            KeyManagement::RsaOaep => matches!(self, Self::Parameters(KeyType::Rsa, _)),
            KeyManagement::Agreement(_) => {
                matches!(self, Self::Parameters(KeyType::EllipticCurve(_), _) | Self::X25519(_))
            }
            KeyManagement::Wrap(_) | KeyManagement::Direct => false,
        }
    }

    /// Whether both are points on one curve: the only ones that can agree (RFC 7518 section 4.6.1.1).
    pub(crate) fn is_on_curve_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::X25519(_), Self::X25519(_)) => true,
            (Self::Parameters(own @ KeyType::EllipticCurve(_), _), Self::Parameters(theirs, _)) => own == theirs,
            _ => false,
        }
    }

    /// The key as OpenSSL wants it.
    pub(crate) fn to_openssl(&self) -> Result<PKey<Public>, ErrorStack> {
        match self {
            Self::X25519(point) => PKey::public_key_from_raw_bytes(point, Id::X25519),
            Self::Parameters(KeyType::EllipticCurve(curve), AlgorithmParameters::EllipticCurve(point)) => {
                let uncompressed = [&[4], point.x.as_slice(), &point.y].concat();
                PKey::from_ec_key(elliptic_curve::public_key(*curve, &uncompressed)?)
            }
            Self::Parameters(_, AlgorithmParameters::RSA(key)) => {
                let number = |bytes: Vec<u8>| openssl::bn::BigNum::from_slice(&bytes);
                PKey::from_rsa(Rsa::from_public_components(number(key.n.to_bytes_be())?, number(key.e.to_bytes_be())?)?)
            }
            // No other pair is ever made.
            Self::Parameters(..) => Err(ErrorStack::get()),
        }
    }

    /// A new key on the same curve, and its public half: what `epk` is. Nothing for RSA.
    pub(crate) fn new_ephemeral(&self) -> Result<Option<(PKey<Private>, Self)>, ErrorStack> {
        match self {
            Self::X25519(_) => {
                let private = PKey::generate_x25519()?;
                let point = private.raw_public_key()?.try_into().ok().map(Self::X25519);
                Ok(point.map(|point| (private, point)))
            }
            Self::Parameters(KeyType::EllipticCurve(curve), _) => {
                let private = elliptic_curve::generate(*curve)?;
                let public = Self::of_ec_key(*curve, &private)?;
                Ok(public.zip(Some(PKey::from_ec_key(private)?)).map(|(public, private)| (private, public)))
            }
            Self::Parameters(..) => Ok(None),
        }
    }

    /// The public half of a key on one of the curves of RFC 7518.
    pub(crate) fn of_ec_key(curve: Curve, key: &EcKey<Private>) -> Result<Option<Self>, ErrorStack> {
        let (x, y) = elliptic_curve::coordinates(curve, key)?;
        let parameters = jwk::elliptic_curve_parameters(curve, x, y).ok();
        Ok(parameters.map(|parameters| Self::Parameters(KeyType::EllipticCurve(curve), parameters)))
    }

    /// The public members of a JWK.
    pub(crate) fn members(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::X25519(point) => Ok(json!({ "kty": "OKP", "crv": "X25519", "x": base64url::encode(point) })),
            Self::Parameters(_, parameters) => serde_json::to_value(parameters),
        }
    }
}

impl Serialize for RecipientKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Published<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            kid: Option<&'a str>,
            #[serde(rename = "use")]
            public_key_use: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            alg: Option<&'static str>,
            #[serde(flatten)]
            members: Value,
        }
        let members = self.material.members().map_err(serde::ser::Error::custom)?;
        let alg = self.algorithm.map(KeyManagementAlgorithm::as_str);
        Published { kid: self.key_id(), public_key_use: "enc", alg, members }.serialize(serializer)
    }
}
