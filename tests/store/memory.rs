//! What is answered from memory, and for how long: never once another node has changed it and the poll has seen that.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};
use signet_core::model::KeyState;
use signet_core::ports::{Changes, Clients, Keys, Realms, ResourceServers};
use signet_store::Database;
use tokio::time::timeout;

use super::fixtures::{NOW, World, client, insert_realm, realm, resource_server, sealing_key, signing_key};
use crate::support::databases::{Kind, TestDatabase};

on_every_database!(
    nothing_is_remembered_without_a_poll,
    a_change_here_is_seen_at_once,
    a_change_through_another_node_is_noticed,
    every_kind_of_configuration_changes_the_version,
    a_node_that_stops_polling_stops_remembering,
);

mod servers {
    use super::a_change_that_commits_after_a_later_one_is_noticed;
    on_every_server!(a_change_that_commits_after_a_later_one_is_noticed);
}

/// Waits until the version is another one than before.
async fn version_after(store: &Database, before: u64) -> u64 {
    let changed = timeout(Duration::from_secs(20), async {
        loop {
            match store.configuration_version() {
                Some(version) if version != before => return version,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    });
    changed.await.expect("the poll notices the change")
}

async fn nothing_is_remembered_without_a_poll(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    assert_eq!(world.store.configuration_version(), None);
    let other = database.connect().await;
    let mut changed = world.client.clone();
    for epoch in 2..5 {
        (changed.epoch, changed.revision) = (epoch, epoch - 2);
        other.update_client(&changed, None, &[]).await.unwrap();
        let read = world.store.client(world.realm.id, &changed.client_id).await.unwrap().unwrap();
        assert_eq!(read.epoch, epoch);
    }
}

async fn a_change_here_is_seen_at_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let polling = world.store.start_polling().await.unwrap();
    let mut changed = world.client.clone();
    for epoch in 2..20 {
        let before = world.store.configuration_version().unwrap();
        (changed.epoch, changed.revision) = (epoch, epoch - 2);
        world.store.update_client(&changed, None, &[]).await.unwrap();
        assert_ne!(world.store.configuration_version().unwrap(), before);
        let read = world.store.client(world.realm.id, &changed.client_id).await.unwrap().unwrap();
        assert_eq!(read.epoch, epoch);
    }
    world.store.delete_client(world.realm.id, &changed.client_id, None, &[]).await.unwrap();
    assert!(world.store.client(world.realm.id, &changed.client_id).await.unwrap().is_none());
    polling.stop().await;
}

async fn a_change_through_another_node_is_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let polling = world.store.start_polling().await.unwrap();
    let before = world.store.configuration_version().unwrap();
    let read = async || world.store.client(world.realm.id, &world.client.client_id).await.unwrap().unwrap();
    assert_eq!(*read().await, world.client);
    let other = database.connect().await;
    let mut changed = world.client.clone();
    changed.enabled = false;
    other.update_client(&changed, None, &[]).await.unwrap();
    let version = version_after(&world.store, before).await;
    changed.revision = 1;
    assert_eq!(*read().await, changed);
    // Polls that find nothing new leave the version alone.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(world.store.configuration_version(), Some(version));
    polling.stop().await;
}

async fn every_kind_of_configuration_changes_the_version(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let realm_id = realm(1).id;
    let polling = store.start_polling().await.unwrap();
    let mut version = store.configuration_version().unwrap();
    let mut seen = async |changed: Result<(), signet_core::ports::StoreError>| {
        changed.unwrap();
        let now = store.configuration_version().unwrap();
        assert_ne!(now, version);
        version = now;
    };
    seen(store.update_realm(&realm(1), &[]).await).await;
    seen(store.raise_realm_epoch(realm_id, &[]).await).await;
    seen(store.insert_client(&client(realm_id, "app"), &[]).await).await;
    seen(store.update_client(&client(realm_id, "app"), None, &[]).await).await;
    seen(store.delete_client(realm_id, &"app".parse().unwrap(), None, &[]).await).await;
    seen(store.insert_signing_key(&signing_key(realm_id, "k", KeyState::Future), &[]).await).await;
    seen(store.set_key_state(realm_id, &"k".parse().unwrap(), (KeyState::Verifying, NOW), &[]).await).await;
    seen(store.delete_signing_key(realm_id, &"k".parse().unwrap(), &[]).await).await;
    seen(store.insert_sealing_key(&sealing_key(realm_id, 2)).await).await;
    seen(store.insert_resource_server(&resource_server(realm_id, 1), &[]).await).await;
    seen(store.update_resource_server(&resource_server(realm_id, 1), &[]).await).await;
    seen(store.delete_resource_server(realm_id, resource_server(realm_id, 1).id, &[]).await).await;
    seen(store.delete_realm(realm_id, &[]).await).await;
    polling.stop().await;
    // Each left a row for the other nodes.
    assert_eq!(database.count("changes").await, 14);
}

async fn a_node_that_stops_polling_stops_remembering(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let polling = world.store.start_polling().await.unwrap();
    assert!(world.store.configuration_version().is_some());
    polling.stop().await;
    let forgot = timeout(Duration::from_secs(20), async {
        while world.store.configuration_version().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    forgot.await.expect("the memory goes stale");
}

async fn a_change_that_commits_after_a_later_one_is_noticed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let polling = world.store.start_polling().await.unwrap();
    let other = database.connect_directly().await;
    let slow = other.begin().await.unwrap();
    let now = if database.kind == Kind::Postgres { "EXTRACT(EPOCH FROM now())::bigint" } else { "UNIX_TIMESTAMP()" };
    let realm_id = if database.kind == Kind::Postgres { "'\\x00'" } else { "'0123456789abcdef'" };
    let insert = format!("INSERT INTO changes (realm_id, expires_at) VALUES ({realm_id}, {now} + 30)");
    slow.execute_unprepared(&insert).await.unwrap();
    let before = world.store.configuration_version().unwrap();
    let second = database.connect().await;
    second.raise_realm_epoch(world.realm.id, &[]).await.unwrap();
    let version = version_after(&world.store, before).await;
    slow.commit().await.unwrap();
    version_after(&world.store, version).await;
    polling.stop().await;
}
