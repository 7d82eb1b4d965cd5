//! The port of keys.

use signet_core::model::{KeyState, PairwiseSaltRecord, SigningKeyRecord};
use signet_core::ports::{Keys, PairwiseSalts, StoreError};
use signet_protocol::identifiers::RealmId;

use super::fixtures::{
    NOW, assert_duplicate, assert_missing, insert_realm, pairwise_salt, realm, sealing_key, signing_key,
};
use crate::support::databases::TestDatabase;

on_every_database!(
    an_active_key_makes_its_predecessor_verifying,
    a_state_is_set_and_only_one_key_per_algorithm_is_active,
    a_key_becomes_active_when_its_time_has_come,
    one_successor_is_scheduled_for_a_key_that_signs,
    a_key_that_was_replaced_long_ago_is_retired_once,
    keys_are_deleted_and_missed,
    sealing_keys_are_numbered_once,
    pairwise_salts_are_numbered_once_and_stay,
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
    store.insert_signing_key(&other, &[]).await.unwrap();
    let mut second = signing_key(REALM, "second", KeyState::Active);
    (second.created_at, second.state_since) = (NOW.plus(5), NOW.plus(5));
    store.insert_signing_key(&second, &[]).await.unwrap();
    let expected = [
        state("first", KeyState::Verifying, 5),
        state("rsa", KeyState::Active, 0),
        state("second", KeyState::Active, 5),
    ];
    assert_eq!(states(&store).await, expected);
    assert_duplicate(store.insert_signing_key(&second, &[]).await, "signing key");
    // The refused key has displaced nobody.
    assert_eq!(states(&store).await, expected);
    assert_missing(store.insert_signing_key(&signing_key(RealmId([9; 16]), "x", KeyState::Future), &[]).await, "realm");
}

async fn a_state_is_set_and_only_one_key_per_algorithm_is_active(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_signing_key(&signing_key(REALM, "second", KeyState::Future), &[]).await.unwrap();
    let second = "second".parse().unwrap();
    store.set_key_state(REALM, &second, (KeyState::Active, NOW.plus(9)), &[]).await.unwrap();
    let expected = [state("first", KeyState::Verifying, 9), state("second", KeyState::Active, 9)];
    assert_eq!(states(&store).await, expected);
    store.set_key_state(REALM, &second, (KeyState::Active, NOW.plus(10)), &[]).await.unwrap();
    let first = "first".parse().unwrap();
    store.set_key_state(REALM, &first, (KeyState::Retired, NOW.plus(11)), &[]).await.unwrap();
    let expected = [state("first", KeyState::Retired, 11), state("second", KeyState::Active, 10)];
    assert_eq!(states(&store).await, expected);
    let absent = "Second".parse().unwrap();
    assert_missing(store.set_key_state(REALM, &absent, (KeyState::Active, NOW), &[]).await, "signing key");
    for taken in [KeyState::Future, KeyState::Verifying, KeyState::Retired] {
        assert_needed(&store.set_key_state(REALM, &second, (taken, NOW), &[]).await);
    }
}

fn assert_needed(answer: &Result<(), StoreError>) {
    assert!(matches!(answer, Err(StoreError::Needed(_))), "{answer:?}");
}

/// Activates what is due so many seconds later; says how many those were.
async fn activate(store: &signet_store::Database, seconds: i64) -> usize {
    let now = NOW.plus(seconds);
    let due = store.due_keys(now).await.unwrap();
    for key in &due {
        assert!(store.activate_due_key(key.realm_id, &key.kid, now, &[]).await.unwrap());
        assert!(!store.activate_due_key(key.realm_id, &key.kid, now, &[]).await.unwrap());
    }
    due.len()
}

async fn a_key_becomes_active_when_its_time_has_come(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let waiting = |kid: &str, at: Option<i64>| SigningKeyRecord {
        activates_at: at.map(|seconds| NOW.plus(seconds)),
        ..signing_key(REALM, kid, KeyState::Future)
    };
    for key in [waiting("later", Some(20)), waiting("second", Some(10)), waiting("whenever", None)] {
        store.insert_signing_key(&key, &[]).await.unwrap();
        assert!(store.signing_keys(REALM).await.unwrap().contains(&key));
    }
    assert_eq!(activate(&store, 9).await, 0);
    assert_eq!(activate(&store, 10).await, 1);
    assert_eq!(activate(&store, 11).await, 0);
    let expected = [
        state("first", KeyState::Verifying, 10),
        state("later", KeyState::Future, 0),
        state("second", KeyState::Active, 10),
        state("whenever", KeyState::Future, 0),
    ];
    assert_eq!(states(&store).await, expected);
    // One that was put back by hand waits for a hand again.
    store.set_key_state(REALM, &"later".parse().unwrap(), (KeyState::Future, NOW.plus(15)), &[]).await.unwrap();
    assert_eq!(activate(&store, 99).await, 0);
}

