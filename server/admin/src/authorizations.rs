//! What users allowed clients.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::model;
use signet_core::protocol::identifiers::{AuthorizationId, RealmName, UserId};
use signet_core::registry;

use crate::administrator::Administrator;
use crate::answer::{Answered, Done, Shown};
use crate::entity_tag::Precondition;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// What a user allowed a client: an ordinary consent, or a grant that the client manages.
#[derive(Object)]
pub(crate) struct Authorization {
    /// For ever; the `grant_id` of a managed grant.
    #[oai(read_only)]
    id: String,
    /// Who allowed it.
    #[oai(read_only)]
    user_id: String,
    /// To whom.
    #[oai(read_only)]
    client_id: String,
    /// Whether the client manages it (Grant Management for OAuth 2.0).
    #[oai(read_only)]
    managed: bool,
    /// The scope values, space-delimited.
    #[oai(read_only)]
    scope: String,
    /// Single claims beyond the scope.
    #[oai(read_only)]
    claims: Vec<String>,
    /// Resource servers.
    #[oai(read_only)]
    resources: Vec<String>,
    /// What was allowed in detail (RFC 9396).
    #[oai(read_only, rename = "authorization_details")]
    details: Vec<Value>,
    /// When it was first given.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

impl Authorization {
    fn of(authorization: model::Authorization) -> Self {
        let detail = |detail: &model::AuthorizationDetail| Value::Object(detail.members().clone());
        Self {
            id: authorization.id.to_string(),
            user_id: authorization.user_id.to_string(),
            client_id: authorization.client_id.to_string(),
            managed: authorization.slot != model::DEFAULT_SLOT,
            scope: authorization.scope.to_string(),
            claims: authorization.claims,
            resources: authorization.resources,
            details: authorization.details.iter().map(detail).collect(),
            created_at: Timestamp(authorization.created_at),
            updated_at: Timestamp(authorization.updated_at),
        }
    }
}

/// The operations on what users allowed clients.
pub(crate) struct Authorizations;

#[OpenApi(tag = "Tag::Authorizations")]
impl Authorizations {
    /// Lists what a user allowed clients, by identifier; at most the 1000 that changed last.
    #[expect(clippy::too_many_arguments, reason = "each parameter of the operation is one")]
    #[oai(path = "/realms/:realm/users/:id/authorizations", method = "get", operation_id = "listUserAuthorizations")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UserId>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<AuthorizationId>,
    ) -> Result<Answered<Page<Authorization>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let listed = registry::list_authorizations(administrator.provider(), &realm, id.0).await?;
        let page = paging::cut(listed, &paging::wanted(&limit, &cursor), |one| one.id.to_string());
        Ok(Answered::Answer(Json(Page::of(page, |one| Ok(Authorization::of(one)))?)))
    }

    /// Shows what a user allowed a client.
    #[oai(path = "/realms/:realm/authorizations/:id", method = "get", operation_id = "showAuthorization")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<AuthorizationId>,
    ) -> Result<Shown<Authorization>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let found = registry::find_authorization(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(Authorization::of(found)))
    }

    /// Ends what a user allowed a client, with every token that rests on it.
    #[oai(path = "/realms/:realm/authorizations/:id", method = "delete", operation_id = "revokeAuthorization")]
    async fn revoke(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<AuthorizationId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        precondition.check(&Authorization::of(registry::find_authorization(provider, &realm, id.0).await?))?;
        registry::revoke_authorization(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
