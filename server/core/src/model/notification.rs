//! What CIBA has to tell somebody.

use signet_protocol::identifiers::{ClientId, RealmId, RealmName};

use super::DeferredReference;

/// What is told, and to whom. The number is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Notification {
    /// The service that reaches the user's device: that somebody asks.
    Device = 1,
    /// The client: that there is an answer (CIBA Core 10.2).
    Ping = 2,
    /// The client: the answer (CIBA Core 10.3).
    Push = 3,
}

/// Something that waits to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationDelivery {
    /// Its number.
    pub number: i64,
    /// The realm.
    pub realm_id: RealmId,
    /// The realm's name.
    pub realm: RealmName,
    /// The request that it is about.
    pub reference: DeferredReference,
    /// What is told.
    pub notification: Notification,
    /// The client that made the request.
    pub client_id: ClientId,
    /// How often it was tried.
    pub attempts: i64,
}
