//! Events beside requests: they are written, linked into the chains of their realms, and removed when they are old.

use std::sync::Arc;
use std::time::Duration;

use signet_core::events::{Sealer, purge};
use signet_core::provider::Provider;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::background::every;
use crate::config::AuditSection;

/// Time between two looks for events that are too old.
const PURGE: Duration = Duration::from_hours(1);
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What happens to events beside requests.
#[derive(Clone)]
pub(super) struct Events {
    provider: Arc<Provider>,
    /// One for the process: the lease that it has must not keep the process itself from linking the last events.
    sealer: Arc<Mutex<Sealer>>,
}

impl Events {
    pub(super) fn new(provider: &Arc<Provider>) -> Self {
        Self { provider: Arc::clone(provider), sealer: Arc::new(Mutex::new(Sealer::new(provider))) }
    }

    /// Begins everything.
    pub(super) fn begin(&self, tasks: &mut JoinSet<()>, settings: &AuditSection) {
        let provider = Arc::clone(&self.provider);
        tasks.spawn(async move { provider.keep_flushing_events().await });
        tasks.spawn(self.clone().seal(Duration::from_secs(settings.seal_seconds.0)));
        // Nothing is removed where everything is kept.
        if settings.retention_days.0 > 0 {
            tasks.spawn(remove(Arc::clone(&self.provider), i64::from(settings.retention_days.0) * DAY));
        }
    }

    /// Writes what still waits and links it, as far as the database answers.
    pub(super) async fn end(&self) {
        if let Err(error) = self.provider.flush_events().await {
            tracing::error!(%error, "events could not be recorded before the end");
        }
        if let Err(error) = self.sealer.lock().await.seal(&self.provider).await {
            tracing::warn!(%error, "events are left to be sealed by the next start or another node");
        }
    }

    async fn seal(self, period: Duration) {
        let mut ticks = every(period);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sealer.lock().await.seal(&self.provider).await {
                tracing::warn!(%error, "events are not sealed");
            }
        }
    }
}

async fn remove(provider: Arc<Provider>, kept_seconds: i64) {
    let mut ticks = every(PURGE);
    loop {
        ticks.tick().await;
        match purge(&provider, provider.now().minus(kept_seconds)).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "events older than audit.retention_days were removed"),
            Err(error) => tracing::warn!(%error, "old events were not removed"),
        }
    }
}
