//! When the server or the way to it goes: an error soon, no hanging, and back to work without a restart.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use signet_core::model::Purpose;
use signet_core::ports::{RedemptionOutcome, SingleUse, StoreError, Users};
use signet_protocol::identifiers::RealmId;
use signet_store::{Database, Options};
use tokio::time::timeout;

use super::fixtures::{World, used};
use crate::support::databases::{Kind, PATIENT, TestDatabase};
use crate::support::proxy::{Mode, Proxy};

on_every_server!(
    killed_connections_are_replaced_unnoticed,
    a_server_that_is_down_is_unavailable_and_comes_back,
    a_server_that_went_silent_is_unavailable_and_comes_back,
    a_commit_whose_answer_is_lost_is_not_repeated,
    a_store_does_not_open_without_its_server,
);

/// Far longer than any answer may take: what is not there by then hangs.
const HANGING: Duration = Duration::from_secs(20);

async fn through_proxy(database: &TestDatabase) -> (Proxy, Database) {
    // The server does not learn at once that its clients are gone.
    database.spoil();
    let (proxy, url) = Proxy::before(&database.url).await;
    (proxy, Database::connect(&url, Options { connections: 4, ..Options::default() }).await.unwrap())
}

/// Reads and writes until both succeed.
async fn works_again(store: &Database, mut number: u8) {
    let realm_id = RealmId([1; 16]);
    let recovered = timeout(HANGING, async {
        loop {
            number += 1;
            let record = used(Purpose::Interaction, number);
            let written = store.consume(realm_id, &record, &[]).await;
            if written.is_ok() && store.user_by_username(realm_id, "zoë").await.is_ok() {
                return;
            }
        }
    });
    recovered.await.expect("the store recovers");
}

async fn assert_unavailable(store: &Database, number: u8) {
    let realm_id = RealmId([1; 16]);
    let record = used(Purpose::Interaction, number);
    let written = timeout(HANGING, store.consume(realm_id, &record, &[])).await.expect("no hanging");
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
    let read = timeout(HANGING, store.user_by_username(realm_id, "zoë")).await.expect("no hanging");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
}

/// Ends every connection to the database but the one that asks for it.
async fn kill_connections(database: &TestDatabase) {
    let connection = database.connect_directly().await;
    let find = match database.kind {
        Kind::Postgres => {
            "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        }
        _ => {
            "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        }
    };
    let statement = Statement::from_string(connection.get_database_backend(), find);
    let found = connection.query_all_raw(statement).await.unwrap();
    assert!(!found.is_empty());
    for row in found {
        let id: i64 = row.try_get_by_index(0).unwrap();
        let kill = match database.kind {
            Kind::Postgres => format!("SELECT pg_terminate_backend({id})"),
            // One that was closing may be gone by now.
            _ => format!("BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; KILL {id}; END"),
        };
        connection.execute_unprepared(&kill).await.unwrap();
    }
}

async fn killed_connections_are_replaced_unnoticed(database: &TestDatabase) {
    let options = Options { connections: 1, ..PATIENT };
    let world = World::in_store(database.connect_with(options).await).await;
    kill_connections(database).await;
    let read = world.store.user_by_username(world.realm.id, "zoë").await.unwrap();
    assert!(read.is_some());
    kill_connections(database).await;
    let outcome = world.store.redeem(world.realm.id, &world.redemption(5), &[]).await.unwrap();
    assert_eq!(outcome, RedemptionOutcome::Redeemed);
}

async fn a_server_that_is_down_is_unavailable_and_comes_back(database: &TestDatabase) {
    let (proxy, store) = through_proxy(database).await;
    let _world = World::in_store(store.clone()).await;
    proxy.set(Mode::Cut);
    assert_unavailable(&store, 10).await;
    proxy.set(Mode::Pass);
    works_again(&store, 20).await;
}

async fn a_server_that_went_silent_is_unavailable_and_comes_back(database: &TestDatabase) {
    let (proxy, store) = through_proxy(database).await;
    let _world = World::in_store(store.clone()).await;
    let many = async |numbers: std::ops::Range<u8>| {
        let tasks: Vec<_> = numbers
            .map(|number| {
                let store = store.clone();
                tokio::spawn(
                    async move { store.consume(RealmId([1; 16]), &used(Purpose::Interaction, number), &[]).await },
                )
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(timeout(HANGING, task).await.expect("no hanging").unwrap());
        }
        answers
    };
    // Every connection of the pool is open before silence falls, and in use afterwards.
    assert!(many(100..120).await.iter().all(Result::is_ok));
    proxy.set(Mode::Swallow);
    assert!(many(120..140).await.iter().all(|answer| matches!(answer, Err(StoreError::Unavailable(_)))));
    assert_unavailable(&store, 10).await;
    // The old connections stay dead; only new ones pass.
    proxy.set(Mode::Pass);
    works_again(&store, 20).await;
}

async fn a_commit_whose_answer_is_lost_is_not_repeated(database: &TestDatabase) {
    let (proxy, store) = through_proxy(database).await;
    let world = World::in_store(store.clone()).await;
    let redemption = world.redemption(5);
    proxy.set(Mode::LoseCommit);
    let lost = timeout(HANGING, store.redeem(world.realm.id, &redemption, &[])).await.expect("no hanging");
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    proxy.set(Mode::Pass);
    works_again(&store, 20).await;
    // The commit had arrived: whoever tries again is refused, and nothing was written twice.
    assert_eq!(database.count("refresh_families").await, 1);
    let again = store.redeem(world.realm.id, &redemption, &[]).await.unwrap();
    assert_eq!(again, RedemptionOutcome::AlreadyUsed);
    assert_eq!(database.count("refresh_families").await, 1);
}

async fn a_store_does_not_open_without_its_server(database: &TestDatabase) {
    let (proxy, url) = Proxy::before(&database.url).await;
    proxy.set(Mode::Cut);
    let opened = timeout(HANGING, Database::connect(&url, Options::default())).await.expect("no hanging");
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("check database.url"), "{error}");
    let password = url.split(['@', ':']).nth(2).unwrap();
    assert!(!error.contains(password), "{error}");
}
