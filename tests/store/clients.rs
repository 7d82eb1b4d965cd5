//! The port of clients.

use signet_core::model::{Client, ClientSecret, ClientSettings, TrafficCount};
use signet_core::ports::{Authorizations, Clients, KeptClient, PageRequest, RefreshFamilies, StoreError, Traffic};
use signet_protocol::identifiers::RealmId;

use super::fixtures::{
    NOW, World, answered, assert_duplicate, assert_missing, authorization, client, insert_realm, realm,
};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_client_reads_back_with_every_kind_of_secret,
    an_identifier_is_taken_once_per_realm,
    an_update_replaces_all_but_creation_and_never_lowers_the_epoch,
    a_raised_epoch_is_a_change_and_seen_at_once,
    clients_are_listed_by_identifier_page_by_page,
    a_deleted_client_takes_what_rests_on_it,
    ad_008_one_client_of_a_kind_stays,
    ht_013_origins_are_found_while_a_client_has_them,
);

async fn a_raised_epoch_is_a_change_and_seen_at_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, client_id) = (&world.store, world.realm.id, world.client_id());
    store.raise_client_epoch(realm_id, &client_id, &[]).await.unwrap();
    let client = store.client(realm_id, &client_id).await.unwrap().unwrap();
    assert_eq!((client.epoch, client.revision), (world.client.epoch + 1, world.client.revision + 1));
    // Whoever read the client before that does not write it back.
    assert!(matches!(store.update_client(&world.client, None, &[]).await, Err(StoreError::Changed("client"))));
    assert_eq!(database.count("sessions").await, 1);
    let nobody = "nobody".parse().unwrap();
    assert_missing(store.raise_client_epoch(realm_id, &nobody, &[]).await, "client");
}

async fn a_client_reads_back_with_every_kind_of_secret(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let secrets = [
        None,
        Some(ClientSecret::Keyed([7; 32])),
        Some(ClientSecret::Slow("$argon2id$v=19$..".to_owned())),
        Some(ClientSecret::Recoverable(vec![0, 255, 0])),
    ];
    for (number, secret) in secrets.into_iter().enumerate() {
        let mut client = client(realm(1).id, &format!("client {number}"));
        client.secret = secret;
        store.insert_client(&client, &[]).await.unwrap();
        let read = store.client(client.realm_id, &client.client_id).await.unwrap().unwrap();
        assert_eq!(*read, client);
    }
}

async fn an_identifier_is_taken_once_per_realm(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    store.insert_client(&client(realm(1).id, "app"), &[]).await.unwrap();
    assert_duplicate(store.insert_client(&client(realm(1).id, "app"), &[]).await, "client");
    store.insert_client(&client(realm(2).id, "app"), &[]).await.unwrap();
    assert_missing(store.insert_client(&client(RealmId([9; 16]), "app"), &[]).await, "realm");
}

async fn an_update_replaces_all_but_creation_and_never_lowers_the_epoch(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut client = client(realm(1).id, "app");
    store.insert_client(&client, &[]).await.unwrap();
    client.enabled = false;
    client.metadata.client_name = None;
    client.settings = ClientSettings::default();
    client.secret = None;
    client.epoch = 5;
    client.created_at = NOW.plus(7);
    client.updated_at = NOW.plus(8);
    store.update_client(&client, None, &[]).await.unwrap();
    (client.created_at, client.revision) = (NOW, 1);
    assert_eq!(*store.client(client.realm_id, &client.client_id).await.unwrap().unwrap(), client);
    client.epoch = 4;
    store.update_client(&client, None, &[]).await.unwrap();
    assert_eq!(store.client(client.realm_id, &client.client_id).await.unwrap().unwrap().epoch, 5);
    client.client_id = "other".parse().unwrap();
    assert_missing(store.update_client(&client, None, &[]).await, "client");
}

async fn clients_are_listed_by_identifier_page_by_page(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    // The order of bytes: capital letters first, a space before a hyphen.
    for client_id in ["b", "B", "a-", "a "] {
        store.insert_client(&client(realm(1).id, client_id), &[]).await.unwrap();
    }
    store.insert_client(&client(realm(2).id, "a"), &[]).await.unwrap();
    let mut page = PageRequest { after: None, limit: 3 };
    let first = store.list_clients(realm(1).id, &page).await.unwrap();
    let identifiers: Vec<&str> = first.items.iter().map(|client| client.client_id.as_str()).collect();
    assert_eq!(identifiers, ["B", "a ", "a-"]);
    page.after = first.next;
    let second = store.list_clients(realm(1).id, &page).await.unwrap();
    assert_eq!(second.items, [client(realm(1).id, "b")]);
    assert_eq!(second.next, None);
}

