//! Events and their chain: nothing is lost, nothing forks, and nothing can be changed unnoticed.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use signet_core::events::{
    Actor, Damage, Event, EventKind, Fact, LoginRefusal, Origin, Parties, Sealer, Verification, purge, verify,
};
use signet_core::failure::Fault;
use signet_core::model::RealmSettings;
use signet_core::ports::{Audit, EventQuery};
use signet_core::protocol::identifiers::{RealmId, UserId};
use signet_core::provider::{Provider, ProviderParts};
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RealmChange};
use signet_protocol::time::UnixTime;
use signet_store::Database;
use tokio::task::JoinSet;

use crate::support::databases::{Kind, PATIENT, TestDatabase};
use crate::support::provider::{TestClock, provider};

on_every_database!(
    events_are_listed_as_they_were_written,
    an_event_that_is_written_again_is_there_once,
    sealing_numbers_events_in_their_order,
    one_check_of_a_chain_runs_at_a_time,
    sealers_at_the_same_time_never_fork_the_chain,
    a_lease_that_was_lost_is_taken_over,
    a_changed_row_is_shown,
    a_removed_row_is_shown,
    an_inserted_row_is_shown,
    swapped_rows_are_shown,
    a_chain_that_was_cut_off_is_shown,
    planned_removal_leaves_a_chain_that_verifies,
    a_deleted_realm_keeps_its_chain,
    recording_costs_one_statement,
);

/// A node with a realm, on a clock that stands still.
pub(super) struct Node {
    pub(super) provider: Arc<Provider>,
    pub(super) database: Database,
    clock: Arc<TestClock>,
    pub(super) realm: Arc<RealmContext>,
}

const START: i64 = 1_800_000_000;

impl Node {
    pub(super) async fn on(database: &TestDatabase) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let parts = provider(database, &clock, "https://localhost").await;
        let store = database.connect().await;
        let provider = Arc::new(with_store(&parts, store.clone()));
        registry::prepare_database(&provider).await.unwrap();
        let realm = Self::realm(&provider, "audited").await;
        let node = Self { provider, database: store, clock, realm };
        // What the making of realms left is not what these tests are about.
        node.seal().await;
        node
    }

    async fn realm(provider: &Provider, name: &str) -> Arc<RealmContext> {
        let change = RealmChange {
            name: name.parse().unwrap(),
            display_name: name.to_owned(),
            enabled: true,
            settings: RealmSettings::default(),
        };
        registry::create_realm(&provider.serving_itself(), change).await.unwrap()
    }

    fn id(&self) -> RealmId {
        self.realm.id()
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    async fn write(&self, number: u8) {
        let origin = Origin {
            request_id: format!("request-{number}").parse().unwrap(),
            address: Some("2001:db8::1".parse().unwrap()),
            actor: Actor::Server,
        };
        self.provider.serving(origin).write(&self.realm, event(number)).await.unwrap();
    }

    async fn write_each_second(&self, numbers: std::ops::Range<u8>) {
        for number in numbers {
            self.advance(1);
            self.write(number).await;
        }
    }

    pub(super) async fn seal(&self) -> u64 {
        Sealer::new(&self.provider).seal(&self.provider).await.unwrap()
    }

    /// A chain of some events, sealed.
    async fn sealed(database: &TestDatabase, events: u8) -> Self {
        let node = Self::on(database).await;
        node.write_each_second(0..events).await;
        assert_eq!(node.seal().await, u64::from(events));
        assert!(node.verify().await.holds());
        node
    }

    pub(super) async fn verify(&self) -> Verification {
        verify(&self.provider, self.id()).await.unwrap().unwrap()
    }

    /// Another node on the same database, which it reaches at this address, with the same root key.
    pub(super) async fn behind(&self, url: &str) -> Provider {
        with_store(&self.provider, Database::connect(url, PATIENT).await.unwrap())
    }

    async fn assert_broken(&self, expected: &[(i64, Damage)]) {
        let found = self.verify().await;
        let breaks: Vec<_> = found.breaks.iter().map(|found| (found.sequence, found.damage)).collect();
        assert_eq!(breaks, expected);
        assert!(!found.holds());
    }
}

