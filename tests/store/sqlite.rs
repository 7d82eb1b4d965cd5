//! What only SQLite has: one writer, group commit, one serving process, commands beside it.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait};
use signet_core::model::Purpose;
use signet_core::ports::{Changes, Clients, RedemptionOutcome, SingleUse, StoreError, Users};
use signet_protocol::identifiers::RealmId;
use signet_store::Options;
use tokio::time::timeout;

use super::fixtures::{World, client, used, user};
use crate::support::databases::{Kind, TestDatabase};

const REALM: RealmId = RealmId([1; 16]);

/// Somebody else who has written and not committed: users are disabled for nobody but them.
async fn another_writes(database: &TestDatabase) -> (DatabaseConnection, DatabaseTransaction) {
    let connection = database.connect_directly().await;
    let other = connection.begin().await.unwrap();
    other.execute_unprepared("UPDATE users SET enabled = FALSE").await.unwrap();
    (connection, other)
}

#[tokio::test(flavor = "current_thread")]
async fn work_that_arrives_together_shares_a_commit() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let world = World::in_store(database.connect().await).await;
    let before = world.store.statistics();
    let (connection, other) = another_writes(&database).await;
    let store = world.store.clone();
    let waiting =
        tokio::spawn(async move { store.consume(REALM, &used(Purpose::Interaction, 100), &[]).await.unwrap() });
    while world.store.statistics().busy == before.busy {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // All of these hand in their work while the writer waits with that of the first.
    let consuming: Vec<_> = (0..20_u8)
        .map(|number| {
            let store = world.store.clone();
            // Every mark twice: each group has winners and losers.
            tokio::spawn(
                async move { store.consume(REALM, &used(Purpose::Interaction, number / 2), &[]).await.unwrap() },
            )
        })
        .collect();
    let failing = {
        let (store, twin) = (world.store.clone(), user(REALM, 9, "zoë"));
        tokio::spawn(async move { store.insert_user(&twin, None, &[]).await })
    };
    // Loses after it has marked its assertion: the mark must go, and nothing of the others'.
    let assertion = used(Purpose::ClientAssertion, 1);
    let fallen = {
        let (store, mut redemption) = (world.store.clone(), world.redemption(6));
        (redemption.proofs, redemption.standing.realm_epoch) = (vec![assertion], 9);
        tokio::spawn(async move { store.redeem(REALM, &redemption, &[]).await })
    };
    let (store, redemption) = (world.store.clone(), world.redemption(5));
    let redeeming = tokio::spawn(async move { store.redeem(REALM, &redemption, &[]).await });
    tokio::task::yield_now().await;
    other.rollback().await.unwrap();
    connection.close().await.unwrap();
    let mut first = 0;
    for task in consuming {
        first += u32::from(task.await.unwrap());
    }
    assert_eq!(first, 10);
    assert!(matches!(failing.await.unwrap(), Err(StoreError::Duplicate("user"))));
    assert_eq!(fallen.await.unwrap().unwrap(), RedemptionOutcome::Fallen);
    assert_eq!(redeeming.await.unwrap().unwrap(), RedemptionOutcome::Redeemed);
    assert!(waiting.await.unwrap());
    assert_eq!(world.store.statistics().commits - before.commits, 2);
    // The mark of the first, ten marks, the world's own, and the code.
    assert_eq!(database.count("used_records").await, 13);
    assert_eq!(database.count("refresh_families").await, 1);
    assert_eq!(database.count("users").await, 1);
    assert!(world.store.consume(REALM, &assertion, &[]).await.unwrap());
    database.remove().await;
}

#[tokio::test]
async fn one_process_serves_and_commands_run_beside_it() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let serving = database.connect().await;
    let lock = serving.hold_serving_lock().unwrap();
    let world = World::in_store(serving.clone()).await;
    let polling = serving.start_polling().await.unwrap();
    let before = serving.configuration_version().unwrap();
    let command = database.connect().await;
    let refused = command.hold_serving_lock().unwrap_err().to_string();
    assert!(refused.contains("stop it first"), "{refused}");
    command.insert_client(&client(REALM, "made-by-command"), &[]).await.unwrap();
    let noticed = timeout(Duration::from_secs(20), async {
        while serving.configuration_version() == Some(before) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    noticed.await.expect("the poll notices the command");
    assert!(serving.client(REALM, &"made-by-command".parse().unwrap()).await.unwrap().is_some());
    polling.stop().await;
    drop(lock);
    let _taken_over = command.hold_serving_lock().unwrap();
    assert!(world.store.consume(REALM, &used(Purpose::Interaction, 1), &[]).await.unwrap());
    database.remove().await;
}

#[tokio::test]
async fn a_writer_that_never_ends_makes_writes_unavailable_and_reads_go_on() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let world = World::in_store(database.connect_with(Options::default()).await).await;
    let (_connection, other) = another_writes(&database).await;
    let record = used(Purpose::Interaction, 1);
    let blocked = timeout(Duration::from_secs(20), world.store.consume(REALM, &record, &[])).await.expect("no hanging");
    assert!(matches!(blocked, Err(StoreError::Unavailable(_))), "{blocked:?}");
    assert!(world.store.statistics().busy > 0);
    let (user, _) = world.store.user_by_username(REALM, "zoë").await.unwrap().unwrap();
    assert!(user.enabled);
    other.rollback().await.unwrap();
    // What was reported as not done was not done.
    assert!(world.store.consume(REALM, &record, &[]).await.unwrap());
    database.remove().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::empty(Kind::Sqlite).await;
    signet_migrations::up(&database.url, |_| {}).await.unwrap();
    let mode = std::fs::metadata(database.sqlite_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    database.remove().await;
}

#[tokio::test(flavor = "current_thread")]
async fn what_waits_when_the_store_closes_is_not_done() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let world = World::in_store(database.connect().await).await;
    let before = database.count("used_records").await;
    let (connection, other) = another_writes(&database).await;
    let consuming: Vec<_> = (0..70_u8)
        .map(|number| {
            let store = world.store.clone();
            tokio::spawn(async move { store.consume(REALM, &used(Purpose::Interaction, number), &[]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let closing = tokio::spawn({
        let store = world.store.clone();
        async move { store.close().await }
    });
    tokio::task::yield_now().await;
    other.rollback().await.unwrap();
    connection.close().await.unwrap();
    timeout(Duration::from_secs(20), closing).await.expect("no hanging").unwrap();
    let mut done = 0;
    for task in consuming {
        match task.await.unwrap() {
            Ok(first) => done += i64::from(first),
            Err(StoreError::Unavailable(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    // At most the group that was under way; and nothing was done without a word.
    assert!(done <= 64, "{done} of 70");
    assert_eq!(database.count("used_records").await - before, done);
    database.remove().await;
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let store = database.connect().await;
    let record = used(Purpose::Interaction, 1);
    store.consume(REALM, &record, &[]).await.unwrap();
    store.close().await;
    let answer = timeout(Duration::from_secs(20), store.consume(REALM, &record, &[])).await.expect("no hanging");
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(!database.connect().await.consume(REALM, &record, &[]).await.unwrap());
    database.remove().await;
}
