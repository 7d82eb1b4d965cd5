//! The provider as one request has it: with the identity of the request, for the events that it leaves.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::RealmId;
use signet_protocol::names::GrantType;
use signet_protocol::time::UnixMilliseconds;

use super::actor::{Actor, Origin};
use super::details;
use super::event::{Event, Parties};
use super::fact::Fact;
use super::keys::EventKeys;
use super::record::{EventRecord, event_id};
use super::vocabulary::RefusedAt;
use crate::failure::{Failure, Fault};
use crate::hooks::{Connection, Transaction};
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The provider as one request has it. Whatever the request decides is recorded through it: in the transaction of a
/// change ([`Serving::with_event`]), or by itself ([`Serving::note`]). Events of a request that is given up half-way are
/// not lost.
pub struct Serving<'a> {
    provider: &'a Provider,
    origin: Origin,
    maker: EventMaker,
    /// What happened and is not written yet: it goes along with the next change, or by itself.
    unwritten: Mutex<Vec<EventRecord>>,
    /// Whom the request concerns, as far as that is known by now.
    known: Mutex<Parties>,
    /// The rules that the request has passed by now, in order, with the hooks that were asked between them.
    passed: Mutex<Vec<&'static str>>,
    transaction: Transaction<'a>,
    /// The client that has proved who it is.
    authenticated: OnceLock<Arc<Client>>,
}

impl Deref for Serving<'_> {
    type Target = Provider;

    fn deref(&self) -> &Provider {
        self.provider
    }
}

impl Provider {
    /// This provider, for what the server does by itself.
    pub fn serving_itself(&self) -> Serving<'_> {
        self.serving_actor(Actor::Server)
    }

    /// This provider, for what somebody does without a request.
    pub fn serving_actor(&self, actor: Actor) -> Serving<'_> {
        self.serving(self.origin_of(actor))
    }

    /// The origin of what did not come through a listener.
    pub fn origin_of(&self, actor: Actor) -> Origin {
        let bytes: [u8; 16] = random::random_bytes(&*self.random);
        Origin { request_id: bytes.into(), address: None, actor }
    }

    /// This provider, for one request.
    pub fn serving(&self, origin: Origin) -> Serving<'_> {
        let (unwritten, known, transaction) = (Mutex::default(), Mutex::default(), Transaction::default());
        let (maker, authenticated, passed) = (EventMaker::new(self), OnceLock::new(), Mutex::default());
        Serving { provider: self, origin, maker, unwritten, known, passed, transaction, authenticated }
    }
}

impl<'a> Serving<'a> {
    /// With what the request's connection tells scripts.
    #[must_use]
    pub const fn over(mut self, connection: Connection<'a>) -> Self {
        self.transaction.connection = connection;
        self
    }
}

