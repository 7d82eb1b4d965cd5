//! Events and their chain: nothing is lost, and nothing forks.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use signet_core::events::{Actor, Event, EventKind, Fact, LoginRefusal, Origin, Parties, Sealer, Verification, verify};
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
    recording_costs_one_statement,
);

/// A node with a realm, on a clock that stands still.
pub(super) struct Node {
    pub(super) provider: Arc<Provider>,
    pub(super) database: Database,
    pub(super) clock: Arc<TestClock>,
    pub(super) realm: Arc<RealmContext>,
}

/// When the clock of a node stands still.
pub(super) const START: i64 = 1_800_000_000;

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

    pub(super) async fn realm(provider: &Provider, name: &str) -> Arc<RealmContext> {
        let change = RealmChange {
            name: name.parse().unwrap(),
            display_name: name.to_owned(),
            enabled: true,
            settings: RealmSettings::default(),
        };
        registry::create_realm(&provider.serving_itself(), change).await.unwrap()
    }

    pub(super) fn id(&self) -> RealmId {
        self.realm.id()
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    pub(super) async fn write(&self, number: u8) {
        let origin = Origin {
            request_id: format!("request-{number}").parse().unwrap(),
            address: Some("2001:db8::1".parse().unwrap()),
            actor: Actor::Server,
        };
        self.provider.serving(origin).write(&self.realm, event(number)).await.unwrap();
    }

    pub(super) async fn write_each_second(&self, numbers: std::ops::Range<u8>) {
        for number in numbers {
            self.advance(1);
            self.write(number).await;
        }
    }

    pub(super) async fn seal(&self) -> u64 {
        Sealer::new(&self.provider).seal(&self.provider).await.unwrap()
    }

    /// A chain of some events, sealed.
    pub(super) async fn sealed(database: &TestDatabase, events: u8) -> Self {
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
    // The making of the other realm is sealed with them once nobody has a lease on the admin realm's chain.
    assert!(node.seal().await >= 600);
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
