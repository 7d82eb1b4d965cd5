//! Checking the chain of a realm in the database.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use signet_jose::base64url;
use signet_protocol::identifiers::RealmId;

use super::chain::{Break, ChainCheck};
use super::keys::{EventKeys, keys_of};
use crate::failure::Fault;
use crate::ports::Chain;
use crate::provider::Provider;

/// Rows that are read at a time.
const PAGE: u64 = 1000;
/// Events that wait to be sealed and are looked at.
const MOST_WAITING: u64 = 10_000;
/// How often a check that met a planned removal begins anew.
const ATTEMPTS: u32 = 3;

/// Most checks of all realms at a time.
const MOST_CHECKS: usize = 8;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The number of the last sealed event; 0 where there is none.
    pub sealed: i64,
    /// The link of that event: whoever noted it elsewhere can tell that nothing was cut off since.
    pub head: Vec<u8>,
    /// The number of the first event that is kept.
    pub first: i64,
    /// How many sealed events were looked at.
    pub checked: u64,
    /// How many events wait to be sealed.
    pub waiting: u64,
    /// How many of those were changed, or not written by this server.
    pub forged_waiting: u64,
    /// Where the chain does not hold, by number; at most 100.
    pub breaks: Vec<Break>,
    /// How many places there are in all.
    pub broken: u64,
}

impl Verification {
    /// Number and link of the last sealed event, to be noted elsewhere.
    pub fn checkpoint(&self) -> String {
        format!("{}:{}", self.sealed, base64url::encode(&self.head))
    }

    /// Whether everything is as it was written.
    pub const fn holds(&self) -> bool {
        self.broken == 0 && self.forged_waiting == 0
    }
}

/// The checks that are under way in this process. Each reads every event of a realm: one at a time of each realm, and
/// few of all, so that whoever may read cannot keep the database busy.
#[derive(Default)]
pub(crate) struct Checks(Mutex<HashSet<RealmId>>);

impl Checks {
    fn realms(&self) -> MutexGuard<'_, HashSet<RealmId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, realm_id: RealmId) -> Result<CheckUnderway<'_>, Fault> {
        let mut realms = self.realms();
        if realms.len() >= MOST_CHECKS || !realms.insert(realm_id) {
            return Err(Fault::Overloaded("a check of the chain of events"));
        }
        Ok(CheckUnderway { checks: self, realm_id })
    }
}

/// A check that is under way, until it is dropped: also where whoever asked went away.
struct CheckUnderway<'a> {
    checks: &'a Checks,
    realm_id: RealmId,
}

impl Drop for CheckUnderway<'_> {
    fn drop(&mut self) {
        self.checks.realms().remove(&self.realm_id);
    }
}

/// Checks the chain of a realm; nothing if it has none.
///
/// # Errors
/// Faults only: `Overloaded` while another check of the realm, or [`MOST_CHECKS`] of others, are under way.
pub async fn verify(provider: &Provider, realm_id: RealmId) -> Result<Option<Verification>, Fault> {
    let _underway = provider.checks.begin(realm_id)?;
    let mut attempt = 1;
    loop {
        let Some(chain) = provider.store.chain(realm_id).await? else { return Ok(None) };
        let keys = keys_of(provider, &chain)?;
        // Before the chain is read anew: what is sealed meanwhile is told twice rather than not at all.
        let waiting = waiting(provider, &keys, realm_id).await?;
        let Some(chain) = provider.store.chain(realm_id).await? else { return Ok(None) };
        let found = check(provider, &keys, &chain, waiting).await?;
        let began = provider.store.chain(realm_id).await?.map(|chain| chain.first);
        if found.holds() || began == Some(chain.first) || attempt == ATTEMPTS {
            return Ok(Some(found));
        }
        attempt += 1;
    }
}

/// How many events wait to be sealed, and how many of those are not what the server wrote.
async fn waiting(provider: &Provider, keys: &EventKeys, realm_id: RealmId) -> Result<(u64, u64), Fault> {
    let number = provider.store.count_waiting(realm_id).await?;
    let waiting = provider.store.waiting_events(realm_id, MOST_WAITING).await?;
    let forged = waiting.iter().filter(|record| !keys.is_authentic(record)).count();
    Ok((number, u64::try_from(forged).unwrap_or(u64::MAX)))
}

async fn check(
    provider: &Provider,
    keys: &EventKeys,
    begun: &Chain,
    (waiting, forged_waiting): (u64, u64),
) -> Result<Verification, Fault> {
    let (store, realm_id) = (&provider.store, begun.realm_id);
    let mut check = ChainCheck::begin(keys, begun);
    // From the very beginning: below the first that is kept there is nothing.
    let mut after = i64::MIN;
    let mut chain = begun.clone();
    loop {
        let rows = store.sealed_events(realm_id, after, PAGE).await?;
        // Nothing more: whatever was sealed when the chain was read last has been seen.
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        chain = store.chain(realm_id).await?.unwrap_or(chain);
        check.take(&rows, chain.sealed);
    }
    let (breaks, broken, checked) = check.end(&chain);
    Ok(Verification {
        sealed: chain.sealed,
        head: chain.head,
        first: begun.first,
        checked,
        waiting,
        forged_waiting,
        breaks,
        broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_of_a_realm_at_a_time_and_few_of_all() {
        let (checks, realm) = (Checks::default(), |number: u8| RealmId([number; 16]));
        let first = checks.begin(realm(1)).unwrap();
        assert!(matches!(checks.begin(realm(1)), Err(Fault::Overloaded(_))));
        let others: Vec<_> = (2..=8).map(|number| checks.begin(realm(number)).unwrap()).collect();
        assert!(checks.begin(realm(9)).is_err());
        drop(first);
        assert!(checks.begin(realm(2)).is_err());
        assert!(checks.begin(realm(9)).is_ok());
        drop(others);
        assert!(checks.realms().is_empty());
    }
}
