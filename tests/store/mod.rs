//! The store's contract: the same tests on SQLite, PostgreSQL and MariaDB, each on a fresh database.

/// Makes three tests of each function, one for each kind of database.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        on_every_database!(@kind sqlite, Sqlite, $($test),+);
        on_every_server!($($test),+);
    };
    (@kind $module:ident, $kind:ident, $($test:ident),+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::store::on(crate::support::databases::Kind::$kind, super::$test).await;
                }
            )+
        }
    };
}

/// Makes two tests of each function, for the databases that have a server.
macro_rules! on_every_server {
    ($($test:ident),+ $(,)?) => {
        on_every_database!(@kind postgres, Postgres, $($test),+);
        on_every_database!(@kind mariadb, MariaDb, $($test),+);
    };
}

mod audit;
mod audit_costs;
mod audit_queue;
mod audit_tampering;
mod authorization_details;
mod authorizations;
mod careless;
mod clean_up;
mod clients;
mod costs;
mod damage;
mod deferred_requests;
mod device_secrets;
mod exactness;
mod fixtures;
mod flow_costs;
mod keys;
mod logouts;
mod lost_connection;
mod memory;
mod migrations;
mod notifications;
mod poll_costs;
mod pushed_requests;
mod races;
mod realms;
mod refresh_families;
mod registrations;
mod resource_servers;
mod script_runs;
mod scripts;
mod serialization;
mod sessions;
mod single_use;
mod sqlite;
mod throttles;
mod traffic;
mod trusted_issuers;
mod uma;
mod uma_sharing;
mod uma_spontaneous_scopes;
mod users;

use crate::support::databases::{Kind, TestDatabase};

/// Runs a test on a database without rows, which is left to the next test if this one passed.
async fn on(kind: Kind, test: impl AsyncFnOnce(&TestDatabase)) {
    let database = TestDatabase::migrated(kind).await;
    test(&database).await;
    database.give_back().await;
}
