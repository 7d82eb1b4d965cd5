//! What a run has used up, and when it has to stop.
//!
//! The counters belong to the thread, because a run does not leave its thread and the engine's callbacks have nowhere
//! else to look. Operations are counted here and not by the engine, which forgets those of functions that native
//! functions call. Memory counts what was allocated for values, freed or not: what is alive is never more than that.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, EvalContext, Position};
use signet_hooks::{Host, Limits, RunFailureKind};

use crate::size::{self, Weight};

/// Operations between two looks at the clock.
const CLOCK_INTERVAL: u64 = 64;

/// How long a run keeps its processor before it offers it to other threads. The system would let it have one for the better
/// part of a millisecond, whoever waits for it.
const TURN: Duration = Duration::from_micros(50);
/// How often a run does so. On a busy machine each time may cost it as long as others work; its deadline goes on.
const TURNS: u8 = 6;

/// Operations that a run may still do when its budget is used up, so that it comes past a variable or a function, from
/// where an error tells its place.
const GRACE: u64 = 64;

/// Bytes that a native function handles for the price of one operation.
const BYTES_PER_OPERATION: usize = 256;

/// An error of the engine.
pub(crate) type Failed = Box<EvalAltResult>;

/// Why a run has to end, whatever the script does about it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) kind: RunFailureKind,
    pub(crate) message: String,
}

impl Stop {
    pub(crate) fn new(kind: RunFailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Raises the stop. As an error it could be caught; but the run is marked: it does nothing more and decides nothing.
impl From<Stop> for Failed {
    fn from(stop: Stop) -> Self {
        METER.with(|meter| meter.mark(stop.clone(), 0));
        EvalAltResult::ErrorRuntime(Dynamic::from(stop), Position::NONE).into()
    }
}

/// The counters of the run on this thread.
struct Meter {
    operations: Cell<u64>,
    memory: Cell<usize>,
    /// The count at which there is something to look at: the limit, the clock, or a mark.
    attention: Cell<u64>,
    ends_at: Cell<u64>,
    limits: Cell<&'static Limits>,
    clock: RefCell<Option<Clock>>,
    stop: RefCell<Option<Stop>>,
}

struct Clock {
    host: Arc<dyn Host>,
    ends_at: Duration,
    /// The end of the turn, and how many come after it.
    gives_way_at: Duration,
    turns: u8,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            operations: Cell::new(0),
            memory: Cell::new(0),
            attention: Cell::new(CLOCK_INTERVAL),
            ends_at: Cell::new(u64::MAX),
            limits: Cell::new(signet_hooks::Class::Decision.limits()),
            clock: RefCell::new(None),
            stop: RefCell::new(None),
        }
    };
}

/// The counters of the run around this one, put back when it ends, however it ends.
pub(crate) struct Metered {
    started: Duration,
    host: Arc<dyn Host>,
    outer: Outer,
    not_send: std::marker::PhantomData<Rc<()>>,
}

/// What was counted before.
struct Outer {
    operations: u64,
    memory: usize,
    attention: u64,
    ends_at: u64,
    limits: &'static Limits,
    clock: Option<Clock>,
    stop: Option<Stop>,
}

impl Metered {
    /// Starts to count.
    pub(crate) fn start(limits: &'static Limits, host: &Arc<dyn Host>) -> Self {
        let started = host.monotonic();
        let ends_at = started.saturating_add(limits.deadline);
        let clock = Clock { host: Arc::clone(host), ends_at, gives_way_at: started.saturating_add(TURN), turns: TURNS };
        let outer = METER.with(|meter| Outer {
            operations: meter.operations.replace(0),
            memory: meter.memory.replace(0),
            attention: meter.attention.replace(CLOCK_INTERVAL),
            ends_at: meter.ends_at.replace(u64::MAX),
            limits: meter.limits.replace(limits),
            clock: meter.clock.replace(Some(clock)),
            stop: meter.stop.replace(None),
        });
        Self { started, host: Arc::clone(host), outer, not_send: std::marker::PhantomData }
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.host.monotonic().saturating_sub(self.started)
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        METER.with(|meter| {
            let outer = &mut self.outer;
            meter.operations.set(outer.operations);
            meter.memory.set(outer.memory);
            meter.attention.set(outer.attention);
            meter.ends_at.set(outer.ends_at);
            meter.limits.set(outer.limits);
            meter.clock.replace(outer.clock.take());
            meter.stop.replace(outer.stop.take());
        });
    }
}

