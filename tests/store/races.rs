//! Many at once, on two nodes where the database has a server: one wins, whatever the timing.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use signet_core::model::{Client, Completion, Purpose, Realm, ResourceServer, User};
use signet_core::ports::{
    Clients, KeptClient, LoginOutcome, PushedRequests, Realms, RedemptionOutcome, RefreshFamilies, ResourceServers,
    RotationOutcome, Sessions, SingleUse, StoreError, StoreResult, Throttles, Users,
};
use signet_protocol::identifiers::RealmId;
use signet_store::Database;
use tokio::sync::Barrier;

use super::fixtures::{NOW, World, client, login, password, push, resource_server, session, used};
use crate::support::databases::{Kind, TestDatabase};

on_every_database!(
    one_of_twenty_redeems_a_code,
    one_of_twenty_rotates_a_refresh_token,
    one_of_twenty_consumes_a_mark,
    pa_004_one_of_twenty_completes_a_pushed_request,
    a_read_then_write_consume_does_not_pass_this_test,
    twenty_attempts_are_counted_from_one_to_twenty,
    one_of_twenty_answers_a_form,
    twenty_new_passwords_leave_one,
    rotation_and_closing_never_leave_a_living_family,
    of_twenty_changes_of_one_thing_one_is_made_and_the_others_are_told,
    ad_008_of_twenty_who_delete_administrators_one_is_refused,
);

pub(super) const RACERS: usize = 20;
const REALM: RealmId = RealmId([1; 16]);

/// The stores that race: two nodes, or the one serving process that SQLite permits.
pub(super) async fn nodes(database: &TestDatabase) -> Vec<Database> {
    let first = database.connect().await;
    if database.kind == Kind::Sqlite { vec![first] } else { vec![first, database.connect().await] }
}

