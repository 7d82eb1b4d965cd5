//! What every command that administers has at hand.

use std::sync::Arc;

use signet_core::ports::{Page, PageRequest};
use signet_core::protocol::identifiers::RealmName;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RegistryError};

use super::CommandResult;
use crate::composition::{self, Opened, RootKeyKind};
use crate::config::Configuration;
use crate::output::Output;

/// How many things are asked of the database at a time.
const PAGE: u64 = 500;

/// A provider and a place for answers.
pub(super) struct Context {
    opened: Opened,
    /// Where answers go.
    pub(super) output: Output,
}

impl Context {
    /// Opens the database of the configuration.
    pub(super) async fn open(configuration: &Configuration, output: Output) -> CommandResult<Self> {
        Ok(Self { opened: composition::open(&configuration.settings, RootKeyKind::Ordinary).await?, output })
    }

    /// The services.
    pub(super) fn provider(&self) -> &Provider {
        &self.opened.provider
    }

    /// The realm of a name.
    pub(super) async fn realm(&self, name: &RealmName) -> CommandResult<Arc<RealmContext>> {
        Ok(registry::find_realm(self.provider(), name).await?)
    }

    /// Closes the database in order.
    pub(super) async fn close(self) {
        self.opened.database.close().await;
    }
}

/// Every piece of a listing, one after the other.
pub(super) async fn every<T>(
    mut piece: impl AsyncFnMut(PageRequest) -> Result<Page<T>, RegistryError>,
) -> CommandResult<Vec<T>> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let Page { items: more, next } = piece(PageRequest { after, limit: PAGE }).await?;
        items.extend(more);
        if next.is_none() {
            return Ok(items);
        }
        after = next;
    }
}
