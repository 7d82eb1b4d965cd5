//! Resource servers (RFC 8707).

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use signet_core::model;
use signet_core::protocol::identifiers::{RealmName, ResourceServerId};
use signet_core::registry::{self, ResourceServerChange};

use crate::administrator::Administrator;
use crate::answer::{Answered, Created, Done, Shown};
use crate::body::{New, Patch};
use crate::entity_tag::Precondition;
use crate::enumerations::AccessTokenFormat;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A resource server: an API that access tokens are for.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ResourceServer {
    /// For ever.
    #[oai(read_only)]
    id: String,
    /// The absolute URI that `resource` names and `aud` carries; unique in the realm.
    identifier: String,
    /// Shown on the consent page: 1 to 200 characters.
    display_name: String,
    /// What may be asked for there.
    #[oai(default)]
    scopes: Vec<ResourceScope>,
    /// The form of its access tokens.
    #[oai(default = "jwt")]
    token_format: AccessTokenFormat,
    /// JOSE algorithm of its JWT access tokens; the realm's default when absent.
    algorithm: Option<String>,
    /// Lifetime of its access tokens in seconds, 30 to 86400; the realm's when absent.
    access_token_seconds: Option<i64>,
    /// Authentication context classes of which it demands one; none when empty. A request that names the resource asks for
    /// the `acr` then (RFC 9470).
    #[oai(default)]
    required_acr_values: Vec<String>,
    /// How long ago the user of its tokens may have been authenticated, in seconds, 30 to 31536000; for ever when absent.
    /// A request that names the resource has this `max_age` at most (RFC 9470).
    max_authentication_age_seconds: Option<i64>,
    /// When it was registered.
    #[oai(read_only)]
    created_at: Timestamp,
    /// When it last changed.
    #[oai(read_only)]
    updated_at: Timestamp,
}

/// A scope value of a resource server.
#[derive(Object)]
pub(crate) struct ResourceScope {
    /// The scope token (RFC 6749 section 3.3).
    name: String,
    /// What it means, in plain words, for the consent page: 1 to 500 characters.
    description: String,
}

fn jwt() -> AccessTokenFormat {
    AccessTokenFormat::Jwt
}

impl ResourceServer {
    fn of(server: model::ResourceServer) -> Self {
        let scope = |scope: model::ResourceScope| ResourceScope { name: scope.name, description: scope.description };
        Self {
            id: server.id.to_string(),
            identifier: server.identifier,
            display_name: server.display_name,
            scopes: server.scopes.into_iter().map(scope).collect(),
            token_format: server.token_format.into(),
            algorithm: server.algorithm,
            access_token_seconds: server.access_token_seconds,
            required_acr_values: server.required_acr_values,
            max_authentication_age_seconds: server.max_authentication_age_seconds,
            created_at: Timestamp(server.created_at),
            updated_at: Timestamp(server.updated_at),
        }
    }

    fn into_change(self) -> ResourceServerChange {
        let scope = |scope: ResourceScope| model::ResourceScope { name: scope.name, description: scope.description };
        ResourceServerChange {
            identifier: self.identifier,
            display_name: self.display_name,
            scopes: self.scopes.into_iter().map(scope).collect(),
            token_format: self.token_format.into(),
            algorithm: self.algorithm,
            access_token_seconds: self.access_token_seconds,
            required_acr_values: self.required_acr_values,
            max_authentication_age_seconds: self.max_authentication_age_seconds,
        }
    }
}

/// The operations on resource servers.
pub(crate) struct ResourceServers;

#[OpenApi(tag = "Tag::ResourceServers")]
impl ResourceServers {
    /// Lists the resource servers of a realm by `id`.
    #[oai(path = "/realms/:realm/resource-servers", method = "get", operation_id = "listResourceServers")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<ResourceServerId>,
    ) -> Result<Answered<Page<ResourceServer>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let servers = registry::list_resource_servers(administrator.provider(), &realm).await?;
        let page = paging::cut(servers, &paging::wanted(&limit, &cursor), |server| server.id.to_string());
        Ok(Answered::Answer(Json(Page::of(page, |server| Ok(ResourceServer::of(server)))?)))
    }

    /// Registers a resource server.
    #[oai(path = "/realms/:realm/resource-servers", method = "post", operation_id = "createResourceServer")]
    async fn create(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        server: New<ResourceServer>,
    ) -> Result<Created<ResourceServer>, Problem> {
        let change = server.read()?.into_change();
        let realm = administrator.realm(&realm.0).await?;
        let made = registry::create_resource_server(&administrator.serving(), &realm, change).await?;
        let id = made.id.to_string();
        let location = administrator.location(&["realms", realm.realm.name.as_str(), "resource-servers", &id]);
        Ok(Created::at(location, ResourceServer::of(made)))
    }

    /// Shows a resource server.
    #[oai(path = "/realms/:realm/resource-servers/:id", method = "get", operation_id = "showResourceServer")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<ResourceServerId>,
    ) -> Result<Shown<ResourceServer>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let server = registry::find_resource_server(administrator.provider(), &realm, id.0).await?;
        Ok(Shown::of(ResourceServer::of(server)))
    }

    /// Changes a resource server.
    #[oai(path = "/realms/:realm/resource-servers/:id", method = "patch", operation_id = "updateResourceServer")]
    async fn update(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<ResourceServerId>,
        patch: Patch<ResourceServer>,
    ) -> Result<Shown<ResourceServer>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let mut edit = administrator.edit().await;
        loop {
            let done = async {
                let before = registry::find_resource_server(provider, &realm, id.0).await?;
                let change = patch.onto(&ResourceServer::of(before.clone()))?.into_change();
                let after = registry::update_resource_server(&administrator.serving(), &realm, before, change).await?;
                Ok(Shown::of(ResourceServer::of(after)))
            };
            let done = done.await;
            if edit.ends_with(&done) {
                return done;
            }
        }
    }

    /// Deletes a resource server.
    #[oai(path = "/realms/:realm/resource-servers/:id", method = "delete", operation_id = "deleteResourceServer")]
    async fn delete(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        id: Path<ResourceServerId>,
        precondition: Precondition,
    ) -> Result<Done, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let _edit = administrator.edit().await;
        let before = registry::find_resource_server(provider, &realm, id.0).await?;
        precondition.check(&ResourceServer::of(before))?;
        registry::delete_resource_server(&administrator.serving(), &realm, id.0).await?;
        Ok(Done::Done)
    }
}