/// Operations that the run on this thread has used.
pub(crate) fn operations() -> u64 {
    METER.with(|meter| meter.operations.get().min(meter.limits.get().operations.saturating_add(1)))
}

/// The limits of the run on this thread.
pub(crate) fn limits() -> &'static Limits {
    METER.with(|meter| meter.limits.get())
}

/// Why the run on this thread has to end, if it has to.
pub(crate) fn stop() -> Option<Stop> {
    METER.with(|meter| meter.stop.borrow().clone())
}

/// Called by the engine for each operation.
pub(crate) fn on_progress(_: u64) -> Option<Dynamic> {
    METER.with(|meter| meter.count(1)).then_some(Dynamic::UNIT)
}

/// Called by the engine for each use of a variable, before the value is copied, changed or handed to a function: the one
/// place that every value passes which a script keeps. That a map or an array grows by assignment to its members, which
/// the engine does not check, is found here at the next use.
pub(crate) fn on_variable(name: &str, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Result<(), Failed> {
    if METER.with(|meter| meter.ends_at.get()) != u64::MAX {
        return raised();
    }
    if context.call_level() > limits().call_depth {
        let message = format!("functions call each other more than {} deep", limits().call_depth);
        return Err(Stop::new(RunFailureKind::Depth, message).into());
    }
    match context.scope().get(name) {
        Some(value) if !size::is_small(value) => charge_value(value),
        _ => Ok(()),
    }
}

/// Charges for a copy of a value.
pub(crate) fn charge_value(value: &Dynamic) -> Result<(), Failed> {
    let mut weight = Weight::default();
    size::weigh(value, limits(), &mut weight)?;
    charge_bytes(weight.bytes)
}

/// Charges for work on that many bytes, and for keeping as many.
pub(crate) fn charge_bytes(bytes: usize) -> Result<(), Failed> {
    let maximum = limits().memory_bytes;
    let memory = METER.with(|meter| {
        let memory = meter.memory.get().saturating_add(bytes);
        meter.memory.set(memory);
        memory
    });
    if memory > maximum {
        return Err(Stop::new(RunFailureKind::Memory, format!("more than {maximum} bytes were used")).into());
    }
    charge_work(bytes / BYTES_PER_OPERATION)
}

/// Charges for work that keeps nothing.
pub(crate) fn charge_work(units: usize) -> Result<(), Failed> {
    METER.with(|meter| meter.count(units as u64));
    raised()
}

/// Looks at the clock now: after waiting for something.
pub(crate) fn check_deadline() -> Result<(), Failed> {
    METER.with(Meter::look);
    raised()
}

/// The error for a run that has to end.
fn raised() -> Result<(), Failed> {
    stop().map_or(Ok(()), |stop| Err(stop.into()))
}

impl Meter {
    /// Counts operations, and says whether the run is over.
    fn count(&self, operations: u64) -> bool {
        let total = self.operations.get().saturating_add(operations);
        self.operations.set(total);
        total >= self.attention.get() && self.attend(total)
    }

    #[cold]
    fn attend(&self, total: u64) -> bool {
        let maximum = self.limits.get().operations;
        if total > maximum {
            self.mark(Stop::new(RunFailureKind::Operations, format!("more than {maximum} operations")), GRACE);
        }
        self.look();
        self.attention.set(total.saturating_add(CLOCK_INTERVAL).min(maximum.max(total) + 1).min(self.ends_at.get()));
        total > self.ends_at.get()
    }

    fn look(&self) {
        let mut clock = self.clock.borrow_mut();
        let Some(clock) = clock.as_mut() else { return };
        let now = clock.host.monotonic();
        if clock.turns > 0 && now >= clock.gives_way_at {
            std::thread::yield_now();
            clock.gives_way_at = now.saturating_add(TURN);
            clock.turns -= 1;
        }
        if now > clock.ends_at {
            let message = format!("more than {} ms", self.limits.get().deadline.as_millis());
            self.mark(Stop::new(RunFailureKind::Deadline, message), GRACE);
        }
    }

    /// Marks the run as one that has to end. The first reason counts.
    fn mark(&self, stop: Stop, grace: u64) {
        self.stop.borrow_mut().get_or_insert(stop);
        let ends_at = self.operations.get().saturating_add(grace).min(self.ends_at.get());
        self.ends_at.set(ends_at);
        self.attention.set(ends_at.min(self.attention.get()));
    }
}
