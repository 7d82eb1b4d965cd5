//! The run on this thread: what it is for, whom it may ask, what is recorded of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use signet_hooks::{Hook, Host, Limits, LogLevel, LogLine, Manifest, RecordedCall, RunFailureKind};

use crate::meter::{Failed, Stop};

/// A run and its record.
pub(crate) struct Running {
    pub(crate) hook: Hook,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) limits: &'static Limits,
    pub(crate) record: RefCell<Record>,
}

/// What is recorded of a run.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) log: Vec<LogLine>,
    pub(crate) dropped_lines: usize,
    pub(crate) calls: Vec<RecordedCall>,
    pub(crate) http_calls: u32,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Running>>> = const { RefCell::new(None) };
}

/// Makes a run the one of this thread until it is dropped.
pub(crate) struct Entered {
    outer: Option<Rc<Running>>,
}

impl Entered {
    pub(crate) fn new(running: Rc<Running>) -> Self {
        Self { outer: CURRENT.with(|current| current.borrow_mut().replace(running)) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with(|current| *current.borrow_mut() = self.outer.take());
    }
}

/// The run of this thread. Outside of hooks, such as in test files, there is none.
pub(crate) fn current() -> Result<Rc<Running>, Failed> {
    let running = CURRENT.with(|current| current.borrow().clone());
    running.ok_or_else(|| Stop::new(RunFailureKind::Undeclared, "this works in hooks only").into())
}

impl Running {
    pub(crate) fn remember(&self, call: RecordedCall) {
        self.record.borrow_mut().calls.push(call);
    }

    /// Keeps a line of log while there is room; the last one says how many there was no room for.
    pub(crate) fn log(&self, line: LogLine) {
        let mut record = self.record.borrow_mut();
        if record.log.len() < self.limits.log_lines.saturating_sub(1) {
            record.log.push(line);
        } else {
            record.dropped_lines += 1;
        }
    }
}

impl Record {
    /// The lines, with one about those that were dropped.
    pub(crate) fn into_log(mut self) -> (Vec<LogLine>, Vec<RecordedCall>) {
        if self.dropped_lines > 0 {
            let message = format!("{} more lines of log were dropped", self.dropped_lines);
            self.log.push(LogLine { level: LogLevel::Warn, message, fields: serde_json::Map::new() });
        }
        (self.log, self.calls)
    }
}

/// The stop for what the manifest does not name.
pub(crate) fn undeclared(message: impl Into<String>) -> Stop {
    Stop::new(RunFailureKind::Undeclared, message)
}
