//! The parts of a server inside the test, with a clock that the test sets. Everything else is real: the store on a
//! SQLite database of its own, the TLS listener, every route.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use signet_core::authn::{PasswordHasher, PasswordOptions};
use signet_core::endpoints::Bases;
use signet_core::provider::{Provider, ProviderParts};
use signet_core::registry;
use signet_http::listener::{
    AskForCertificates, CertificateFiles, Listener, ListenerSettings, RequestIdSource, RunningListener, TlsSettings,
    Transport,
};
use signet_http::pages::Pages;
use signet_http::routes::{App, routes};
use signet_jose::{RootKey, SystemRandom};
use signet_outbound::{OutboundClient, OutboundSettings, SystemResolver};
use signet_protocol::time::{Clock, UnixTime};

use super::administration::Administration;
use super::certificates::Identity;
use super::databases::{Kind, TestDatabase};
use super::process::new_folder;
use super::realm::Realm;
use super::server::Server;

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> std::time::Duration {
        super::time::monotonic()
    }
}

/// A provider whose time is the test's.
pub(crate) struct TimedProvider {
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) server: Arc<Server>,
    database: TestDatabase,
    listener: RunningListener,
}

impl TimedProvider {
    pub(crate) async fn start() -> Self {
        let database = TestDatabase::migrated(Kind::Sqlite).await;
        let folder = new_folder("provider");
        let (chain, key) = Identity::localhost().write(&folder, "server");
        let certificates = vec![CertificateFiles { chain, key }];
        let tls = TlsSettings { certificates, client_certificates: AskForCertificates::Nobody };
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let settings = ListenerSettings::new("test", anywhere, Transport::Tls(tls), request_ids());
        let listener = Listener::bind(settings).await.unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let public_url = format!("https://localhost:{}", listener.address().port());
        let clock = Arc::new(TestClock(AtomicI64::new(super::time::now())));
        let provider = Arc::new(provider(&database, &clock, &public_url).await);
        registry::prepare_database(&provider).await.unwrap();
        let app = App { provider: Arc::clone(&provider), pages: Arc::new(Pages::new(None).unwrap()) };
        let server = Server {
            mtls_url: public_url.clone(),
            base: public_url.clone(),
            public_url,
            database: database.url.clone(),
            administration: Administration::Registry(Arc::clone(&provider)),
            program: None,
        };
        let listener = listener.serve(routes(&Arc::new(app)));
        Self { provider, clock, server: Arc::new(server), database, listener }
    }

    /// A realm of its own.
    pub(crate) async fn realm(&self, settings: serde_json::Value) -> Realm {
        Realm::on(&self.server, settings).await
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The time of the provider.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().0
    }

    pub(crate) async fn stop(self) {
        drop(self.listener);
        self.database.remove().await;
    }
}

pub(crate) async fn provider(database: &TestDatabase, clock: &Arc<TestClock>, public_url: &str) -> Provider {
    let random = Arc::new(SystemRandom::new());
    // The least that Argon2 permits: these tests are not about its cost.
    let cheap = PasswordOptions { memory_kib: 8, iterations: 1, ..PasswordOptions::default() };
    Provider::new(ProviderParts {
        store: Arc::new(database.connect().await),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        passwords: PasswordHasher::new(cheap, &*random).unwrap(),
        root_key: RootKey::generate(&*random),
        random,
        scripts: super::scripts::engine(),
        script_tools: super::scripts::tools(),
        outbound: Arc::new(OutboundClient::new(OutboundSettings::default(), Arc::new(SystemResolver)).unwrap()),
        bases: Bases { public: public_url.to_owned(), mutual_tls: None },
    })
}

fn request_ids() -> RequestIdSource {
    let next = AtomicU64::new(1);
    Arc::new(move || u128::from(next.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
}
