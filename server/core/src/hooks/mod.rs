//! Asking scripts at decision points: what they are told, how they are run, what is recorded of it, and what happens
//! where one fails.
//!
//! A decision point asks through [`Serving::ask`](crate::events::Serving::ask) and merges the decisions by rules that
//! stand beside it; the types of `signet_hooks` hold nothing by which a decision could widen anything. Every script that
//! is bound decides on what the server was about to do, not on what another script said, so that their order matters
//! only where two texts compete. Where no script is bound, asking is one look-up in an empty table.
//!
//! What does not belong here: the merge rules, and the engine, which the binary brings along.

mod ask;
mod connections;
mod delivery;
mod host;
mod input;
mod metrics;
mod placement;
mod pool;
mod recording;
mod shadow;
mod trial;

pub(crate) use ask::{refused, summary, unapplied};
pub use delivery::Delivery;
pub use input::Connection;
pub(crate) use input::{Subject, Transaction};
pub use metrics::{Histogram, HookCounts, Outcome, PackageCounts, ScriptMetrics};
pub(crate) use placement::Placement;
pub(crate) use trial::slow_clock;

/// What scripts want said on a consent page.
pub use signet_hooks::points::on_consent::ConsentTerms;

use std::sync::Arc;

use connections::Connections;
use pool::Pool;
use recording::Recordings;

/// Runs that wait for other servers, of one realm at a time.
const WAITING_RUNS: usize = 8;
/// Shadow runs of one realm at a time: they take no place from those that decide.
const SHADOW_RUNS: usize = 2;
/// Deliveries of events, of one realm at a time.
const DELIVERIES: usize = 2;
/// What administrators of one realm try at a time.
const TRIALS: usize = 2;

/// What this process remembers of scripts between requests.
pub(crate) struct Runs {
    pub(crate) metrics: Arc<ScriptMetrics>,
    connections: Arc<Connections>,
    /// Decisions on the threads that serve requests.
    inline: Pool,
    /// Decisions that found no place there, or belong elsewhere.
    deciding: Pool,
    waiting: Pool,
    shadows: Pool,
    deliveries: Pool,
    trials: Pool,
    recordings: Recordings,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            metrics: Arc::default(),
            connections: Arc::default(),
            inline: Pool::new(half_the_cores()),
            deciding: Pool::new(half_the_cores()),
            waiting: Pool::new(WAITING_RUNS),
            shadows: Pool::new(SHADOW_RUNS),
            deliveries: Pool::new(DELIVERIES),
            trials: Pool::new(TRIALS),
            recordings: Recordings::default(),
        }
    }
}

/// Decisions of one realm at a time, on the threads that serve requests and on blocking threads: each as many as leave
/// half of the cores to the others, whatever this realm's scripts do.
fn half_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| (threads.get() / 2).max(1))
}