/// The same provider on another connection.
fn with_store(parts: &ProviderParts, store: Database) -> Provider {
    Provider::new(ProviderParts {
        store: Arc::new(store),
        clock: Arc::clone(&parts.clock),
        random: Arc::clone(&parts.random),
        outbound: Arc::clone(&parts.outbound),
        passwords: parts.passwords.clone(),
        scripts: Arc::clone(&parts.scripts),
        script_tools: Arc::clone(&parts.script_tools),
        root_key: parts.root_key.clone(),
        bases: parts.bases.clone(),
    })
}

fn event(number: u8) -> Event {
    let parties = Parties::user(UserId([number; 16])).and_client(&"app".parse().unwrap());
    Fact::LoginRefused { reason: LoginRefusal::WrongPassword }.concerning(parties)
}

/// The condition that finds the realm's rows, in every database's words.
const REALM: &str = "realm_id = (SELECT realm_id FROM realms WHERE name = 'audited')";

async fn events_are_listed_as_they_were_written(database: &TestDatabase) {
    let node = Node::on(database).await;
    node.write_each_second(0..5).await;
    let store = &node.provider.store;
    let list = async |query: EventQuery| {
        let listed = store.events(node.id(), &query, 100).await.unwrap();
        listed.into_iter().map(|listed| listed.record).collect::<Vec<_>>()
    };
    let all = list(EventQuery::default()).await;
    assert_eq!(all.len(), 5);
    let first = &all[0];
    assert_eq!((first.realm_id, first.recorded_at.0), (node.id(), (START + 1) * 1000));
    assert_eq!((first.request_id.as_str(), first.kind.as_str()), ("request-0", "login_refused"));
    assert_eq!(first.user_id, Some(UserId([0; 16])));
    assert_eq!((first.client_id.as_deref(), first.session_id), (Some("app"), None));
    assert_eq!(first.address.as_deref(), Some("2001:db8::1"));
    assert_eq!(first.details, "{\"reason\":\"wrong_password\"}");

    let at = |second: i64| Some(UnixTime(START + second).into());
    let of = |range: std::ops::Range<usize>| all[range].to_vec();
    assert_eq!(list(EventQuery { since: at(2), until: at(4), ..EventQuery::default() }).await, of(1..3));
    assert_eq!(list(EventQuery { after: Some(all[2].id), ..EventQuery::default() }).await, of(3..5));
    let mut newest = list(EventQuery { newest_first: true, after: Some(all[2].id), ..EventQuery::default() }).await;
    newest.reverse();
    assert_eq!(newest, of(0..2));
    let request = Some("request-3".parse().unwrap());
    assert_eq!(list(EventQuery { request, ..EventQuery::default() }).await, of(3..4));
    assert_eq!(list(EventQuery { user: Some(UserId([1; 16])), ..EventQuery::default() }).await, of(1..2));
    assert_eq!(list(EventQuery { client: Some("app".parse().unwrap()), ..EventQuery::default() }).await, all);
    assert!(list(EventQuery { client: Some("App".parse().unwrap()), ..EventQuery::default() }).await.is_empty());
    assert!(list(EventQuery { kind: Some(EventKind::Login), ..EventQuery::default() }).await.is_empty());
}

async fn an_event_that_is_written_again_is_there_once(database: &TestDatabase) {
    let node = Node::on(database).await;
    node.write(1).await;
    let written = node.provider.store.waiting_events(node.id(), 10).await.unwrap();
    let mut again = written.clone();
    "{}".clone_into(&mut again[0].details);
    node.provider.store.append_events(&again).await.unwrap();
    assert_eq!(node.provider.store.waiting_events(node.id(), 10).await.unwrap(), written);
}

