//! The engine as the server meets it: packages in, decisions out, whatever the script tries.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod checks;
mod decisions;
mod grammar;
mod hostile;
mod recordings;
mod support;
mod tools;
