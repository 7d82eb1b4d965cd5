//! The client: cache, one fetch for all who want the same, circuit breaker, bounds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use openssl::ssl::SslConnector;
use openssl::x509::X509;
use signet_core::ports::outbound::{
    Accept, OutboundError, OutboundHttp, OutboundReply, OutboundRequest, OutboundResponse,
};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
use url::Url;

use crate::breaker::Breakers;
use crate::cache::{Cache, Key};
use crate::document::Document;
use crate::fetch::{Fetcher, Target};
use crate::freshness::lifetime;
use crate::guard::AddressGuard;
use crate::idle::IdleConnections;
use crate::moment;
use crate::resolver::Resolve;
use crate::settings::OutboundSettings;
use crate::trust::{TrustError, connector, read_authorities};

type Answer = Result<OutboundResponse, OutboundError>;
/// A fetch under way; all who want its document wait for it.
type Flight = Shared<BoxFuture<'static, Answer>>;

/// Fetches documents from other servers within the bounds of [`OutboundSettings`].
pub struct OutboundClient {
    inner: Arc<Inner>,
}

struct Inner {
    settings: OutboundSettings,
    fetcher: Fetcher,
    authorities: Vec<X509>,
    /// Made at the first fetch: loading the machine's authorities takes time and memory that few need at start.
    tls: OnceCell<SslConnector>,
    places: Semaphore,
    /// Places of requests that are sent as they are: slow ones hold up no document.
    sending: Semaphore,
    state: Mutex<State>,
}

struct State {
    cache: Cache,
    breakers: Breakers,
    flights: HashMap<Key, Flight>,
}

impl OutboundClient {
    /// A client that finds addresses with `resolver`. The deployment's own certificate authorities are read now.
    pub fn new(settings: OutboundSettings, resolver: Arc<dyn Resolve>) -> Result<Self, TrustError> {
        let authorities = settings.ca_file.as_deref().map(read_authorities).transpose()?.unwrap_or_default();
        let fetcher = Fetcher {
            guard: AddressGuard::new(&settings),
            resolver,
            allow_plain_loopback: settings.allow_plain_loopback,
            connect_time: settings.connect_time,
            idle: IdleConnections::default(),
        };
        let state = State {
            cache: Cache::new(settings.cache),
            breakers: Breakers::new(settings.breaker),
            flights: HashMap::new(),
        };
        let places = Semaphore::new(settings.fetches_at_once);
        let sending = Semaphore::new(settings.requests_at_once);
        let (tls, state) = (OnceCell::new(), Mutex::new(state));
        Ok(Self { inner: Arc::new(Inner { settings, fetcher, authorities, tls, places, sending, state }) })
    }
}

#[async_trait]
impl OutboundHttp for OutboundClient {
    async fn get(&self, url: &Url, accept: Accept) -> Answer {
        let target = Target::new(url, self.inner.settings.allow_plain_loopback)?;
        let key = Key::new(url, accept);
        let flight = {
            let mut state = self.inner.state();
            let now = moment::now();
            if let Some(copy) = state.cache.get(&key, accept.freshness, now) {
                return Ok(copy);
            }
            // A flight that has ended and is still here died of a defect; nobody should join it.
            if let Some(flight) = state.flights.get(&key).filter(|flight| flight.peek().is_none()) {
                flight.clone()
            } else if state.breakers.permits(&target.authority(), now) {
                let copy = state.cache.copy(&key);
                let flight = Inner::start(&self.inner, target, (key.clone(), copy), accept);
                state.flights.insert(key, flight.clone());
                flight
            } else {
                return Err(OutboundError::CircuitOpen(target.host.to_string()));
            }
        };
        flight.await
    }

    async fn send(&self, request: OutboundRequest) -> Result<OutboundReply, OutboundError> {
        let target = Target::new(&request.url, self.inner.settings.allow_plain_loopback)?;
        let sending = async {
            let _place = self.inner.sending.acquire().await;
            self.inner.fetcher.send(&target, &request, self.inner.tls().await?).await
        };
        timeout(request.time, sending).await.unwrap_or_else(|_| Err(OutboundError::TimedOut(target.name())))
    }

    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let target = Target::new(url, self.inner.settings.allow_plain_loopback)?;
        self.inner.fetcher.check(&target)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches in a task of its own, which goes on when those who wait for it have gone.
    fn start(self: &Arc<Self>, target: Target, (key, copy): (Key, Option<Document>), accept: Accept) -> Flight {
        let inner = Arc::clone(self);
        let task = tokio::spawn(async move {
            let fetched = inner.fetch(&target, accept, copy.as_ref()).await;
            inner.record(&target, key, fetched)
        });
        let stopped = |_| Err(OutboundError::Unavailable("the fetch was stopped".to_owned()));
        task.map(move |result| result.unwrap_or_else(stopped)).boxed().shared()
    }

    async fn fetch(&self, target: &Target, accept: Accept, copy: Option<&Document>) -> Result<Document, OutboundError> {
        let fetching = async {
            let _place = self.places.acquire().await;
            self.fetcher.fetch(target, accept, copy, self.tls().await?).await
        };
        let timed_out = || Err(OutboundError::TimedOut(target.host.to_string()));
        timeout(self.settings.total_time, fetching).await.unwrap_or_else(|_| timed_out())
    }

    async fn tls(&self) -> Result<&SslConnector, OutboundError> {
        let unavailable = |cause: openssl::error::ErrorStack| OutboundError::Unavailable(cause.to_string());
        self.tls.get_or_try_init(|| async { connector(&self.authorities).map_err(unavailable) }).await
    }

    /// Ends the flight: what came back is kept, counted and handed to those who wait.
    fn record(&self, target: &Target, key: Key, fetched: Result<Document, OutboundError>) -> Answer {
        let now = moment::now();
        let authority = target.authority();
        let mut state = self.state();
        state.flights.remove(&key);
        match &fetched {
            Err(error) if is_failure_of_the_host(error) => {
                tracing::warn!(host = authority, %error, "a document could not be fetched");
                state.breakers.failed(&authority, now);
            }
            Err(error) => {
                tracing::warn!(host = authority, %error, "a document could not be fetched");
                state.breakers.answered(&authority);
            }
            Ok(_) => state.breakers.answered(&authority),
        }
        let document = fetched?;
        let (response, lifetime) = (document.response.clone(), lifetime(&document.headers, &self.settings.cache));
        state.cache.insert(key, document, lifetime, now);
        Ok(response)
    }
}

/// Whether trying again soon is pointless. A host that answers, but not what is wanted, is alive.
fn is_failure_of_the_host(error: &OutboundError) -> bool {
    match error {
        OutboundError::Unresolvable(_)
        | OutboundError::Unreachable(_)
        | OutboundError::Tls { .. }
        | OutboundError::TimedOut(_)
        | OutboundError::Malformed(_) => true,
        OutboundError::Status { status, .. } => *status >= 500,
        OutboundError::UrlRefused(_)
        | OutboundError::AddressRefused { .. }
        | OutboundError::TooLarge(_)
        | OutboundError::Redirect(_)
        | OutboundError::CircuitOpen(_)
        | OutboundError::Unavailable(_) => false,
    }
}
