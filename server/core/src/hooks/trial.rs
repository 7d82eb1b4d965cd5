//! What administrators try with packages: replays, tests, generated inputs. On blocking threads, few at a time in each
//! realm, so that nobody's request waits for it.

use std::sync::Arc;
use std::time::Duration;

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::Clock;

use super::Runs;
use crate::failure::Fault;

/// How much slower than time the clock of a trial goes: what a loaded machine does to a run is not to be its outcome.
/// Operations end a run in the first place; this ends what they do not measure.
const SLOWER: u32 = 10;

impl Runs {
    /// Does work for an administrator of a realm, when there is a place for it.
    ///
    /// # Errors
    /// There is none in time, or the work broke off.
    pub(crate) async fn try_out<T: Send + 'static>(
        &self,
        realm_id: RealmId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.trials.place(realm_id).await.map_err(|_| Fault::Overloaded("trials of scripts"))?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        working.await.map_err(|error| Fault::internal("a trial of a script did not finish", error))
    }
}

/// The clock of a trial, which begins now.
pub(crate) fn slow_clock(clock: Arc<dyn Clock>) -> impl Fn() -> Duration + Send + Sync + 'static {
    let started = clock.monotonic();
    move || clock.monotonic().saturating_sub(started) / SLOWER
}
