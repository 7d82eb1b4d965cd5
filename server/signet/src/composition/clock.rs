//! The one clock of the process. Everything else is handed it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use signet_protocol::time::{Clock, UnixMilliseconds, UnixTime};

/// When this process asked for the first time.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock and hands it on")]
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The operating system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        self.now_in_milliseconds().seconds()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock and hands it on")]
    fn now_in_milliseconds(&self) -> UnixMilliseconds {
        let milliseconds = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        // A clock before 1970 is broken; readiness compares it with the database's and says so.
        UnixMilliseconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds))
    }

    fn monotonic(&self) -> Duration {
        BEGUN.elapsed()
    }
}
