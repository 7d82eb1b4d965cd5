//! Recordings of runs on their way to the database, for realms that keep them. They are samples for replays, not
//! evidence: what comes too fast is left out, and what waits when the process ends is lost. What is stored is a second
//! run with placeholders, made when there is time for it; what the deciding run saw only waits in memory for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use signet_hooks::{Decided, Hook, Program, RecordedCall, Recording, Run, RunContext, RunFailure};
use signet_jose::{Random, random};
use signet_protocol::identifiers::{RealmId, ScriptRecordingId};
use signet_protocol::time::{Clock, UnixTime};
use tokio::sync::Notify;

use super::trial::slow_clock;
use crate::model::{ScriptRecording, ScriptTarget};
use crate::provider::Provider;
use crate::realm::{RealmContext, ScriptValues};

/// Recordings of one realm a second, in this process.
const PER_SECOND: u32 = 5;
/// Recordings that wait; more are left out.
const CAPACITY: usize = 512;
/// Recordings of one transaction.
const BATCH: usize = 64;
/// Longest recording in bytes.
const LARGEST: usize = 64 * 1024;
/// Time that recordings are collected for.
const COLLECTING: Duration = Duration::from_millis(500);
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Recordings that wait to be stored.
#[derive(Default)]
pub(crate) struct Recordings {
    waiting: Mutex<Waiting>,
    some: Notify,
}

#[derive(Default)]
struct Waiting {
    runs: Vec<Kept>,
    /// The current second, and how many were taken in it by realm.
    taken: (UnixTime, HashMap<RealmId, u32>),
}

impl Waiting {
    fn admits(&mut self, realm_id: RealmId, now: UnixTime) -> bool {
        let (second, taken) = &mut self.taken;
        if *second != now {
            *second = now;
            taken.clear();
        }
        let taken = taken.entry(realm_id).or_default();
        *taken += 1;
        *taken <= PER_SECOND && self.runs.len() < CAPACITY
    }
}

/// A run that may be recorded.
pub(super) struct Ran<'a> {
    pub(super) target: &'a ScriptTarget,
    pub(super) program: &'a Arc<dyn Program>,
    pub(super) hook: Hook,
    pub(super) input: &'a Arc<RunContext>,
    pub(super) run: &'a Run,
    /// What the host had for it.
    pub(super) values: &'a Arc<ScriptValues>,
}

/// A run that is to be recorded, as it was.
struct Kept {
    /// The row, without the recording.
    row: ScriptRecording,
    program: Arc<dyn Program>,
    hook: Hook,
    input: Arc<RunContext>,
    calls: Vec<RecordedCall>,
    outcome: Result<Value, RunFailure>,
    values: Arc<ScriptValues>,
}

impl Kept {
    /// The row with the recording; nothing if it is too long.
    fn recorded(self, clock: Arc<dyn Clock>) -> Option<ScriptRecording> {
        let secrets: Vec<&str> = self.values.secrets.values().map(|secret| secret.as_str()).collect();
        let decided = Decided {
            hook: self.hook,
            context: &self.input,
            calls: &self.calls,
            outcome: &self.outcome,
            secrets: &secrets,
        };
        let recording = Recording::of(&*self.program, &decided, Box::new(slow_clock(clock)))?;
        let recording = serde_json::to_string(&recording).ok().filter(|text| text.len() <= LARGEST)?;
        Some(ScriptRecording { recording, ..self.row })
    }
}

impl Recordings {
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a run, if the realm keeps recordings and there is room.
    pub(super) fn take(&self, realm: &RealmContext, now: UnixTime, random: &dyn Random, ran: &Ran<'_>) {
        let days = realm.realm.settings.script_recording_days;
        if days <= 0 || !self.locked().admits(realm.id(), now) {
            return;
        }
        // What would be too long to store is too long to wait.
        let length = serde_json::to_vec(&(&**ran.input, &ran.run.calls)).map_or(usize::MAX, |json| json.len());
        if length > LARGEST {
            return;
        }
        let client = ran.input.context.client.as_ref();
        let row = ScriptRecording {
            realm_id: realm.id(),
            id: recording_id(now, random),
            recorded_at: now,
            expires_at: now.plus(days.saturating_mul(DAY)),
            package: ran.target.package.clone(),
            version: ran.program.version(),
            hook: ran.hook.name().to_owned(),
            client_id: client.and_then(|client| client.id.parse().ok()),
            recording: String::new(),
        };
        self.locked().runs.push(Kept {
            row,
            program: Arc::clone(ran.program),
            hook: ran.hook,
            input: Arc::clone(ran.input),
            calls: ran.run.calls.clone(),
            outcome: ran.run.outcome.clone(),
            values: Arc::clone(ran.values),
        });
        self.some.notify_one();
    }

    fn batch(&self) -> Vec<Kept> {
        let mut waiting = self.locked();
        let number = waiting.runs.len().min(BATCH);
        waiting.runs.drain(..number).collect()
    }
}

/// Later recordings have later identifiers: pages show the newest first.
fn recording_id(now: UnixTime, random: &dyn Random) -> ScriptRecordingId {
    let mut id: [u8; 16] = random::random_bytes(random);
    id[..8].copy_from_slice(&now.0.to_be_bytes());
    ScriptRecordingId(id)
}

impl Provider {
    /// Stores recordings of scripts as they come. Never ends.
    pub async fn keep_storing_recordings(&self) {
        loop {
            self.runs.recordings.some.notified().await;
            tokio::time::sleep(COLLECTING).await;
            loop {
                let batch = self.runs.recordings.batch();
                if batch.is_empty() {
                    break;
                }
                let clock = Arc::clone(&self.clock);
                let recorded = move |kept: Kept| kept.recorded(Arc::clone(&clock));
                let recording = move || batch.into_iter().filter_map(recorded).collect::<Vec<_>>();
                let Ok(batch) = tokio::task::spawn_blocking(recording).await else { continue };
                if let Err(error) = self.store.insert_script_recordings(&batch).await {
                    tracing::warn!(%error, lost = batch.len(), "recordings of scripts could not be stored");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_gets_so_many_a_second_whatever_others_do() {
        let mut waiting = Waiting::default();
        let (one, other) = (RealmId([1; 16]), RealmId([2; 16]));
        let admitted = (0..20).filter(|_| waiting.admits(one, UnixTime(7))).count();
        assert_eq!(admitted, 5);
        assert!(waiting.admits(other, UnixTime(7)));
        assert!(waiting.admits(one, UnixTime(8)));
    }
}
