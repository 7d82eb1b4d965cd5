//! The one place where the harness asks for the time.

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// This moment, on the clock that tokio's timers go by and that nobody sets.
#[expect(clippy::disallowed_methods, reason = "the harness waits for a suite that runs beside it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970, as the times in tokens are.
#[expect(clippy::disallowed_methods, reason = "the harness checks what was made now by a suite that runs beside it")]
pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}
