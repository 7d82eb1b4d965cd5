//! The port of users and their credentials.

use signet_core::ports::{Authorizations, PageRequest, RefreshFamilies, Sessions, Users};
use signet_protocol::identifiers::{RealmId, UserId};

use super::fixtures::{
    NOW, World, answered, assert_duplicate, assert_missing, authorization, insert_realm, password, realm, user,
};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_user_reads_back_by_identifier_and_by_name,
    a_login_name_is_taken_once_per_realm,
    an_update_replaces_all_but_creation_and_never_lowers_the_epoch,
    users_are_listed_by_identifier_page_by_page,
    a_new_password_replaces_the_old_one_and_ends_what_rested_on_it,
    a_raised_epoch_ends_the_sessions_and_is_a_change,
    a_user_has_one_code_and_nothing_rests_on_it,
    a_deleted_user_takes_everything_along,
);

async fn a_user_reads_back_by_identifier_and_by_name(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let (zoe, bob) = (user(realm(1).id, 1, "Zoë"), user(realm(1).id, 2, "bob"));
    store.insert_user(&zoe, Some(&password(1)), &[]).await.unwrap();
    store.insert_user(&bob, None, &[]).await.unwrap();
    assert_eq!(store.user(realm(1).id, zoe.id).await.unwrap(), Some(zoe.clone()));
    assert_eq!(store.user_by_username(realm(1).id, "zoë").await.unwrap(), Some((zoe, Some(password(1)))));
    assert_eq!(store.user_by_username(realm(1).id, "bob").await.unwrap(), Some((bob.clone(), None)));
    for absent in ["Zoë", "zoe", "bob ", " bob", "", "b\0b"] {
        assert_eq!(store.user_by_username(realm(1).id, absent).await.unwrap(), None, "{absent:?}");
    }
    assert_eq!(store.user(RealmId([2; 16]), bob.id).await.unwrap(), None);
}

async fn a_login_name_is_taken_once_per_realm(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    store.insert_user(&user(realm(1).id, 1, "bob"), None, &[]).await.unwrap();
    store.insert_user(&user(realm(1).id, 2, "eve"), None, &[]).await.unwrap();
    assert_duplicate(store.insert_user(&user(realm(1).id, 3, "BOB"), Some(&password(3)), &[]).await, "user");
    assert_duplicate(store.update_user(&user(realm(1).id, 2, "Bob"), &[]).await, "user");
    store.insert_user(&user(realm(2).id, 1, "bob"), None, &[]).await.unwrap();
    assert_eq!(database.count("credentials").await, 0);
    assert_missing(store.insert_user(&user(RealmId([9; 16]), 1, "bob"), None, &[]).await, "realm");
}

async fn an_update_replaces_all_but_creation_and_never_lowers_the_epoch(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_user(&user(realm(1).id, 1, "bob"), Some(&password(1)), &[]).await.unwrap();
    let mut changed = user(realm(1).id, 1, "robert");
    changed.enabled = false;
    changed.claims.clear();
    changed.epoch = 3;
    changed.created_at = NOW.plus(5);
    changed.updated_at = NOW.plus(6);
    store.update_user(&changed, &[]).await.unwrap();
    (changed.created_at, changed.revision) = (NOW, 1);
    assert_eq!(
        store.user_by_username(realm(1).id, "robert").await.unwrap(),
        Some((changed.clone(), Some(password(1))))
    );
    changed.epoch = 2;
    store.update_user(&changed, &[]).await.unwrap();
    assert_eq!(store.user(realm(1).id, changed.id).await.unwrap().unwrap().epoch, 3);
    assert_missing(store.update_user(&user(realm(1).id, 9, "x"), &[]).await, "user");
}

