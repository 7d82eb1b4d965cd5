//! The port of users and their credentials.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::{PasswordCredential, User};
use signet_core::ports::{Page, PageRequest, StoreError, StoreResult, Users};
use signet_protocol::identifiers::{CredentialId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, never_lower, to_json, was_changed};
use crate::database::Database;
use crate::entity::{credential, user};
use crate::failure::Failure;
use crate::realms::page_of;
use crate::session::Session;
use crate::session_ends::end_all_of_user;
use crate::sql;
use crate::text::{may_be_stored, storable};
use crate::work::{Ending, Work};

const PASSWORD: &str = "password";
const USER_CODE: &str = "user_code";

#[async_trait]
impl Users for Database {
    async fn insert_user(
        &self,
        user: &User,
        password: Option<&PasswordCredential>,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(InsertUser { user: user.clone(), password: password.cloned() }, events).await
    }

    async fn user(&self, realm_id: RealmId, id: UserId) -> StoreResult<Option<User>> {
        let find = user::Entity::find_by_id((realm_id.0.to_vec(), id.0.to_vec()));
        self.read_one(find, user_of).await
    }

    async fn user_by_username(
        &self,
        realm_id: RealmId,
        normalised: &str,
    ) -> StoreResult<Option<(User, Option<PasswordCredential>)>> {
        if !may_be_stored(normalised) {
            return Ok(None);
        }
        let select = "SELECT u.realm_id, u.user_id, u.username, u.username_normalised, u.enabled, u.claims, u.attributes, \
                      u.epoch, u.created_at, u.updated_at, u.revision, c.credential_id, c.secret, c.updated_at AS set_at \
                      FROM users u LEFT JOIN credentials c \
                      ON c.realm_id = u.realm_id AND c.user_id = u.user_id AND c.kind = 'password' \
                      WHERE u.realm_id = ? AND u.username_normalised = ?";
        let session = self.reader();
        self.read(|| async {
            let Some(row) = session.row(select, vec![sql::bytes(&realm_id.0), normalised.into()]).await? else {
                return Ok(None);
            };
            let id: Option<Vec<u8>> = row.get("credential_id")?;
            let password = match id {
                Some(id) => Some(PasswordCredential {
                    id: CredentialId(fixed(id, "credentials.credential_id")?),
                    hash: row.get("secret")?,
                    updated_at: UnixTime(row.get("set_at")?),
                }),
                None => None,
            };
            let user = user_of(row.model::<user::Entity>()?)?;
            Ok(Some((user, password)))
        })
        .await
    }

    async fn list_users(&self, realm_id: RealmId, page: &PageRequest) -> StoreResult<Page<User>> {
        let after = match page.after.as_deref().map(str::parse::<UserId>).transpose() {
            Ok(after) => after.map_or_else(Vec::new, |after| after.0.to_vec()),
            Err(_) => return Err(StoreError::Missing("page")),
        };
        let find = user::Entity::find()
            .filter(user::Column::RealmId.eq(realm_id.0.to_vec()))
            .filter(user::Column::UserId.gt(after.clone()))
            .order_by_asc(user::Column::UserId)
            .limit(page.limit.saturating_add(1));
        let rows = self.read_all(find, user_of).await?;
        Ok(page_of(rows, page, |user: &User| user.id.to_string()))
    }

    async fn update_user(&self, user: &User, events: &[EventRecord]) -> StoreResult<()> {
        self.write_with(UpdateUser { user: user.clone() }, events).await
    }

    async fn set_password(
        &self,
        realm_id: RealmId,
        id: UserId,
        password: &PasswordCredential,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(SetPassword { realm_id, id, password: password.clone() }, events).await
    }

    async fn raise_user_epoch(&self, realm_id: RealmId, id: UserId, events: &[EventRecord]) -> StoreResult<()> {
        self.write_with(RaiseEpoch { realm_id, id }, events).await
    }

