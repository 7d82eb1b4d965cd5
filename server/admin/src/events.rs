//! What happened, and whether the record of it is whole. Nothing here changes anything.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::events::{Break, EventKind, ListedRecord, Verification};
use signet_core::ports::{self, EventQuery};
use signet_core::protocol::identifiers::{ClientId, EventId, RealmName, RequestId, UserId};
use signet_core::protocol::rfc3339;
use signet_core::registry;

use crate::administrator::Administrator;
use crate::answer::Answered;
use crate::filter::{Moment, Order};
use crate::openapi::Tag;
use crate::paging::{Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;

/// Something that happened.
#[derive(Object)]
pub(crate) struct AuditEvent {
    /// Unique, and in the order of time.
    id: String,
    /// Its number in the chain; `null` while it waits to be sealed.
    #[oai(nullable)]
    sequence: Option<i64>,
    /// When it happened.
    recorded_at: String,
    /// The request it happened in: the support code of error pages, the `X-Request-Id` of answers.
    request_id: String,
    /// What kind of thing happened.
    kind: String,
    /// The user concerned.
    #[oai(nullable)]
    user_id: Option<String>,
    /// The client concerned.
    #[oai(nullable)]
    client_id: Option<String>,
    /// The browser session concerned: the `sid` of tokens.
    #[oai(nullable)]
    session_id: Option<String>,
    /// The network address of the request.
    #[oai(nullable)]
    address: Option<String>,
    /// What else there is to say; its members depend on the kind.
    details: Value,
}

/// What a check of the chain found.
#[derive(Object)]
pub(crate) struct AuditChain {
    /// Whether every event is as it was written, and in its place.
    holds: bool,
    /// The number of the last sealed event; 0 where there is none.
    sealed: i64,
    /// That number with the hash of the event, to be noted elsewhere: `signet audit verify --checkpoint` finds out
    /// whether events were cut off since.
    checkpoint: String,
    /// The number of the first event that is kept.
    first: i64,
    /// How many sealed events were looked at.
    checked: u64,
    /// How many events wait to be sealed.
    waiting: u64,
    /// How many of those were changed, or not written by the server.
    forged_waiting: u64,
    /// Where the chain does not hold, by number; at most 100.
    breaks: Vec<AuditBreak>,
    /// How many places there are in all.
    broken: u64,
}

/// A place where the chain does not hold.
#[derive(Object)]
pub(crate) struct AuditBreak {
    /// The number of the event.
    sequence: i64,
    /// What is wrong there.
    damage: String,
}

impl AuditEvent {
    pub(crate) fn of(listed: ListedRecord) -> Self {
        let ListedRecord { sequence, record } = listed;
        Self {
            id: record.id.to_string(),
            sequence,
            recorded_at: rfc3339::write(record.recorded_at),
            request_id: record.request_id,
            kind: record.kind,
            user_id: record.user_id.map(|id| id.to_string()),
            client_id: record.client_id,
            session_id: record.session_id.map(|id| id.to_string()),
            address: record.address,
            details: serde_json::from_str(&record.details).unwrap_or(Value::String(record.details)),
        }
    }
}

impl AuditChain {
    fn of(found: &Verification) -> Self {
        let shown = |found: &Break| AuditBreak { sequence: found.sequence, damage: found.damage.to_string() };
        Self {
            holds: found.holds(),
            sealed: found.sealed,
            checkpoint: found.checkpoint(),
            first: found.first,
            checked: found.checked,
            waiting: found.waiting,
            forged_waiting: found.forged_waiting,
            breaks: found.breaks.iter().map(shown).collect(),
            broken: found.broken,
        }
    }
}

/// Which events a request asks for.
struct Wanted {
    since: Option<Moment>,
    until: Option<Moment>,
    kind: Option<EventKind>,
    user: Option<UserId>,
    client: Option<ClientId>,
    request: Option<RequestId>,
}

impl Wanted {
    fn query(self, order: Option<Order>, after: Option<EventId>) -> EventQuery {
        EventQuery {
            since: self.since.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
            kind: self.kind,
            user: self.user,
            client: self.client,
            request: self.request,
            newest_first: order != Some(Order::OldestFirst),
            after,
        }
    }
}

/// The operations on what happened.
pub(crate) struct Events;

#[OpenApi(tag = "Tag::Audit")]
impl Events {
    /// Lists what happened in a realm. What was just done may take a tenth of a second to appear.
    #[expect(clippy::too_many_arguments, reason = "each query parameter of the operation is one")]
    #[oai(path = "/realms/:realm/audit-events", method = "get", operation_id = "listAuditEvents")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<EventId>,
        /// `newest` first, which is the default, or `oldest` first.
        order: Choice<Order>,
        /// Not before this time (RFC 3339).
        since: Choice<Moment>,
        /// Before this time (RFC 3339).
        until: Choice<Moment>,
        /// Of this kind.
        kind: Choice<EventKind>,
        /// About this user.
        user_id: Choice<UserId>,
        /// About this client.
        client_id: Choice<ClientId>,
        /// Of the request with this support code.
        request_id: Choice<RequestId>,
    ) -> Result<Answered<Page<AuditEvent>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = Wanted {
            since: since.0,
            until: until.0,
            kind: kind.0,
            user: user_id.0,
            client: client_id.0,
            request: request_id.0,
        };
        let query = wanted.query(order.0, cursor.after());
        let page: ports::Page<ListedRecord> =
            registry::list_events(administrator.provider(), realm.id(), &query, limit.most()).await?;
        Ok(Answered::Answer(Json(Page::of(page, |listed| Ok(AuditEvent::of(listed)))?)))
    }

    /// Checks that no event of a realm was changed, removed, inserted or moved. Reads every event that is kept, so that one
    /// check of a realm runs at a time; others are answered with 503 and `Retry-After`.
    #[oai(path = "/realms/:realm/audit-chain", method = "get", operation_id = "checkAuditChain")]
    async fn check(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
    ) -> Result<Answered<AuditChain>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let found = registry::verify_events(administrator.provider(), realm.id()).await?;
        Ok(Answered::Answer(Json(AuditChain::of(&found))))
    }
}
