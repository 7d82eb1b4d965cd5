//! The port of resource servers.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::ResourceServer;
use signet_core::ports::{ResourceServers, StoreError, StoreResult};
use signet_protocol::identifiers::{RealmId, ResourceServerId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, parsed, to_json, was_changed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::resource_server;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

/// Most resource servers of a realm.
const MOST: u64 = 1000;

#[async_trait]
impl ResourceServers for Database {
    async fn insert_resource_server(&self, server: &ResourceServer, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertResourceServer { server: server.clone() }, events).await
    }

    async fn resource_servers(&self, realm_id: RealmId) -> StoreResult<Vec<ResourceServer>> {
        let find = {
            let of_realm = resource_server::Column::RealmId.eq(realm_id.0.to_vec());
            let servers = resource_server::Entity::find().filter(of_realm);
            servers.order_by_asc(resource_server::Column::Identifier).limit(MOST)
        };
        self.read_all(find, resource_server_of).await
    }

    async fn update_resource_server(&self, server: &ResourceServer, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(UpdateResourceServer { server: server.clone() }, events).await
    }

    async fn delete_resource_server(
        &self,
        realm_id: RealmId,
        id: ResourceServerId,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(DeleteResourceServer { realm_id, id }, events).await
    }
}

fn resource_server_of(row: resource_server::Model) -> Result<ResourceServer, Failure> {
    let demanded = row.required_acr_values.as_deref();
    let demanded = demanded.map(|json| from_json(json, "resource_servers.required_acr_values")).transpose()?;
    Ok(ResourceServer {
        realm_id: RealmId(fixed(row.realm_id, "resource_servers.realm_id")?),
        id: ResourceServerId(fixed(row.id, "resource_servers.id")?),
        identifier: row.identifier,
        display_name: row.display_name,
        scopes: from_json(&row.scopes, "resource_servers.scopes")?,
        token_format: parsed(&row.token_format, "resource_servers.token_format")?,
        algorithm: row.algorithm,
        access_token_seconds: row.access_token_seconds,
        required_acr_values: demanded.unwrap_or_default(),
        max_authentication_age_seconds: row.max_authentication_age_seconds,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

/// Everything that an update may change.
fn changeable(server: &ResourceServer) -> Result<resource_server::ActiveModel, Failure> {
    let algorithm = server.algorithm.as_deref().map(|name| storable(name, 32, "resource_servers.algorithm"));
    Ok(resource_server::ActiveModel {
        identifier: Set(storable(&server.identifier, 700, "resource_servers.identifier")?),
        display_name: Set(storable(&server.display_name, 512, "resource_servers.display_name")?),
        scopes: Set(to_json(&server.scopes, "resource_servers.scopes")?),
        token_format: Set(server.token_format.as_str().to_owned()),
        algorithm: Set(algorithm.transpose()?),
        access_token_seconds: Set(server.access_token_seconds),
        required_acr_values: Set(Some(to_json(&server.required_acr_values, "resource_servers.required_acr_values")?)),
        max_authentication_age_seconds: Set(server.max_authentication_age_seconds),
        updated_at: Set(server.updated_at.0),
        ..resource_server::ActiveModel::default()
    })
}

struct InsertResourceServer {
    server: ResourceServer,
}

#[async_trait]
impl Work for InsertResourceServer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.server)?;
        row.realm_id = Set(self.server.realm_id.0.to_vec());
        row.id = Set(self.server.id.0.to_vec());
        row.revision = Set(self.server.revision);
        row.created_at = Set(self.server.created_at.0);
        let inserted = session.change(&resource_server::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming("resource server", "realm"))?;
        note_change(session, self.server.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct UpdateResourceServer {
    server: ResourceServer,
}

#[async_trait]
impl Work for UpdateResourceServer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.server)?;
        row.revision = Set(self.server.revision + 1);
        let update = resource_server::Entity::update_many()
            .set(row)
            .filter(resource_server::Column::RealmId.eq(self.server.realm_id.0.to_vec()))
            .filter(resource_server::Column::Id.eq(self.server.id.0.to_vec()))
            .filter(resource_server::Column::Revision.eq(self.server.revision));
        let updated = session.change(&update).await;
        let updated = updated.map_err(|failure| failure.naming("resource server", "realm"))?;
        let server = vec![sql::bytes(&self.server.realm_id.0), sql::bytes(&self.server.id.0)];
        let stored = ("resource_servers WHERE realm_id = ? AND id = ?", server);
        was_changed(session, (updated, "resource server"), stored).await?;
        note_change(session, self.server.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteResourceServer {
    realm_id: RealmId,
    id: ResourceServerId,
}

#[async_trait]
impl Work for DeleteResourceServer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM resource_servers WHERE realm_id = ? AND id = ?";
        if session.execute(delete, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)]).await? == 0 {
            return Err(StoreError::Missing("resource server").into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
