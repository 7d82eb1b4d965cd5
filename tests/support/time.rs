//! The time of this machine, for comparing with what a running server says.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the server under test is a process of its own with a real clock")]
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clocks of tests stand still, but what runs between two looks does not"
)]
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time since the first call: limits of runs hold whatever date a test has set.
pub(crate) fn monotonic() -> Duration {
    BEGUN.elapsed()
}
