//! The port of keys.

use signet_core::model::KeyState;
use signet_core::ports::Keys;
use signet_protocol::identifiers::RealmId;

use super::fixtures::{NOW, assert_duplicate, assert_missing, insert_realm, realm, sealing_key, signing_key};
use crate::support::databases::TestDatabase;

on_every_database!(
    an_active_key_makes_its_predecessor_verifying,
    a_state_is_set_and_only_one_key_per_algorithm_is_active,
    keys_are_deleted_and_missed,
    sealing_keys_are_numbered_once,
    two_keys_that_become_active_at_once_leave_one_active,
);

const REALM: RealmId = RealmId([1; 16]);

async fn states(store: &signet_store::Database) -> Vec<(String, KeyState, i64)> {
    let keys = store.signing_keys(REALM).await.unwrap();
    keys.into_iter().map(|key| (key.kid.to_string(), key.state, key.state_since.0 - NOW.0)).collect()
}

fn state(kid: &str, state: KeyState, since: i64) -> (String, KeyState, i64) {
    (kid.to_owned(), state, since)
}

async fn an_active_key_makes_its_predecessor_verifying(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut other = signing_key(REALM, "rsa", KeyState::Active);
    other.algorithm = "RS256".into();
    store.insert_signing_key(&other).await.unwrap();
    let mut second = signing_key(REALM, "second", KeyState::Active);
    (second.created_at, second.state_since) = (NOW.plus(5), NOW.plus(5));
    store.insert_signing_key(&second).await.unwrap();
    let expected = [
        state("first", KeyState::Verifying, 5),
        state("rsa", KeyState::Active, 0),
        state("second", KeyState::Active, 5),
    ];
    assert_eq!(states(&store).await, expected);
    assert_duplicate(store.insert_signing_key(&second).await, "signing key");
    // The refused key has displaced nobody.
    assert_eq!(states(&store).await, expected);
    assert_missing(store.insert_signing_key(&signing_key(RealmId([9; 16]), "x", KeyState::Future)).await, "realm");
}

async fn a_state_is_set_and_only_one_key_per_algorithm_is_active(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_signing_key(&signing_key(REALM, "second", KeyState::Future)).await.unwrap();
    let second = "second".parse().unwrap();
    store.set_key_state(REALM, &second, KeyState::Active, NOW.plus(9)).await.unwrap();
    let expected = [state("first", KeyState::Verifying, 9), state("second", KeyState::Active, 9)];
    assert_eq!(states(&store).await, expected);
    store.set_key_state(REALM, &second, KeyState::Active, NOW.plus(10)).await.unwrap();
    let first = "first".parse().unwrap();
    store.set_key_state(REALM, &first, KeyState::Retired, NOW.plus(11)).await.unwrap();
    let expected = [state("first", KeyState::Retired, 11), state("second", KeyState::Active, 10)];
    assert_eq!(states(&store).await, expected);
    let absent = "Second".parse().unwrap();
    assert_missing(store.set_key_state(REALM, &absent, KeyState::Active, NOW).await, "signing key");
}

async fn keys_are_deleted_and_missed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    assert_missing(store.delete_signing_key(REALM, &"FIRST".parse().unwrap()).await, "signing key");
    store.delete_signing_key(REALM, &"first".parse().unwrap()).await.unwrap();
    assert!(states(&store).await.is_empty());
}

async fn sealing_keys_are_numbered_once(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_sealing_key(&sealing_key(REALM, 10)).await.unwrap();
    store.insert_sealing_key(&sealing_key(REALM, 2)).await.unwrap();
    assert_duplicate(store.insert_sealing_key(&sealing_key(REALM, 2)).await, "sealing key");
    let keys = store.sealing_keys(REALM).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.id).collect::<Vec<_>>(), [1, 2, 10]);
    assert_missing(store.insert_sealing_key(&sealing_key(RealmId([9; 16]), 1)).await, "realm");
}

async fn two_keys_that_become_active_at_once_leave_one_active(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            let key = signing_key(REALM, &format!("key-{number}"), KeyState::Active);
            tokio::spawn(async move { store.insert_signing_key(&key).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let active = states(&store).await.into_iter().filter(|(_, state, _)| *state == KeyState::Active).count();
    assert_eq!(active, 1);
}
