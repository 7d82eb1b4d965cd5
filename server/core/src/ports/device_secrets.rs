//! Storage of device secrets.

use async_trait::async_trait;
use signet_protocol::identifiers::RealmId;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{DeviceSecret, DeviceSecretHash};

/// Storage of device secrets (Native SSO for Mobile Apps 3.2).
#[async_trait]
pub trait DeviceSecrets: Send + Sync {
    /// Keeps a secret in the place of the one that its lineage had, and of the one that it rotates: one transaction. Of
    /// several at the same time one stays.
    async fn keep_device_secret(&self, secret: &DeviceSecret, rotated: Option<DeviceSecretHash>) -> StoreResult<()>;

    /// The secret of a hash; expiry and what it rests on are the caller's to check.
    async fn device_secret(&self, realm_id: RealmId, hash: DeviceSecretHash) -> StoreResult<Option<DeviceSecret>>;

    /// Forgets a secret; says whether it was there.
    async fn forget_device_secret(
        &self,
        realm_id: RealmId,
        hash: DeviceSecretHash,
        events: &[EventRecord],
    ) -> StoreResult<bool>;
}
