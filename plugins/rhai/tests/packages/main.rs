//! The packages that come with Signet, through the engine that production runs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod hostile;
mod shipped;
