//! The port of resource servers.

use signet_core::ports::ResourceServers;
use signet_protocol::identifiers::{RealmId, ResourceServerId};
use signet_protocol::names::AccessTokenFormat;

use super::fixtures::{NOW, assert_duplicate, assert_missing, insert_realm, realm, resource_server};
use crate::support::databases::TestDatabase;

on_every_database!(
    resource_servers_read_back_by_identifier,
    an_identifier_is_taken_once_per_realm,
    an_update_replaces_all_but_creation,
    a_resource_server_is_deleted_and_missed,
);

async fn resource_servers_read_back_by_identifier(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let (mut first, second) = (resource_server(realm(1).id, 1), resource_server(realm(1).id, 2));
    first.identifier = "urn:z".into();
    store.insert_resource_server(&first, &[]).await.unwrap();
    store.insert_resource_server(&second, &[]).await.unwrap();
    assert_eq!(store.resource_servers(realm(1).id).await.unwrap(), [second, first]);
    assert!(store.resource_servers(RealmId([2; 16])).await.unwrap().is_empty());
}

async fn an_identifier_is_taken_once_per_realm(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    store.insert_resource_server(&resource_server(realm(1).id, 1), &[]).await.unwrap();
    store.insert_resource_server(&resource_server(realm(1).id, 2), &[]).await.unwrap();
    let mut copy = resource_server(realm(1).id, 3);
    copy.identifier = resource_server(realm(1).id, 1).identifier;
    assert_duplicate(store.insert_resource_server(&copy, &[]).await, "resource server");
    copy.id = ResourceServerId([2; 16]);
    assert_duplicate(store.update_resource_server(&copy, &[]).await, "resource server");
    copy.realm_id = realm(2).id;
    store.insert_resource_server(&copy, &[]).await.unwrap();
    copy.realm_id = RealmId([9; 16]);
    assert_missing(store.insert_resource_server(&copy, &[]).await, "realm");
}

async fn an_update_replaces_all_but_creation(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut server = resource_server(realm(1).id, 1);
    store.insert_resource_server(&server, &[]).await.unwrap();
    server.identifier = "urn:other".into();
    server.display_name = "Other".into();
    server.scopes.clear();
    server.token_format = AccessTokenFormat::Jwt;
    server.algorithm = Some("PS256".to_owned());
    server.access_token_seconds = None;
    server.required_acr_values.clear();
    server.max_authentication_age_seconds = None;
    (server.created_at, server.updated_at) = (NOW.plus(1), NOW.plus(2));
    store.update_resource_server(&server, &[]).await.unwrap();
    (server.created_at, server.revision) = (NOW, 1);
    assert_eq!(store.resource_servers(realm(1).id).await.unwrap(), [server.clone()]);
    server.id = ResourceServerId([9; 16]);
    assert_missing(store.update_resource_server(&server, &[]).await, "resource server");
}

async fn a_resource_server_is_deleted_and_missed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let server = resource_server(realm(1).id, 1);
    store.insert_resource_server(&server, &[]).await.unwrap();
    store.delete_resource_server(realm(1).id, server.id, &[]).await.unwrap();
    assert!(store.resource_servers(realm(1).id).await.unwrap().is_empty());
    assert_missing(store.delete_resource_server(realm(1).id, server.id, &[]).await, "resource server");
}
