//! Rows that do not read back: an error, never a guess, and never the row's content in the message.

use signet_core::model::ClientSecret;
use signet_core::ports::{
    Authorizations, Clients, Keys, PageRequest, Realms, RefreshFamilies, ResourceServers, StoreError, StoreResult,
    Users,
};

use super::fixtures::{World, answered, authorization, resource_server};
use crate::support::databases::{Kind, TestDatabase};

on_every_database!(
    damaged_realms_are_noticed,
    damaged_clients_are_noticed,
    damaged_users_and_consents_are_noticed,
    damaged_keys_and_resource_servers_are_noticed,
    damaged_families_are_noticed,
);

#[track_caller]
fn assert_corrupt<T: std::fmt::Debug>(answer: StoreResult<T>) {
    match answer {
        Err(error @ StoreError::Corrupt(_)) => assert!(!error.to_string().contains("DAMAGE"), "{error}"),
        other => panic!("expected damage to be noticed, got {other:?}"),
    }
}

async fn damaged_realms_are_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    database.execute("UPDATE realms SET settings = '{\"profile\":\"DAMAGE\"}'").await;
    assert_corrupt(world.store.realm_by_name(&world.realm.name).await);
    assert_corrupt(world.store.list_realms(&PageRequest { after: None, limit: 10 }).await);
}

async fn damaged_clients_are_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let read = async || world.store.client(world.realm.id, &world.client.client_id).await;
    database.execute("UPDATE clients SET secret_kind = 'DAMAGE'").await;
    assert_corrupt(read().await);
    database.execute("UPDATE clients SET secret_kind = NULL").await;
    assert_corrupt(read().await);
    // A file keeps text as text, whatever the column is for.
    let secret = if database.kind == Kind::Sqlite { "CAST('DAMAGE' AS BLOB)" } else { "'DAMAGE'" };
    database.execute(&format!("UPDATE clients SET secret_kind = 'keyed', secret = {secret}")).await;
    assert_corrupt(read().await);
    database.execute("UPDATE clients SET secret_kind = 'slow'").await;
    assert_eq!(read().await.unwrap().unwrap().secret, Some(ClientSecret::Slow("DAMAGE".to_owned())));
    if database.kind == Kind::Sqlite {
        database.execute("UPDATE clients SET secret = 'DAMAGE'").await;
        assert_corrupt(read().await);
    }
    database.execute("UPDATE clients SET metadata = '{\"redirect_uris\":\"DAMAGE\"}'").await;
    assert_corrupt(read().await);
    assert_corrupt(world.store.list_clients(world.realm.id, &PageRequest { after: None, limit: 10 }).await);
}

async fn damaged_users_and_consents_are_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let consent = authorization(&world.user, &world.client, 1);
    let form = answered(1);
    world.store.record_consent(&form, &consent, &[]).await.unwrap().unwrap();
    database.execute("UPDATE users SET claims = '[\"DAMAGE\"]'").await;
    assert_corrupt(world.store.user(world.realm.id, world.user.id).await);
    assert_corrupt(world.store.user_by_username(world.realm.id, "zoë").await);
    database.execute("UPDATE authorizations SET scope = 'DAMA\"GE'").await;
    assert_corrupt(world.store.authorizations_of_user(world.realm.id, world.user.id).await);
}

async fn damaged_keys_and_resource_servers_are_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.store.insert_resource_server(&resource_server(world.realm.id, 1), &[]).await.unwrap();
    database.execute("UPDATE signing_keys SET state = 'DAMAGE'").await;
    assert_corrupt(world.store.signing_keys(world.realm.id).await);
    database.execute("UPDATE resource_servers SET token_format = 'DAMAGE'").await;
    assert_corrupt(world.store.resource_servers(world.realm.id).await);
}

async fn damaged_families_are_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    database.execute("UPDATE refresh_families SET content = '{\"scope\":\"DAMAGE\"}'").await;
    assert_corrupt(world.store.refresh_family(world.realm.id, lineage).await);
    database.execute("UPDATE refresh_families SET client_id = 'Zo\u{eb}'").await;
    assert_corrupt(world.store.refresh_family(world.realm.id, lineage).await);
}
