//! The one place where the listener asks for the time.

use tokio::time::Instant;

/// This moment, on the clock that tokio's timers go by and that nobody sets.
#[expect(
    clippy::disallowed_methods,
    reason = "how long the other side takes is measured on its connection; nothing that an endpoint decides depends on it"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
