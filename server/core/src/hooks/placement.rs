//! Which threads a script may run on, judged by what its runs have cost.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The longest run that the threads serving requests bear: every request that waits behind it waits so much longer.
const BEARABLE: Duration = Duration::from_micros(100);
/// So many runs keep off these threads after one that took longer.
const RUNS_APART: u32 = 1_000;

/// What the runs of one script have cost, as far as it says where the next one belongs. A script that keeps costing too
/// much has one run in [`RUNS_APART`] on the threads that serve requests, whatever limit stops it and however long it is
/// allowed to take (SC-008).
#[derive(Debug, Default)]
pub(crate) struct Placement {
    apart: AtomicU32,
}

impl Placement {
    /// Whether the next run belongs on the thread that serves its request. Counts one that does not.
    pub(super) fn is_inline(&self) -> bool {
        let one_less = |apart: u32| apart.checked_sub(1);
        self.apart.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
    }

    /// Learns what a run took.
    pub(super) fn took(&self, elapsed: Duration) {
        if elapsed > BEARABLE {
            self.apart.store(RUNS_APART, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sc_008_a_script_that_costs_too_much_keeps_off_the_serving_threads() {
        let placement = Placement::default();
        placement.took(BEARABLE);
        assert!(placement.is_inline(), "a run that is short enough changes nothing");
        placement.took(BEARABLE + Duration::from_nanos(1));
        assert!((0..RUNS_APART).all(|_| !placement.is_inline()));
        assert!(placement.is_inline(), "then it is tried there again");
        placement.took(Duration::MAX);
        assert!(!placement.is_inline());
    }
}
