//! The port of realms.

use signet_core::model::KeyState;
use signet_core::ports::{
    Authorizations, Clients, DeferredRequests, DeviceSecrets, KeptDetails, Keys, PageRequest, PairwiseSalts,
    PushedRequests, Realms, ResourceServers, Sessions, SingleUse, Users,
};
use signet_protocol::identifiers::{Lineage, RealmId};

use super::fixtures::{
    NOW, World, assert_duplicate, assert_missing, insert_realm, realm, resource_server, sealing_key, signing_key,
};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_realm_reads_back_with_its_first_keys,
    a_taken_name_is_a_duplicate_and_changes_nothing,
    an_update_replaces_all_but_the_epoch,
    the_epoch_only_grows,
    realms_are_listed_by_name_page_by_page,
    a_deleted_realm_leaves_no_row_and_no_other_realm_notices,
    the_first_canary_stays,
);

async fn a_realm_reads_back_with_its_first_keys(database: &TestDatabase) {
    let store = database.connect().await;
    let realm = realm(1);
    let signing = [signing_key(realm.id, "a", KeyState::Active), signing_key(realm.id, "b", KeyState::Future)];
    store.insert_realm(&realm, &signing, &sealing_key(realm.id, 1), &[]).await.unwrap();
    assert_eq!(store.realm_by_name(&realm.name).await.unwrap(), Some(realm.clone()));
    assert_eq!(store.signing_keys(realm.id).await.unwrap(), signing);
    assert_eq!(store.sealing_keys(realm.id).await.unwrap(), [sealing_key(realm.id, 1)]);
    assert_eq!(store.realm_by_name(&"other".parse().unwrap()).await.unwrap(), None);
}

async fn a_taken_name_is_a_duplicate_and_changes_nothing(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    let mut third = realm(3);
    third.name = realm(1).name;
    assert_duplicate(insert_realm(&store, &third).await, "realm");
    assert!(store.signing_keys(third.id).await.unwrap().is_empty());
    let mut second = realm(2);
    second.name = realm(1).name;
    assert_duplicate(store.update_realm(&second, &[]).await, "realm");
    assert_eq!(store.realm_by_name(&realm(2).name).await.unwrap(), Some(realm(2)));
}

async fn an_update_replaces_all_but_the_epoch(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut changed = realm(1);
    changed.name = "renamed".parse().unwrap();
    changed.display_name = "Another".into();
    changed.enabled = false;
    changed.settings.access_token_seconds = 31;
    changed.timeline = 2;
    changed.wrapped_data_key = vec![8];
    changed.root_key_id = "root-2".into();
    changed.updated_at = NOW.plus(1);
    changed.epoch = 70;
    store.update_realm(&changed, &[]).await.unwrap();
    (changed.epoch, changed.revision) = (1, 1);
    assert_eq!(store.realm_by_name(&changed.name).await.unwrap(), Some(changed));
    assert_eq!(store.realm_by_name(&realm(1).name).await.unwrap(), None);
    assert_missing(store.update_realm(&realm(2), &[]).await, "realm");
}

async fn the_epoch_only_grows(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.raise_realm_epoch(RealmId([1; 16]), &[]).await.unwrap();
    store.raise_realm_epoch(RealmId([1; 16]), &[]).await.unwrap();
    assert_eq!(store.realm_by_name(&realm(1).name).await.unwrap().unwrap().epoch, 3);
    assert_missing(store.raise_realm_epoch(RealmId([2; 16]), &[]).await, "realm");
}

async fn realms_are_listed_by_name_page_by_page(database: &TestDatabase) {
    let store = database.connect().await;
    for (number, name) in [(1, "c"), (2, "a"), (3, "b_"), (4, "b-")] {
        let mut realm = realm(number);
        realm.name = name.parse().unwrap();
        insert_realm(&store, &realm).await.unwrap();
    }
    let page = |after: Option<&str>| PageRequest { after: after.map(str::to_owned), limit: 3 };
    let first = store.list_realms(&page(None)).await.unwrap();
    let names: Vec<&str> = first.items.iter().map(|realm| realm.name.as_str()).collect();
    assert_eq!(names, ["a", "b-", "b_"]);
    assert_eq!(first.next.as_deref(), Some("b_"));
    let second = store.list_realms(&page(first.next.as_deref())).await.unwrap();
    assert_eq!(second.items.len(), 1);
    assert_eq!(second.next, None);
    assert_missing(store.list_realms(&page(Some("\0"))).await, "page");
}

async fn a_deleted_realm_leaves_no_row_and_no_other_realm_notices(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    insert_realm(store, &realm(2)).await.unwrap();
    store.insert_resource_server(&resource_server(world.realm.id, 1), &[]).await.unwrap();
    let consent = super::fixtures::authorization(&world.user, &world.client, 1);
    store.record_consent(&super::fixtures::answered(9), &consent, &[]).await.unwrap();
    world.open_family(5).await;
    store.insert_pairwise_salt(&super::fixtures::pairwise_salt(world.realm.id, 1), &[]).await.unwrap();
    store.deny_token(world.realm.id, &[1; 32], NOW, &[]).await.unwrap();
    store.keep_details(world.realm.id, (&[1; 32], "[]"), NOW).await.unwrap();
    store.push(&super::fixtures::push(world.realm.id, 1), &[]).await.unwrap();
    store.defer(&super::fixtures::deferral(world.realm.id, 1), &[]).await.unwrap();
    store.keep_device_secret(&super::device_secrets::secret(&world, 1), None).await.unwrap();
    store.delete_realm(world.realm.id, &[]).await.unwrap();
    for table in [
        "signing_keys",
        "sealing_keys",
        "pairwise_salts",
        "resource_servers",
        "clients",
        "users",
        "credentials",
        "authorizations",
        "sessions",
        "session_participants",
        "refresh_families",
        "used_records",
        "kept_details",
        "pushed_requests",
        "deferred_requests",
        "denials",
        "throttles",
        "device_secrets",
    ] {
        let expected = i64::from(table.ends_with("ing_keys"));
        assert_eq!(database.count(table).await, expected, "{table}");
    }
    assert_eq!(store.realm_by_name(&world.realm.name).await.unwrap(), None);
    assert_eq!(store.realm_by_name(&realm(2).name).await.unwrap(), Some(realm(2)));
    assert_missing(store.delete_realm(world.realm.id, &[]).await, "realm");
    assert!(store.client(world.realm.id, &world.client_id()).await.unwrap().is_none());
    assert!(store.user(world.realm.id, world.user.id).await.unwrap().is_none());
    assert!(store.session(world.realm.id, &world.session.cookie_hash).await.unwrap().is_none());
    let standing = store.standing(world.realm.id, &world.standing(Lineage([5; 16]))).await.unwrap();
    assert_eq!(standing, signet_core::ports::Standing::Fallen);
}

async fn the_first_canary_stays(database: &TestDatabase) {
    let store = database.connect().await;
    assert_eq!(store.canary().await.unwrap(), None);
    assert_eq!(store.insert_canary(&[1, 0, 255]).await.unwrap(), [1, 0, 255]);
    assert_eq!(store.insert_canary(&[2]).await.unwrap(), [1, 0, 255]);
    assert_eq!(store.canary().await.unwrap(), Some(vec![1, 0, 255]));
}
