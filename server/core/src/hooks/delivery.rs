//! Handing the sealed events of a realm to its scripts (`on_event`): in order, at least once, by one node at a time.
//!
//! How far a script is stands in the database. Whoever delivers first moves the time of the next try a lease ahead, and
//! only the one whose move counts goes on; after a success the cursor moves behind the event, after a failure the next
//! try waits longer each time. A script that was just bound begins with what happens from now on.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use signet_hooks::points::OnEvent;
use signet_hooks::points::on_event::AuditedEvent;
use signet_hooks::{Context, Hook, Host, NetworkView, NoFacts, Program, Run, RunContext};
use signet_protocol::identifiers::{RealmId, RealmName, RequestId};
use tokio::runtime::Handle;

use super::ask::{became, run, tell_log};
use super::host::{RunHost, WayOut};
use super::input::realm_view;
use super::metrics::Outcome;
use super::recording::Ran;
use crate::events::{Actor, EventKind, EventRecord, Fact, Origin, Parties, ScriptVersion};
use crate::failure::{Failure, Fault};
use crate::model::{ScriptCursor, ScriptTarget};
use crate::provider::Provider;
use crate::realm::{BoundScript, RealmContext};

/// Seconds for which nobody else delivers to a script: longer than what is begun in it can take.
const LEASE_SECONDS: i64 = 60;
/// Time after which no further run is begun under a lease.
const LONGEST_TURN: Duration = Duration::from_secs(30);
/// Events that are read at a time.
const BATCH: u64 = 64;
/// Longest wait after a failure, in seconds.
const LONGEST_WAIT: i64 = 300;

/// A script of a realm.
type Place = (RealmId, ScriptTarget);

/// Hands events to scripts.
pub struct Delivery {
    provider: Arc<Provider>,
    /// The realms with scripts, and the configuration that they were read under.
    realms: Option<(u64, Vec<RealmName>)>,
    known: Arc<Mutex<Known>>,
}

/// What this node knows of deliveries.
#[derive(Default)]
struct Known {
    /// Under way here.
    at_work: HashSet<Place>,
    /// Up to which event a script needs no look.
    done: HashMap<Place, i64>,
}

impl Delivery {
    /// Deliveries of this process.
    pub fn new(provider: &Arc<Provider>) -> Self {
        Self { provider: Arc::clone(provider), realms: None, known: Arc::default() }
    }

    /// Begins to deliver what is there to deliver. A script that is slow holds up no other.
    ///
    /// # Errors
    /// The database does not say which realms have scripts. What goes wrong with one of them is logged.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        for name in self.realms().await? {
            let begun = match self.provider.realm(&name).await {
                Ok(realm) => self.begin_in(&realm).await,
                // Disabled or deleted meanwhile.
                Err(Failure::Refusal(_)) => Ok(()),
                Err(Failure::Fault(fault)) => Err(fault),
            };
            if let Err(error) = begun {
                tracing::error!(realm = %name, %error, "events are not delivered to the realm's scripts");
            }
        }
        Ok(())
    }

    /// The realms with scripts. While the configuration is the same, nobody is asked.
    async fn realms(&mut self) -> Result<Vec<RealmName>, Fault> {
        let version = self.provider.store.configuration_version();
        if let (Some(version), Some((read_under, realms))) = (version, &self.realms)
            && version == *read_under
        {
            return Ok(realms.clone());
        }
        let realms = self.provider.store.realms_with_scripts().await?;
        self.realms = version.map(|version| (version, realms.clone()));
        Ok(realms)
    }

    async fn begin_in(&self, realm: &Arc<RealmContext>) -> Result<(), Fault> {
        let scripts = realm.hooks.everywhere(Hook::OnEvent);
        if scripts.is_empty() {
            return Ok(());
        }
        let Some(chain) = self.provider.store.chain(realm.id()).await? else { return Ok(()) };
        for script in scripts {
            let place = (realm.id(), script.target.clone());
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let is_done = known.done.get(&place).is_some_and(|done| *done >= chain.sealed);
            if is_done || !known.at_work.insert(place.clone()) {
                continue;
            }
            drop(known);
            let turn = Turn {
                provider: Arc::clone(&self.provider),
                realm: Arc::clone(realm),
                script: Arc::clone(script),
                sealed: chain.sealed,
            };
            let known = Arc::clone(&self.known);
            tokio::spawn(async move {
                let done = turn.take().await;
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                known.at_work.remove(&place);
                match done {
                    Ok(done) => _ = known.done.insert(place, done),
                    Err(error) => tracing::warn!(realm = %place.0, %error, "events were not delivered to a script"),
                }
            });
        }
        Ok(())
    }
}

