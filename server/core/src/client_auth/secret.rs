//! `client_secret_basic` and `client_secret_post` (RFC 6749 section 2.3.1).
//!
//! A right secret is found right without a slow hash, except for one that an operator chose, the first time a node sees
//! it. Whatever is not found right that way costs one slow hash, whether the client exists or not and whatever it is
//! registered with, so that the time of an answer tells nothing. Such attempts are hashed apart from the passwords of
//! people, and counted for the client together with the network they come from and for the network alone: guessers can
//! occupy neither the log-in nor, from elsewhere, the client.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

use signet_jose::{ColumnPlace, Random, digest, random};
use signet_protocol::identifiers::ClientId;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::authn::{counter_key, network};
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

/// A secret that was presented.
#[derive(Clone, Copy)]
pub(super) struct SecretAttempt<'a> {
    /// Whose it is said to be.
    pub(super) client_id: &'a ClientId,
    /// That client, if there is one that authenticates itself this way.
    pub(super) client: Option<&'a Client>,
    pub(super) secret: &'a str,
    /// The network address it came from.
    pub(super) address: IpAddr,
}

/// Whether a secret is the client's. Refused unseen where too many wrong ones were presented.
pub(super) async fn is_right(
    provider: &Provider,
    realm: &RealmContext,
    attempt: SecretAttempt<'_>,
) -> Result<bool, Fault> {
    let good = || attempt.client.into_iter().flat_map(|client| client.good_secrets(provider.now()));
    let slow = good().find_map(|secret| match secret {
        ClientSecret::Slow(hash) => Some(hash.as_str()),
        ClientSecret::Keyed(_) | ClientSecret::Recoverable(_) => None,
    });
    let fingerprint = slow.map(|hash| provider.secret_fingerprints.fingerprint(hash, attempt.secret));
    let mut quick = fingerprint.as_ref().is_some_and(|known| provider.secret_fingerprints.contains(known));
    for (client, secret) in attempt.client.iter().flat_map(|client| good().map(move |secret| (client, secret))) {
        quick |= equals(realm, client, secret, attempt.secret)?;
    }
    if quick {
        return Ok(true);
    }
    let counters = SecretCounters::new(realm, &attempt);
    if !counters.admit(provider, realm).await? {
        return Ok(false);
    }
    let verified = provider.client_secrets.verify(attempt.secret, slow).await;
    if !matches!(verified, Ok(false)) {
        counters.forgive(provider, realm).await?;
    }
    let right = verified?;
    if let (true, Some(fingerprint)) = (right, fingerprint) {
        provider.secret_fingerprints.insert(fingerprint);
    }
    Ok(right)
}

/// Whether a stored secret is the presented one, where that can be told without a slow hash.
fn equals(realm: &RealmContext, client: &Client, stored: &ClientSecret, presented: &str) -> Result<bool, Fault> {
    Ok(match stored {
        ClientSecret::Keyed(mac) => digest::equal_in_constant_time(mac, &realm.client_secret_mac(presented)),
        ClientSecret::Recoverable(encrypted) => {
            digest::equal_in_constant_time(&decrypt(realm, client, encrypted)?, presented.as_bytes())
        }
        ClientSecret::Slow(_) => false,
    })
}

/// Whether a secret that was made here is the client's current one.
pub(crate) fn is_current(realm: &RealmContext, client: &Client, presented: &str) -> Result<bool, Fault> {
    client.secret.as_ref().map_or(Ok(false), |stored| equals(realm, client, stored, presented))
}

/// The counters that a secret falls under which was not found right at once; the realm's limits for passwords hold.
struct SecretCounters {
    keys: [[u8; 32]; 2],
}

impl SecretCounters {
    fn new(realm: &RealmContext, attempt: &SecretAttempt<'_>) -> Self {
        let network = network(attempt.address);
        let client = attempt.client_id.as_str().as_bytes();
        Self {
            keys: [
                counter_key(realm, &[b"client-network", client, &network]),
                counter_key(realm, &[b"clients-network", &network]),
            ],
        }
    }

    /// Counts before the secret is looked at, so that parallel guesses count too.
    async fn admit(&self, provider: &Provider, realm: &RealmContext) -> Result<bool, Fault> {
        let settings = &realm.realm.settings;
        let window = settings.password_attempt_window_seconds;
        let counted = provider.store.count_attempts(realm.id(), &self.keys, provider.now(), window).await?;
        let limits = [settings.password_attempts_per_account, settings.password_attempts_per_address];
        Ok(counted.iter().zip(limits).all(|(attempts, limit)| attempts.count <= limit))
    }

    /// Takes back what an attempt has used up that was right, or was never looked at.
    async fn forgive(&self, provider: &Provider, realm: &RealmContext) -> Result<(), Fault> {
        Ok(provider.store.forgive_attempt(realm.id(), &self.keys).await?)
    }
}

/// Where a recoverable secret is stored.
pub(crate) fn place<'a>(realm: &'a str, client_id: &'a ClientId) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "clients", column: "secret", row: client_id.as_str().as_bytes() }
}

/// The secret itself, if the client has one that the server can know again.
pub(crate) fn recover(realm: &RealmContext, client: &Client) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let Some(ClientSecret::Recoverable(encrypted)) = &client.secret else { return Ok(None) };
    decrypt(realm, client, encrypted).map(Some)
}

/// Every secret that is good at a moment and that the server can know again, the newest first.
pub(super) fn recover_good(
    realm: &RealmContext,
    client: &Client,
    now: UnixTime,
) -> Result<Vec<Zeroizing<Vec<u8>>>, Fault> {
    let good = client.good_secrets(now).filter_map(|secret| match secret {
        ClientSecret::Recoverable(encrypted) => Some(decrypt(realm, client, encrypted)),
        ClientSecret::Keyed(_) | ClientSecret::Slow(_) => None,
    });
    good.collect()
}

/// A secret is encrypted for the place where the current one is; it stays so when another takes that place.
fn decrypt(realm: &RealmContext, client: &Client, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let realm_text = realm.id().to_string();
    let secret = realm.columns().decrypt(place(&realm_text, &client.client_id), encrypted);
    secret.map_err(|error| Fault::internal("a client secret does not decrypt", error))
}
