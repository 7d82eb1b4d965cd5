//! A pushed authorization request (RFC 9126).

use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::time::UnixTime;

/// Names a pushed request: the SHA-256 of the random part of its `request_uri`, which itself is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PushedReference(pub [u8; 32]);

/// A request that a client has pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// The realm it was pushed to.
    pub realm_id: RealmId,
    /// Its name.
    pub reference: PushedReference,
    /// The client that pushed it, and the only one that may use it (RFC 9126 section 2.2).
    pub client_id: ClientId,
    /// What was asked for, encrypted under the realm's data key.
    pub content: Vec<u8>,
    /// Whether it was answered: then it is of no use any more.
    pub completed: bool,
    /// Until when a browser may begin with it.
    pub opens_until: UnixTime,
    /// Until when it is kept for whoever has begun.
    pub expires_at: UnixTime,
}
