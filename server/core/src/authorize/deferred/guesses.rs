//! Slowing down whoever guesses user codes (RFC 8628 section 5.1): by network, and wider for the realm as a whole. A
//! browser in which somebody is signed in is exempt from the wide one, so that strangers cannot close the page for all.

use std::net::IpAddr;

use crate::authn::{counter_key, network};
use crate::failure::Fault;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Whether a code may be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// It may.
    Open,
    /// Only where somebody is signed in: the realm's codes are being guessed at from many networks.
    SignedInOnly,
    /// It may not.
    Closed,
}

/// The counters that a guess falls under: the network's and the realm's.
pub(super) struct GuessCounters([[u8; 32]; 2]);

impl GuessCounters {
    pub(super) fn new(realm: &RealmContext, address: IpAddr) -> Self {
        let key = |parts: &[&[u8]]| counter_key(realm, parts);
        Self([key(&[b"user-code-network", &network(address)]), key(&[b"user-code"])])
    }

    /// Counts a guess before the code is looked up, so that parallel guesses count too. What the narrow limit refuses does
    /// not reach the wide counter.
    pub(super) async fn count(&self, provider: &Provider, realm: &RealmContext) -> Result<Guess, Fault> {
        let settings = &realm.realm.settings;
        let [narrow, wide] = &self.0;
        if counted(provider, realm, narrow).await? > settings.user_code_attempts_per_address {
            return Ok(Guess::Closed);
        }
        let is_open = counted(provider, realm, wide).await? <= settings.user_code_attempts_per_realm;
        Ok(if is_open { Guess::Open } else { Guess::SignedInOnly })
    }

    /// Takes back what a right code has used up.
    pub(super) async fn forgive(&self, provider: &Provider, realm: &RealmContext) -> Result<(), Fault> {
        Ok(provider.store.forgive_attempt(realm.id(), &self.0).await?)
    }
}

async fn counted(provider: &Provider, realm: &RealmContext, key: &[u8; 32]) -> Result<i64, Fault> {
    let window = realm.realm.settings.password_attempt_window_seconds;
    let counted = provider.store.count_attempts(realm.id(), &[*key], provider.now(), window).await?;
    Ok(counted.first().map_or(i64::MAX, |attempts| attempts.count))
}