/// Lets twenty tasks do the same at the same moment.
pub(super) async fn race<T, Run>(nodes: &[Database], work: impl Fn(Database, usize) -> Run) -> Vec<T>
where
    T: Send + 'static,
    Run: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let tasks: Vec<_> = (0..RACERS)
        .map(|number| {
            let (start, run) = (Arc::clone(&start), work(nodes[number % nodes.len()].clone(), number));
            tokio::spawn(async move {
                start.wait().await;
                run.await
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

fn count<T: PartialEq>(outcomes: &[T], wanted: &T) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}

async fn one_of_twenty_redeems_a_code(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    for round in 10..15 {
        let redemption = world.redemption(round);
        let outcomes = race(&nodes, |store, _| {
            let redemption = redemption.clone();
            async move { store.redeem(REALM, &redemption, &[]).await.unwrap() }
        });
        let outcomes = outcomes.await;
        assert_eq!(count(&outcomes, &RedemptionOutcome::Redeemed), 1);
        assert_eq!(count(&outcomes, &RedemptionOutcome::AlreadyUsed), RACERS - 1);
    }
    assert_eq!(database.count("refresh_families").await, 5);
}

async fn one_of_twenty_rotates_a_refresh_token(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    let lineage = world.open_family(5).await;
    for generation in 1..6 {
        let rotation = world.rotation(lineage, generation);
        let outcomes = race(&nodes, |store, number| {
            let mut rotation = rotation.clone();
            // Each with an assertion of its own, which only the winner may use up.
            rotation.proofs = vec![used(Purpose::ClientAssertion, u8::try_from(number).unwrap())];
            rotation.proofs[0].key[31] = u8::try_from(generation).unwrap();
            async move { store.rotate(REALM, &rotation, &[]).await.unwrap() }
        });
        let outcomes = outcomes.await;
        assert_eq!(count(&outcomes, &RotationOutcome::Rotated), 1);
        assert_eq!(count(&outcomes, &RotationOutcome::Superseded), RACERS - 1);
    }
    assert_eq!(world.store.refresh_family(REALM, lineage).await.unwrap().unwrap().generation, 6);
    assert_eq!(database.count("used_records WHERE purpose = 3").await, 5);
}

async fn one_of_twenty_consumes_a_mark(database: &TestDatabase) {
    let nodes = nodes(database).await;
    for round in 0..5 {
        let record = used(Purpose::Interaction, round);
        let outcomes = race(&nodes, |store, _| async move { store.consume(REALM, &record, &[]).await.unwrap() }).await;
        assert_eq!(count(&outcomes, &true), 1);
    }
}

async fn pa_004_one_of_twenty_completes_a_pushed_request(database: &TestDatabase) {
    let nodes = nodes(database).await;
    for round in 0..5 {
        let pushed = push(REALM, round);
        nodes[0].push(&pushed, &[]).await.unwrap();
        let completion = Completion::Pushed(pushed.request.reference);
        let outcomes = race(&nodes, |store, _| async move { store.complete(REALM, &completion, &[]).await.unwrap() });
        assert_eq!(count(&outcomes.await, &true), 1);
    }
}

/// What `consume` must not be: ask whether the mark is there, and set it if not.
async fn consume_by_reading_first(connection: &DatabaseConnection, key: i64) -> bool {
    let backend = connection.get_database_backend();
    let select = format!("SELECT 1 FROM installation WHERE id = {key}");
    if connection.query_one_raw(Statement::from_string(backend, select)).await.unwrap().is_some() {
        return false;
    }
    let insert = match backend {
        sea_orm::DatabaseBackend::MySql => "INSERT IGNORE INTO installation (id, canary)",
        _ => "INSERT INTO installation (id, canary)",
    };
    let ending = if backend == sea_orm::DatabaseBackend::MySql { "" } else { " ON CONFLICT DO NOTHING" };
    connection.execute_unprepared(&format!("{insert} VALUES ({key}, '1'){ending}")).await.unwrap();
    true
}

async fn a_read_then_write_consume_does_not_pass_this_test(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let mut connections = Vec::new();
    for _ in 0..RACERS {
        connections.push(database.connect_directly().await);
    }
    let mut caught = false;
    for round in 0..50 {
        let outcomes = race(&nodes, |_, number| {
            let connection = connections[number].clone();
            async move { consume_by_reading_first(&connection, round).await }
        });
        caught = count(&outcomes.await, &true) != 1;
        if caught {
            break;
        }
    }
    assert!(caught, "fifty races never had two winners: the test cannot see what it is for");
}

async fn twenty_attempts_are_counted_from_one_to_twenty(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let keys = [[1; 32], [2; 32]];
    let counted = race(&nodes, |store, number| async move {
        // Half of them name the counters in the other order.
        let keys = if number % 2 == 0 { keys } else { [keys[1], keys[0]] };
        let counted = store.count_attempts(REALM, &keys, NOW, 900).await.unwrap();
        [counted[number % 2].count, counted[1 - number % 2].count]
    });
    let counted = counted.await;
    for counter in 0..2 {
        let mut counts: Vec<i64> = counted.iter().map(|counts| counts[counter]).collect();
        counts.sort_unstable();
        assert_eq!(counts, (1..=20).collect::<Vec<_>>());
    }
}

async fn one_of_twenty_answers_a_form(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    let outcomes = race(&nodes, |store, number| {
        let login = login(session(&world.user, 100 + u8::try_from(number).unwrap()), 9);
        async move { store.open_session(&login, &[]).await.unwrap() }
    });
    let outcomes = outcomes.await;
    assert_eq!(count(&outcomes, &LoginOutcome::Opened), 1);
    assert_eq!(count(&outcomes, &LoginOutcome::FormAlreadyUsed), RACERS - 1);
    assert_eq!(database.count("sessions").await, 2);
}

async fn twenty_new_passwords_leave_one(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    let user_id = world.user.id;
    let outcomes = race(&nodes, |store, number| async move {
        let password = password(100 + u8::try_from(number).unwrap());
        store.set_password(REALM, user_id, &password, &[]).await.is_ok()
    });
    assert_eq!(count(&outcomes.await, &true), RACERS);
    assert_eq!(database.count("credentials").await, 1);
    assert_eq!(world.store.user(REALM, user_id).await.unwrap().unwrap().epoch, 21);
}

async fn rotation_and_closing_never_leave_a_living_family(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    for round in 10..15 {
        let lineage = world.open_family(round).await;
        let rotation = world.rotation(lineage, 1);
        race(&nodes, |store, number| {
            let rotation = rotation.clone();
            async move {
                if number == 0 {
                    store.close_lineage(REALM, lineage, NOW.plus(600), &[]).await.unwrap();
                } else {
                    store.rotate(REALM, &rotation, &[]).await.unwrap();
                }
            }
        })
        .await;
        assert!(!world.store.refresh_family(REALM, lineage).await.unwrap().unwrap().active);
        let generation = world.store.refresh_family(REALM, lineage).await.unwrap().unwrap().generation;
        let late = world.rotation(lineage, generation);
        assert_eq!(world.store.rotate(REALM, &late, &[]).await.unwrap(), RotationOutcome::Superseded);
    }
}

/// The one racer that was first; the others changed nothing and know it.
fn winner(outcomes: &[StoreResult<()>]) -> String {
    let others = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Changed(_)))).count();
    assert_eq!(others, RACERS - 1, "{outcomes:?}");
    outcomes.iter().position(Result::is_ok).unwrap().to_string()
}

