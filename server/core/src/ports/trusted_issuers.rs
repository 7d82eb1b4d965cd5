//! Storage of trusted issuers.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, TrustedIssuerId};

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::TrustedIssuer;

/// Storage of trusted issuers. A realm has at most 100.
#[async_trait]
pub trait TrustedIssuers: Send + Sync {
    /// Inserts an issuer.
    ///
    /// # Errors
    /// `Duplicate` if the realm has one of this name.
    async fn insert_trusted_issuer(&self, trusted: &TrustedIssuer, events: &[EventRecord]) -> StoreResult<()>;

    /// The realm's trusted issuers by name.
    async fn trusted_issuers(&self, realm_id: RealmId) -> StoreResult<Vec<TrustedIssuer>>;

    /// Replaces issuer, definition and `updated_at`, if the stored revision is the one given, which then goes up by one.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Duplicate` if the new name is taken.
    async fn update_trusted_issuer(&self, trusted: &TrustedIssuer, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes an issuer.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_trusted_issuer(
        &self,
        realm_id: RealmId,
        id: TrustedIssuerId,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}