async fn users_are_listed_by_identifier_page_by_page(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    for number in [200, 3, 100, 0x0a] {
        store.insert_user(&user(realm(1).id, number, &format!("user{number}")), None, &[]).await.unwrap();
    }
    let mut page = PageRequest { after: None, limit: 2 };
    let first = store.list_users(realm(1).id, &page).await.unwrap();
    assert_eq!(first.items.iter().map(|user| user.id.0[0]).collect::<Vec<_>>(), [3, 0x0a]);
    page.after = first.next;
    let second = store.list_users(realm(1).id, &page).await.unwrap();
    assert_eq!(second.items.iter().map(|user| user.id.0[0]).collect::<Vec<_>>(), [100, 200]);
    assert_eq!(second.next, None);
    page.after = Some("' OR 1=1".to_owned());
    assert_missing(store.list_users(realm(1).id, &page).await, "page");
}

async fn a_raised_epoch_ends_the_sessions_and_is_a_change(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    store.raise_user_epoch(realm_id, world.user.id, &[]).await.unwrap();
    let user = store.user(realm_id, world.user.id).await.unwrap().unwrap();
    assert_eq!((user.epoch, user.revision), (2, 1));
    assert_eq!(database.count("sessions").await, 0);
    assert_eq!(database.count("credentials").await, 1);
    // Whoever read the user before that does not write it back.
    assert!(store.update_user(&world.user, &[]).await.is_err());
    assert_missing(store.raise_user_epoch(realm_id, UserId([9; 16]), &[]).await, "user");
}

async fn a_new_password_replaces_the_old_one_and_ends_what_rested_on_it(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.set_password(world.realm.id, world.user.id, &password(2), &[]).await.unwrap();
    let (user, stored) = store.user_by_username(world.realm.id, "zoë").await.unwrap().unwrap();
    assert_eq!((user.epoch, stored), (2, Some(password(2))));
    assert_eq!(database.count("credentials").await, 1);
    assert_eq!(database.count("sessions").await, 0);
    assert!(store.session(world.realm.id, &world.session.cookie_hash).await.unwrap().is_none());
    assert_missing(store.set_password(world.realm.id, UserId([9; 16]), &password(3), &[]).await, "user");
}

async fn a_user_has_one_code_and_nothing_rests_on_it(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, user_id) = (&world.store, world.realm.id, world.user.id);
    assert_eq!(store.user_code(realm_id, user_id).await.unwrap(), None);
    for number in [2, 3] {
        store.set_user_code(realm_id, user_id, Some(&password(number)), &[]).await.unwrap();
        assert_eq!(store.user_code(realm_id, user_id).await.unwrap(), Some(password(number).hash));
    }
    let (user, stored) = store.user_by_username(realm_id, "zoë").await.unwrap().unwrap();
    assert_eq!((user.epoch, stored), (1, Some(password(1))), "the password is another thing");
    assert_eq!((database.count("credentials").await, database.count("sessions").await), (2, 1));
    store.set_user_code(realm_id, user_id, None, &[]).await.unwrap();
    store.set_user_code(realm_id, user_id, None, &[]).await.unwrap();
    assert_eq!(store.user_code(realm_id, user_id).await.unwrap(), None);
    assert_eq!(database.count("credentials").await, 1);
    assert_missing(store.set_user_code(realm_id, UserId([9; 16]), Some(&password(3)), &[]).await, "user");
}

async fn a_deleted_user_takes_everything_along(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let lineage = world.open_family(5).await;
    let consent = authorization(&world.user, &world.client, 1);
    store.record_consent(&answered(1), &consent, &[]).await.unwrap().unwrap();
    store.delete_user(world.realm.id, world.user.id, &[]).await.unwrap();
    assert!(store.user(world.realm.id, world.user.id).await.unwrap().is_none());
    assert!(store.refresh_family(world.realm.id, lineage).await.unwrap().is_none());
    for table in ["credentials", "sessions", "session_participants", "authorizations", "refresh_families"] {
        assert_eq!(database.count(table).await, 0, "{table}");
    }
    assert_missing(store.delete_user(world.realm.id, world.user.id, &[]).await, "user");
}
