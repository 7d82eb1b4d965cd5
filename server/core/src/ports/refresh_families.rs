//! Storage of refresh token families.

use async_trait::async_trait;
use signet_protocol::identifiers::{Lineage, RealmId};
use signet_protocol::time::UnixTime;

use super::{StandingQuery, StoreResult};
use crate::events::EventRecord;
use crate::model::{Purpose, RefreshFamily, UsedRecord};

/// A use of a refresh token.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The family as it was read.
    pub lineage: Lineage,
    /// The generation that was presented; it must still be the current one.
    pub generation: i64,
    /// The next generation, or the same for a client whose tokens do not rotate.
    pub next_generation: i64,
    /// Now.
    pub rotated_at: UnixTime,
    /// The new idle end.
    pub idle_expires_at: UnixTime,
    /// What must still stand at the moment of writing.
    pub standing: StandingQuery,
    /// What came along to prove something, and counts once, to be marked in the same transaction.
    pub proofs: Vec<UsedRecord>,
}

/// What became of a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationOutcome {
    /// This use was first.
    Rotated,
    /// The family is not active at that generation any more, or what it rests on does not stand; nothing changed.
    /// Read the family again to see which.
    Superseded,
    /// A proof of this kind had been used before; nothing changed.
    ProofReplayed(Purpose),
}

/// Storage of refresh token families.
#[async_trait]
pub trait RefreshFamilies: Send + Sync {
    /// The family.
    async fn refresh_family(&self, realm_id: RealmId, lineage: Lineage) -> StoreResult<Option<RefreshFamily>>;

    /// Moves the family on if it is active at the generation presented and the standing holds: one conditional
    /// `UPDATE`, with the proofs' records in the same transaction.
    async fn rotate(
        &self,
        realm_id: RealmId,
        rotation: &Rotation,
        events: &[EventRecord],
    ) -> StoreResult<RotationOutcome>;

    /// Ends a lineage: the family becomes inactive and the lineage goes on the deny list until `denied_until`, in one
    /// transaction. Works without a family as well.
    async fn close_lineage(
        &self,
        realm_id: RealmId,
        lineage: Lineage,
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}
