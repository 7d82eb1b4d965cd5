//! What single-use statements must not be: a look, and then a change. The races of [`super::races`] see them; a race that
//! did not would prove nothing about the statements that pass it.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement, Value};
use signet_core::model::Purpose;
use signet_core::ports::PushedRequests;
use signet_protocol::identifiers::{Lineage, RealmId};

use super::fixtures::{NOW, World, push};
use super::races::{RACERS, nodes, race};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_code_that_is_looked_up_before_it_is_redeemed_has_two_winners,
    a_generation_that_is_looked_up_before_it_is_rotated_has_two_winners,
    a_pushed_request_that_is_looked_up_before_it_is_completed_has_two_winners,
);

const REALM: RealmId = RealmId([1; 16]);
/// Races without two winners after which the race is blind.
const ROUNDS: u8 = 50;

/// A statement with `?` for each value, in the words of the database.
fn statement(connection: &DatabaseConnection, sql: &str, values: Vec<Value>) -> Statement {
    let backend = connection.get_database_backend();
    let numbered = sql.split('?').enumerate().fold(String::new(), |all, (number, piece)| match number {
        0 => piece.to_owned(),
        _ if backend == DatabaseBackend::Postgres => format!("{all}${number}{piece}"),
        _ => format!("{all}?{piece}"),
    });
    Statement::from_sql_and_values(backend, numbered, values)
}

/// Lets twenty race for the same thing, each on a connection of its own, until a race has not one winner.
async fn assert_caught<Attempt>(
    database: &TestDatabase,
    world: &World,
    attempt: impl Fn(DatabaseConnection, u8) -> Attempt,
) where
    Attempt: Future<Output = bool> + Send + 'static,
{
    let nodes = [world.store.clone()];
    let mut connections = Vec::new();
    for _ in 0..RACERS {
        connections.push(database.connect_directly().await);
    }
    let mut caught = false;
    for round in 0..ROUNDS {
        let outcomes = race(&nodes, |_, number| attempt(connections[number].clone(), round)).await;
        caught = outcomes.iter().filter(|won| **won).count() != 1;
        if caught {
            break;
        }
    }
    for connection in connections {
        connection.close().await.unwrap();
    }
    assert!(caught, "{ROUNDS} races never had two winners: the test cannot see what it is for");
}

/// `redeem` as it must not be: asks whether the code is used, and marks it if not.
async fn redeem_by_reading_first(connection: DatabaseConnection, code: u8) -> bool {
    let key =
        || vec![REALM.0.to_vec().into(), i64::from(Purpose::AuthorizationCode as i16).into(), vec![code; 32].into()];
    let select = "SELECT 1 FROM used_records WHERE realm_id = ? AND purpose = ? AND used = ?";
    if connection.query_one_raw(statement(&connection, select, key())).await.unwrap().is_some() {
        return false;
    }
    let insert = "INTO used_records (realm_id, purpose, used, expires_at) VALUES (?, ?, ?, ?)";
    let insert = match connection.get_database_backend() {
        DatabaseBackend::MySql => format!("INSERT IGNORE {insert}"),
        _ => format!("INSERT {insert} ON CONFLICT DO NOTHING"),
    };
    let values = [key(), vec![NOW.0.into()]].concat();
    connection.execute_raw(statement(&connection, &insert, values)).await.unwrap();
    true
}

async fn a_code_that_is_looked_up_before_it_is_redeemed_has_two_winners(database: &TestDatabase) {
    let world = World::in_store(nodes(database).await.remove(0)).await;
    assert_caught(database, &world, redeem_by_reading_first).await;
}

/// `rotate` as it must not be: asks for the generation, and writes the next one if it is the one presented.
async fn rotate_by_reading_first(connection: DatabaseConnection, lineage: Lineage, generation: i64) -> bool {
    let family = || -> Vec<Value> { vec![REALM.0.to_vec().into(), lineage.0.to_vec().into()] };
    let select = "SELECT generation FROM refresh_families WHERE realm_id = ? AND lineage = ? AND active";
    let row = connection.query_one_raw(statement(&connection, select, family())).await.unwrap().unwrap();
    if row.try_get_by_index::<i64>(0).unwrap() != generation {
        return false;
    }
    let update = "UPDATE refresh_families SET generation = ? WHERE realm_id = ? AND lineage = ? AND active";
    let values = [vec![(generation + 1).into()], family()].concat();
    connection.execute_raw(statement(&connection, update, values)).await.unwrap();
    true
}

async fn a_generation_that_is_looked_up_before_it_is_rotated_has_two_winners(database: &TestDatabase) {
    let world = World::in_store(nodes(database).await.remove(0)).await;
    let lineage = world.open_family(5).await;
    let attempt = |connection, round| rotate_by_reading_first(connection, lineage, i64::from(round) + 1);
    assert_caught(database, &world, attempt).await;
}

/// `complete` as it must not be: asks whether a pushed request was answered, and marks it if not.
async fn complete_by_reading_first(connection: DatabaseConnection, number: u8) -> bool {
    let request = || -> Vec<Value> { vec![REALM.0.to_vec().into(), vec![number; 32].into()] };
    let select = "SELECT 1 FROM pushed_requests WHERE realm_id = ? AND reference = ? AND NOT completed";
    if connection.query_one_raw(statement(&connection, select, request())).await.unwrap().is_none() {
        return false;
    }
    let update = "UPDATE pushed_requests SET completed = TRUE WHERE realm_id = ? AND reference = ?";
    connection.execute_raw(statement(&connection, update, request())).await.unwrap();
    true
}

async fn a_pushed_request_that_is_looked_up_before_it_is_completed_has_two_winners(database: &TestDatabase) {
    let world = World::in_store(nodes(database).await.remove(0)).await;
    for round in 0..ROUNDS {
        world.store.push(&push(REALM, round), &[]).await.unwrap();
    }
    assert_caught(database, &world, complete_by_reading_first).await;
}
