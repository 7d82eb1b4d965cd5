//! What happens beside requests: old rows go, signing keys take
//! over, the database is asked how it is, changed certificates are noticed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use signet_core::authorize::BackchannelSender;
use signet_core::logout::LogoutSender;
use signet_core::provider::Provider;
use signet_core::registry::{self, KeyChanges};
use signet_http::listener::CertificateFiles;
use signet_migrations::MigrationError;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::events::Events;
use super::node::Node;
use super::revocation::Revocation;
use super::{scripts, traffic};
use crate::config::Settings;

/// Time between two clean-ups.
const CLEAN_UP: Duration = Duration::from_mins(1);
/// Rows of each kind that one transaction removes.
const BATCH: u64 = 500;
/// Most transactions of each kind in one clean-up, so that one that was missed for long does not keep the disk busy.
const BATCHES: usize = 200;
/// Marks of what was used that one transaction looks at: some milliseconds.
const WINDOW: u64 = 4_000;
/// Most such transactions in one clean-up; the next one goes on from there.
const WINDOWS: usize = 1_000;
/// Most unused clients that one clean-up deletes, each in a transaction of its own.
const UNUSED_CLIENTS: u64 = 100;
/// Time between two looks for sessions that count for nothing any more and whose clients are yet to be told.
const FALLEN_SESSIONS: Duration = Duration::from_secs(5);
/// Time between two looks for signing keys whose time has come.
const ACTIVATION: Duration = Duration::from_secs(10);
/// Time between two looks for signing keys that have signed, or were published, for long enough.
const KEY_SCHEDULE: Duration = Duration::from_hours(1);
/// Time between two looks at the database.
const LOOK: Duration = Duration::from_secs(5);
/// Looks at the database between two looks at its schema.
const LOOKS_PER_SCHEMA: u64 = 12;
/// Time between two looks at the certificate files.
const CERTIFICATES: Duration = Duration::from_secs(10);

/// Begins everything. It ends when what is returned is dropped.
pub(super) fn begin(
    settings: &Settings,
    (node, revocation): (&Arc<Node>, &Arc<Revocation>),
    provider: &Arc<Provider>,
    events: &Events,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(clean_up(Arc::clone(provider)));
    tasks.spawn(forget_used(Arc::clone(provider)));
    events.begin(&mut tasks, &settings.audit);
    scripts::begin(&mut tasks, provider);
    tasks.spawn(delete_unused_clients(Arc::clone(provider)));
    tasks.spawn(end_fallen_sessions(Arc::clone(provider)));
    tasks.spawn(LogoutSender::new(provider).keep_sending());
    tasks.spawn(traffic::keep_flushing(Arc::clone(provider)));
    tasks.spawn(BackchannelSender::new(provider).keep_sending());
    tasks.spawn(activate_keys(Arc::clone(provider)));
    tasks.spawn(keep_key_schedule(Arc::clone(provider)));
    tasks.spawn(look(Arc::clone(node), Arc::clone(provider), settings.database.url.0.clone()));
    tasks.spawn(watch_certificates(Arc::clone(node), settings.listener.certificates.clone()));
    tasks.spawn(watch_revocation_lists(Arc::clone(revocation)));
    tasks
}

/// A clock that ticks at once and then once a period; a tick that was missed is not made up for.
pub(super) fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn clean_up(provider: Arc<Provider>) {
    let mut ticks = every(CLEAN_UP);
    loop {
        ticks.tick().await;
        for _ in 0..BATCHES {
            match provider.store.clean_up(provider.now(), BATCH).await {
                Ok(deleted) if deleted >= BATCH => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "expired rows were not removed");
                    break;
                }
            }
        }
    }
}

/// Forgets what was used, once what is good no more by its own time needs no mark.
async fn forget_used(provider: Arc<Provider>) {
    let mut ticks = every(CLEAN_UP);
    let mut reached = None;
    loop {
        ticks.tick().await;
        for _ in 0..WINDOWS {
            match provider.store.forget_used(provider.now(), reached.take(), WINDOW).await {
                Ok(forgotten) => reached = forgotten.reached,
                Err(error) => tracing::warn!(%error, "marks of what was used were not removed"),
            }
            if reached.is_none() {
                break;
            }
        }
    }
}

