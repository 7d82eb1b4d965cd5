//! A chain of events that somebody changed says where; one that was shortened as planned, or whose realm is gone, holds.

use signet_core::events::{Damage, purge};
use signet_protocol::time::UnixTime;

use super::audit::{Node, START};
use crate::support::databases::{Kind, TestDatabase};

/// What only a file can hold: a server refuses text that is none.
#[tokio::test]
async fn a_row_that_does_not_read_is_shown() {
    let database = TestDatabase::migrated(Kind::Sqlite).await;
    let node = Node::sealed(&database, 9).await;
    database
        .execute(&format!("UPDATE audit_events SET details = CAST(x'ff' AS TEXT) WHERE {REALM} AND sequence = 4"))
        .await;
    node.assert_broken(&[(4, Damage::Changed)]).await;
    database.remove().await;
}

on_every_database!(
    a_changed_row_is_shown,
    a_removed_row_is_shown,
    an_inserted_row_is_shown,
    swapped_rows_are_shown,
    a_chain_that_was_cut_off_is_shown,
    planned_removal_leaves_a_chain_that_verifies,
    a_deleted_realm_keeps_its_chain,
);

/// The condition that finds the realm's rows, in every database's words.
const REALM: &str = "realm_id = (SELECT realm_id FROM realms WHERE name = 'audited')";

impl Node {
    async fn assert_broken(&self, expected: &[(i64, Damage)]) {
        let found = self.verify().await;
        let breaks: Vec<_> = found.breaks.iter().map(|found| (found.sequence, found.damage)).collect();
        assert_eq!(breaks, expected);
        assert!(!found.holds());
    }
}

async fn a_changed_row_is_shown(database: &TestDatabase) {
    let node = Node::sealed(database, 9).await;
    for (set, back) in [
        ("details = '{\"reason\":\"busy\"}'", "details = '{\"reason\":\"wrong_password\"}'"),
        ("client_id = 'other'", "client_id = 'app'"),
        ("client_id = NULL", "client_id = 'app'"),
        ("kind = 'login'", "kind = 'login_refused'"),
        ("recorded_at = recorded_at + 1", "recorded_at = recorded_at - 1"),
        ("address = NULL", "address = '2001:db8::1'"),
        ("request_id = 'x'", "request_id = 'request-3'"),
    ] {
        database.execute(&format!("UPDATE audit_events SET {set} WHERE {REALM} AND sequence = 4")).await;
        node.assert_broken(&[(4, Damage::Changed)]).await;
        database.execute(&format!("UPDATE audit_events SET {back} WHERE {REALM} AND sequence = 4")).await;
        assert!(node.verify().await.holds(), "{set}");
    }
}

async fn a_removed_row_is_shown(database: &TestDatabase) {
    let node = Node::sealed(database, 9).await;
    database.execute(&format!("DELETE FROM audit_events WHERE {REALM} AND sequence = 4")).await;
    node.assert_broken(&[(4, Damage::Removed)]).await;
    database.execute(&format!("DELETE FROM audit_events WHERE {REALM} AND sequence = 1")).await;
    node.assert_broken(&[(1, Damage::Removed), (4, Damage::Removed)]).await;
}

async fn an_inserted_row_is_shown(database: &TestDatabase) {
    let node = Node::sealed(database, 4).await;
    let copy = |id: &str, sequence: &str| {
        format!(
            "INSERT INTO audit_events (realm_id, id, recorded_at, request_id, kind, user_id, client_id, session_id, \
             address, details, mac, sequence, link) SELECT realm_id, {id}, recorded_at, request_id, kind, user_id, \
             client_id, session_id, address, details, mac, {sequence}, link FROM audit_events \
             WHERE {REALM} AND sequence = 2"
        )
    };
    // 16 bytes that each database takes for an identifier.
    let id = match database.kind {
        Kind::Sqlite => "CAST('0123456789abcdef' AS BLOB)",
        Kind::Postgres => "'0123456789abcdef'::bytea",
        Kind::MariaDb => "CAST('0123456789abcdef' AS BINARY)",
    };
    database.execute(&copy(id, "5")).await;
    node.assert_broken(&[(5, Damage::Inserted)]).await;
    database.execute(&format!("UPDATE audit_events SET sequence = 0 WHERE {REALM} AND sequence = 5")).await;
    node.assert_broken(&[(0, Damage::Inserted)]).await;
    // Without a number it would be sealed like any other: it is found before and after.
    database.execute(&format!("UPDATE audit_events SET sequence = NULL WHERE {REALM} AND sequence = 0")).await;
    let found = node.verify().await;
    assert_eq!((found.waiting, found.forged_waiting, found.holds()), (1, 1, false));
    database.execute("UPDATE audit_chains SET lease_until = 0").await;
    assert_eq!(node.seal().await, 1);
    node.assert_broken(&[(5, Damage::Changed)]).await;
}

