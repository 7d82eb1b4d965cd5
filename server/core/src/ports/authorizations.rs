//! Storage of what users allowed clients.

use async_trait::async_trait;
use signet_protocol::identifiers::{AuthorizationId, ClientId, RealmId, UserId};

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{Authorization, UsedRecord};

/// Storage of what users allowed clients.
#[async_trait]
pub trait Authorizations: Send + Sync {
    /// The consent in a slot.
    async fn authorization(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        client_id: &ClientId,
        slot: &str,
    ) -> StoreResult<Option<Authorization>>;

    /// The consent or grant of an identifier.
    async fn authorization_by_id(&self, realm_id: RealmId, id: AuthorizationId) -> StoreResult<Option<Authorization>>;

    /// Closes the consent form and stores the consent (inserted, or scope, claims, resources and `updated_at` of the existing row
    /// in the slot replaced; its id and `created_at` stay, and its epoch, which goes up by one for any slot but the default one): one transaction. Answers what is stored afterwards,
    /// or nothing if the form had been answered before, in which case nothing changed.
    async fn record_consent(
        &self,
        form: &UsedRecord,
        authorization: &Authorization,
        events: &[EventRecord],
    ) -> StoreResult<Option<Authorization>>;

    /// The user's consents, newest first, at most 1000.
    async fn authorizations_of_user(&self, realm_id: RealmId, user_id: UserId) -> StoreResult<Vec<Authorization>>;

    /// Deletes a consent of this user in one transaction; says whether there was one. With that of the default slot go the
    /// refresh families of the same user and client, unless the client manages grants beside: then, as with a grant, what
    /// rests on it is dead and goes when it expires.
    async fn revoke_authorization(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        id: AuthorizationId,
        events: &[EventRecord],
    ) -> StoreResult<bool>;
}
