//! Transactions that the database ends because others were in the way: begun anew, as a whole, a few times.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, TransactionTrait};
use signet_core::ports::{StoreError, Throttles};
use signet_protocol::identifiers::RealmId;
use signet_store::{Database, Isolation, Options};
use tokio::time::timeout;

use super::fixtures::NOW;
use crate::support::databases::{Kind, PATIENT, TestDatabase};

on_every_server!(a_deadlock_is_repeated, a_lock_that_is_never_given_free_is_unavailable);

mod serializable {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres_40001_a_serialization_failure_is_repeated() {
        let test = super::a_serialization_failure_is_repeated;
        crate::store::on(crate::support::databases::Kind::Postgres, test).await;
    }
}

const REALM: RealmId = RealmId([1; 16]);

/// Waits until some session waits for a lock that another holds.
async fn someone_waits(database: &TestDatabase) {
    let connection = database.connect_directly().await;
    let waiting = timeout(Duration::from_secs(20), async {
        while !a_lock_is_waited_for(database, &connection).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waiting.await.expect("the store waits for the lock");
}

async fn a_lock_is_waited_for(database: &TestDatabase, connection: &DatabaseConnection) -> bool {
    let ask = async |sql| {
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        connection.query_one_raw(statement).await.unwrap().unwrap()
    };
    if database.kind == Kind::Postgres {
        let waiting = "SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                       WHERE NOT l.granted AND a.datname = current_database()";
        return ask(waiting).await.try_get_by_index::<i64>(0).unwrap() > 0;
    }
    // The views of MariaDB are not renewed while somebody keeps asking them; this report always is.
    let report: String = ask("SHOW ENGINE INNODB STATUS").await.try_get_by_index(2).unwrap();
    let (_, name) = database.url.rsplit_once('/').unwrap();
    let table = format!("`{name}`.`throttles`");
    report.lines().any(|line| line.contains(&table) && line.ends_with("waiting"))
}

fn counting(store: &Database, keys: &[[u8; 32]]) -> tokio::task::JoinHandle<Result<Vec<i64>, StoreError>> {
    let (store, keys) = (store.clone(), keys.to_vec());
    tokio::spawn(async move {
        let counted = store.count_attempts(REALM, &keys, NOW, 60).await?;
        Ok(counted.into_iter().map(|attempts| attempts.count).collect())
    })
}

/// Adds ten attempts to the counter whose key is this byte throughout, and locks its row alone.
async fn add_ten(connection: &impl ConnectionTrait, byte: u8) -> Result<(), DbErr> {
    let binary = |byte: u8, length: usize| match connection.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => format!("'\\x{}'", format!("{byte:02x}").repeat(length)),
        _ => format!("x'{}'", format!("{byte:02x}").repeat(length)),
    };
    let (realm, key) = (binary(1, 16), binary(byte, 32));
    let update =
        format!("UPDATE throttles SET attempts = attempts + 10 WHERE realm_id = {realm} AND throttled = {key}");
    connection.execute_unprepared(&update).await.map(drop)
}

async fn a_serialization_failure_is_repeated(database: &TestDatabase) {
    let options = Options { isolation: Isolation::Serializable, ..PATIENT };
    let store = database.connect_with(options).await;
    store.count_attempts(REALM, &[[1; 32]], NOW, 60).await.unwrap();
    let other = database.connect_directly().await.begin().await.unwrap();
    add_ten(&other, 1).await.unwrap();
    let counted = counting(&store, &[[1; 32]]);
    someone_waits(database).await;
    // Now the row is another than the store's transaction began with: error 40001.
    other.commit().await.unwrap();
    assert_eq!(counted.await.unwrap().unwrap(), [12]);
    let statistics = store.statistics();
    assert_eq!((statistics.retries, statistics.busy), (1, 1));
}

async fn a_deadlock_is_repeated(database: &TestDatabase) {
    let store = database.connect().await;
    for round in 1..10 {
        let keys = [[round; 32], [100 + round; 32]];
        store.count_attempts(REALM, &keys, NOW, 60).await.unwrap();
        let other = database.connect_directly().await.begin().await.unwrap();
        // MariaDB ends the transaction that has changed less.
        for number in 0..20 {
            let mark = format!("INSERT INTO installation (id, canary) VALUES ({number}, '1')");
            other.execute_unprepared(&mark).await.unwrap();
        }
        add_ten(&other, 100 + round).await.unwrap();
        let counted = counting(&store, &keys);
        someone_waits(database).await;
        // The store holds the first counter and waits for the second; this waits for the first.
        if add_ten(&other, round).await.is_err() {
            // PostgreSQL ends the one that looks first: on a busy machine not always the store.
            other.rollback().await.unwrap();
            counted.await.unwrap().unwrap();
            continue;
        }
        other.commit().await.unwrap();
        assert_eq!(counted.await.unwrap().unwrap(), [12, 12]);
        let statistics = store.statistics();
        assert_eq!((statistics.retries, statistics.busy), (1, 1));
        return;
    }
    panic!("nine deadlocks never ended the store's transaction");
}

async fn a_lock_that_is_never_given_free_is_unavailable(database: &TestDatabase) {
    let store = database.connect_with(Options::default()).await;
    store.count_attempts(REALM, &[[1; 32]], NOW, 60).await.unwrap();
    let connection: DatabaseConnection = database.connect_directly().await;
    let other = connection.begin().await.unwrap();
    add_ten(&other, 1).await.unwrap();
    let counted = timeout(Duration::from_secs(20), counting(&store, &[[1; 32]])).await.expect("no hanging");
    let answer = counted.unwrap();
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    other.rollback().await.unwrap();
    // What was given up was not done.
    assert_eq!(counting(&store, &[[1; 32]]).await.unwrap().unwrap(), [2]);
}
