//! The one place where the outbound client asks for the time.

use tokio::time::Instant;

/// This moment, on the clock that tokio's timers go by and that nobody sets.
#[expect(
    clippy::disallowed_methods,
    reason = "how fresh a copy is and how long a host is left alone are matters of this process alone, on the clock of its timers"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
