//! The signing keys of a realm in use.

use std::collections::BTreeMap;

use signet_jose::{ColumnCipher, PublicJwkSet, SignatureAlgorithm, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::EncryptionKeys;
use super::load::signing_key_place;
use crate::failure::Fault;
use crate::model::{KeyAlgorithm, KeyState, Realm, SigningKeyRecord};

/// The signing keys of a realm: one that signs per algorithm, all that verify, and all that ever did and are kept.
pub struct SigningKeys {
    active: BTreeMap<SignatureAlgorithm, SigningKey>,
    verifying: Vec<VerifyingKey>,
    kept: Vec<VerifyingKey>,
    published: String,
}

impl SigningKeys {
    /// `encryption` is published along with them.
    pub(super) fn load(
        realm: &Realm,
        records: &[SigningKeyRecord],
        columns: &ColumnCipher,
        encryption: &EncryptionKeys,
    ) -> Result<Self, Fault> {
        let mut active = BTreeMap::new();
        let mut keys = Vec::with_capacity(records.len());
        let realm_text = realm.id.to_string();
        let mut kept = Vec::new();
        for record in records {
            let KeyAlgorithm::Signature(algorithm) = algorithm_of(record)? else { continue };
            let pkcs8 = private_key(&realm_text, record, columns)?;
            let key = SigningKey::from_pkcs8(record.kid.as_str(), algorithm, &pkcs8)
                .map_err(|error| Fault::internal("a signing key does not read back", error))?;
            kept.extend(key.verifying_key().cloned());
            if record.state == KeyState::Retired {
                continue;
            }
            if record.state == KeyState::Active {
                active.insert(key.algorithm(), key.clone());
            }
            keys.push(key);
        }
        let published = serde_json::to_string(&PublicJwkSet::new(&keys).with_recipients(encryption.published()))
            .map_err(|error| Fault::internal("the key set does not serialise", error))?;
        let verifying = keys.iter().filter_map(|key| key.verifying_key().cloned()).collect();
        Ok(Self { active, verifying, kept, published })
    }

    /// The key that signs with an algorithm.
    pub fn active(&self, algorithm: SignatureAlgorithm) -> Option<&SigningKey> {
        self.active.get(&algorithm)
    }

    /// The algorithms that can be signed with, in the order of the registry.
    pub fn algorithms(&self) -> impl Iterator<Item = SignatureAlgorithm> {
        self.active.keys().copied()
    }

    /// Every key a token of this realm may verify with.
    pub fn verifying(&self) -> &[VerifyingKey] {
        &self.verifying
    }

    /// Every key that an ID token of this realm may have been signed with, retired ones included: for hints, which may be
    /// old.
    pub fn kept(&self) -> &[VerifyingKey] {
        &self.kept
    }

    /// The JWK set document (RFC 7517 section 5).
    pub fn published(&self) -> &str {
        &self.published
    }
}

/// What a stored key is for.
pub(super) fn algorithm_of(record: &SigningKeyRecord) -> Result<KeyAlgorithm, Fault> {
    record.algorithm.parse().map_err(|error| Fault::internal("a stored algorithm is unknown", error))
}

/// The PKCS #8 of a stored key.
pub(super) fn private_key(
    realm: &str,
    record: &SigningKeyRecord,
    columns: &ColumnCipher,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    columns
        .decrypt(signing_key_place(realm, record.kid.as_str()), &record.encrypted_private_key)
        .map_err(|error| Fault::internal("a private key does not decrypt", error))
}
