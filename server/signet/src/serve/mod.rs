//! The server: everything wired, until it is told to stop.

mod background;
mod endpoint;
mod events;
mod log;
mod metrics;
mod node;
mod revocation;
mod script_metrics;
mod scripts;
mod settings;
mod signals;
mod traffic;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::Route;
use signet_core::provider::Provider;
use signet_http::listener::{ListenError, Listener, RunningListener, serve_management};
use signet_http::pages::Pages;
use signet_http::routes::App;
use signet_store::{Database, Polling, ServingLock};
use tokio::task::JoinSet;

use crate::command::{CommandError, CommandResult, Status};
use crate::composition::{self, DEVELOPMENT_PREFIX, Opened, RootKeyKind};
use crate::config::{Configuration, Settings};
use events::Events;
use node::Node;
use revocation::Revocation;
use signals::{Signals, Wish};

pub(crate) use log::begin as begin_log;

/// `signet serve`.
pub(crate) async fn run(configuration: Configuration) -> CommandResult {
    let settings = configuration.settings;
    begin_log(&settings.log);
    let opened = composition::open(&settings, RootKeyKind::Ordinary).await?;
    let pages = pages(&settings)?;
    Server::start(&settings, opened, pages, None).await?.until_stopped().await
}

/// The pages, with the replacements of the settings.
pub(crate) fn pages(settings: &Settings) -> CommandResult<Arc<Pages>> {
    let pages = Pages::new(settings.pages.templates.as_ref().map(|folder| folder.0.as_path()));
    pages.map(Arc::new).map_err(|error| CommandError::new(Status::Configuration, error.to_string()))
}

/// A server that answers.
pub(crate) struct Server {
    node: Arc<Node>,
    revocation: Arc<Revocation>,
    management: RunningListener,
    background: JoinSet<()>,
    polling: Polling,
    events: Events,
    database: Database,
    provider: Arc<Provider>,
    patience: Duration,
    signals: Signals,
    _lock: ServingLock,
}

impl Server {
    /// Starts everything. What `more` makes is served under `/dev`.
    pub(crate) async fn start(
        settings: &Settings,
        opened: Opened,
        pages: Arc<Pages>,
        more: Option<&dyn Fn() -> Route>,
    ) -> CommandResult<Self> {
        let Opened { provider, database } = opened;
        refuse_development_data(settings, &provider)?;
        let revocation = Revocation::begin(settings, &provider)?;
        let lock = database.hold_serving_lock().map_err(|error| CommandError::failed(error.to_string()))?;
        // From here on a signal means an orderly end.
        let signals = Signals::listen()
            .map_err(|error| CommandError::failed(format!("signals cannot be listened to: {error}")))?;
        let listeners = bind(settings, &provider).await?;
        let polling = database.start_polling().await?;
        let node = Arc::new(Node::new(database.clone(), &provider));
        background::note_database(&node, &provider).await;
        let source = Arc::clone(&node) as Arc<_>;
        let ids = settings::request_ids(&provider);
        let management = serve_management(settings.management.address, source, ids);
        let management = management.await.map_err(|error| not_listening(&error))?;
        let app = Arc::new(App { provider: Arc::clone(&provider), pages });
        let hsts = settings::strict_transport_security(settings);
        for (name, listener) in listeners {
            let endpoint = endpoint::endpoint(&app, &node, hsts.clone(), more.map(|make| make()));
            node.add_listener(name, listener.serve(endpoint));
        }
        node.note_started();
        let (version, public_url) = (env!("CARGO_PKG_VERSION"), settings.server.public_url.as_str());
        tracing::info!(version, public_url, "started");
        let events = Events::new(&provider);
        let background = background::begin(settings, (&node, &revocation), &provider, &events);
        let patience = Duration::from_secs(settings.server.drain_seconds.0);
        Ok(Self {
            node,
            revocation,
            management,
            background,
            polling,
            events,
            database,
            provider,
            patience,
            signals,
            _lock: lock,
        })
    }

    /// Where health and metrics are.
    pub(crate) fn management_address(&self) -> SocketAddr {
        self.management.address()
    }

    /// Serves until the process is told to stop, then lets running requests finish. A second signal cuts them.
    pub(crate) async fn until_stopped(mut self) -> CommandResult {
        while self.signals.next().await == Wish::Reload {
            self.node.reload_certificates();
            self.revocation.reload();
        }
        tracing::info!("stopping");
        let mut draining: JoinSet<_> =
            self.node.begin_to_stop().into_iter().map(|listener| listener.drain(self.patience)).collect();
        tokio::select! {
            () = async { while draining.join_next().await.is_some() {} } => {}
            () = self.signals.stop() => {
                tracing::warn!("stopping at once");
                draining.shutdown().await;
            }
        }
        self.background.shutdown().await;
        traffic::flush(&self.provider).await;
        self.events.end().await;
        self.polling.stop().await;
        self.management.drain(Duration::from_secs(1)).await;
        self.database.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn bind(settings: &Settings, provider: &Arc<Provider>) -> CommandResult<Vec<(&'static str, Listener)>> {
    let mut listeners = Vec::new();
    let main = settings::main_listener(settings, provider);
    for listener in std::iter::once(main).chain(settings::mutual_tls_listener(settings, provider)) {
        listeners.push((listener.name, Listener::bind(listener).await.map_err(|error| not_listening(&error))?));
    }
    Ok(listeners)
}

fn not_listening(error: &ListenError) -> CommandError {
    let status = match error {
        ListenError::Certificate(_) => Status::Configuration,
        _ => Status::Failed,
    };
    CommandError::new(status, error.to_string())
}

/// What `signet dev` made has users and secrets that were printed on a terminal; nobody from outside may meet them.
fn refuse_development_data(settings: &Settings, provider: &Provider) -> CommandResult {
    let mut bases = std::iter::once(&settings.server.public_url).chain(&settings.server.mtls_public_url);
    let Some(base) = bases.find(|base| !base.is_local()) else { return Ok(()) };
    if !provider.root_key.id().starts_with(DEVELOPMENT_PREFIX) {
        return Ok(());
    }
    Err(CommandError::new(
        Status::Configuration,
        format!(
            "this database was made by signet dev and is never served at {}; use a new database and root key \
             (database.url, keys.root_key_file), or a localhost address",
            base.as_str()
        ),
    ))
}