    async fn user_code(&self, realm_id: RealmId, id: UserId) -> StoreResult<Option<String>> {
        let find = credential::Entity::find()
            .filter(credential::Column::RealmId.eq(realm_id.0.to_vec()))
            .filter(credential::Column::UserId.eq(id.0.to_vec()))
            .filter(credential::Column::Kind.eq(USER_CODE));
        self.read_one(find, |row| Ok(row.secret)).await
    }

    async fn set_user_code(
        &self,
        realm_id: RealmId,
        id: UserId,
        code: Option<&PasswordCredential>,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(SetUserCode { realm_id, id, code: code.cloned() }, events).await
    }

    async fn delete_user(&self, realm_id: RealmId, id: UserId, events: &[EventRecord]) -> StoreResult<()> {
        self.write_with(DeleteUser { realm_id, id }, events).await
    }
}

fn user_of(row: user::Model) -> Result<User, Failure> {
    let attributes = row.attributes.as_deref().map(|attributes| from_json(attributes, "users.attributes"));
    Ok(User {
        realm_id: RealmId(fixed(row.realm_id, "users.realm_id")?),
        id: UserId(fixed(row.user_id, "users.user_id")?),
        username: row.username,
        username_normalised: row.username_normalised,
        enabled: row.enabled,
        claims: from_json(&row.claims, "users.claims")?,
        attributes: attributes.transpose()?.unwrap_or_default(),
        epoch: row.epoch,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

/// Everything that an update may change.
fn changeable(user: &User) -> Result<user::ActiveModel, Failure> {
    Ok(user::ActiveModel {
        username: Set(storable(&user.username, 255, "users.username")?),
        username_normalised: Set(storable(&user.username_normalised, 255, "users.username_normalised")?),
        enabled: Set(user.enabled),
        claims: Set(to_json(&user.claims, "users.claims")?),
        attributes: Set((!user.attributes.is_empty())
            .then(|| to_json(&user.attributes, "users.attributes"))
            .transpose()?),
        updated_at: Set(user.updated_at.0),
        ..user::ActiveModel::default()
    })
}

async fn insert_credential(
    session: &Session<'_>,
    (realm_id, user_id): (RealmId, UserId),
    (kind, password): (&str, &PasswordCredential),
) -> Result<(), Failure> {
    let row = credential::ActiveModel {
        realm_id: Set(realm_id.0.to_vec()),
        user_id: Set(user_id.0.to_vec()),
        credential_id: Set(password.id.0.to_vec()),
        kind: Set(kind.to_owned()),
        secret: Set(storable(&password.hash, 512, "credentials.secret")?),
        updated_at: Set(password.updated_at.0),
    };
    let inserted = session.change(&credential::Entity::insert(row)).await;
    inserted.map(drop).map_err(|failure| failure.naming("credential", "user"))
}

struct InsertUser {
    user: User,
    password: Option<PasswordCredential>,
}

#[async_trait]
impl Work for InsertUser {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        insert_account(session, &self.user, self.password.as_ref()).await?;
        Ok(Ending::Commit(()))
    }
}

/// Inserts a user, with a password if there is one.
pub(crate) async fn insert_account(
    session: &Session<'_>,
    user: &User,
    password: Option<&PasswordCredential>,
) -> Result<(), Failure> {
    let mut row = changeable(user)?;
    row.realm_id = Set(user.realm_id.0.to_vec());
    row.user_id = Set(user.id.0.to_vec());
    row.epoch = Set(user.epoch);
    row.revision = Set(user.revision);
    row.created_at = Set(user.created_at.0);
    let inserted = session.change(&user::Entity::insert(row)).await;
    inserted.map_err(|failure| failure.naming("user", "realm"))?;
    match password {
        Some(password) => insert_credential(session, (user.realm_id, user.id), (PASSWORD, password)).await,
        None => Ok(()),
    }
}

struct UpdateUser {
    user: User,
}

#[async_trait]
impl Work for UpdateUser {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.user)?;
        row.revision = Set(self.user.revision + 1);
        let update = user::Entity::update_many()
            .set(row)
            .col_expr(user::Column::Epoch, never_lower(user::Column::Epoch, self.user.epoch))
            .filter(user::Column::RealmId.eq(self.user.realm_id.0.to_vec()))
            .filter(user::Column::UserId.eq(self.user.id.0.to_vec()))
            .filter(user::Column::Revision.eq(self.user.revision));
        let updated = session.change(&update).await.map_err(|failure| failure.naming("user", "realm"))?;
        let user = vec![sql::bytes(&self.user.realm_id.0), sql::bytes(&self.user.id.0)];
        let stored = ("users WHERE realm_id = ? AND user_id = ?", user);
        was_changed(session, (updated, "user"), stored).await?;
        if !self.user.enabled {
            end_all_of_user(session, self.user.realm_id, self.user.id).await?;
        }
        Ok(Ending::Commit(()))
    }
}

