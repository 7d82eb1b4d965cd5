//! Events without a change of their own, on their way to the database in batches: the token path pays no commit for
//! them. What waits here is lost if the process is killed, never if it is stopped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;
use tokio::sync::Notify;

use super::budget::RefusalBudget;
use super::event::Parties;
use super::fact::Fact;
use super::keys::EventKeys;
use super::kind::EventKind;
use super::record::EventRecord;
use super::serving::EventMaker;
use crate::ports::{StoreError, StoreResult};
use crate::provider::Provider;

/// Longest time an event waits while the database answers.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// Time until a failed flush is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Most events of one flush, and as many as do not wait for the time to pass.
const BATCH: usize = 256;
/// Most events that wait; whoever brings more has to write them first.
const CAPACITY: usize = 10_000;
/// The request of what was counted over many requests.
const NO_REQUEST: &str = "counted";

/// Events that wait to be written.
#[derive(Default)]
pub struct EventQueue {
    waiting: Mutex<Waiting>,
    some: Notify,
    many: Notify,
    /// Held by whoever writes; when writing failed last, by the monotonic clock.
    flushing: tokio::sync::Mutex<Option<Duration>>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<EventRecord>,
    refusals: RefusalBudget,
    counted: BTreeMap<(RealmId, EventKind), (EventKeys, u64)>,
}

impl EventQueue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a refusal is recorded by itself; if not, it has been counted.
    pub(super) fn admits_refusal(&self, now: UnixTime, place: (RealmId, EventKind), keys: &EventKeys) -> bool {
        let mut waiting = self.waiting();
        let admitted = waiting.refusals.admits(place.0, now);
        if !admitted {
            waiting.counted.entry(place).or_insert_with(|| (keys.clone(), 0)).1 += 1;
            self.some.notify_one();
        }
        admitted
    }

    /// Puts events into the queue.
    pub(super) fn push(&self, events: impl IntoIterator<Item = EventRecord>) {
        let mut waiting = self.waiting();
        waiting.events.extend(events);
        let number = waiting.events.len();
        // Requests that were given up while the database is away could otherwise fill the memory.
        let lost = number.saturating_sub(2 * CAPACITY);
        waiting.events.truncate(2 * CAPACITY);
        drop(waiting);
        if lost > 0 {
            tracing::error!(lost, "events of abandoned requests could not wait any longer and are lost");
        }
        if number > 0 {
            self.some.notify_one();
        }
        if number >= BATCH {
            self.many.notify_one();
        }
    }

    /// Whether so much waits that whoever brings more has to write it first.
    fn is_full(&self) -> bool {
        self.len() >= CAPACITY
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.waiting().events.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next batch. It stays in the queue until it is written: a flush may be given up half-way.
    fn next_batch(&self, provider: &Provider) -> Vec<EventRecord> {
        let mut waiting = self.waiting();
        for ((realm_id, kind), (keys, number)) in std::mem::take(&mut waiting.counted) {
            waiting.events.push_back(counted(provider, (realm_id, &keys), (kind, number)));
        }
        waiting.events.iter().take(BATCH).cloned().collect()
    }

    fn written(&self, number: usize) {
        self.waiting().events.drain(..number);
    }

    async fn flush(&self, provider: &Provider) -> StoreResult<()> {
        let mut failed = self.flushing.lock().await;
        self.write_noting(&mut failed, provider).await
    }

    /// Makes room if there is none. While the database is away, whoever comes does not wait for it in a row.
    pub(super) async fn make_room(&self, provider: &Provider) -> StoreResult<()> {
        if !self.is_full() {
            return Ok(());
        }
        let mut failed = self.flushing.lock().await;
        if !self.is_full() {
            return Ok(());
        }
        if failed.is_some_and(|at| provider.clock.monotonic().saturating_sub(at) < RETRY) {
            return Err(StoreError::Unavailable("too many events wait to be written".into()));
        }
        self.write_noting(&mut failed, provider).await
    }

    async fn write_noting(&self, failed: &mut Option<Duration>, provider: &Provider) -> StoreResult<()> {
        let written = self.write_all(provider).await;
        *failed = written.is_err().then(|| provider.clock.monotonic());
        written
    }

    async fn write_all(&self, provider: &Provider) -> StoreResult<()> {
        loop {
            let batch = self.next_batch(provider);
            if batch.is_empty() {
                return Ok(());
            }
            match provider.store.append_events(&batch).await {
                Ok(()) => {}
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                // The database answers, but does not take this batch: whatever does not fit must not keep the rest.
                Err(_) => append_one_by_one(provider, &batch).await?,
            }
            self.written(batch.len());
        }
    }
}

async fn append_one_by_one(provider: &Provider, batch: &[EventRecord]) -> StoreResult<()> {
    for event in batch {
        match provider.store.append_events(std::slice::from_ref(event)).await {
            Ok(()) => {}
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            Err(error) => tracing::error!(%error, kind = event.kind, "an event could not be recorded"),
        }
    }
    Ok(())
}

fn counted(
    provider: &Provider,
    (realm_id, keys): (RealmId, &EventKeys),
    (of, number): (EventKind, u64),
) -> EventRecord {
    let request_id = NO_REQUEST.to_owned();
    let maker = EventMaker::new(provider);
    let event = Fact::RefusalsCounted { of, number }.concerning(Parties::default());
    maker.make((realm_id, keys), provider.clock.now_in_milliseconds(), (request_id, None), (event, &[]))
}

impl Provider {
    /// Writes every event that waits.
    ///
    /// # Errors
    /// The database is away. What was not written waits on.
    pub async fn flush_events(&self) -> StoreResult<()> {
        self.events.flush(self).await
    }

    /// Writes events as they come, at most 100 ms after they happened. Never ends; whoever stops it flushes once more.
    pub async fn keep_flushing_events(&self) {
        loop {
            self.events.some.notified().await;
            tokio::select! {
                () = tokio::time::sleep(LONGEST_WAIT) => {}
                () = self.events.many.notified() => {}
            }
            if let Err(error) = self.flush_events().await {
                tracing::warn!(%error, waiting = self.events.len(), "events could not be recorded; they wait");
                tokio::time::sleep(RETRY).await;
                self.events.some.notify_one();
            }
        }
    }
}
