//! Storage of users and their credentials.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, UserId};

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::{PasswordCredential, User};

/// Storage of users and their credentials.
#[async_trait]
pub trait Users: Send + Sync {
    /// Inserts a user, with a password if given, in one transaction.
    ///
    /// # Errors
    /// `Duplicate` if the normalised login name is taken in the realm.
    async fn insert_user(
        &self,
        user: &User,
        password: Option<&PasswordCredential>,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// The user, enabled or not.
    async fn user(&self, realm_id: RealmId, id: UserId) -> StoreResult<Option<User>>;

    /// The user of a normalised login name with the password, in one statement.
    async fn user_by_username(
        &self,
        realm_id: RealmId,
        normalised: &str,
    ) -> StoreResult<Option<(User, Option<PasswordCredential>)>>;

    /// The realm's users by identifier.
    async fn list_users(&self, realm_id: RealmId, page: &PageRequest) -> StoreResult<Page<User>>;

    /// Replaces everything but the identifiers and `created_at`; the epoch is stored as given, but never lowered.
    /// Only if the stored revision is the one given, which then goes up by one. The sessions of a user who is disabled
    /// end in the same transaction.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Duplicate` if the new login name is taken.
    async fn update_user(&self, user: &User, events: &[EventRecord]) -> StoreResult<()>;

    /// Sets the password, raises the user's epoch and deletes the user's browser sessions, in one transaction.
    ///
    /// # Errors
    /// `Missing` if the user is not there.
    async fn set_password(
        &self,
        realm_id: RealmId,
        id: UserId,
        password: &PasswordCredential,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// Adds one to the epoch: everything issued for the user before is dead. Ends the user's browser sessions in the
    /// same transaction. The user's revision goes up by one.
    ///
    /// # Errors
    /// `Missing`.
    async fn raise_user_epoch(&self, realm_id: RealmId, id: UserId, events: &[EventRecord]) -> StoreResult<()>;

    /// The stored form of the user's code (CIBA Core 7.1.2).
    async fn user_code(&self, realm_id: RealmId, id: UserId) -> StoreResult<Option<String>>;

    /// Sets the user's code in the place of the one that was there, or removes it, in one transaction.
    ///
    /// # Errors
    /// `Missing` if the user is not there.
    async fn set_user_code(
        &self,
        realm_id: RealmId,
        id: UserId,
        code: Option<&PasswordCredential>,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// Deletes the user with credentials, sessions, authorizations and refresh families, in one transaction.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_user(&self, realm_id: RealmId, id: UserId, events: &[EventRecord]) -> StoreResult<()>;
}