async fn sealing_numbers_events_in_their_order(database: &TestDatabase) {
    let node = Node::on(database).await;
    // More than one batch.
    for _ in 0..3 {
        node.write_each_second(0..200).await;
    }
    let other = Node::realm(&node.provider, "other").await;
    assert_eq!(node.verify().await.waiting, 600);
    assert_eq!(node.seal().await, 600);
    let found = node.verify().await;
    assert!(found.holds());
    assert_eq!((found.sealed, found.first, found.checked, found.waiting), (600, 1, 600, 0));
    let listed = node.provider.store.events(node.id(), &EventQuery::default(), 1000).await.unwrap();
    let numbers: Vec<_> = listed.iter().map(|listed| listed.sequence).collect();
    assert_eq!(numbers, (1..=600).map(Some).collect::<Vec<_>>());
    let empty = verify(&node.provider, other.id()).await.unwrap().unwrap();
    assert!(empty.holds() && empty.sealed == 0);
}

async fn one_check_of_a_chain_runs_at_a_time(database: &TestDatabase) {
    let node = Node::on(database).await;
    node.write_each_second(0..5).await;
    node.seal().await;
    let other = Node::realm(&node.provider, "other").await;
    let check = async |realm_id| verify(&node.provider, realm_id).await;
    // A database that answers at once lets one check end before the other begins: then they try again.
    let mut refused = None;
    for _ in 0..20 {
        let (first, second, elsewhere) = tokio::join!(check(node.id()), check(node.id()), check(other.id()));
        assert!(first.unwrap().unwrap().holds() && elsewhere.unwrap().unwrap().holds());
        refused = second.err();
        if refused.is_some() {
            break;
        }
    }
    assert!(matches!(refused, Some(Fault::Overloaded(_))), "{refused:?}");
    // One that is given up leaves its place; one that ends before it can be given up is tried again.
    assert!((0..20).any(|_| futures_util::FutureExt::now_or_never(check(node.id())).is_none()));
    assert!(check(node.id()).await.unwrap().unwrap().holds());
}

async fn sealers_at_the_same_time_never_fork_the_chain(database: &TestDatabase) {
    let node = Arc::new(Node::on(database).await);
    let mut nodes = vec![Arc::clone(&node.provider)];
    if database.kind != Kind::Sqlite {
        nodes.push(Arc::new(node.behind(&database.url).await));
    }
    let mut tasks = JoinSet::new();
    for number in 0..4 {
        let writer = Arc::clone(&node);
        tasks.spawn(async move {
            for step in 0..50 {
                writer.write(number * 50 + step).await;
            }
            0
        });
        let provider = Arc::clone(&nodes[usize::from(number) % nodes.len()]);
        tasks.spawn(async move {
            let mut sealer = Sealer::new(&provider);
            let mut linked = 0;
            for _ in 0..50 {
                linked += sealer.seal(&provider).await.unwrap();
            }
            linked
        });
    }
    let mut sealed: u64 = tasks.join_all().await.into_iter().sum();
    database.execute("UPDATE audit_chains SET lease_until = 0").await;
    sealed += node.seal().await;
    assert_eq!(sealed, 200);
    let found = node.verify().await;
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.sealed, found.checked, found.waiting), (200, 200, 0));
}

async fn a_lease_that_was_lost_is_taken_over(database: &TestDatabase) {
    let node = Node::sealed(database, 2).await;
    node.write(3).await;
    // Whoever sealed the first two may be about to seal the third.
    assert_eq!(node.seal().await, 0);
    assert_eq!(node.verify().await.waiting, 1);
    database.execute("UPDATE audit_chains SET lease_until = 0").await;
    assert_eq!(node.seal().await, 1);
    assert!(node.verify().await.holds());
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

async fn recording_costs_one_statement(database: &TestDatabase) {
    let node = Node::on(database).await;
    for number in 0..20 {
        node.write(number).await;
    }
    let events = node.provider.store.waiting_events(node.id(), 100).await.unwrap();
    let other = database.connect().await;
    let before = other.statistics();
    other.append_events(&events).await.unwrap();
    other.append_events(&[]).await.unwrap();
    let after = other.statistics();
    assert_eq!((after.statements - before.statements, after.commits - before.commits), (1, 1));
}
