//! Storage of what pairwise subjects are made with.

use async_trait::async_trait;
use signet_protocol::identifiers::RealmId;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::PairwiseSaltRecord;

/// Storage of pairwise salts. None is ever changed or deleted while its realm exists.
#[async_trait]
pub trait PairwiseSalts: Send + Sync {
    /// Every salt of the realm, oldest first.
    async fn pairwise_salts(&self, realm_id: RealmId) -> StoreResult<Vec<PairwiseSaltRecord>>;

    /// Inserts a salt.
    ///
    /// # Errors
    /// `Duplicate` if the number is taken: somebody else was faster, and theirs counts.
    async fn insert_pairwise_salt(&self, salt: &PairwiseSaltRecord, events: &[EventRecord]) -> StoreResult<()>;
}
