//! The keys of a realm that clients encrypt to, and the one place where something of theirs is decrypted.

use signet_jose::{
    AllowedEncryption, ColumnCipher, Decrypted, DecryptionError, DecryptionKey, EncryptedToken, KeyManagementAlgorithm,
    Random, SharedKey,
};

use super::RealmContext;
use super::signing_keys::{algorithm_of, private_key};
use crate::client_auth::recover_secret;
use crate::failure::Fault;
use crate::model::{Client, KeyAlgorithm, KeyState, Realm, SigningKeyRecord};

/// The encryption keys of a realm: all that decrypt, and those that are published.
pub struct EncryptionKeys {
    decrypting: Vec<DecryptionKey>,
    published: Vec<DecryptionKey>,
}

impl EncryptionKeys {
    pub(super) fn load(realm: &Realm, records: &[SigningKeyRecord], columns: &ColumnCipher) -> Result<Self, Fault> {
        let (mut decrypting, mut published) = (Vec::new(), Vec::new());
        let realm_text = realm.id.to_string();
        for record in records.iter().filter(|record| record.state != KeyState::Retired) {
            let KeyAlgorithm::Encryption(algorithm) = algorithm_of(record)? else { continue };
            let pkcs8 = private_key(&realm_text, record, columns)?;
            let key = DecryptionKey::from_pkcs8(record.kid.as_str(), algorithm, &pkcs8)
                .map_err(|error| Fault::internal("an encryption key does not read back", error))?;
            if record.state == KeyState::Active {
                published.push(key.clone());
            }
            decrypting.push(key);
        }
        Ok(Self { decrypting, published })
    }

    /// The keys to encrypt to: one per algorithm.
    pub fn published(&self) -> &[DecryptionKey] {
        &self.published
    }

    /// The published key of an algorithm.
    pub fn active(&self, algorithm: KeyManagementAlgorithm) -> Option<&DecryptionKey> {
        self.published.iter().find(|key| key.algorithm() == Some(algorithm))
    }
}

/// Why what a client sent was not decrypted.
#[derive(Debug, thiserror::Error)]
pub enum NotDecrypted {
    /// The token is not one for this realm. The reason is for the log; one code and one sentence for all of them is
    /// what the client is told.
    #[error(transparent)]
    Refused(#[from] DecryptionError),
    /// This server failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl RealmContext {
    /// Decrypts what a client encrypted to this realm: with a key of the realm, or with the client's secret where the
    /// server knows it (OpenID Connect Core 10.2). Answers the plaintext and whether it claims to be a signed token;
    /// what it is good for is for the caller to check, above all that it is signed where a signature is demanded.
    ///
    /// # Errors
    /// [`NotDecrypted`].
    pub fn decrypt_from_client(
        &self,
        client: &Client,
        token: &str,
        random: &dyn Random,
    ) -> Result<Decrypted, NotDecrypted> {
        let token = EncryptedToken::parse(token).map_err(DecryptionError::from)?;
        let profile = self.profile_of(client);
        let allowed = AllowedEncryption {
            algorithms: profile.key_management_algorithms,
            contents: profile.content_encryption_algorithms,
        };
        let decrypted = if token.algorithm().is_symmetric() {
            let secret = recover_secret(self, client)?;
            let key = secret.map(|secret| DecryptionKey::shared(SharedKey::of_client_secret(&secret)));
            token.decrypt(key.as_slice(), &allowed, random)
        } else {
            token.decrypt(&self.encryption_keys.decrypting, &allowed, random)
        };
        Ok(decrypted?)
    }
}
