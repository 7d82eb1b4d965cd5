//! Private keys and secrets that decrypt: parsed once, shared by all requests, never shown.

use std::fmt;
use std::sync::Arc;

use openssl::encrypt::Decrypter;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use zeroize::Zeroizing;

use crate::algorithm::{Curve, KeyType};
use crate::elliptic_curve::{self, forget_library_errors};
use crate::encryption_algorithm::{KeyManagement, KeyManagementAlgorithm};
use crate::jwe::oaep;
use crate::jwk;
use crate::recipient_key::{PublicMaterial, RecipientKey};
use crate::shared_key::SharedKey;

/// Modulus length of a generated RSA key in bits.
const RSA_BITS: u32 = 2048;

/// Why a key cannot be made or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptionKeyError {
    /// The PKCS#8 is not a private key of the kind that the algorithm needs.
    #[error("the private key is not a PKCS#8 key of the type that {0} needs")]
    WrongKey(KeyManagementAlgorithm),
    /// The algorithm uses shared keys.
    #[error("{0} does not use private keys")]
    WrongKind(KeyManagementAlgorithm),
    /// The crypto library failed.
    #[error("the crypto library could not use the key")]
    Library,
}

impl From<ErrorStack> for DecryptionKeyError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

/// A key that decrypts. Clones share the key.
#[derive(Clone)]
pub struct DecryptionKey(Inner);

#[derive(Clone)]
enum Inner {
    Private(Arc<PrivateKey>),
    Shared(SharedKey),
}

struct PrivateKey {
    algorithm: KeyManagementAlgorithm,
    key: PKey<Private>,
    public: RecipientKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl DecryptionKey {
    /// A new private key for one algorithm: RSA with 2048 bits, or on P-256; its `kid` is its RFC 7638 thumbprint.
    pub fn generate(algorithm: KeyManagementAlgorithm) -> Result<Self, DecryptionKeyError> {
        let key = match algorithm.management() {
            KeyManagement::RsaOaep => PKey::from_rsa(Rsa::generate(RSA_BITS)?)?,
            KeyManagement::Agreement(_) => PKey::from_ec_key(elliptic_curve::generate(Curve::P256)?)?,
            KeyManagement::Wrap(_) | KeyManagement::Direct => return Err(DecryptionKeyError::WrongKind(algorithm)),
        };
        Self::build(None, algorithm, Zeroizing::new(key.private_key_to_pkcs8()?))
    }

    /// A stored private key: RSA, or on P-256, P-384, P-521 or Curve25519.
    pub fn from_pkcs8(
        key_id: &str,
        algorithm: KeyManagementAlgorithm,
        pkcs8: &[u8],
    ) -> Result<Self, DecryptionKeyError> {
        Self::build(Some(key_id.to_owned()), algorithm, Zeroizing::new(pkcs8.to_vec()))
    }

    /// A key that the sender knows too. It has no `kid`: the two share one.
    pub fn shared(key: SharedKey) -> Self {
        Self(Inner::Shared(key))
    }

    fn build(
        key_id: Option<String>,
        algorithm: KeyManagementAlgorithm,
        pkcs8: Zeroizing<Vec<u8>>,
    ) -> Result<Self, DecryptionKeyError> {
        let wrong_key = || DecryptionKeyError::WrongKey(algorithm);
        let key = PKey::private_key_from_pkcs8(&pkcs8).map_err(|_| {
            forget_library_errors();
            wrong_key()
        })?;
        let material = public_material(&key)?.ok_or_else(wrong_key)?;
        if !material.fits(algorithm) {
            return Err(wrong_key());
        }
        let key_id = match (key_id, &material) {
            (Some(key_id), _) => key_id,
            (None, PublicMaterial::Parameters(_, parameters)) => {
                jwk::thumbprint(parameters).map_err(|_| wrong_key())?
            }
            (None, PublicMaterial::X25519(_)) => return Err(wrong_key()),
        };
        let public = RecipientKey::issued(key_id, algorithm, material);
        Ok(Self(Inner::Private(Arc::new(PrivateKey { algorithm, key, public, pkcs8 }))))
    }

    /// The one algorithm of a private key; none for a shared key, which serves for several.
    pub fn algorithm(&self) -> Option<KeyManagementAlgorithm> {
        self.private().map(|private| private.algorithm)
    }

    /// `kid`; none for a shared key.
    pub fn key_id(&self) -> Option<&str> {
        self.public().and_then(RecipientKey::key_id)
    }

    /// The public key as published; none for a shared key, which must never be.
    pub fn public(&self) -> Option<&RecipientKey> {
        self.private().map(|private| &private.public)
    }

    /// The private key for storage (encrypted: see [`crate::column`]); none for a shared key.
    pub fn pkcs8(&self) -> Option<&Zeroizing<Vec<u8>>> {
        self.private().map(|private| &private.pkcs8)
    }

    /// Whether the key may decrypt what was encrypted with the algorithm.
    pub fn permits(&self, algorithm: KeyManagementAlgorithm) -> bool {
        match &self.0 {
            Inner::Private(private) => private.algorithm == algorithm,
            Inner::Shared(_) => algorithm.is_symmetric(),
        }
    }

    /// The shared key, where it is one.
    pub(crate) fn shared_key(&self) -> Option<&SharedKey> {
        match &self.0 {
            Inner::Private(_) => None,
            Inner::Shared(key) => Some(key),
        }
    }

    fn private(&self) -> Option<&PrivateKey> {
        match &self.0 {
            Inner::Private(private) => Some(private),
            Inner::Shared(_) => None,
        }
    }

    /// RSAES-OAEP; nothing where it does not decrypt, for whatever reason.
    pub(crate) fn decrypt_oaep(
        &self,
        algorithm: KeyManagementAlgorithm,
        encrypted: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut decrypter = Decrypter::new(&self.private()?.key).ok()?;
        oaep::set_padding(algorithm, &mut decrypter).ok()?;
        let mut plaintext = Zeroizing::new(vec![0; decrypter.decrypt_len(encrypted).ok()?]);
        let length = decrypter.decrypt(encrypted, &mut plaintext).ok()?;
        plaintext.truncate(length);
        Some(plaintext)
    }

    /// The secret agreed with an ephemeral key; nothing where that is not on this key's curve.
    pub(crate) fn agree(&self, ephemeral: &PublicMaterial) -> Option<Zeroizing<Vec<u8>>> {
        let PrivateKey { key, public, .. } = self.private()?;
        if !public.material().is_on_curve_of(ephemeral) {
            return None;
        }
        crate::jwe::agree(key, &ephemeral.to_openssl().ok()?).ok()
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("DecryptionKey");
        shown.field("algorithm", &self.algorithm()).field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

fn public_material(key: &PKey<Private>) -> Result<Option<PublicMaterial>, ErrorStack> {
    match key.id() {
        Id::RSA => {
            let key = key.rsa()?;
            let parameters = jwk::rsa_parameters(&key.n().to_vec(), &key.e().to_vec()).ok();
            Ok(parameters.map(|parameters| PublicMaterial::Parameters(KeyType::Rsa, parameters)))
        }
        Id::EC => {
            let key = key.ec_key()?;
            elliptic_curve::curve_of(key.group()).map_or(Ok(None), |curve| PublicMaterial::of_ec_key(curve, &key))
        }
        Id::X25519 => Ok(key.raw_public_key()?.try_into().ok().map(PublicMaterial::X25519)),
        _ => Ok(None),
    }
}
