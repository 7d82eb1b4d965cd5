//! What a run may use up. Operations decide, so that an outcome does not depend on load; the deadline is a second fence,
//! for work that operations do not measure.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of work a hook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Decides from what it is told. Runs inline.
    Decision,
    /// May ask elsewhere, and then runs on the blocking pool. A package without a connection decides from what it is told:
    /// it has the budget of a decision, and runs inline.
    Enrichment,
    /// Belongs to no request; runs when there is time, and again where it failed.
    Asynchronous,
}

/// The budget of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations of the engine; native functions charge by the size of what they work on.
    pub operations: u64,
    /// Wall-clock time, waiting for HTTP included.
    pub deadline: Duration,
    /// Calls of `ctx.http`.
    pub http_calls: u32,
    /// Longest body of an HTTP request and of a reply, in bytes.
    pub http_body_bytes: usize,
    /// Everything the run may allocate for its values, in bytes, freed or not.
    pub memory_bytes: usize,
    /// Longest string in bytes.
    pub string_bytes: usize,
    /// Longest array.
    pub array_items: usize,
    /// Most members of a map.
    pub map_members: usize,
    /// Function calls within function calls.
    pub call_depth: usize,
    /// Variables at a time.
    pub variables: usize,
    /// Largest decision as JSON, in bytes.
    pub output_bytes: usize,
    /// Deepest nesting of a value that goes out: decision, log fields, request bodies.
    pub value_depth: usize,
    /// Lines of log; more are dropped and counted.
    pub log_lines: usize,
    /// Longest line of log with its fields, in bytes; longer ones are cut.
    pub log_line_bytes: usize,
}

/// The bounds that do not depend on the class.
const COMMON: Limits = Limits {
    operations: 50_000,
    deadline: Duration::from_millis(50),
    http_calls: 0,
    http_body_bytes: 64 * 1024,
    memory_bytes: 8 * 1024 * 1024,
    string_bytes: 64 * 1024,
    array_items: 1_024,
    map_members: 256,
    call_depth: 8,
    variables: 64,
    output_bytes: 16 * 1024,
    value_depth: 16,
    log_lines: 32,
    log_line_bytes: 1_024,
};

const ENRICHMENT: Limits =
    Limits { operations: 100_000, deadline: Duration::from_millis(300), http_calls: 2, ..COMMON };

const ASYNCHRONOUS: Limits = Limits {
    operations: 1_000_000,
    deadline: Duration::from_secs(10),
    http_calls: 8,
    memory_bytes: 16 * 1024 * 1024,
    ..COMMON
};

impl Class {
    /// The budget of a run of this class.
    pub const fn limits(self) -> &'static Limits {
        match self {
            Self::Decision => &COMMON,
            Self::Enrichment => &ENRICHMENT,
            Self::Asynchronous => &ASYNCHRONOUS,
        }
    }
}
