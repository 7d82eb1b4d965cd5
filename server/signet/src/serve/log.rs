//! The log of the server, on standard error: one JSON object or one line of text for each event, with the request's id.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogLevel, LogSection};

/// Begins to log. Called once.
pub(crate) fn begin(settings: &LogSection) {
    let level = match settings.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    // What libraries say at lower levels may hold what is in statements and headers.
    let others = if settings.level == LogLevel::Error { "error" } else { "warn" };
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // Telling of a log that cannot be written would be written to the same place, and panic.
        .log_internal_errors(false)
        .with_env_filter(EnvFilter::new(format!("{others},signet={level}")));
    let begun = match settings.format {
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).finish().try_init()
        }
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
    };
    // There is one only if this was called before.
    drop(begun);
}