async fn swapped_rows_are_shown(database: &TestDatabase) {
    let node = Node::sealed(database, 9).await;
    for (from, to) in [("4", "-1"), ("7", "4"), ("-1", "7")] {
        let update = format!("UPDATE audit_events SET sequence = {to} WHERE {REALM} AND sequence = {from}");
        database.execute(&update).await;
    }
    let found = node.verify().await;
    assert_eq!((found.breaks[0].sequence, found.breaks[0].damage), (4, Damage::Moved));
    assert!(found.breaks.iter().any(|found| found.sequence == 7));
}

async fn a_chain_that_was_cut_off_is_shown(database: &TestDatabase) {
    let node = Node::sealed(database, 9).await;
    let noted = node.verify().await.head;
    database.execute(&format!("DELETE FROM audit_events WHERE {REALM} AND sequence > 7")).await;
    node.assert_broken(&[(8, Damage::Removed)]).await;
    database.execute(&format!("UPDATE audit_chains SET sealed = 7 WHERE {REALM}")).await;
    node.assert_broken(&[(7, Damage::HeadChanged)]).await;
    // Whoever puts the end back as well is shown by what was noted elsewhere.
    let head = format!("SELECT link FROM audit_events e WHERE e.{REALM} AND sequence = 7");
    database.execute(&format!("UPDATE audit_chains SET head = ({head}) WHERE {REALM}")).await;
    let found = node.verify().await;
    assert!(found.holds() && found.sealed == 7 && found.head != noted);
    // The beginning cannot be moved on without the key.
    let previous = format!("SELECT link FROM audit_events e WHERE e.{REALM} AND sequence = 2");
    let update = format!("UPDATE audit_chains SET first_kept = 3, previous = ({previous}) WHERE {REALM}");
    database.execute(&update).await;
    database.execute(&format!("DELETE FROM audit_events WHERE {REALM} AND sequence < 3")).await;
    node.assert_broken(&[(3, Damage::BeginningChanged)]).await;
}

async fn planned_removal_leaves_a_chain_that_verifies(database: &TestDatabase) {
    let node = Node::sealed(database, 9).await;
    node.write(9).await;
    // The two realms that were made.
    assert_eq!(purge(&node.provider, UnixTime(START + 1)).await.unwrap(), 2);
    // The second is the limit: five are older.
    assert_eq!(purge(&node.provider, UnixTime(START + 6)).await.unwrap(), 5);
    let found = node.verify().await;
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.first, found.sealed, found.checked, found.waiting), (6, 9, 4, 1));
    assert_eq!(purge(&node.provider, UnixTime(START + 6)).await.unwrap(), 0);
    database.execute(&format!("DELETE FROM audit_events WHERE {REALM} AND sequence = 6")).await;
    node.assert_broken(&[(6, Damage::Removed)]).await;

    let node = Node { realm: Node::realm(&node.provider, "emptied").await, ..node };
    node.write_each_second(0..3).await;
    node.seal().await;
    // Events that were never sealed stay, however old.
    node.write(3).await;
    let late = UnixTime(START + 1_000_000);
    let purging = purge(&node.provider, late).await;
    drop(purging);
    let found = node.verify().await;
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.first, found.sealed, found.waiting), (4, 3, 1));
    database.execute("UPDATE audit_chains SET lease_until = 0").await;
    node.seal().await;
    assert!(node.verify().await.holds());
}

async fn a_deleted_realm_keeps_its_chain(database: &TestDatabase) {
    let node = Node::sealed(database, 3).await;
    node.write(3).await;
    node.provider.store.delete_realm(node.id(), &[]).await.unwrap();
    let found = node.verify().await;
    assert!(found.holds());
    assert_eq!((found.sealed, found.waiting), (3, 1));
}