async fn a_deleted_client_takes_what_rests_on_it(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let lineage = world.open_family(5).await;
    let consent = authorization(&world.user, &world.client, 1);
    store.record_consent(&answered(1), &consent, &[]).await.unwrap().unwrap();
    let counted = TrafficCount {
        realm_id: world.realm.id,
        client_id: world.client_id(),
        day: 1,
        profile: None,
        subject: "token".to_owned(),
        requests: 1,
    };
    store.add_traffic(&[counted]).await.unwrap();
    store.delete_client(world.realm.id, &world.client_id(), None, &[]).await.unwrap();
    assert_eq!(database.count("client_traffic").await, 0);
    assert!(store.client(world.realm.id, &world.client_id()).await.unwrap().is_none());
    assert!(store.refresh_family(world.realm.id, lineage).await.unwrap().is_none());
    assert!(store.authorizations_of_user(world.realm.id, world.user.id).await.unwrap().is_empty());
    assert_eq!(database.count("session_participants").await, 0);
    assert_eq!(database.count("sessions").await, 1);
    assert_missing(store.delete_client(world.realm.id, &world.client_id(), None, &[]).await, "client");
}

async fn ad_008_one_client_of_a_kind_stays(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    let (one, other) = (client(realm(1).id, "one"), client(realm(1).id, "other"));
    // A client of another realm does not help.
    for client in [&one, &other, &client(realm(2).id, "elsewhere")] {
        store.insert_client(client, &[]).await.unwrap();
    }
    let keep = Some(KeptClient { is_one: |client| client.enabled, why: "keep one" });
    let needed = |answer| matches!(answer, Err(StoreError::Needed("keep one")));
    let disabled = |client: &Client| Client { enabled: false, ..client.clone() };
    store.update_client(&disabled(&other), keep, &[]).await.unwrap();
    assert!(needed(store.update_client(&disabled(&one), keep, &[]).await));
    assert!(needed(store.delete_client(one.realm_id, &one.client_id, keep, &[]).await));
    assert_eq!(*store.client(one.realm_id, &one.client_id).await.unwrap().unwrap(), one);
    store.update_client(&Client { revision: 1, ..other.clone() }, keep, &[]).await.unwrap();
    store.delete_client(one.realm_id, &one.client_id, keep, &[]).await.unwrap();
    assert!(needed(store.delete_client(other.realm_id, &other.client_id, keep, &[]).await));
    // Where there is none, nothing is protected.
    store.update_client(&Client { revision: 2, ..disabled(&other) }, None, &[]).await.unwrap();
    store.delete_client(other.realm_id, &other.client_id, keep, &[]).await.unwrap();
}

async fn ht_013_origins_are_found_while_a_client_has_them(database: &TestDatabase) {
    let store = database.connect().await;
    for number in [1, 2] {
        insert_realm(&store, &realm(number)).await.unwrap();
    }
    let found = async |number: u8, origin: &str| store.is_client_origin(realm(number).id, origin).await.unwrap();
    let mut one = client(realm(1).id, "one");
    one.metadata.redirect_uris =
        ["https://a.test/1", "https://a.test/2", "https://b.test:8443/", "com.example.app:/cb"]
            .map(str::to_owned)
            .to_vec();
    store.insert_client(&one, &[]).await.unwrap();
    assert!(found(1, "https://a.test").await && found(1, "https://b.test:8443").await);
    for other in ["https://b.test", "https://A.test", "https://a.test ", "https://a.test/", "null", "", "x\0"] {
        assert!(!found(1, other).await, "{other:?}");
    }
    assert!(!found(2, "https://a.test").await, "another realm's");
    one.metadata.redirect_uris = vec!["https://c.test/".to_owned()];
    store.update_client(&one, None, &[]).await.unwrap();
    assert!(found(1, "https://c.test").await && !found(1, "https://a.test").await);
    // One that is not updated after all keeps its origins.
    one.metadata.redirect_uris = vec!["https://d.test/".to_owned()];
    assert!(store.update_client(&one, None, &[]).await.is_err(), "of an old revision");
    assert!(found(1, "https://c.test").await && !found(1, "https://d.test").await);
    // Rows from before there was such a table are entered by the migration.
    database.execute("DELETE FROM client_origins").await;
    database.execute("DELETE FROM seaql_migrations WHERE version LIKE 'm0012_03%'").await;
    assert_eq!(signet_migrations::up(&database.url, |_| {}).await.unwrap(), 1);
    assert!(found(1, "https://c.test").await);
    (one.enabled, one.revision) = (false, 1);
    store.update_client(&one, None, &[]).await.unwrap();
    assert!(!found(1, "https://c.test").await, "of a disabled client");
    store.delete_client(one.realm_id, &one.client_id, None, &[]).await.unwrap();
    assert_eq!(database.count("client_origins").await, 0);
}
