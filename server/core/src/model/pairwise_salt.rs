//! What pairwise subjects are made with.

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

/// A salt as stored: what the subjects of the users who were added since are made with, until there is a newer one. It
/// stays for as long as its realm, because without it those subjects could not be made again.
#[derive(Clone, PartialEq, Eq)]
pub struct PairwiseSaltRecord {
    /// The realm.
    pub realm_id: RealmId,
    /// Number within the realm, from 1.
    pub id: i64,
    /// 32 bytes, encrypted under the realm's data key.
    pub encrypted_salt: Vec<u8>,
    /// Users that were added earlier have the salt before; the first one has no salt before it.
    pub since: UnixTime,
}

impl std::fmt::Debug for PairwiseSaltRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PairwiseSaltRecord")
            .field("id", &self.id)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}
