//! What the benchmarks of whole requests run on: the real services on a SQLite database of its own, and CPU time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use signet_core::authn::{PasswordHasher, PasswordOptions};
use signet_core::endpoints::Bases;
use signet_core::protocol::time::{Clock, UnixTime};
use signet_core::provider::{Provider, ProviderParts};
use signet_core::registry;
use signet_jose::{RootKey, SystemRandom};
use signet_outbound::{OutboundClient, OutboundSettings, SystemResolver};
use signet_rhai::RhaiEngine;
use signet_store::{Database, Options, Polling};

/// That of the server.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The services on a database that goes with them.
pub(crate) struct Server {
    pub(crate) provider: Provider,
    pub(crate) database: Database,
    polling: Polling,
    _folder: tempfile::TempDir,
}

impl Server {
    /// The services, as in a server: while the database is polled, clients are answered from memory.
    pub(crate) async fn start(started: Instant) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        signet_migrations::up(&url, |_| {}).await.unwrap();
        let database = Database::connect(&url, Options::default()).await.unwrap();
        let polling = database.start_polling().await.unwrap();
        let provider = provider(database.clone(), started).await;
        Self { provider, database, polling, _folder: folder }
    }

    pub(crate) async fn stop(self) {
        self.polling.stop().await;
        self.database.close().await;
    }
}

struct BenchClock(Instant);

impl Clock for BenchClock {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
    fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        UnixTime(i64::try_from(since.as_secs()).unwrap())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What each thread of this process had used when it was last seen, in nanoseconds: one that has ended still counts.
static USED: Mutex<BTreeMap<OsString, u64>> = Mutex::new(BTreeMap::new());

/// CPU time of all threads of this process; where the system does not tell, time.
pub(crate) fn cpu_time(started: Instant) -> Duration {
    let mut used = USED.lock().unwrap();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let statistics = std::fs::read_to_string(task.path().join("schedstat")).ok();
        if let Some(time) = statistics.as_deref().and_then(|text| text.split_whitespace().next()?.parse().ok()) {
            used.insert(task.file_name(), time);
        }
    }
    if used.is_empty() { started.elapsed() } else { Duration::from_nanos(used.values().sum()) }
}

async fn provider(database: Database, started: Instant) -> Provider {
    let random = Arc::new(SystemRandom::new());
    let cheap = PasswordOptions { memory_kib: 8, iterations: 1, ..PasswordOptions::default() };
    let provider = Provider::new(ProviderParts {
        store: Arc::new(database),
        clock: Arc::new(BenchClock(started)),
        passwords: PasswordHasher::new(cheap, &*random).unwrap(),
        root_key: RootKey::generate(&*random),
        random,
        scripts: Arc::new(RhaiEngine::new()),
        script_tools: Arc::new(RhaiEngine::new()),
        outbound: Arc::new(OutboundClient::new(OutboundSettings::default(), Arc::new(SystemResolver)).unwrap()),
        bases: Bases { public: "https://localhost".to_owned(), mutual_tls: None },
    });
    registry::prepare_database(&provider).await.unwrap();
    provider
}
