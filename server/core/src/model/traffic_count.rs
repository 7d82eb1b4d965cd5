//! What clients did, counted by day.

use signet_protocol::identifiers::{ClientId, RealmId};

use crate::profile::ProfileName;

/// Requests of a client on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficCount {
    /// The realm.
    pub realm_id: RealmId,
    /// The client.
    pub client_id: ClientId,
    /// Days since 1970, in UTC.
    pub day: i64,
    /// The profile that would have refused them; nothing where it is all requests of a kind.
    pub profile: Option<ProfileName>,
    /// The kind of request, or the demand that they fail.
    pub subject: String,
    /// How many.
    pub requests: i64,
}