async fn of_twenty_changes_of_one_thing_one_is_made_and_the_others_are_told(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    let server = resource_server(REALM, 1);
    world.store.insert_resource_server(&server, &[]).await.unwrap();
    for revision in 0..3 {
        let before = Client { revision, ..world.client.clone() };
        let outcomes = race(&nodes, |store, number| {
            let mut changed = before.clone();
            changed.metadata.client_name = Some(number.to_string());
            async move { store.update_client(&changed, None, &[]).await }
        });
        let first = winner(&outcomes.await);
        let stored = world.store.client_as_stored(REALM, &before.client_id).await.unwrap().unwrap();
        assert_eq!((stored.metadata.client_name, stored.revision), (Some(first), revision + 1));

        let before = Realm { revision, ..world.realm.clone() };
        let outcomes = race(&nodes, |store, number| {
            let changed = Realm { display_name: number.to_string(), ..before.clone() };
            async move { store.update_realm(&changed, &[]).await }
        });
        let first = winner(&outcomes.await);
        let stored = world.store.realm_by_name(&before.name).await.unwrap().unwrap();
        assert_eq!((stored.display_name, stored.revision), (first, revision + 1));

        let before = User { revision, ..world.user.clone() };
        let outcomes = race(&nodes, |store, number| {
            let changed = User { username: number.to_string(), ..before.clone() };
            async move { store.update_user(&changed, &[]).await }
        });
        let first = winner(&outcomes.await);
        let stored = world.store.user(REALM, before.id).await.unwrap().unwrap();
        assert_eq!((stored.username, stored.revision), (first, revision + 1));

        let before = ResourceServer { revision, ..server.clone() };
        let outcomes = race(&nodes, |store, number| {
            let changed = ResourceServer { display_name: number.to_string(), ..before.clone() };
            async move { store.update_resource_server(&changed, &[]).await }
        });
        let first = winner(&outcomes.await);
        let stored = world.store.resource_servers(REALM).await.unwrap().remove(0);
        assert_eq!((stored.display_name, stored.revision), (first, revision + 1));
    }
}

async fn ad_008_of_twenty_who_delete_administrators_one_is_refused(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let world = World::in_store(nodes[0].clone()).await;
    world.store.delete_client(REALM, &world.client_id(), None, &[]).await.unwrap();
    for number in 0..RACERS {
        world.store.insert_client(&client(REALM, &format!("admin-{number}")), &[]).await.unwrap();
    }
    let keep = Some(KeptClient { is_one: |client| client.enabled, why: "keep one" });
    let outcomes = race(&nodes, |store, number| async move {
        store.delete_client(REALM, &format!("admin-{number}").parse().unwrap(), keep, &[]).await
    });
    let outcomes = outcomes.await;
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Needed(_)))).count();
    assert_eq!(refused, 1, "{outcomes:?}");
    assert_eq!(database.count("clients").await, 1);
}
