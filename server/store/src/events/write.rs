//! Writing events: one statement, in whatever transaction it is for.

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::events::EventRecord;

use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Patience, Work};

/// The columns of a new event, in the order of [`values_of`].
const COLUMNS: &str =
    "realm_id, id, recorded_at, request_id, kind, user_id, client_id, session_id, address, details, mac";
const MARKS: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Writes events. One that is there already stays as it is: whoever does not know whether a commit arrived may write
/// again.
async fn insert_events(session: &Session<'_>, events: &[EventRecord]) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let rows = vec![MARKS; events.len()].join(", ");
    let known = match session.backend() {
        DatabaseBackend::MySql => "ON DUPLICATE KEY UPDATE id = VALUES(id)",
        _ => "ON CONFLICT DO NOTHING",
    };
    let insert = format!("INSERT INTO audit_events ({COLUMNS}) VALUES {rows} {known}");
    session.execute(&insert, events.iter().flat_map(values_of).collect()).await.map(drop)
}

fn values_of(event: &EventRecord) -> [Value; 11] {
    let id = |id: Option<&[u8; 16]>| Value::from(id.map(|id| id.to_vec()));
    [
        sql::bytes(&event.realm_id.0),
        sql::bytes(&event.id.0),
        event.recorded_at.0.into(),
        event.request_id.as_str().into(),
        event.kind.as_str().into(),
        id(event.user_id.as_ref().map(|id| &id.0)),
        event.client_id.clone().into(),
        id(event.session_id.as_ref().map(|id| &id.0)),
        event.address.clone().into(),
        event.details.as_str().into(),
        sql::bytes(&event.mac),
    ]
}

/// Work with the events that tell of it. They are written if the work stays, in its transaction.
pub(crate) struct Recorded<W> {
    pub(crate) work: W,
    pub(crate) events: Vec<EventRecord>,
}

#[async_trait]
impl<W: Work> Work for Recorded<W> {
    type Outcome = W::Outcome;
    const PATIENCE: Patience = W::PATIENCE;

    fn is_one_statement(&self) -> bool {
        self.events.is_empty() && self.work.is_one_statement()
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<W::Outcome>, Failure> {
        let ending = self.work.run(session).await?;
        if matches!(ending, Ending::Commit(_)) {
            insert_events(session, &self.events).await?;
        }
        Ok(ending)
    }
}

pub(super) struct AppendEvents {
    pub(super) events: Vec<EventRecord>,
}

#[async_trait]
impl Work for AppendEvents {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        insert_events(session, &self.events).await?;
        Ok(Ending::Commit(()))
    }
}
