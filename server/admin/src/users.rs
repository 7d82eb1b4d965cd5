//! Users and their passwords.

use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::model;
use signet_core::protocol::identifiers::{RealmName, UserId};
use signet_core::registry::{self, UserChange};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A user.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct User {
    /// For ever; the `sub` claim. Never used again after deletion.
    #[oai(read_only)]
    id: String,
    /// The login name: 1 to 255 bytes. Upper and lower case do not make different names.
    username: String,
    /// The password, at creation only; afterwards PUT it to the user's password.
    #[oai(write_only)]
    password: Option<String>,
    /// Whether the user may log in. Disabling ends sessions and everything that was issued for the user.
    #[oai(default = "yes")]
    enabled: bool,
    /// Standard claims (OpenID Connect Core 5.1) without `sub` and `updated_at`, in their types; text claims may have
    /// a language tag, such as `name#de`.
    #[oai(default)]
    claims: BTreeMap<String, Value>,
    /// What the organization knows besides, for scripts whose manifests name it: at most 64 names of 1 to 128 printable
    /// ASCII characters that are not those of standard claims, each with any JSON but null, at most 4 KiB; together at
    /// most 16 KiB. No token shows them unless a script says so.
    #[oai(default)]
    attributes: BTreeMap<String, Value>,
    /// When the user was made.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When the user last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// A password to be set.
#[derive(Object)]
pub(crate) struct Password {
    /// The password, of at least as many characters as the realm's policy demands.
    password: String,
}

/// A user code to be set.
#[derive(Object)]
pub(crate) struct UserCode {
    /// The code, of 6 to 64 characters; the user has none any more when absent.
    user_code: Option<String>,
}

fn yes() -> bool {
    true
}

impl User {
    fn of(user: model::User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username,
            password: None,
            enabled: user.enabled,
            claims: user.claims.into_iter().collect(),
            attributes: user.attributes.into_iter().collect(),
            created_at: Timestamp(user.created_at),
            updated_at: Timestamp(user.updated_at),
        }
    }

    fn into_change(self) -> UserChange {
        UserChange {
            username: self.username,
            enabled: self.enabled,
            claims: self.claims.into_iter().collect(),
            attributes: self.attributes.into_iter().collect(),
        }
    }
}

/// The operations on users.
pub(crate) struct Users;

#[OpenApi(tag = "Tag::Users")]
impl Users {
    /// Lists the users of a realm by identifier.
    #[oai(path = "/realms/:realm/users", method = "get", operation_id = "listUsers")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<UserId>,
    ) -> Result<Answered<Page<User>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_users(administrator.provider(), &realm, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |user| Ok(User::of(user)))?)))
    }

    /// Makes a user, with a password if one is given.
    #[oai(path = "/realms/:realm/users", method = "post", operation_id = "createUser")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        user: New<User>,
    ) -> Result<Created<User>, Problem> {
        let mut document = user.read()?;
        let realm = administrator.realm(&realm.0).await?;
        let password = document.password.take();
        let made = registry::create_user(&administrator.serving(), &realm, document.into_change(), password.as_deref())
            .await?;
        let id = made.id.to_string();
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "users", &id]);
        Ok(Created::at(location, User::of(made)))
    }

    /// Shows a user.
    #[oai(path = "/realms/:realm/users/:id", method = "get", operation_id = "showUser")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
    ) -> Result<Shown<User>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        Ok(Shown::of(User::of(registry::find_user(administrator.provider(), &realm, id.0).await?)))
    }

    /// Changes a user.
    #[oai(path = "/realms/:realm/users/:id", method = "patch", operation_id = "updateUser")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
        patch: Patch<User>,
    ) -> Result<Shown<User>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::find_user(provider, &realm, id.0).await?;
                let document = patch.onto(&User::of(before.clone()))?;
                if document.password.is_some() {
                    return Err(Problem::invalid("password", "is set by a PUT to the user's password"));
                }
                let after =
                    registry::update_user(&administrator.serving(), &realm, before, document.into_change()).await?;
                Ok(Shown::of(User::of(after)))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Deletes a user for ever.
    #[oai(path = "/realms/:realm/users/:id", method = "delete", operation_id = "deleteUser")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        precondition.check(&User::of(registry::find_user(provider, &realm, id.0).await?))?;
        registry::delete_user(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }

    /// Sets a user's password. Sessions and everything that was issued for the user end.
    #[oai(path = "/realms/:realm/users/:id/password", method = "put", operation_id = "setUserPassword")]
    async fn set_password(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
        password: New<Password>,
    ) -> Result<Done, Problem> {
        let password = password.read()?.password;
        let realm = administrator.realm(&realm.0).await?;
        registry::set_password(&administrator.serving(), &realm, id.0, &password).await?;
        Ok(Done::Done)
    }

    /// Revokes everything that was issued for a user until now, and ends the user's sessions; clients are told by the back
    /// channel. The password and what the user allowed clients stay.
    #[oai(path = "/realms/:realm/users/:id/revocation", method = "post", operation_id = "revokeAllOfUser")]
    async fn revoke_all(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
    ) -> Result<Done, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        registry::revoke_all_of_user(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }

    /// Sets or removes the code that a user gives to clients that have them asked at their device (CIBA Core 7.1.2). Nothing
    /// ends.
    #[oai(path = "/realms/:realm/users/:id/user-code", method = "put", operation_id = "setUserCode")]
    async fn set_user_code(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
        code: New<UserCode>,
    ) -> Result<Done, Problem> {
        let code = code.read()?.user_code;
        let realm = administrator.realm(&realm.0).await?;
        match code {
            Some(code) => registry::set_user_code(&administrator.serving(), &realm, id.0, &code).await?,
            None => registry::remove_user_code(&administrator.serving(), &realm, id.0).await?,
        }
        Ok(Done::Done)
    }
}
