//! Tests of the whole: the store on every database, flows over real connections, browsers, foreign libraries.
//!
//! Started by `tests/run`. A test whose server is missing fails and says so; none is skipped.
// Futures of tests hold those of the server's own parts, one in the other.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod architecture;
mod browser;
mod documentation;
mod flows;
mod interop;
mod spec;
mod store;
mod support;