impl Serving<'_> {
    /// Where the request comes from.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What scripts are told of the request, and what they hand on.
    pub(crate) const fn transaction(&self) -> &Transaction<'_> {
        &self.transaction
    }

    /// The client that has proved who it is in this request, or a public one that cannot.
    pub fn authenticated_client(&self) -> Option<&Arc<Client>> {
        self.authenticated.get()
    }

    /// A client has proved who it is. The first counts: a request authenticates once.
    pub(crate) fn authenticated(&self, client: &Arc<Client>) {
        self.authenticated.get_or_init(|| Arc::clone(client));
    }

    fn unwritten(&self) -> MutexGuard<'_, Vec<EventRecord>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, (realm_id, keys): (RealmId, &EventKeys), mut event: Event) -> EventRecord {
        event.parties.fill_from(&self.known.lock().unwrap_or_else(PoisonError::into_inner));
        let source = (self.origin.request_id.to_string(), self.origin.address);
        let passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        // What a script decided is on the way; where the way ended tells all of it.
        let on_the_way = matches!(event.fact, Fact::ScriptDecision { .. });
        let passed = if on_the_way { &[] } else { passed.as_slice() };
        self.maker.make((realm_id, keys), self.clock.now_in_milliseconds(), source, (event, passed))
    }

    /// The request has passed a rule, or scripts were asked at a hook: what it comes to is recorded with the way there.
    pub(crate) fn passed(&self, rule: &'static str) {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// From now on it is known whom the request concerns: events that do not name anybody else are about them.
    pub(crate) fn concerns(&self, parties: Parties) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *known, parties);
        known.fill_from(&before);
    }

    /// What a transaction has to write: this event, and before it whatever the request noted so far. Once the
    /// transaction is committed, [`Serving::written`] says so; if it changed nothing, the notes stay for the next.
    #[must_use]
    pub fn with_event(&self, realm: &RealmContext, event: Event) -> Vec<EventRecord> {
        self.with_event_in((realm.id(), &realm.event_keys), event)
    }

    /// The same for a transaction that several events tell of.
    pub(crate) fn with_events(
        &self,
        realm: &RealmContext,
        events: impl IntoIterator<Item = Event>,
    ) -> Vec<EventRecord> {
        let mut written = self.unwritten().clone();
        written.extend(events.into_iter().map(|event| self.record((realm.id(), &realm.event_keys), event)));
        written
    }

    /// The same for a realm that is not loaded.
    pub(crate) fn with_event_in(&self, place: (RealmId, &EventKeys), event: Event) -> Vec<EventRecord> {
        let mut events = self.unwritten().clone();
        events.push(self.record(place, event));
        events
    }

    /// These events were committed.
    pub fn written(&self, events: &[EventRecord]) {
        self.unwritten().retain(|note| !events.iter().any(|event| event.id == note.id));
    }

    /// Notes an event that tells of no change. It is written with the next change of this request, or in a batch. What
    /// anybody can cause may be counted instead, where there is too much of it.
    pub fn note(&self, realm: &RealmContext, event: Event) {
        let place = (realm.id(), event.fact.kind());
        if event.is_cheap_to_cause() && !self.events.admits_refusal(self.now(), place, &realm.event_keys) {
            return;
        }
        let record = self.record((realm.id(), &realm.event_keys), event);
        self.unwritten().push(record);
    }

    /// Ends a request: notes why it was not served, and hands over what is not written yet. If the database has been
    /// away for so long that nothing more can wait, the request is not served: nothing happens unrecorded.
    ///
    /// # Errors
    /// Those of `outcome`, and the fault just named.
    pub async fn conclude<T>(
        &self,
        realm: &RealmContext,
        outcome: Result<T, Failure>,
        (place, grant): (RefusedAt, Option<GrantType>),
    ) -> Result<T, Failure> {
        match &outcome {
            Ok(_) => {}
            Err(Failure::Refusal(refusal)) => self.note_refusal(realm, (place, grant), refusal),
            Err(Failure::Fault(fault)) => self.note_fault(realm, fault),
        }
        self.hand_over().await?;
        outcome
    }

    /// Notes that the request is refused.
    pub fn note_refusal(
        &self,
        realm: &RealmContext,
        (place, grant): (RefusedAt, Option<GrantType>),
        refusal: &Refusal,
    ) {
        // Whoever waits is told to wait: nothing was refused, and a poll costs no write.
        if matches!(refusal.code, ErrorCode::AuthorizationPending | ErrorCode::SlowDown) {
            return;
        }
        let fact = match place {
            RefusedAt::Endpoint(endpoint) if refusal.code == ErrorCode::InvalidClient => {
                Fact::ClientAuthenticationFailed { endpoint: endpoint.path(), refused: refusal.into() }
            }
            _ => Fact::refused(place, grant, refusal),
        };
        self.note(realm, fact.concerning(Parties::default()));
    }

    /// Notes that the server failed.
    pub fn note_fault(&self, realm: &RealmContext, fault: &Fault) {
        self.note(realm, Fact::failed(fault).concerning(Parties::default()));
    }

    /// Hands over what is not written yet.
    ///
    /// # Errors
    /// Too much waits to be written, and the database is away.
    pub async fn hand_over(&self) -> Result<(), Fault> {
        if self.unwritten().is_empty() {
            return Ok(());
        }
        self.events.make_room(self).await?;
        self.events.push(std::mem::take(&mut *self.unwritten()));
        Ok(())
    }

    /// Writes an event that tells of no change, and answers once it is committed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn write(&self, realm: &RealmContext, event: Event) -> Result<(), Fault> {
        let events = self.with_event(realm, event);
        self.store.append_events(&events).await?;
        self.written(&events);
        Ok(())
    }
}

impl Drop for Serving<'_> {
    /// The client went away, or the request failed on the way: what happened until then happened.
    fn drop(&mut self) {
        let left = std::mem::take(&mut *self.unwritten());
        if !left.is_empty() {
            self.events.push(left);
        }
    }
}

/// Makes the records of one request, in order.
pub(super) struct EventMaker {
    random: [u8; 8],
    next: AtomicU16,
}

impl EventMaker {
    pub(super) fn new(provider: &Provider) -> Self {
        Self { random: random::random_bytes(&*provider.random), next: AtomicU16::new(0) }
    }

    pub(super) fn make(
        &self,
        (realm_id, keys): (RealmId, &EventKeys),
        at: UnixMilliseconds,
        (request_id, address): (String, Option<IpAddr>),
        (event, passed): (Event, &[&'static str]),
    ) -> EventRecord {
        let Event { fact, parties } = event;
        let mut record = EventRecord {
            realm_id,
            id: event_id(at, self.random, self.next.fetch_add(1, Ordering::Relaxed)),
            recorded_at: at,
            request_id,
            kind: fact.kind().as_str().to_owned(),
            user_id: parties.user,
            client_id: parties.client.map(|client| client.to_string()),
            session_id: parties.session,
            address: address.map(|address| address.to_canonical().to_string()),
            details: details::write(&fact, passed),
            mac: [0; 32],
        };
        record.mac = keys.mac(&record);
        record
    }
}
