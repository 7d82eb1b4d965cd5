//! The clock of an API that has no other.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use signet_protocol::time::{Clock, UnixTime};

/// When this process asked for the first time.
#[expect(clippy::disallowed_methods, reason = "the ready-made clock, which an API hands down or replaces")]
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the ready-made clock, which an API hands down or replaces")]
    fn now(&self) -> UnixTime {
        // Before 1970 everything is issued in the future, so nothing is let through.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        BEGUN.elapsed()
    }
}
