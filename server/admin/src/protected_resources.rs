//! What owners protect here, and requests for access that wait for their answer (User-Managed Access 2.0).

use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::{Value, json};
use signet_core::model;
use signet_core::ports::{UmaRequestFilter, UmaResourceFilter};
use signet_core::protocol::identifiers::{ClientId, RealmName, UmaRequestId, UmaResourceId, UserId};
use signet_core::registry;

use crate::administrator::Administrator;
use crate::answer::{Answered, Done, Shown};
use crate::entity_tag::Precondition;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::query::Choice;
use crate::timestamp::Timestamp;

/// A resource that its owner protects here.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ProtectedResource {
    /// For ever.
    #[oai(read_only)]
    id: String,
    /// The resource server, by the client that it is.
    #[oai(read_only)]
    resource_server: String,
    /// The owner, by identifier; absent for what is the resource server's own.
    #[oai(read_only)]
    owner_id: Option<String>,
    /// What the resource server says of it (UMA Federated Authorization section 3.1).
    #[oai(read_only)]
    description: Value,
    /// What the owner allows.
    #[oai(read_only)]
    policies: Vec<Value>,
    /// The scopes that were made of its patterns.
    #[oai(read_only)]
    spontaneous_scopes: Vec<SpontaneousScope>,
    /// When it was registered.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When description or policies last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// A scope that was made of a pattern.
#[derive(Object)]
struct SpontaneousScope {
    /// The scope.
    #[oai(read_only)]
    scope: String,
    /// The pattern.
    #[oai(read_only)]
    pattern: String,
    /// When the resource does not have it any more.
    #[oai(read_only)]
    expires_at: Timestamp,
}

impl SpontaneousScope {
    fn of(made: &model::SpontaneousScope) -> Self {
        Self { scope: made.scope.clone(), pattern: made.pattern.clone(), expires_at: Timestamp(made.expires_at) }
    }
}

impl ProtectedResource {
    fn of(resource: &model::UmaResource) -> Self {
        Self {
            id: resource.id.to_string(),
            resource_server: resource.keeper.server.to_string(),
            owner_id: resource.keeper.owner.map(|owner| owner.to_string()),
            description: json!(resource.description.as_registered()),
            policies: resource.policies.iter().map(|policy| json!(policy)).collect(),
            spontaneous_scopes: resource.spontaneous_scopes.iter().map(SpontaneousScope::of).collect(),
            created_at: Timestamp(resource.created_at),
            updated_at: Timestamp(resource.updated_at),
        }
    }
}

/// What became of a request for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[oai(rename_all = "lowercase")]
enum AccessRequestState {
    /// The owner has not answered.
    #[default]
    Pending,
    /// The owner allowed it, by a policy.
    Granted,
    /// The owner refused.
    Denied,
}

/// A request for access that is before a resource owner.
#[derive(Object)]
pub(crate) struct AccessRequest {
    /// For ever.
    #[oai(read_only)]
    id: String,
    /// Whose answer it waits for.
    #[oai(read_only)]
    owner_id: String,
    /// The resource server of what is asked for.
    #[oai(read_only)]
    resource_server: String,
    /// The requesting party.
    #[oai(read_only)]
    user_id: String,
    /// The client that the requesting party uses.
    #[oai(read_only)]
    client_id: String,
    /// What is asked for: `resource_id` and `resource_scopes`.
    #[oai(read_only)]
    permissions: Vec<Value>,
    /// What became of it.
    #[oai(read_only)]
    state: AccessRequestState,
    /// When it was made.
    #[oai(read_only)]
    created_at: Timestamp,
    /// Until when it can be answered.
    #[oai(read_only)]
    expires_at: Timestamp,
}

impl AccessRequest {
    fn of(request: &model::UmaRequest) -> Self {
        Self {
            id: request.id.to_string(),
            owner_id: request.owner_id.to_string(),
            resource_server: request.server.to_string(),
            user_id: request.user_id.to_string(),
            client_id: request.client_id.to_string(),
            permissions: request.permissions.iter().map(|permission| json!(permission)).collect(),
            state: match request.state {
                model::UmaRequestState::Pending => AccessRequestState::Pending,
                model::UmaRequestState::Granted => AccessRequestState::Granted,
                model::UmaRequestState::Denied => AccessRequestState::Denied,
            },
            created_at: Timestamp(request.created_at),
            expires_at: Timestamp(request.expires_at),
        }
    }
}

/// The operations on what owners protect here.
pub(crate) struct ProtectedResources;

#[OpenApi(tag = "Tag::ProtectedResources")]
impl ProtectedResources {
    /// Lists the protected resources of a realm, by identifier.
    #[expect(clippy::too_many_arguments, reason = "each query parameter of the operation is one")]
    #[oai(path = "/realms/:realm/protected-resources", method = "get", operation_id = "listProtectedResources")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Those of this owner only, by identifier.
        owner: Choice<UserId>,
        /// Those of this resource server only, by `client_id`.
        resource_server: Choice<ClientId>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<UmaResourceId>,
    ) -> Result<Answered<Page<ProtectedResource>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let filter = UmaResourceFilter { owner: owner.0, server: resource_server.0 };
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_protected_resources(administrator.provider(), &realm, &filter, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |one| Ok(ProtectedResource::of(&one)))?)))
    }

    /// Shows a protected resource with its policies.
    #[oai(path = "/realms/:realm/protected-resources/:id", method = "get", operation_id = "showProtectedResource")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UmaResourceId>,
    ) -> Result<Shown<ProtectedResource>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let found = registry::find_protected_resource(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(ProtectedResource::of(&found)))
    }

    /// Ends the protection of a resource, with its policies and every permission to it.
    #[oai(path = "/realms/:realm/protected-resources/:id", method = "delete", operation_id = "deleteProtectedResource")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UmaResourceId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let found = registry::find_protected_resource(provider, &realm, id.0).await?;
        precondition.check(&ProtectedResource::of(&found))?;
        registry::delete_protected_resource(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}

/// The operations on requests for access.
pub(crate) struct AccessRequests;

#[OpenApi(tag = "Tag::ProtectedResources")]
impl AccessRequests {
    /// Lists the requests for access of a realm, by identifier.
    #[expect(clippy::too_many_arguments, reason = "each query parameter of the operation is one")]
    #[oai(path = "/realms/:realm/access-requests", method = "get", operation_id = "listAccessRequests")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Those before this owner only, by identifier.
        owner: Choice<UserId>,
        /// `true` for those only that can still be answered.
        pending: Choice<bool>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<UmaRequestId>,
    ) -> Result<Answered<Page<AccessRequest>>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let pending_at = pending.0.unwrap_or_default().then(|| provider.now());
        let filter = UmaRequestFilter { owner: owner.0, user: None, pending_at };
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_access_requests(provider, &realm, &filter, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |one| Ok(AccessRequest::of(&one)))?)))
    }

    /// Shows a request for access.
    #[oai(path = "/realms/:realm/access-requests/:id", method = "get", operation_id = "showAccessRequest")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UmaRequestId>,
    ) -> Result<Shown<AccessRequest>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let found = registry::find_access_request(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(AccessRequest::of(&found)))
    }

    /// Deletes a request for access; the client that polls for it learns that it is denied. Policies that came of it stay.
    #[oai(path = "/realms/:realm/access-requests/:id", method = "delete", operation_id = "deleteAccessRequest")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<UmaRequestId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let found = registry::find_access_request(provider, &realm, id.0).await?;
        precondition.check(&AccessRequest::of(&found))?;
        registry::delete_access_request(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
