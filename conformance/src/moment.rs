//! The one place where the harness asks for the time.

use tokio::time::Instant;

/// This moment, on the clock that tokio's timers go by and that nobody sets.
#[expect(clippy::disallowed_methods, reason = "the harness waits for a suite that runs beside it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
