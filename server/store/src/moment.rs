//! The one place where the store asks for the time of this process.

use tokio::time::Instant;

/// This moment, on the clock that tokio's timers go by and that nobody sets.
#[expect(
    clippy::disallowed_methods,
    reason = "how old the last poll is must not depend on a clock that can be set; what is stored carries times that it is handed"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
