//! Storage of what users allowed clients.

use async_trait::async_trait;
use signet_protocol::identifiers::{AuthorizationId, ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{Authorization, ClientAccess, Completion};

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
    /// in the slot replaced; its id, epoch and `created_at` stay, but the epoch of a grant goes up by one): one transaction.
    /// Answers what is stored afterwards, or nothing if the form or its request had been answered before, in which case
    /// nothing changed.
    async fn record_consent(
        &self,
        form: &Completion,
        authorization: &Authorization,
        events: &[EventRecord],
    ) -> StoreResult<Option<Authorization>>;

    /// The user's consents, newest first, at most 1000.
    async fn authorizations_of_user(&self, realm_id: RealmId, user_id: UserId) -> StoreResult<Vec<Authorization>>;

    /// Deletes a consent of this user in one transaction; says whether there was one. With that of the default slot go the
    /// refresh families of the same user and client, and the client out of the user's sessions as
    /// [`Authorizations::end_client_access`] does, unless the client manages grants beside: then, as with a grant, what
    /// rests on it is dead and goes when it expires.
    async fn revoke_authorization(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        id: AuthorizationId,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// The clients that have refresh tokens of the user or take part in a session that ends after `now`, with or without
    /// consent, by identifier.
    async fn client_access_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        now: UnixTime,
    ) -> StoreResult<Vec<ClientAccess>>;

    /// Deletes the refresh families of this user and client, with their lineages denied until then, and takes the client
    /// out of the user's sessions, with a delivery where it wants to be told by the back channel: one transaction. Says
    /// whether there was anything.
    async fn end_client_access(
        &self,
        realm_id: RealmId,
        (user_id, client_id): (UserId, &ClientId),
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool>;
}
