//! Where scripts run that may wait for other servers: on blocking threads, so many at a time in each realm, that one
//! tenant's slow scripts hold up nobody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signet_protocol::identifiers::RealmId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Runs of one realm that may wait for a place; one more is refused as overload.
const REALM_WAITING: usize = 64;
/// Runs of all realms at a time.
const PLACES: usize = 256;
/// How long a run waits for a place.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Realms that are remembered at rest.
const MOST_REALMS: usize = 1_024;

/// There is no place to run in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overloaded;

/// Blocking threads, shared fairly.
pub(crate) struct Pool {
    of_each_realm: usize,
    patience: Duration,
    all: Arc<Semaphore>,
    realms: Mutex<HashMap<RealmId, Arc<Places>>>,
}

struct Places {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A place to run in.
pub(super) struct Place {
    _of_realm: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Pool {
    /// A pool with so many places for each realm.
    pub(super) fn new(of_each_realm: usize) -> Self {
        let all = Arc::new(Semaphore::new(PLACES));
        Self { of_each_realm, patience: LONGEST_WAIT, all, realms: Mutex::default() }
    }

    fn places(&self, realm_id: RealmId) -> Arc<Places> {
        let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        if realms.len() >= MOST_REALMS && !realms.contains_key(&realm_id) {
            realms.retain(|_, places| {
                Arc::strong_count(places) > 1 || places.free.available_permits() < self.of_each_realm
            });
        }
        let new =
            || Arc::new(Places { free: Arc::new(Semaphore::new(self.of_each_realm)), waiting: AtomicUsize::new(0) });
        Arc::clone(realms.entry(realm_id).or_insert_with(new))
    }

    /// A place for a run of a realm, when its turn comes.
    pub(super) async fn place(&self, realm_id: RealmId) -> Result<Place, Overloaded> {
        let places = self.places(realm_id);
        let _waiting = Waiting::begin(&places.waiting, REALM_WAITING)?;
        let both = async {
            let of_realm = Arc::clone(&places.free).acquire_owned().await.ok()?;
            let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some(Place { _of_realm: of_realm, _of_all: of_all })
        };
        timeout(self.patience, both).await.ok().flatten().ok_or(Overloaded)
    }

    /// A place for a run of a realm, if one is free now: for work that nobody waits for.
    pub(super) fn place_at_once(&self, realm_id: RealmId) -> Option<Place> {
        let of_realm = Arc::clone(&self.places(realm_id).free).try_acquire_owned().ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_realm: of_realm, _of_all: of_all })
    }
}

/// Being one of those who wait, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Overloaded> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let one = Self(waiting);
        if before < most { Ok(one) } else { Err(Overloaded) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISY: RealmId = RealmId([1; 16]);
    const QUIET: RealmId = RealmId([2; 16]);

    #[tokio::test]
    async fn sc_008_a_realm_has_so_many_places_and_no_more() {
        let pool = Pool { patience: Duration::ZERO, ..Pool::new(8) };
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(pool.place(NOISY).await.unwrap());
        }
        assert!(pool.place_at_once(NOISY).is_none());
        assert_eq!(pool.place(NOISY).await.err(), Some(Overloaded), "it has waited for its time");
        assert!(pool.place(QUIET).await.is_ok());
        held.pop();
        assert!(pool.place(NOISY).await.is_ok());
    }

    #[tokio::test]
    async fn sc_008_who_waits_has_a_bound_too() {
        let waiting = AtomicUsize::new(0);
        let first = Waiting::begin(&waiting, 1).unwrap();
        assert!(Waiting::begin(&waiting, 1).is_err());
        drop(first);
        assert!(Waiting::begin(&waiting, 1).is_ok());
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn realms_at_rest_are_forgotten() {
        let pool = Pool::new(8);
        let held = pool.place(NOISY).await.unwrap();
        for number in 0..=MOST_REALMS {
            let mut id = [9; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            drop(pool.place(RealmId(id)).await.unwrap());
        }
        let realms = pool.realms.lock().unwrap();
        assert!(realms.len() <= MOST_REALMS && realms.contains_key(&NOISY));
        drop(held);
    }
}
