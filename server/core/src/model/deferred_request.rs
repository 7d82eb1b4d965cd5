//! A request for authorization that is answered elsewhere than it was made: the device waits, and a person decides at
//! another one (RFC 8628, CIBA Core).

use signet_protocol::identifiers::{ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::{Client, Epochs, Realm};

/// Names a deferred request: the SHA-256 of the secret that the client polls with, which itself is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeferredReference(pub [u8; 32]);

/// By which standard a request waits. The number is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum DeferredKind {
    /// Device authorization (RFC 8628).
    Device = 1,
    /// Backchannel authentication (CIBA Core).
    Backchannel = 2,
}

/// What became of a request. The number is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum DeferredState {
    /// Nobody has answered.
    Pending = 0,
    /// A person agreed.
    Approved = 1,
    /// A person or the server refused.
    Denied = 2,
    /// The client has its tokens.
    Redeemed = 3,
}

/// A request for authorization that is answered elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredRequest {
    /// The realm it was made in.
    pub realm_id: RealmId,
    /// Its name.
    pub reference: DeferredReference,
    /// By which standard it waits.
    pub kind: DeferredKind,
    /// What the user types to find it, authenticated with a key of the realm; nothing where nothing is typed.
    pub user_code: Option<[u8; 32]>,
    /// The client that made it, and the only one that may have the tokens.
    pub client_id: ClientId,
    /// Who is asked, or who answered; nobody as long as nobody is known.
    pub user_id: Option<UserId>,
    /// What was asked for, encrypted under the realm's data key.
    pub content: Vec<u8>,
    /// The epochs it was made under; nothing of a node of the version before, while nodes are replaced.
    pub epochs: Option<Epochs>,
    /// What became of it.
    pub state: DeferredState,
    /// Seconds between two polls at least.
    pub interval: i64,
    /// What was agreed to, encrypted likewise; only while it is approved.
    pub answer: Option<Vec<u8>>,
    /// Until when it can be answered and redeemed.
    pub expires_at: UnixTime,
}

impl DeferredRequest {
    /// Whether it was made before everything of its realm or its client was revoked.
    pub fn is_revoked(&self, realm: &Realm, client: &Client) -> bool {
        self.epochs.is_some_and(|epochs| !epochs.stand(realm, client))
    }
}
