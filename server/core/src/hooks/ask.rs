//! Asking every script that is bound at a decision point, in the order of their bindings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::Value;
use signet_hooks::{
    FailureMode, Hook, HookPoint, Host, LogLevel, LogLine, Program, Run, RunContext, RunFailure, RunFailureKind,
};
use signet_protocol::error::{ErrorCode, Refusal};
use tokio::runtime::Handle;

use super::host::{RunHost, WayOut};
use super::input::{Subject, context};
use super::metrics::Outcome;
use super::pool::Pool;
use super::recording::Ran;
use super::shadow;
use crate::events::{Fact, Parties, ScriptVersion, Serving};
use crate::realm::{BoundScript, RealmContext, ScriptValues};

/// Longest summary of a decision in events, in characters.
const LONGEST_SUMMARY: usize = 200;

/// What one script decided.
pub(crate) struct Answer<'r, D> {
    /// The script.
    pub(crate) script: &'r BoundScript,
    /// Its decision.
    pub(crate) decision: D,
}

/// A question to the scripts of a decision point.
pub(super) struct Question<'r> {
    pub(super) hook: Hook,
    pub(super) realm: &'r RealmContext,
    pub(super) input: Arc<RunContext>,
    parties: Parties,
    values: Arc<ScriptValues>,
}