struct SetPassword {
    realm_id: RealmId,
    id: UserId,
    password: PasswordCredential,
}

#[async_trait]
impl Work for SetPassword {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let user = || vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)];
        // First the user's row: whoever else sets a password waits here, so that there is never a second password.
        let raise = "UPDATE users SET epoch = epoch + 1 WHERE realm_id = ? AND user_id = ?";
        if session.execute(raise, user()).await? == 0 {
            return Err(StoreError::Missing("user").into());
        }
        let delete = "DELETE FROM credentials WHERE realm_id = ? AND user_id = ? AND kind = 'password'";
        session.execute(delete, user()).await?;
        insert_credential(session, (self.realm_id, self.id), (PASSWORD, &self.password)).await?;
        end_all_of_user(session, self.realm_id, self.id).await?;
        Ok(Ending::Commit(()))
    }
}

struct RaiseEpoch {
    realm_id: RealmId,
    id: UserId,
}

#[async_trait]
impl Work for RaiseEpoch {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        // The revision too: whoever disables the user in this moment raises the epoch above this one.
        let raise = "UPDATE users SET epoch = epoch + 1, revision = revision + 1 WHERE realm_id = ? AND user_id = ?";
        if session.execute(raise, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)]).await? == 0 {
            return Err(StoreError::Missing("user").into());
        }
        end_all_of_user(session, self.realm_id, self.id).await?;
        Ok(Ending::Commit(()))
    }
}

struct SetUserCode {
    realm_id: RealmId,
    id: UserId,
    code: Option<PasswordCredential>,
}

#[async_trait]
impl Work for SetUserCode {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let user = || vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)];
        // First the user's row: whoever else sets a code waits here, so that there is never a second one.
        let raise = "UPDATE users SET revision = revision + 1 WHERE realm_id = ? AND user_id = ?";
        if session.execute(raise, user()).await? == 0 {
            return Err(StoreError::Missing("user").into());
        }
        let delete = "DELETE FROM credentials WHERE realm_id = ? AND user_id = ? AND kind = 'user_code'";
        session.execute(delete, user()).await?;
        if let Some(code) = &self.code {
            insert_credential(session, (self.realm_id, self.id), (USER_CODE, code)).await?;
        }
        Ok(Ending::Commit(()))
    }
}

struct DeleteUser {
    realm_id: RealmId,
    id: UserId,
}

#[async_trait]
impl Work for DeleteUser {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let user = || vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)];
        // Credentials and consents go by their foreign keys.
        if session.execute("DELETE FROM users WHERE realm_id = ? AND user_id = ?", user()).await? == 0 {
            return Err(StoreError::Missing("user").into());
        }
        session.execute("DELETE FROM refresh_families WHERE realm_id = ? AND user_id = ?", user()).await?;
        end_all_of_user(session, self.realm_id, self.id).await?;
        Ok(Ending::Commit(()))
    }
}
