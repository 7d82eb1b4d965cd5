//! Recorded runs, done again with another version.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::engine::Program;
use crate::host::{Host, HttpProblem, HttpReply, HttpRequest};
use crate::recording::Recording;
use crate::run::{RecordedCall, Run, RunFailure, RunFailureKind};

/// What a secret is in a replay: recordings hold none.
pub(crate) const SECRET: &str = "(secret)";

/// Time since some fixed moment, as a replay is to measure it. One that goes slowly keeps the load of a machine out of
/// the outcome, and still ends what operations do not.
pub type ReplayClock = Box<dyn Fn() -> Duration + Send + Sync>;

/// A host that answers what was recorded.
///
/// Each answer is given once, in the order of the recording; questions about different things may come in another order.
/// A question that has no answer in the recording is a divergence.
pub struct ReplayHost {
    calls: Mutex<Vec<RecordedCall>>,
    divergence: Mutex<Option<String>>,
    clock: ReplayClock,
    /// Whether any request to a connection gets its next reply.
    in_order: bool,
}

impl ReplayHost {
    /// A host for the calls of a recorded run.
    pub fn new(calls: &[RecordedCall], clock: ReplayClock) -> Self {
        Self { calls: Mutex::new(calls.to_vec()), divergence: Mutex::new(None), clock, in_order: false }
    }

    /// The same, where the next request to a connection gets the next reply that came from there, whatever is asked.
    pub(crate) fn in_order(calls: &[RecordedCall], clock: ReplayClock) -> Self {
        Self { in_order: true, ..Self::new(calls, clock) }
    }

    /// The first question that the recording has no answer to.
    pub fn divergence(&self) -> Option<String> {
        self.divergence.lock().ok().and_then(|divergence| divergence.clone())
    }

    /// Takes the first recorded call that fits.
    fn take(&self, question: impl FnOnce() -> String, fits: impl Fn(&RecordedCall) -> bool) -> Option<RecordedCall> {
        let mut calls = self.calls.lock().ok()?;
        let found = calls.iter().position(fits).map(|index| calls.remove(index));
        if found.is_none()
            && let Ok(mut divergence) = self.divergence.lock()
        {
            divergence.get_or_insert_with(question);
        }
        found
    }
}

impl Host for ReplayHost {
    fn random(&self, bytes: usize) -> Vec<u8> {
        let fits = |call: &RecordedCall| call.random_bytes(bytes).is_some();
        let found = self.take(|| format!("{bytes} random bytes"), fits);
        found.and_then(|call| call.random_bytes(bytes)).unwrap_or_else(|| vec![0; bytes])
    }

    fn secret(&self, name: &str) -> Option<String> {
        let fits = |call: &RecordedCall| matches!(call, RecordedCall::Secret { name: asked, .. } if asked == name);
        match self.take(|| format!("the secret {name}"), fits) {
            Some(RecordedCall::Secret { found: true, .. }) => Some(SECRET.to_owned()),
            _ => None,
        }
    }

    fn kv(&self, name: &str) -> Option<Value> {
        let fits = |call: &RecordedCall| matches!(call, RecordedCall::Kv { name: asked, .. } if asked == name);
        match self.take(|| format!("the stored value {name}"), fits) {
            Some(RecordedCall::Kv { value, .. }) => value,
            _ => None,
        }
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let fits = |call: &RecordedCall| match call {
            RecordedCall::Http { connection: asked, request: sent, .. } if asked == connection => {
                sent == request || self.in_order && sent.method == request.method
            }
            _ => false,
        };
        match self.take(|| format!("{} of {connection}", request.path), fits) {
            Some(RecordedCall::Http { reply, .. }) => reply,
            _ => Err(HttpProblem::Unavailable),
        }
    }

    fn monotonic(&self) -> Duration {
        (self.clock)()
    }
}

/// What became of a recorded run with another version.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The run. One that asked for what was not recorded has the failure [`RunFailureKind::Diverged`].
    pub run: Run,
    /// Where decision and `vars` differ from the recorded ones; empty if nowhere.
    pub differences: Vec<Difference>,
}

/// A place where two values differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The place, as a JSON Pointer (RFC 6901).
    pub path: String,
    /// What was there before; `null` if nothing.
    pub before: Value,
    /// What is there now; `null` if nothing.
    pub after: Value,
}

/// Does a recorded run again.
pub fn replay(program: &dyn Program, recording: &Recording, clock: ReplayClock) -> Replay {
    let host = Arc::new(ReplayHost::new(&recording.calls, clock));
    let shared: Arc<dyn Host> = host.clone();
    let mut run = program.run(recording.hook, &Arc::new(recording.context.clone()), &shared);
    if let Some(question) = host.divergence() {
        let message = format!("the recording has no answer to the question for {question}");
        run.outcome = Err(RunFailure { kind: RunFailureKind::Diverged, position: None, message });
    }
    let before = result(&recording.outcome, recording.vars.as_ref());
    let after = result(&run.outcome, run.vars.as_ref());
    Replay { differences: differences(&before, &after), run }
}

/// What counts of a run: decision and `vars`, or the kind of failure.
fn result(outcome: &Result<Value, RunFailure>, vars: Option<&Map<String, Value>>) -> Value {
    match outcome {
        Ok(decision) => json!({"decision": decision, "vars": vars}),
        Err(failure) => json!({"failure": failure.kind.as_str()}),
    }
}

/// Where two values differ, down to the members and items that do.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), (before, after), &mut found);
    found
}

fn compare(path: String, (before, after): (&Value, &Value), found: &mut Vec<Difference>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let inner = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(inner, (one.get(name).unwrap_or(&Value::Null), other.get(name).unwrap_or(&Value::Null)), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, pair) in one.iter().zip(other).enumerate() {
                compare(format!("{path}/{index}"), pair, found);
            }
        }
        (before, after) => found.push(Difference { path, before: before.clone(), after: after.clone() }),
    }
}