/// Ends sessions of realms in which everything was revoked.
async fn end_fallen_sessions(provider: Arc<Provider>) {
    let mut ticks = every(FALLEN_SESSIONS);
    loop {
        ticks.tick().await;
        match registry::end_fallen_sessions(&provider.serving_itself()).await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "sessions of a realm in which everything was revoked have ended"),
            Err(error) => tracing::warn!(%error, "sessions of a realm in which everything was revoked were not ended"),
        }
    }
}

/// Lets keys sign whose time has come.
async fn activate_keys(provider: Arc<Provider>) {
    let mut ticks = every(ACTIVATION);
    loop {
        ticks.tick().await;
        match registry::activate_due_keys(&provider.serving_itself(), provider.now()).await {
            Ok(0) => {}
            Ok(keys) => tracing::info!(keys, "new signing keys sign from now on"),
            Err(error) => tracing::warn!(%error, "signing keys whose time has come could not be activated"),
        }
    }
}

/// Deletes clients that registered themselves and went unused for as long as their realm says.
async fn delete_unused_clients(provider: Arc<Provider>) {
    let mut ticks = every(CLEAN_UP);
    loop {
        ticks.tick().await;
        match registry::delete_unused_clients(&provider.serving_itself(), UNUSED_CLIENTS).await {
            Ok(0) => {}
            Ok(clients) => tracing::info!(clients, "clients that nobody used were deleted"),
            Err(error) => tracing::warn!(%error, "clients that nobody used could not be deleted"),
        }
    }
}

/// Has keys replaced that have signed for long, and takes away those that were replaced long ago.
async fn keep_key_schedule(provider: Arc<Provider>) {
    let mut ticks = every(KEY_SCHEDULE);
    loop {
        ticks.tick().await;
        match registry::keep_key_schedule(&provider.serving_itself(), provider.now()).await {
            Ok(KeyChanges { scheduled: 0, retired: 0 }) => {}
            Ok(KeyChanges { scheduled, retired }) => {
                tracing::info!(scheduled, retired, "signing keys are replaced or no longer published");
            }
            Err(error) => tracing::warn!(%error, "the schedule of signing keys could not be kept"),
        }
    }
}

/// Asks the database for its time, which shows that it answers, and now and then for its schema.
async fn look(node: Arc<Node>, provider: Arc<Provider>, url: String) {
    let mut ticks = every(LOOK);
    for look in 0_u64.. {
        ticks.tick().await;
        note_database(&node, &provider).await;
        if look % LOOKS_PER_SCHEMA == 0 {
            node.note_schema(schema_problem(&url).await);
        }
    }
}

/// Asks the database for its time.
pub(super) async fn note_database(node: &Node, provider: &Provider) {
    let offset = provider.store.clock_offset(provider.now()).await;
    node.note_database(offset.map_err(|error| format!("{error}; see whether the database server runs")));
}

/// Why the schema does not fit. One that is newer does: versions that follow each other share it while nodes are
/// replaced one by one.
async fn schema_problem(url: &str) -> Option<String> {
    match signet_migrations::status(url).await {
        Ok(states) => match states.iter().filter(|state| !state.applied).count() {
            0 => None,
            pending => Some(MigrationError::Pending(pending).to_string()),
        },
        // Whether the database answers is said elsewhere.
        Err(_) => None,
    }
}

async fn watch_certificates(node: Arc<Node>, certificates: Vec<CertificateFiles>) {
    let files: Vec<PathBuf> = certificates.into_iter().flat_map(|files| [files.chain, files.key]).collect();
    watch(&files, || node.reload_certificates()).await;
}

async fn watch_revocation_lists(revocation: Arc<Revocation>) {
    watch(&revocation.files(), || revocation.reload()).await;
}

/// Looks at the files rather than being told of changes: that works on every file system, and through the links that
/// orchestrators turn around.
async fn watch(files: &[PathBuf], changed: impl Fn()) {
    let mut before = stamps(files);
    let mut ticks = every(CERTIFICATES);
    loop {
        ticks.tick().await;
        let now = stamps(files);
        if now != before {
            before = now;
            changed();
        }
    }
}

/// When each file was last written, and its length.
fn stamps(files: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
    let stamp = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}
