//! `ctx.log`: lines for administrators, kept with the run.

use rhai::Map;
use serde_json::Map as JsonMap;
use signet_hooks::{LogLevel, LogLine};

use crate::convert::{Bounds, map_to_json};
use crate::functions::{Effect, Library};
use crate::meter::{Failed, charge_bytes};
use crate::running::current;

/// `ctx.log`.
#[derive(Clone, Copy)]
pub(super) struct Log;

pub(super) fn register(library: &mut Library) {
    library.module.set_custom_type::<Log>("log");
    let levels = [
        ("debug", LogLevel::Debug, "`ctx.log.debug(message, fields)`: a line for whoever develops the script."),
        ("info", LogLevel::Info, "`ctx.log.info(message, fields)`: a line worth knowing."),
        ("warn", LogLevel::Warn, "`ctx.log.warn(message, fields)`: a line worth looking at."),
    ];
    for (name, level, about) in levels {
        library.add(
            (name, "(log, message: string, fields: map)", about),
            Effect::Reads,
            move |_: &mut Log, message: &str, fields: Map| write(level, message, &fields),
        );
        library.overload(name, Effect::Reads, move |_: &mut Log, message: &str| write(level, message, &Map::new()));
    }
}

/// Keeps a line. What is too long is cut: a line of log is no reason for a run to fail.
fn write(level: LogLevel, message: &str, fields: &Map) -> Result<(), Failed> {
    let running = current()?;
    let bytes = running.limits.log_line_bytes;
    let message = cut(message, bytes);
    charge_bytes(message.len())?;
    let bounds = Bounds { depth: 4, bytes: bytes - message.len() };
    let fields = map_to_json(fields, bounds).unwrap_or_else(|problem| {
        let mut instead = JsonMap::new();
        instead.insert("dropped".to_owned(), problem.to_string().into());
        instead
    });
    running.log(LogLine { level, message, fields });
    Ok(())
}

/// The first bytes of a text, on one line.
fn cut(text: &str, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