impl Serving<'_> {
    /// Asks the scripts that are bound at `P`. `input` is made only if there is one.
    ///
    /// # Errors
    /// A script failed that fails closed. The refusal says nothing of it; the log and the events do.
    pub(crate) async fn ask<'r, P: HookPoint>(
        &self,
        realm: &'r RealmContext,
        subject: Subject<'_>,
        input: impl FnOnce() -> (P::Facts, P::Argument),
    ) -> Result<Vec<Answer<'r, P::Output>>, Refusal> {
        let scripts = bound(realm, P::HOOK, subject);
        if scripts.is_empty() {
            return Ok(Vec::new());
        }
        let question = self.question::<P>(realm, subject, input());
        let mut answers = Vec::with_capacity(scripts.len());
        for script in scripts {
            let ran = self.run(&question, script).await;
            answers.extend(self.answer::<P>(&question, script, ran)?);
        }
        self.passed(P::HOOK.name());
        Ok(answers)
    }

    /// The same where nobody can wait: a script for which there is no place on this thread fails as overloaded.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub(crate) fn ask_at_once<'r, P: HookPoint>(
        &self,
        realm: &'r RealmContext,
        subject: Subject<'_>,
        input: impl FnOnce() -> (P::Facts, P::Argument),
    ) -> Result<Vec<Answer<'r, P::Output>>, Refusal> {
        let scripts = bound(realm, P::HOOK, subject);
        if scripts.is_empty() {
            return Ok(Vec::new());
        }
        let question = self.question::<P>(realm, subject, input());
        let mut answers = Vec::with_capacity(scripts.len());
        for script in scripts {
            let ran = match &script.program {
                Ok(program) => self.run_here(&question, program).unwrap_or(Err(Outcome::Overloaded)),
                Err(_) => Err(Outcome::NotCompiled),
            };
            answers.extend(self.answer::<P>(&question, script, ran)?);
        }
        Ok(answers)
    }

    fn question<'r, P: HookPoint>(
        &self,
        realm: &'r RealmContext,
        subject: Subject<'_>,
        (facts, argument): (P::Facts, P::Argument),
    ) -> Question<'r> {
        let context = Arc::new(context(self, realm, subject));
        Question {
            hook: P::HOOK,
            realm,
            input: Arc::new(RunContext::new::<P>(context, &facts, &argument)),
            parties: subject.parties(),
            values: realm.hooks.values().map(Arc::clone).unwrap_or_default(),
        }
    }

    /// Runs a script where it may run: one that waits for other servers on a blocking thread, one that decides from what
    /// it is told on this thread. A realm has few places on the threads that serve everybody; what finds none, or has
    /// cost too much, goes to blocking threads too, where the realm has few as well (SC-008).
    async fn run(&self, question: &Question<'_>, script: &BoundScript) -> Result<Run, Outcome> {
        let program = script.program.as_ref().map_err(|_| Outcome::NotCompiled)?;
        if program.manifest().calls_out(question.hook) {
            return self.run_apart(question, program, &self.runs.waiting).await;
        }
        let here = if script.placement.is_inline() { self.run_here(question, program) } else { None };
        let ran = match here {
            Some(ran) => ran,
            None => self.run_apart(question, program, &self.runs.deciding).await,
        };
        if let Ok(run) = &ran {
            script.placement.took(run.elapsed);
        }
        ran
    }

    /// Runs a script on this thread, if its realm has a place there now.
    fn run_here(&self, question: &Question<'_>, program: &Arc<dyn Program>) -> Option<Result<Run, Outcome>> {
        let place = self.runs.inline.place_at_once(question.realm.id())?;
        let host: Arc<dyn Host> = Arc::new(self.host(question, None));
        let ran = run(&**program, question.hook, &question.input, &host);
        drop(place);
        Some(ran)
    }

    /// Runs a script on a blocking thread, when the realm's turn comes there.
    async fn run_apart(
        &self,
        question: &Question<'_>,
        program: &Arc<dyn Program>,
        pool: &Pool,
    ) -> Result<Run, Outcome> {
        let place = pool.place(question.realm.id()).await.map_err(|_| Outcome::Overloaded)?;
        let host: Arc<dyn Host> = Arc::new(self.host(question, Some(Handle::current())));
        let (hook, input, program) = (question.hook, Arc::clone(&question.input), Arc::clone(program));
        let running = tokio::task::spawn_blocking(move || {
            let ran = run(&*program, hook, &input, &host);
            drop(place);
            ran
        });
        running.await.unwrap_or(Err(Outcome::Failed(RunFailureKind::Panic)))
    }

    pub(super) fn host(&self, question: &Question<'_>, runtime: Option<Handle>) -> RunHost {
        RunHost {
            random: Arc::clone(&self.random),
            values: Arc::clone(&question.values),
            way_out: runtime.filter(|_| question.hook.may_call_out()).map(|runtime| WayOut {
                hook: question.hook,
                realm_id: question.realm.id(),
                connections: Arc::clone(&self.runs.connections),
                outbound: Arc::clone(&self.outbound),
                runtime,
            }),
            clock: Arc::clone(&self.clock),
            started: self.clock.monotonic(),
        }
    }

    /// Turns a run into an answer, or into what the failure mode of the script says; records it either way.
    fn answer<'r, P: HookPoint>(
        &self,
        question: &Question<'r>,
        script: &'r BoundScript,
        mut ran: Result<Run, Outcome>,
    ) -> Result<Option<Answer<'r, P::Output>>, Refusal> {
        if let Ok(run) = &mut ran {
            self.hand_on(run);
        }
        let decided = match &ran {
            Ok(Run { outcome: Ok(value), .. }) => {
                serde_json::from_value(value.clone()).map_err(|_| Outcome::Failed(RunFailureKind::WrongShape))
            }
            Ok(Run { outcome: Err(failure), .. }) => Err(Outcome::Failed(failure.kind)),
            Err(absent) => Err(*absent),
        };
        let outcome = decided.as_ref().err().copied().unwrap_or(Outcome::Decided);
        self.keep(question, script, ran.as_ref().ok(), outcome);
        let failed = match decided {
            Ok(decision) => return Ok(Some(Answer { script, decision })),
            Err(failed) => failed,
        };
        match script.failure_mode(question.hook) {
            FailureMode::Closed => Err(refused(question.hook, script, failed.as_str())),
            FailureMode::Open | FailureMode::Queue => Ok(None),
        }
    }

    /// Takes what a run hands on. Several scripts of one hook may hand on too much together: that is the failure of the
    /// one it is too much with.
    fn hand_on(&self, run: &mut Run) {
        let Some(vars) = run.vars.as_ref().filter(|_| run.outcome.is_ok()) else { return };
        if let Err(too_much) = self.transaction().hand_on(vars) {
            let message = format!("with_vars: {too_much}");
            run.outcome = Err(RunFailure { kind: RunFailureKind::Size, position: None, message });
        }
    }

    /// Everything that is kept of a run.
    fn keep(&self, question: &Question<'_>, script: &BoundScript, run: Option<&Run>, outcome: Outcome) {
        let (hook, package) = (question.hook, script.target.package.as_str());
        let decision = run.and_then(|run| run.outcome.as_ref().ok()).filter(|_| outcome == Outcome::Decided);
        let version = script.version.short();
        self.runs.metrics.ran((hook, package, &version), outcome, decision.is_some_and(is_denial));
        let said = match decision {
            Some(decision) => summary(decision),
            None => script.failure_mode(hook).as_str().to_owned(),
        };
        let fact = Fact::ScriptDecision {
            hook,
            script: ScriptVersion { package: package.to_owned(), version: script.version.to_string() },
            decision: said,
            operations: run.map_or(0, |run| run.operations),
            microseconds: run.map_or(0, |run| u64::try_from(run.elapsed.as_micros()).unwrap_or(u64::MAX)),
            outcome: became(outcome, run),
        };
        self.note(question.realm, fact.concerning(question.parties.clone()));
        let Some(run) = run else {
            tracing::error!(hook = hook.name(), package, outcome = outcome.as_str(), "a script did not run");
            return;
        };
        self.runs.metrics.used(hook, run.operations, run.elapsed);
        tell_log(hook, script, run);
        let Ok(program) = &script.program else { return };
        let (input, values) = (&question.input, &question.values);
        let ran = Ran { target: &script.target, program, hook, input, run, values };
        self.runs.recordings.take(question.realm, self.now(), &*self.random, &ran);
        shadow::begin(self, question, script, run);
    }
}

