//! What this node knows of itself: whether it should be sent requests, and the numbers that it publishes.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use signet_core::hooks::ScriptMetrics;
use signet_core::ports::Changes as _;
use signet_core::profile::TrafficCounts;
use signet_core::provider::Provider;
use signet_http::listener::{ManagementSource, NotReady, Readiness, RunningListener};
use signet_protocol::time::UnixTime;
use signet_store::Database;

use super::metrics::{self, Requests};

/// Seconds that the clocks of node and database may be apart (design section 6).
const CLOCK_TOLERANCE: i64 = 2;

/// What this node knows of itself.
pub(crate) struct Node {
    database: Database,
    /// Runs of scripts.
    scripts: Arc<ScriptMetrics>,
    /// What clients did.
    traffic: Arc<TrafficCounts>,
    started: UnixTime,
    /// Counts of requests.
    pub(crate) requests: Requests,
    /// The listeners, while they run.
    listeners: Mutex<Vec<(&'static str, RunningListener)>>,
    /// Why the database does not answer.
    database_problem: RwLock<Option<String>>,
    /// Why the schema does not fit.
    schema_problem: RwLock<Option<String>>,
    /// Seconds that the database's clock is ahead.
    clock_offset: AtomicI64,
    /// Why the server takes no requests yet, or no more.
    pause: RwLock<Option<&'static str>>,
}

impl Node {
    /// A node of a provider, that begins now.
    pub(super) fn new(database: Database, provider: &Provider) -> Self {
        let counts = (Arc::clone(provider.script_metrics()), Arc::clone(provider.traffic_counts()));
        Self::counting(database, counts, provider.now())
    }

    fn counting(
        database: Database,
        (scripts, traffic): (Arc<ScriptMetrics>, Arc<TrafficCounts>),
        started: UnixTime,
    ) -> Self {
        Self {
            database,
            scripts,
            traffic,
            started,
            requests: Requests::default(),
            listeners: Mutex::default(),
            database_problem: RwLock::default(),
            schema_problem: RwLock::default(),
            clock_offset: AtomicI64::new(0),
            pause: RwLock::new(Some("the server is starting")),
        }
    }

    /// A listener runs.
    pub(super) fn add_listener(&self, name: &'static str, listener: RunningListener) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push((name, listener));
    }

    /// Every listener answers.
    pub(super) fn note_started(&self) {
        *self.pause.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From now on not ready. The listeners are for the caller to drain.
    pub(super) fn begin_to_stop(&self) -> Vec<RunningListener> {
        *self.pause.write().unwrap_or_else(PoisonError::into_inner) = Some("the server is stopping");
        let listeners = std::mem::take(&mut *self.listeners.lock().unwrap_or_else(PoisonError::into_inner));
        listeners.into_iter().map(|(_, listener)| listener).collect()
    }

    /// Reads the certificate files again, for new connections.
    pub(super) fn reload_certificates(&self) {
        for (name, listener) in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Err(error) = listener.reload() {
                tracing::error!(listener = name, %error, "certificates not reloaded; the old ones stay in use");
            }
        }
    }

    /// The database answered, and its clock is this far ahead; or it did not.
    pub(super) fn note_database(&self, answer: Result<i64, String>) {
        let problem = match answer {
            Ok(offset) => {
                self.clock_offset.store(offset, Ordering::Release);
                None
            }
            Err(problem) => Some(problem),
        };
        *self.database_problem.write().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    /// The schema fits, or why not.
    pub(super) fn note_schema(&self, problem: Option<String>) {
        *self.schema_problem.write().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

impl ManagementSource for Node {
    fn ready(&self) -> Readiness {
        let read = |problem: &RwLock<Option<String>>| problem.read().unwrap_or_else(PoisonError::into_inner).clone();
        let offset = self.clock_offset.load(Ordering::Acquire);
        let pause = self.pause.read().unwrap_or_else(PoisonError::into_inner).map(str::to_owned);
        let poll = self.database.configuration_version().is_none().then(|| {
            "changes of configuration were not looked for in the last two seconds; see whether the database answers"
                .to_owned()
        });
        let clock = (offset.abs() > CLOCK_TOLERANCE).then(|| {
            format!("the database's clock is {offset} seconds ahead of this machine's; set both by a time service")
        });
        let reasons = [
            ("pause", pause),
            ("database", read(&self.database_problem)),
            ("migrations", read(&self.schema_problem)),
            ("poll", poll),
            ("clock", clock),
        ];
        let reasons = reasons.into_iter().filter_map(|(name, reason)| Some(NotReady { name, reason: reason? }));
        Readiness { reasons: reasons.collect() }
    }

    fn metrics(&self) -> String {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let listeners: Vec<_> = listeners.iter().map(|(name, listener)| (*name, listener.counts())).collect();
        metrics::text(&metrics::Figures {
            started: self.started,
            ready: self.ready().reasons.is_empty(),
            clock_offset: self.clock_offset.load(Ordering::Acquire),
            store: self.database.statistics(),
            listeners: &listeners,
            requests: &self.requests,
            scripts: &self.scripts,
            traffic: &self.traffic.gaps(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_store::Options;

    fn reasons(node: &Node) -> Vec<&'static str> {
        node.ready().reasons.into_iter().map(|reason| reason.name).collect()
    }

    #[tokio::test]
    async fn every_reason_against_requests_is_named_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("signet.db").display());
        signet_migrations::up(&url, |_| ()).await.unwrap();
        let database = Database::connect(&url, Options::default()).await.unwrap();
        let node = Node::counting(database.clone(), Default::default(), UnixTime(0));
        assert_eq!(reasons(&node), ["pause", "poll"]);
        let polling = database.start_polling().await.unwrap();
        assert_eq!(reasons(&node), ["pause"]);
        node.note_started();
        assert_eq!(reasons(&node), [""; 0]);

        node.note_database(Err("the database is unavailable".to_owned()));
        assert_eq!(reasons(&node), ["database"]);
        node.note_database(Ok(-3));
        assert_eq!(reasons(&node), ["clock"]);
        node.note_database(Ok(2));
        node.note_schema(Some("the database lacks 1 migrations".to_owned()));
        assert_eq!(reasons(&node), ["migrations"]);
        assert!(node.metrics().contains("\nsignet_ready 0\n"));
        node.note_schema(None);
        assert!(node.metrics().contains("\nsignet_ready 1\n"));
        assert!(node.begin_to_stop().is_empty());
        assert_eq!(reasons(&node), ["pause"]);
        polling.stop().await;
        database.close().await;
    }
}
