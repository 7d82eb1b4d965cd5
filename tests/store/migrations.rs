//! How a database gets its schema: once, whoever starts at the same time and whatever interrupts it.

use std::time::Duration;

use signet_core::ports::Realms;
use signet_migrations::{MigrationError, Progress};
use signet_store::{ConnectError, Database, Options};

use super::fixtures::{insert_realm, realm};
use crate::support::databases::{Kind, TestDatabase};

on_every_database!(
    migrating_twice_changes_nothing_the_second_time,
    five_nodes_that_start_at_once_migrate_once,
    a_run_that_was_killed_is_resumed,
    a_statement_that_was_run_but_not_recorded_runs_again,
    a_newer_schema_is_refused,
    an_older_schema_is_refused,
);

/// The whole of `up`, without a callback.
async fn up(url: &str) -> Result<usize, MigrationError> {
    signet_migrations::up(url, |_| {}).await
}

async fn migrating_twice_changes_nothing_the_second_time(migrated: &TestDatabase) {
    let database = TestDatabase::empty(migrated.kind).await;
    let states = signet_migrations::status(&database.url).await.unwrap();
    assert!(!states.is_empty() && states.iter().all(|state| !state.applied));
    let mut seen: Vec<Progress> = Vec::new();
    let total = signet_migrations::up(&database.url, |progress| seen.push(progress)).await.unwrap();
    assert_eq!(total, states.len());
    let numbers: Vec<_> = seen.iter().map(|progress| (progress.done, progress.total)).collect();
    assert_eq!(numbers, (1..=total).map(|done| (done, total)).collect::<Vec<_>>());
    assert_eq!(up(&database.url).await.unwrap(), 0);
    let states = signet_migrations::status(&database.url).await.unwrap();
    assert!(states.iter().all(|state| state.applied));
    assert!(states.is_sorted_by_key(|state| state.name.clone()));
    insert_realm(&database.connect().await, &realm(1)).await.unwrap();
    database.remove().await;
}

async fn five_nodes_that_start_at_once_migrate_once(migrated: &TestDatabase) {
    let database = TestDatabase::empty(migrated.kind).await;
    let nodes: Vec<_> = (0..5)
        .map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move { up(&url).await })
        })
        .collect();
    let mut applied = Vec::new();
    for node in nodes {
        applied.push(node.await.unwrap().unwrap());
    }
    let total = signet_migrations::status(&database.url).await.unwrap().len();
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, 0, total]);
    database.remove().await;
}

async fn a_run_that_was_killed_is_resumed(migrated: &TestDatabase) {
    let database = TestDatabase::empty(migrated.kind).await;
    let url = database.url.clone();
    let killed = tokio::spawn(async move {
        signet_migrations::up(&url, |progress| assert!(progress.done < 10, "killed here, deliberately")).await
    });
    assert!(killed.await.unwrap_err().is_panic());
    let resumed = tokio::time::timeout(Duration::from_secs(20), up(&database.url));
    let resumed = resumed.await.expect("the lock went with its holder").unwrap();
    assert_eq!(resumed + 10, signet_migrations::status(&database.url).await.unwrap().len());
    insert_realm(&database.connect().await, &realm(1)).await.unwrap();
    database.remove().await;
}

async fn a_statement_that_was_run_but_not_recorded_runs_again(database: &TestDatabase) {
    database.spoil();
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let total = signet_migrations::status(&database.url).await.unwrap().len();
    database.execute("DELETE FROM seaql_migrations").await;
    assert_eq!(up(&database.url).await.unwrap(), total);
    assert!(store.realm_by_name(&realm(1).name).await.unwrap().is_some());
}

async fn a_newer_schema_is_refused(database: &TestDatabase) {
    database.spoil();
    database.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_01_future', 0)").await;
    let refused = up(&database.url).await;
    assert!(matches!(&refused, Err(MigrationError::Newer(name)) if name == "m9999_01_future"), "{refused:?}");
    match Database::connect(&database.url, Options::default()).await {
        Err(ConnectError::Schema(error @ MigrationError::Newer(_))) => {
            assert!(error.to_string().contains("start the newer version"), "{error}");
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
    let states = signet_migrations::status(&database.url).await.unwrap();
    assert!(states.iter().any(|state| state.name == "m9999_01_future" && state.applied));
}

async fn an_older_schema_is_refused(database: &TestDatabase) {
    database.spoil();
    database.execute("DELETE FROM seaql_migrations WHERE version LIKE 'm0005%'").await;
    match Database::connect(&database.url, Options::default()).await {
        Err(ConnectError::Schema(error @ MigrationError::Pending(10))) => {
            assert!(error.to_string().contains("signet migrate up"), "{error}");
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_explained() {
    for (url, expected) in [
        ("oracle://host/db", "must begin with sqlite:, postgres: or mysql:"),
        ("sqlite::memory:", "must name a file"),
        ("sqlite:x.db?mode=memory", "must name a file"),
        ("sqlite:x.db?mode=ro", "must not say mode=ro after its file"),
        ("sqlite:/nonexistent/folder/signet.db", "check that the folder"),
    ] {
        let error = up(url).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{url}: {error}");
    }
    let missing = TestDatabase::empty(Kind::Sqlite).await;
    let error = Database::connect(&missing.url, Options::default()).await.unwrap_err().to_string();
    assert!(error.contains("run: signet migrate up"), "{error}");
    assert!(!missing.sqlite_file().exists());
    missing.remove().await;
}
