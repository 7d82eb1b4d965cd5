//! What every command that administers has at hand.

use std::sync::Arc;

use signet_core::events::{Actor, Serving};
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

    /// The services for a command that changes something: it is recorded who did it.
    pub(super) fn serving(&self) -> Serving<'_> {
        self.opened.provider.serving_actor(Actor::CommandLine { system_user: system_user() })
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

/// Who runs this process: the number that the system knows, where it tells, and the name that the user goes by.
fn system_user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(std::env::var_os);
    let name: String =
        named.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().chars().take(64).collect());
    #[cfg(unix)]
    if let Ok(process) = std::fs::metadata("/proc/self") {
        return format!("{name} (uid {})", std::os::unix::fs::MetadataExt::uid(&process));
    }
    name
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
