//! How many statements and commits each operation costs: exact, because every one of them is a round trip.

use signet_core::model::{Completion, DEFAULT_SLOT, Purpose};
use signet_core::ports::{
    Authorizations, Clients, Keys, PushedRequests, Realms, RefreshFamilies, SessionEnding, Sessions, SingleUse,
    Throttles, Users, WhichSessions,
};
use signet_store::Database;

use super::fixtures::{NOW, World, answered, authorization, login, push, session, used};
use crate::support::databases::{Kind, TestDatabase};

on_every_database!(
    reads_cost_one_statement,
    a_code_costs_three_statements_and_one_commit,
    a_refresh_costs_one_statement_and_one_commit,
    a_login_costs_two_statements_and_one_commit,
    a_push_and_its_completion_cost_one_commit_each,
    marks_and_counters_cost_one_commit,
    a_known_client_costs_nothing,
);

/// Statements and commits of some work.
async fn cost<T>(store: &Database, work: impl Future<Output = T>) -> (u64, u64) {
    let before = store.statistics();
    work.await;
    let after = store.statistics();
    (after.statements - before.statements, after.commits - before.commits)
}

async fn reads_cost_one_statement(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let lineage = world.open_family(5).await;
    let read = (1, 0);
    assert_eq!(cost(store, store.client(realm_id, &world.client_id())).await, read);
    assert_eq!(cost(store, store.realm_by_name(&world.realm.name)).await, read);
    assert_eq!(cost(store, store.signing_keys(realm_id)).await, read);
    assert_eq!(cost(store, store.sealing_keys(realm_id)).await, read);
    assert_eq!(cost(store, store.user(realm_id, world.user.id)).await, read);
    assert_eq!(cost(store, store.user_by_username(realm_id, "zoë")).await, read);
    assert_eq!(cost(store, store.session(realm_id, &world.session.cookie_hash)).await, read);
    assert_eq!(cost(store, store.refresh_family(realm_id, lineage)).await, read);
    assert_eq!(cost(store, store.standing(realm_id, &world.standing(lineage))).await, read);
    let slot = store.authorization(realm_id, world.user.id, &world.client.client_id, DEFAULT_SLOT);
    assert_eq!(cost(store, slot).await, read);
}

async fn a_code_costs_three_statements_and_one_commit(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let whole = world.redemption(5);
    assert_eq!(cost(store, store.redeem(realm_id, &whole, &[])).await, (3, 1));
    assert_eq!(cost(store, store.redeem(realm_id, &whole, &[])).await, (2, 0));
    let mut with_proofs = world.redemption(6);
    with_proofs.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1)];
    assert_eq!(
        cost(store, store.redeem(realm_id, &with_proofs, &[])).await,
        (if database.kind == Kind::MariaDb { 5 } else { 3 }, 1)
    );
    let mut bare = world.redemption(7);
    (bare.refresh_family, bare.participant) = (None, None);
    assert_eq!(cost(store, store.redeem(realm_id, &bare, &[])).await, (1, 1));
}

async fn a_refresh_costs_one_statement_and_one_commit(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let lineage = world.open_family(5).await;
    assert_eq!(cost(store, store.rotate(realm_id, &world.rotation(lineage, 1), &[])).await, (1, 1));
    assert_eq!(cost(store, store.rotate(realm_id, &world.rotation(lineage, 1), &[])).await, (1, 0));
    let mut with_proofs = world.rotation(lineage, 2);
    with_proofs.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1)];
    // MariaDB cannot say which rows of several it inserted.
    let together = if database.kind == Kind::MariaDb { 3 } else { 2 };
    assert_eq!(cost(store, store.rotate(realm_id, &with_proofs, &[])).await, (together, 1));
    assert_eq!(cost(store, store.close_lineage(realm_id, lineage, NOW, &[])).await, (3, 1));
}

async fn a_login_costs_two_statements_and_one_commit(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let first = login(session(&world.user, 2), 2);
    assert_eq!(cost(store, store.open_session(&first, &[])).await, (2, 1));
    let mut second = login(session(&world.user, 3), 3);
    second.replaces = Some(first.session.cookie_hash);
    // The old session's row is held, its participants are read, both go, and the device secrets of its apps with them.
    assert_eq!(cost(store, store.open_session(&second, &[])).await, (8, 1));
    assert_eq!(cost(store, store.touch_session(realm_id, &second.session.cookie_hash, NOW.plus(60))).await, (1, 1));
    let ending = SessionEnding::of(WhichSessions::OfCookie(second.session.cookie_hash));
    assert_eq!(cost(store, store.end_sessions(realm_id, &ending, &[])).await, (5, 1));
    let consent = authorization(&world.user, &world.client, 1);
    assert_eq!(cost(store, store.record_consent(&answered(9), &consent, &[])).await, (3, 1));
}

async fn a_push_and_its_completion_cost_one_commit_each(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let mut pushed = push(realm_id, 1);
    assert_eq!(cost(store, store.push(&pushed, &[])).await, (1, 1));
    pushed.request.reference.0 = [2; 32];
    pushed.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 2)];
    let together = if database.kind == Kind::MariaDb { 3 } else { 2 };
    assert_eq!(cost(store, store.push(&pushed, &[])).await, (together, 1));
    assert_eq!(cost(store, store.pushed_request(realm_id, pushed.request.reference)).await, (1, 0));
    let completion = Completion::Pushed(pushed.request.reference);
    assert_eq!(cost(store, store.complete(realm_id, &completion, &[])).await, (1, 1));
    assert_eq!(cost(store, store.complete(realm_id, &completion, &[])).await, (1, 0));
}

async fn marks_and_counters_cost_one_commit(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let record = used(Purpose::ClientAssertion, 1);
    assert_eq!(cost(store, store.consume(realm_id, &record, &[])).await, (1, 1));
    assert_eq!(cost(store, store.consume(realm_id, &record, &[])).await, (1, 0));
    assert_eq!(cost(store, store.deny_token(realm_id, &[1; 32], NOW, &[])).await, (1, 1));
    let keys = [[1; 32], [2; 32]];
    // MariaDB's UPDATE cannot return what it wrote.
    let counting = if database.kind == Kind::MariaDb { (4, 1) } else { (2, 1) };
    assert_eq!(cost(store, store.count_attempts(realm_id, &keys, NOW, 60)).await, counting);
    assert_eq!(cost(store, store.forgive_attempt(realm_id, &keys)).await, (1, 1));
}

async fn a_known_client_costs_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let polling = store.start_polling().await.unwrap();
    store.client(realm_id, &world.client.client_id).await.unwrap().unwrap();
    let before = store.statistics().statements;
    for _ in 0..100 {
        assert_eq!(*store.client(realm_id, &world.client.client_id).await.unwrap().unwrap(), world.client);
    }
    // A poll may have come in between; a hundred reads did not.
    assert!(store.statistics().statements - before <= 3);
    polling.stop().await;
}
