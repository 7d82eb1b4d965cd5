//! `client_secret_basic` and `client_secret_post` (RFC 6749 section 2.3.1).

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use signet_jose::{ColumnPlace, Random, digest, random};
use signet_protocol::identifiers::ClientId;
use zeroize::Zeroizing;

use crate::failure::Fault;
use crate::model::{Client, ClientSecret};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most fingerprints kept.
const CAPACITY: usize = 10_000;

/// Operator-chosen secrets that were found right since start, as keyed hashes: the slow hash is paid once, not at each
/// token request. The key never leaves memory.
pub struct SecretFingerprints {
    key: Zeroizing<[u8; 32]>,
    known: RwLock<HashSet<[u8; 32]>>,
}

impl SecretFingerprints {
    /// An empty set under a new key.
    pub fn new(random: &dyn Random) -> Self {
        Self { key: Zeroizing::new(random::random_bytes(random)), known: RwLock::default() }
    }

    /// The stored hash is part of the fingerprint, so that a changed secret forgets the old one.
    fn fingerprint(&self, stored: &str, secret: &str) -> [u8; 32] {
        let mut message = Zeroizing::new(stored.len().to_be_bytes().to_vec());
        message.extend_from_slice(stored.as_bytes());
        message.extend_from_slice(secret.as_bytes());
        digest::hmac_sha256(self.key.as_slice(), &message)
    }

    fn contains(&self, fingerprint: &[u8; 32]) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains(fingerprint)
    }

    fn insert(&self, fingerprint: [u8; 32]) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(fingerprint);
    }
}

/// Whether a secret is the client's.
pub(super) async fn is_right(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    secret: &str,
) -> Result<bool, Fault> {
    match &client.secret {
        None => Ok(false),
        Some(ClientSecret::Keyed(mac)) => Ok(digest::equal_in_constant_time(mac, &realm.client_secret_mac(secret))),
        Some(ClientSecret::Recoverable(_)) => {
            let stored = recover(realm, client)?;
            Ok(stored.is_some_and(|stored| digest::equal_in_constant_time(&stored, secret.as_bytes())))
        }
        Some(ClientSecret::Slow(hash)) => {
            let fingerprint = provider.secret_fingerprints.fingerprint(hash, secret);
            if provider.secret_fingerprints.contains(&fingerprint) {
                return Ok(true);
            }
            let right = provider.passwords.verify(secret, Some(hash)).await?;
            if right {
                provider.secret_fingerprints.insert(fingerprint);
            }
            Ok(right)
        }
    }
}

/// Where a recoverable secret is stored.
pub(crate) fn place<'a>(realm: &'a str, client_id: &'a ClientId) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "clients", column: "secret", row: client_id.as_str().as_bytes() }
}

/// The secret itself, if the client has one that the server can know again.
pub(crate) fn recover(realm: &RealmContext, client: &Client) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let Some(ClientSecret::Recoverable(encrypted)) = &client.secret else { return Ok(None) };
    let realm_text = realm.id().to_string();
    let secret = realm.columns().decrypt(place(&realm_text, &client.client_id), encrypted);
    secret.map(Some).map_err(|error| Fault::internal("a client secret does not decrypt", error))
}
