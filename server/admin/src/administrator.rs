//! Who administers: the way of every operation to the services.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use signet_core::events::{Origin, Serving};
use signet_core::failure::Fault;
use signet_core::protocol::identifiers::RealmName;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry;
use tokio::sync::{Mutex, MutexGuard};

use crate::path;
use crate::problem::{Kind, Problem};

/// How often an edit is tried that others, on other nodes, are faster than.
const MOST_ATTEMPTS: usize = 5;

/// Who administers, authenticated and permitted. Operations have the services from here and from nowhere else, so that
/// none can be reached without.
#[derive(Clone)]
pub(crate) struct Administrator {
    provider: Arc<Provider>,
    edits: Arc<Mutex<()>>,
    origin: Origin,
}

impl Administrator {
    /// For a request whose token was checked.
    pub(crate) fn new(provider: &Arc<Provider>, edits: &Arc<Mutex<()>>, origin: Origin) -> Self {
        Self { provider: Arc::clone(provider), edits: Arc::clone(edits), origin }
    }

    /// The services.
    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The services for an operation that changes something: it is recorded who did it.
    pub(crate) fn serving(&self) -> Serving<'_> {
        self.provider.serving(self.origin.clone())
    }

    /// The realm of a name.
    pub(crate) async fn realm(&self, name: &RealmName) -> Result<Arc<RealmContext>, Problem> {
        Ok(registry::find_realm(&self.provider, name).await?)
    }

    /// Begins an edit. On one node edits wait for each other, so that they do not get into each other's way.
    pub(crate) async fn edit(&self) -> Edit<'_> {
        Edit { _turn: self.edits.lock().await, attempts: 0 }
    }

    /// The address of an object.
    pub(crate) fn location(&self, segments: &[&str]) -> String {
        path::location(&self.provider.bases.public, segments)
    }
}

/// Reading an object, deciding, and writing it back: again from the object as it is then, if somebody else was faster.
pub(crate) struct Edit<'a> {
    _turn: MutexGuard<'a, ()>,
    attempts: usize,
}

impl Edit<'_> {
    /// Whether an attempt was the last one.
    pub(crate) fn ends_with<T>(&mut self, attempt: &Result<T, Problem>) -> bool {
        self.attempts += 1;
        let overtaken = attempt.as_ref().is_err_and(|problem| problem.is(Kind::Overtaken));
        !overtaken || self.attempts >= MOST_ATTEMPTS
    }
}

impl<'a> FromRequest<'a> for Administrator {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let missing = || Problem::from(Fault::Internal("an operation is mounted without authentication", None));
        Ok(request.data::<Self>().cloned().ok_or_else(missing)?)
    }
}