/// The scripts that decide at a hook about a subject.
fn bound<'r>(realm: &'r RealmContext, hook: Hook, subject: Subject<'_>) -> &'r [Arc<BoundScript>] {
    realm.hooks.at(hook, subject.client.map(|client| &client.client_id))
}

/// Runs a program. It promises not to panic; a broken promise costs this run and nothing else.
pub(super) fn run(
    program: &dyn Program,
    hook: Hook,
    input: &Arc<RunContext>,
    host: &Arc<dyn Host>,
) -> Result<Run, Outcome> {
    let ran = catch_unwind(AssertUnwindSafe(|| program.run(hook, input, host)));
    ran.map_err(|_| Outcome::Failed(RunFailureKind::Panic))
}

/// What the request ends with where a script fails closed: in the same words whatever went wrong (SC-009).
pub(crate) fn refused(hook: Hook, script: &BoundScript, why: &str) -> Refusal {
    let (package, version) = (&script.target.package, script.version.short());
    unapplied(format!("{hook} of {package} {version}: {why}"))
}

/// The refusal where scripts cannot be heard; `detail` is for the log and the events.
pub(crate) fn unapplied(detail: String) -> Refusal {
    let reason = "a rule of this server could not be applied, so that the request is refused";
    ErrorCode::ServerError.because(reason).detail(detail)
}

pub(super) fn is_denial(decision: &Value) -> bool {
    decision["decision"] == "deny"
}

/// A decision in the words of its hook: what it is, and the names of what it sets, never the values. A denial names its
/// error.
pub(crate) fn summary(decision: &Value) -> String {
    let name = decision["decision"].as_str().unwrap_or_default();
    let members = match (&decision["error"], &decision["claims"]) {
        (Value::String(error), _) => vec![error.as_str()],
        (_, Value::Object(claims)) => claims.keys().map(String::as_str).collect(),
        _ => decision.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect(),
    };
    let members: Vec<&str> = members.into_iter().filter(|member| *member != "decision").collect();
    let text = if members.is_empty() { name.to_owned() } else { format!("{name}({})", members.join(", ")) };
    text.chars().take(LONGEST_SUMMARY).collect()
}

/// What became of a run, with the place in the script, without its message: that may hold anything.
pub(super) fn became(outcome: Outcome, run: Option<&Run>) -> String {
    let failure = run.and_then(|run| run.outcome.as_ref().err());
    match failure.and_then(|failure| failure.position.as_ref()) {
        Some(position) => format!("{} at {}:{}:{}", outcome.as_str(), position.file, position.line, position.column),
        None => outcome.as_str().to_owned(),
    }
}

/// What a script logged, and why it failed, for the operator.
pub(super) fn tell_log(hook: Hook, script: &BoundScript, run: &Run) {
    let (hook, package, version) = (hook.name(), script.target.package.as_str(), script.version.short());
    for LogLine { level, message, fields } in &run.log {
        let fields = serde_json::to_string(fields).unwrap_or_default();
        match level {
            LogLevel::Debug => tracing::debug!(hook, package, version, fields, "script: {message}"),
            LogLevel::Info => tracing::info!(hook, package, version, fields, "script: {message}"),
            LogLevel::Warn => tracing::warn!(hook, package, version, fields, "script: {message}"),
        }
    }
    if let Err(failure) = &run.outcome {
        let at = failure.position.as_ref().map(|at| format!("{}:{}:{}", at.file, at.line, at.column));
        let (kind, message) = (failure.kind.as_str(), failure.message.as_str());
        tracing::warn!(hook, package, version, kind, at, message, "a script failed");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_name_what_a_decision_sets_and_never_the_values() {
        assert_eq!(summary(&json!({"decision": "none"})), "none");
        let deny = json!({"decision": "deny", "error": "access_denied", "description": "secret"});
        assert_eq!(summary(&deny), "deny(access_denied)");
        let claims = json!({"decision": "claims", "claims": {"department": "secret", "limit": 7}});
        assert_eq!(summary(&claims), "claims(department, limit)");
        let narrow = json!({"decision": "narrow", "drop_scopes": ["secret"]});
        assert_eq!(summary(&narrow), "narrow(drop_scopes)");
        let many: serde_json::Map<String, Value> = (0..99).map(|n| (format!("claim_{n}"), json!(1))).collect();
        assert_eq!(summary(&json!({"decision": "claims", "claims": many})).len(), LONGEST_SUMMARY);
    }
}
