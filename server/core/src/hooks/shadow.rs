//! Shadow runs: the next version of a script beside the one that decides, on the same input. What it says is compared,
//! counted and dropped; whoever waits for the request does not wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use signet_hooks::{Host, HttpMethod, HttpProblem, HttpReply, HttpRequest, RecordedCall, Run};
use signet_jose::digest;
use tokio::runtime::Handle;

use super::ask::{Question, run, summary};
use super::host::RunHost;
use crate::events::Serving;
use crate::realm::BoundScript;

/// Begins a shadow run, if one is due for this request and there is a place for it now.
pub(super) fn begin(serving: &Serving<'_>, question: &Question<'_>, script: &BoundScript, decided: &Run) {
    let Some(shadow) = &script.shadow else { return };
    if !is_due(serving.origin().request_id.as_str(), shadow.percent) {
        return;
    }
    let Some(place) = serving.runs.shadows.place_at_once(question.realm.id()) else { return };
    let live = serving.host(question, Some(Handle::current()));
    let host: Arc<dyn Host> = Arc::new(ShadowHost { live, recorded: Mutex::new(decided.calls.clone()) });
    let (hook, input, program) = (question.hook, Arc::clone(&question.input), Arc::clone(&shadow.program));
    let (metrics, package) = (Arc::clone(&serving.runs.metrics), script.target.package.clone());
    let (version, decided) = (script.version.short(), said(decided));
    tokio::task::spawn_blocking(move || {
        let beside =
            run(&*program, hook, &input, &host).map_or_else(|failed| failed.as_str().to_owned(), |run| said(&run));
        if beside != decided {
            metrics.shadow_differed(hook, package.as_str());
            let (request_id, shadow) = (&input.context.request_id, program.version().short());
            let (decided, beside) = (words(&decided), words(&beside));
            tracing::info!(
                hook = hook.name(), %package, version, shadow, decided, beside, request_id,
                "the shadow of a script decided otherwise"
            );
        }
        drop(place);
    });
}

/// Whether a request is among so many of a hundred. The same for every hook of a request, and no matter of chance: whoever
/// asks why can do the sum again.
fn is_due(request_id: &str, percent: u8) -> bool {
    let hash = digest::sha256(request_id.as_bytes());
    let number = u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
    number % 100 < u64::from(percent)
}

/// What is compared: the decision and what is handed on, or the kind of failure.
fn said(run: &Run) -> String {
    match &run.outcome {
        Ok(decision) => serde_json::json!([decision, run.vars]).to_string(),
        Err(failure) => failure.kind.as_str().to_owned(),
    }
}

/// The same for the log, without values.
fn words(said: &str) -> String {
    match serde_json::from_str::<Value>(said) {
        Ok(both) => summary(&both[0]),
        Err(_) => said.to_owned(),
    }
}

/// Answers a shadow as the deciding run was answered, so that only what the versions do differently makes a difference.
/// What only the shadow asks is looked up, but nothing is sent: a POST may have effects.
struct ShadowHost {
    live: RunHost,
    recorded: Mutex<Vec<RecordedCall>>,
}

impl ShadowHost {
    fn recorded<T>(&self, answer: impl Fn(&RecordedCall) -> Option<T>) -> Option<T> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let (position, found) = recorded.iter().enumerate().find_map(|(n, call)| Some((n, answer(call)?)))?;
        recorded.remove(position);
        Some(found)
    }
}

impl Host for ShadowHost {
    fn random(&self, bytes: usize) -> Vec<u8> {
        self.recorded(|call| call.random_bytes(bytes)).unwrap_or_else(|| self.live.random(bytes))
    }

    fn secret(&self, name: &str) -> Option<String> {
        self.live.secret(name)
    }

    fn kv(&self, name: &str) -> Option<Value> {
        self.live.kv(name)
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let same = |call: &RecordedCall| match call {
            RecordedCall::Http { connection: asked, request: sent, reply }
                if asked == connection && sent == request =>
            {
                Some(reply.clone())
            }
            _ => None,
        };
        match (self.recorded(same), request.method) {
            (Some(reply), _) => reply,
            (None, HttpMethod::Get) => self.live.http(connection, request),
            (None, HttpMethod::Post) => Err(HttpProblem::Unavailable),
        }
    }

    fn monotonic(&self) -> Duration {
        self.live.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_decides_whether_it_has_a_shadow() {
        let due = |percent| (0..1000).filter(|number| is_due(&format!("request-{number}"), percent)).count();
        assert_eq!((due(0), due(100)), (0, 1000));
        let tenth = due(10);
        assert!((50..200).contains(&tenth), "{tenth}");
        assert_eq!(due(10), tenth);
    }

    #[test]
    fn what_is_compared_is_the_decision_and_what_is_handed_on() {
        let run = |decision: Value, vars: Value| Run {
            outcome: Ok(decision),
            operations: 1,
            elapsed: Duration::ZERO,
            log: Vec::new(),
            calls: Vec::new(),
            vars: vars.as_object().cloned(),
        };
        let allow = || serde_json::json!({"decision": "allow"});
        assert_eq!(said(&run(allow(), Value::Null)), said(&Run { operations: 9, ..run(allow(), Value::Null) }));
        assert_ne!(said(&run(allow(), Value::Null)), said(&run(allow(), serde_json::json!({"risk": 1}))));
        assert_eq!(words(&said(&run(allow(), Value::Null))), "allow");
        assert_eq!(words("deadline"), "deadline");
    }
}