/// One turn of one script.
struct Turn {
    provider: Arc<Provider>,
    realm: Arc<RealmContext>,
    script: Arc<BoundScript>,
    /// How far the chain is sealed.
    sealed: i64,
}

impl Turn {
    /// Delivers what can be delivered now; says up to which event nothing is left to do.
    async fn take(&self) -> Result<i64, Fault> {
        let (store, target) = (&self.provider.store, &self.script.target);
        let Some(cursor) = store.script_cursor(self.realm.id(), target).await? else {
            return self.start().await;
        };
        let now = self.provider.now();
        if cursor.sealed >= self.sealed || now < cursor.next_at {
            return Ok(cursor.sealed);
        }
        // No place now: another turn comes.
        let Some(_place) = self.provider.runs.deliveries.place_at_once(self.realm.id()) else {
            return Ok(cursor.sealed);
        };
        let attempts = cursor.attempts.saturating_add(1);
        let leased = ScriptCursor { attempts, next_at: now.plus(LEASE_SECONDS), ..cursor.clone() };
        if !store.move_script_cursor(Some(&cursor), &leased).await? {
            return Ok(cursor.sealed);
        }
        let (sealed, failed) = self.deliver(cursor.sealed).await?;
        let attempts = match (failed, sealed > cursor.sealed) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => attempts,
        };
        let next_at = self.provider.now().plus(wait(attempts));
        let moved = ScriptCursor { sealed, attempts, next_at, ..cursor };
        store.move_script_cursor(Some(&leased), &moved).await?;
        Ok(sealed)
    }

    /// Begins behind what is sealed already.
    async fn start(&self) -> Result<i64, Fault> {
        let first = ScriptCursor {
            realm_id: self.realm.id(),
            target: self.script.target.clone(),
            sealed: self.sealed,
            attempts: 0,
            next_at: self.provider.now(),
        };
        self.provider.store.move_script_cursor(None, &first).await?;
        Ok(self.sealed)
    }

    /// Delivers events after a number. Says which was the last that needs no further run, and whether the next failed.
    async fn deliver(&self, after: i64) -> Result<(i64, bool), Fault> {
        let clock = &self.provider.clock;
        let end = clock.monotonic() + LONGEST_TURN;
        let mut done = after;
        while clock.monotonic() < end && done < self.sealed {
            let events = self.provider.store.sealed_events(self.realm.id(), done, BATCH).await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                if clock.monotonic() >= end {
                    return Ok((done, false));
                }
                // A row that does not read any more is a matter for whoever verifies the chain.
                if let Some(record) = event.record.filter(|record| self.is_for_this(record))
                    && !self.tell(record).await
                {
                    return Ok((done, true));
                }
                done = event.sequence;
            }
        }
        Ok((done, false))
    }

    /// Whether the script is told of an event: of every one that it would decide about. What it says itself is no news
    /// for it, and would never end.
    fn is_for_this(&self, record: &EventRecord) -> bool {
        let client_id = record.client_id.as_ref().and_then(|id| id.parse().ok());
        let scripts = self.realm.hooks.at(Hook::OnEvent, client_id.as_ref());
        scripts.iter().any(|script| script.target == self.script.target) && !is_of_a_delivery(record)
    }

    /// Tells the script of one event; says whether that is done.
    async fn tell(&self, record: EventRecord) -> bool {
        let hook = Hook::OnEvent;
        let input = Arc::new(self.input(record));
        let ran = match &self.script.program {
            Ok(program) => self.run(program, &input).await,
            Err(_) => Err(Outcome::NotCompiled),
        };
        let outcome = match &ran {
            Ok(Run { outcome: Ok(_), .. }) => Outcome::Decided,
            Ok(Run { outcome: Err(failure), .. }) => Outcome::Failed(failure.kind),
            Err(absent) => *absent,
        };
        let runs = &self.provider.runs;
        let (package, version) = (self.script.target.package.as_str(), self.script.version.short());
        runs.metrics.ran((hook, package, &version), outcome, false);
        if let (Ok(run), Ok(program)) = (&ran, &self.script.program) {
            runs.metrics.used(hook, run.operations, run.elapsed);
            tell_log(hook, &self.script, run);
            let values = self.realm.hooks.values().map(Arc::clone).unwrap_or_default();
            let ran = Ran { target: &self.script.target, program, hook, input: &input, run, values: &values };
            runs.recordings.take(&self.realm, self.provider.now(), &*self.provider.random, &ran);
        }
        if outcome != Outcome::Decided {
            self.note_failure(&input, ran.as_ref().ok(), outcome);
        }
        outcome == Outcome::Decided
    }

    async fn run(&self, program: &Arc<dyn Program>, input: &Arc<RunContext>) -> Result<Run, Outcome> {
        let way_out = WayOut {
            hook: Hook::OnEvent,
            realm_id: self.realm.id(),
            connections: Arc::clone(&self.provider.runs.connections),
            outbound: Arc::clone(&self.provider.outbound),
            runtime: Handle::current(),
        };
        let host: Arc<dyn Host> = Arc::new(RunHost {
            random: Arc::clone(&self.provider.random),
            values: self.realm.hooks.values().map(Arc::clone).unwrap_or_default(),
            way_out: Some(way_out),
            clock: Arc::clone(&self.provider.clock),
            started: self.provider.clock.monotonic(),
        });
        let (program, input) = (Arc::clone(program), Arc::clone(input));
        let running = tokio::task::spawn_blocking(move || run(&*program, Hook::OnEvent, &input, &host));
        running.await.unwrap_or(Err(Outcome::Failed(signet_hooks::RunFailureKind::Panic)))
    }

    fn input(&self, record: EventRecord) -> RunContext {
        let id = record.id.to_string();
        let context = Context {
            now: self.provider.now().0,
            request_id: id.clone(),
            realm: realm_view(&self.realm),
            client: None,
            net: NetworkView::default(),
            user: None,
            session: None,
            vars: Map::new(),
        };
        let event = AuditedEvent {
            id,
            kind: record.kind,
            at: record.recorded_at.seconds().0,
            request_id: Some(record.request_id),
            client_id: record.client_id,
            user_id: record.user_id.map(|user_id| user_id.to_string()),
            data: serde_json::from_str(&record.details).unwrap_or_default(),
        };
        RunContext::new::<OnEvent>(Arc::new(context), &NoFacts {}, &event)
    }

    /// A success leaves no event: each delivery would be the next one's news.
    fn note_failure(&self, input: &RunContext, run: Option<&Run>, outcome: Outcome) {
        let Ok(request_id) = input.context.request_id.parse::<RequestId>() else { return };
        let serving = self.provider.serving(Origin { request_id, address: None, actor: Actor::Server });
        let (package, version) = (self.script.target.package.to_string(), self.script.version.to_string());
        let fact = Fact::ScriptDecision {
            hook: Hook::OnEvent,
            script: ScriptVersion { package, version },
            decision: self.script.failure_mode(Hook::OnEvent).as_str().to_owned(),
            operations: run.map_or(0, |run| run.operations),
            microseconds: run.map_or(0, |run| u64::try_from(run.elapsed.as_micros()).unwrap_or(u64::MAX)),
            outcome: became(outcome, run),
        };
        serving.note(&self.realm, fact.concerning(Parties::default()));
    }
}

/// Whether an event tells of a delivery.
fn is_of_a_delivery(record: &EventRecord) -> bool {
    let details = || serde_json::from_str::<Value>(&record.details).unwrap_or_default();
    record.kind == EventKind::ScriptDecision.as_str() && details()["hook"] == Hook::OnEvent.name()
}

/// Seconds until the next try.
fn wait(attempts: i64) -> i64 {
    if attempts <= 0 { 0 } else { (1_i64 << attempts.min(16)).min(LONGEST_WAIT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_wait_longer_each_time_up_to_a_bound() {
        assert_eq!([0, 1, 2, 3, 8, 9, 62, 63, 64, i64::MAX].map(wait), [0, 2, 4, 8, 256, 300, 300, 300, 300, 300]);
    }
}
