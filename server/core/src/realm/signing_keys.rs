//! The signing keys of a realm in use.

use std::collections::BTreeMap;

use signet_jose::{ColumnCipher, PublicJwkSet, SignatureAlgorithm, SigningKey, VerifyingKey};

use super::load::signing_key_place;
use crate::failure::Fault;
use crate::model::{KeyState, Realm, SigningKeyRecord};

/// The signing keys of a realm: one that signs per algorithm, all that verify, and all that ever did and are kept.
pub struct SigningKeys {
    active: BTreeMap<SignatureAlgorithm, SigningKey>,
    verifying: Vec<VerifyingKey>,
    kept: Vec<VerifyingKey>,
    published: String,
}

impl SigningKeys {
    pub(super) fn load(realm: &Realm, records: &[SigningKeyRecord], columns: &ColumnCipher) -> Result<Self, Fault> {
        let mut active = BTreeMap::new();
        let mut keys = Vec::with_capacity(records.len());
        let realm_text = realm.id.to_string();
        let mut kept = Vec::new();
        for record in records {
            let key = decrypt(&realm_text, record, columns)?;
            kept.extend(key.verifying_key().cloned());
            if record.state == KeyState::Retired {
                continue;
            }
            if record.state == KeyState::Active {
                active.insert(key.algorithm(), key.clone());
            }
            keys.push(key);
        }
        let published = serde_json::to_string(&PublicJwkSet::new(&keys))
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

fn decrypt(realm: &str, record: &SigningKeyRecord, columns: &ColumnCipher) -> Result<SigningKey, Fault> {
    let pkcs8 = columns
        .decrypt(signing_key_place(realm, record.kid.as_str()), &record.encrypted_private_key)
        .map_err(|error| Fault::internal("a signing key does not decrypt", error))?;
    let algorithm =
        record.algorithm.parse().map_err(|error| Fault::internal("a stored algorithm is unknown", error))?;
    SigningKey::from_pkcs8(record.kid.as_str(), algorithm, &pkcs8)
        .map_err(|error| Fault::internal("a signing key does not read back", error))
}
