//! The keys of an issuer: fetched by the API's own means, kept, and fetched again in time, but not more often than the
//! issuer should bear, whatever strangers send.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::lock::Mutex as FairMutex;
use signet_jose::{JwkSet, VerifyingKey};
use signet_protocol::time::UnixTime;

use crate::{BoxError, GuardFault};

/// Seconds after which keys are fetched again.
const FRESH_SECONDS: i64 = 300;
/// Seconds for which keys still count where the issuer does not answer.
const LONGEST_SECONDS: i64 = 3600;
/// Seconds between two fetches.
const PAUSE_SECONDS: i64 = 30;
/// The same as long as there are no keys at all.
const FIRST_PAUSE_SECONDS: i64 = 1;

/// Fetches the key set of an issuer (RFC 7517 section 5) from its `jwks_uri`. A function that returns a future is one.
///
/// Whoever implements it sees to it that the connection is the issuer's (TLS), and bounds size and time.
pub trait KeySource: Send + Sync {
    /// The document.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, BoxError>> + Send;
}

impl<F, T> KeySource for F
where
    F: Fn() -> T + Send + Sync,
    T: Future<Output = Result<Vec<u8>, BoxError>> + Send,
{
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, BoxError>> + Send {
        self()
    }
}

/// The keys of an issuer.
pub(super) struct KeyCache<K> {
    source: K,
    kept: Mutex<Kept>,
    /// Whoever fetches; the others wait for what comes of it.
    fetching: FairMutex<()>,
}

#[derive(Default)]
struct Kept {
    keys: Option<Keys>,
    attempted_at: Option<UnixTime>,
}

/// Keys as they were fetched at a time.
#[derive(Clone)]
pub(super) struct Keys {
    keys: Arc<[VerifyingKey]>,
    fetched_at: UnixTime,
}

impl Keys {
    pub(super) fn as_slice(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// A clock that was set back makes them old, not young.
    const fn age(&self, now: UnixTime) -> i64 {
        now.since(self.fetched_at).abs()
    }
}

impl Kept {
    fn may_fetch(&self, now: UnixTime) -> bool {
        let pause = if self.keys.is_some() { PAUSE_SECONDS } else { FIRST_PAUSE_SECONDS };
        self.attempted_at.is_none_or(|last| now.since(last).abs() >= pause)
    }
}

impl<K: KeySource> KeyCache<K> {
    pub(super) fn new(source: K) -> Self {
        Self { source, kept: Mutex::default(), fetching: FairMutex::new(()) }
    }

    /// The keys at `now`.
    ///
    /// # Errors
    /// There are none that could still count.
    pub(super) async fn current(&self, now: UnixTime) -> Result<Keys, GuardFault> {
        let is_fresh = |keys: &Keys| keys.age(now) < FRESH_SECONDS;
        if let Some(keys) = self.kept().keys.clone().filter(is_fresh) {
            return Ok(keys);
        }
        let _alone = self.fetching.lock().await;
        if let Some(keys) = self.kept().keys.clone().filter(is_fresh) {
            return Ok(keys);
        }
        let failure = match self.fetch(now).await {
            Ok(Some(keys)) => return Ok(keys),
            Ok(None) => GuardFault::new("the issuer's keys could not be fetched a moment ago"),
            Err(fault) => fault,
        };
        self.kept().keys.clone().filter(|keys| keys.age(now) < LONGEST_SECONDS).ok_or(failure)
    }

    /// Other keys than `known`, in which one was missing: those that were fetched meanwhile, or new ones. Nothing where it
    /// is too early to fetch again.
    ///
    /// # Errors
    /// The issuer does not answer.
    pub(super) async fn others(&self, known: &Keys, now: UnixTime) -> Result<Option<Keys>, GuardFault> {
        let _alone = self.fetching.lock().await;
        let is_other = |keys: &Keys| !Arc::ptr_eq(&keys.keys, &known.keys);
        if let Some(keys) = self.kept().keys.clone().filter(is_other) {
            return Ok(Some(keys));
        }
        self.fetch(now).await
    }

    /// Nothing where it is too early.
    async fn fetch(&self, now: UnixTime) -> Result<Option<Keys>, GuardFault> {
        {
            let mut kept = self.kept();
            if !kept.may_fetch(now) {
                return Ok(None);
            }
            kept.attempted_at = Some(now);
        }
        let fetched = self.source.fetch().await;
        let document = fetched.map_err(|cause| GuardFault::caused("the issuer's keys could not be fetched", cause))?;
        let set = JwkSet::parse(&document);
        let set = set.map_err(|cause| GuardFault::caused("the issuer's key set does not read", cause))?;
        let keys = Keys { keys: set.keys().into(), fetched_at: now };
        self.kept().keys = Some(keys.clone());
        Ok(Some(keys))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
