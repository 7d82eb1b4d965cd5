//! Who administers: the way of every operation to the services.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use signet_core::failure::Fault;
use signet_core::protocol::identifiers::RealmName;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry;
use tokio::sync::{Mutex, MutexGuard};

use crate::path;
use crate::problem::Problem;

/// Who administers, authenticated and permitted. Operations have the services from here and from nowhere else, so that
/// none can be reached without.
#[derive(Clone)]
pub(crate) struct Administrator {
    provider: Arc<Provider>,
    edits: Arc<Mutex<()>>,
}

impl Administrator {
    /// For a request whose token was checked.
    pub(crate) fn new(provider: &Arc<Provider>, edits: &Arc<Mutex<()>>) -> Self {
        Self { provider: Arc::clone(provider), edits: Arc::clone(edits) }
    }

    /// The services.
    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The realm of a name.
    pub(crate) async fn realm(&self, name: &RealmName) -> Result<Arc<RealmContext>, Problem> {
        Ok(registry::find_realm(&self.provider, name).await?)
    }

    /// One edit at a time: between reading an object and writing it back, nobody else writes through this API.
    pub(crate) async fn edit(&self) -> MutexGuard<'_, ()> {
        self.edits.lock().await
    }

    /// The address of an object.
    pub(crate) fn location(&self, segments: &[&str]) -> String {
        path::location(&self.provider.bases.public, segments)
    }
}

impl<'a> FromRequest<'a> for Administrator {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let missing = || Problem::from(Fault::Internal("an operation is mounted without authentication", None));
        Ok(request.data::<Self>().cloned().ok_or_else(missing)?)
    }
}
