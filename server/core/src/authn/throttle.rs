//! Slowing down guessers without locking anybody out (NIST SP 800-63B section 5.2.2).
//!
//! Two counters in the database: one for the account together with the network it is tried from, one for the network
//! alone. A stranger who guesses at a victim's password from elsewhere fills only counters that the victim does not
//! share, so there is no lock-out to attack with. A third, much wider one for the account alone bounds guessing spread
//! over many networks; a browser in which the user has a session is exempt from it.

use std::net::IpAddr;

use signet_jose::digest;

use crate::failure::Fault;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// How many times the per-account limit all networks together may use up.
const ALL_NETWORKS_FACTOR: i64 = 20;

/// Whether an attempt may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may.
    Open,
    /// Only from a browser that this very user has a session in: the account is being guessed at from many networks.
    KnownBrowsersOnly,
    /// It may not.
    Closed,
}

/// The counters an attempt falls under.
pub(crate) struct AttemptCounters {
    keys: [[u8; 32]; 3],
}

impl AttemptCounters {
    pub(crate) fn new(realm: &RealmContext, normalised_username: &str, address: IpAddr) -> Self {
        let network = network(address);
        let key = |parts: &[&[u8]]| counter_key(realm, parts);
        let account = normalised_username.as_bytes();
        Self {
            keys: [
                key(&[b"account-network", account, &network]),
                key(&[b"network", &network]),
                key(&[b"account", account]),
            ],
        }
    }

    /// Counts an attempt before the password is looked at, so that parallel guesses count too. What the narrow limits
    /// refuse does not reach the wide counter: one network alone cannot fill it.
    pub(crate) async fn count(&self, provider: &Provider, realm: &RealmContext) -> Result<Admission, Fault> {
        let settings = &realm.realm.settings;
        let (narrow, wide) = self.keys.split_at(2);
        let limits = [settings.password_attempts_per_account, settings.password_attempts_per_address];
        let counted = Self::counted(provider, realm, narrow).await?;
        if counted.iter().zip(limits).any(|(count, limit)| *count > limit) {
            return Ok(Admission::Closed);
        }
        let limit = settings.password_attempts_per_account.saturating_mul(ALL_NETWORKS_FACTOR);
        let counted = Self::counted(provider, realm, wide).await?;
        Ok(if counted.iter().all(|count| *count <= limit) { Admission::Open } else { Admission::KnownBrowsersOnly })
    }

    async fn counted(provider: &Provider, realm: &RealmContext, keys: &[[u8; 32]]) -> Result<Vec<i64>, Fault> {
        let window = realm.realm.settings.password_attempt_window_seconds;
        let counted = provider.store.count_attempts(realm.id(), keys, provider.now(), window).await?;
        Ok(counted.into_iter().map(|attempts| attempts.count).collect())
    }

    /// Takes back what an attempt has used up that was right, or was never looked at.
    pub(crate) async fn forgive(&self, provider: &Provider, realm: &RealmContext) -> Result<(), Fault> {
        Ok(provider.store.forgive_attempt(realm.id(), &self.keys).await?)
    }
}

/// The key of a counter: the same parts, the same counter.
pub(crate) fn counter_key(realm: &RealmContext, parts: &[&[u8]]) -> [u8; 32] {
    let mut message = realm.id().0.to_vec();
    for part in parts {
        message.extend_from_slice(&part.len().to_be_bytes());
        message.extend_from_slice(part);
    }
    digest::sha256(&message)
}

/// The network an address is counted under: itself for IPv4, its /64 for IPv6, where one household has that many.
pub(crate) fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
