//! The port of counters against guessing.

use signet_core::ports::{Attempts, Throttles};
use signet_protocol::identifiers::RealmId;

use super::fixtures::NOW;
use crate::support::databases::TestDatabase;

on_every_database!(
    attempts_count_up_within_a_window_and_start_anew_after_it,
    several_counters_answer_in_the_order_they_were_named,
    forgiveness_takes_one_and_never_goes_below_zero,
);

const REALM: RealmId = RealmId([1; 16]);

fn attempts(count: i64, ends_after: i64) -> Attempts {
    Attempts { count, window_ends_at: NOW.plus(ends_after) }
}

async fn attempts_count_up_within_a_window_and_start_anew_after_it(database: &TestDatabase) {
    let store = database.connect().await;
    let count = async |now| store.count_attempts(REALM, &[[1; 32]], now, 900).await.unwrap();
    assert_eq!(count(NOW).await, [attempts(1, 900)]);
    assert_eq!(count(NOW.plus(10)).await, [attempts(2, 900)]);
    assert_eq!(count(NOW.plus(899)).await, [attempts(3, 900)]);
    assert_eq!(count(NOW.plus(900)).await, [attempts(1, 1800)]);
    assert_eq!(count(NOW.plus(901)).await, [attempts(2, 1800)]);
    let elsewhere = store.count_attempts(RealmId([2; 16]), &[[1; 32]], NOW, 60).await.unwrap();
    assert_eq!(elsewhere, [attempts(1, 60)]);
}

async fn several_counters_answer_in_the_order_they_were_named(database: &TestDatabase) {
    let store = database.connect().await;
    store.count_attempts(REALM, &[[9; 32]], NOW, 60).await.unwrap();
    let counted = store.count_attempts(REALM, &[[9; 32], [1; 32], [5; 32]], NOW.plus(1), 60).await.unwrap();
    assert_eq!(counted, [attempts(2, 60), attempts(1, 61), attempts(1, 61)]);
    assert!(store.count_attempts(REALM, &[], NOW, 60).await.unwrap().is_empty());
}

async fn forgiveness_takes_one_and_never_goes_below_zero(database: &TestDatabase) {
    let store = database.connect().await;
    store.count_attempts(REALM, &[[1; 32], [2; 32]], NOW, 60).await.unwrap();
    store.count_attempts(REALM, &[[1; 32]], NOW, 60).await.unwrap();
    for _ in 0..2 {
        store.forgive_attempt(REALM, &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
    }
    store.forgive_attempt(REALM, &[]).await.unwrap();
    let counted = store.count_attempts(REALM, &[[1; 32], [2; 32], [3; 32]], NOW, 60).await.unwrap();
    assert_eq!(counted, [attempts(1, 60), attempts(1, 60), attempts(1, 60)]);
}
