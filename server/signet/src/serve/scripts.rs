//! Scripts beside requests: events are handed to those that want them, recordings of runs are stored.

use std::sync::Arc;
use std::time::Duration;

use signet_core::hooks::Delivery;
use signet_core::provider::Provider;
use tokio::task::JoinSet;

use super::background::every;

/// Time between two looks for events to deliver.
const DELIVERY: Duration = Duration::from_secs(1);

/// Begins everything.
pub(super) fn begin(tasks: &mut JoinSet<()>, provider: &Arc<Provider>) {
    let recording = Arc::clone(provider);
    tasks.spawn(async move { recording.keep_storing_recordings().await });
    tasks.spawn(deliver(Delivery::new(provider)));
}

async fn deliver(mut delivery: Delivery) {
    let mut ticks = every(DELIVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = delivery.begin().await {
            tracing::warn!(%error, "events are not delivered to scripts");
        }
    }
}