/// A key that is to take over at a time.
fn successor(kid: &str) -> SigningKeyRecord {
    SigningKeyRecord { activates_at: Some(NOW.plus(300)), ..signing_key(REALM, kid, KeyState::Future) }
}

async fn one_successor_is_scheduled_for_a_key_that_signs(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let first = "first".parse().unwrap();
    let scheduled = futures_util::future::join_all(
        ["a", "b", "c"].map(|kid| async { store.schedule_signing_key(&successor(kid), &first, &[]).await.unwrap() }),
    );
    assert_eq!(scheduled.await.into_iter().filter(|is_scheduled| *is_scheduled).count(), 1);
    assert_eq!(states(&store).await.len(), 2);
    // Another algorithm has its own; a key that does not sign has none.
    let mut other = successor("rsa");
    other.algorithm = "RS256".into();
    assert!(store.schedule_signing_key(&other, &first, &[]).await.unwrap());
    assert_eq!(activate(&store, 300).await, 2);
    assert!(!store.schedule_signing_key(&successor("d"), &first, &[]).await.unwrap());
    assert!(!store.schedule_signing_key(&successor("d"), &"absent".parse().unwrap(), &[]).await.unwrap());
}

async fn a_key_that_was_replaced_long_ago_is_retired_once(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut second = signing_key(REALM, "second", KeyState::Active);
    second.state_since = NOW.plus(5);
    store.insert_signing_key(&second, &[]).await.unwrap();
    let (first, second) = ("first".parse().unwrap(), "second".parse().unwrap());
    let retire = async |kid, since: i64| {
        store.retire_signing_key((REALM, kid), NOW.plus(since), NOW.plus(9), &[]).await.unwrap()
    };
    assert!(!retire(&first, 4).await, "not long enough ago");
    assert!(!retire(&second, 100).await, "it signs");
    assert!(retire(&first, 5).await);
    assert!(!retire(&first, 5).await);
    let expected = [state("first", KeyState::Retired, 9), state("second", KeyState::Active, 5)];
    assert_eq!(states(&store).await, expected);
}

async fn keys_are_deleted_and_missed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    assert_missing(store.delete_signing_key(REALM, &"FIRST".parse().unwrap(), &[]).await, "signing key");
    assert_needed(&store.delete_signing_key(REALM, &"first".parse().unwrap(), &[]).await);
    store.insert_signing_key(&signing_key(REALM, "second", KeyState::Active), &[]).await.unwrap();
    store.delete_signing_key(REALM, &"first".parse().unwrap(), &[]).await.unwrap();
    assert_eq!(states(&store).await, [state("second", KeyState::Active, 0)]);
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

async fn pairwise_salts_are_numbered_once_and_stay(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    let first = pairwise_salt(REALM, 1);
    store.insert_pairwise_salt(&first, &[]).await.unwrap();
    let other = PairwiseSaltRecord { encrypted_salt: vec![9; 60], ..first.clone() };
    assert_duplicate(store.insert_pairwise_salt(&other, &[]).await, "pairwise salt");
    let second = pairwise_salt(REALM, 2);
    store.insert_pairwise_salt(&second, &[]).await.unwrap();
    assert_eq!(store.pairwise_salts(REALM).await.unwrap(), [first, second]);
    assert_eq!(store.pairwise_salts(RealmId([2; 16])).await.unwrap(), []);
    assert_missing(store.insert_pairwise_salt(&pairwise_salt(RealmId([9; 16]), 1), &[]).await, "realm");
}

async fn two_keys_that_become_active_at_once_leave_one_active(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            let key = signing_key(REALM, &format!("key-{number}"), KeyState::Active);
            tokio::spawn(async move { store.insert_signing_key(&key, &[]).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let active = states(&store).await.into_iter().filter(|(_, state, _)| *state == KeyState::Active).count();
    assert_eq!(active, 1);
}
