//! An event as it is stored, and the one text that its hash is made of.

use signet_protocol::identifiers::{EventId, RealmId, SessionId, UserId};
use signet_protocol::time::UnixMilliseconds;

/// The layout of the canonical bytes. A new layout gets a new number.
const LAYOUT: u8 = 1;
/// Stands for the length of a member that is not there.
const ABSENT: u32 = u32::MAX;

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The realm whose chain it belongs to.
    pub realm_id: RealmId,
    /// Unique, and in the order of time within the realm.
    pub id: EventId,
    /// When it happened.
    pub recorded_at: UnixMilliseconds,
    /// The request it happened in.
    pub request_id: String,
    /// The text of an [`EventKind`](super::EventKind); of another version of Signet, perhaps one that this one does not
    /// know.
    pub kind: String,
    /// The person concerned.
    pub user_id: Option<UserId>,
    /// The application concerned.
    pub client_id: Option<String>,
    /// The session concerned, by its public name.
    pub session_id: Option<SessionId>,
    /// The network address of the request.
    pub address: Option<String>,
    /// An object in JSON, at most 8 KiB.
    pub details: String,
    /// Authenticates all of the above as written by a server of this realm.
    pub mac: [u8; 32],
}

impl EventRecord {
    /// The bytes that stand for this event wherever it is authenticated: the number of the layout, then each member with
    /// its length in front (four bytes, big endian; `FFFFFFFF` where there is none). No two events have the same bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(160 + self.details.len());
        bytes.push(LAYOUT);
        let recorded_at = self.recorded_at.0.to_be_bytes();
        let members: [Option<&[u8]>; 10] = [
            Some(&self.realm_id.0),
            Some(&self.id.0),
            Some(&recorded_at),
            Some(self.request_id.as_bytes()),
            Some(self.kind.as_bytes()),
            self.user_id.as_ref().map(|id| id.0.as_slice()),
            self.client_id.as_ref().map(String::as_bytes),
            self.session_id.as_ref().map(|id| id.0.as_slice()),
            self.address.as_ref().map(String::as_bytes),
            Some(self.details.as_bytes()),
        ];
        for member in members {
            // Columns are far shorter than 4 GiB.
            let length = member.map_or(ABSENT, |bytes| u32::try_from(bytes.len()).unwrap_or(ABSENT - 1));
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(member.unwrap_or_default());
        }
        bytes
    }
}

/// An event with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its number, from 1, without gaps.
    pub sequence: i64,
    /// The hash that links it to all before it, as stored.
    pub hash: Vec<u8>,
    /// The event; nothing if its row does not read any more.
    pub record: Option<EventRecord>,
}

/// An event as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRecord {
    /// Its number in the chain; nothing while it waits to be sealed.
    pub sequence: Option<i64>,
    /// The event.
    pub record: EventRecord,
}

/// The identifier of an event: milliseconds, what is random of its request, and its number within the request.
pub(super) fn event_id(at: UnixMilliseconds, random: [u8; 8], number: u16) -> EventId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    id[6..14].copy_from_slice(&random);
    id[14..].copy_from_slice(&number.to_be_bytes());
    EventId(id)
}

/// The lowest identifier of a moment.
pub fn first_event_id(at: UnixMilliseconds) -> EventId {
    event_id(at, [0; 8], 0)
}
