//! Events that tell of no change: they wait for the next batch, and are not lost on the way there.

use std::sync::Arc;

use signet_core::endpoints::Endpoint;
use signet_core::endpoints::OwnResource;
use signet_core::events::{Actor, Event, Fact, LoginRefusal, Origin, Parties, RefusedAt, Serving};
use signet_core::failure::{Failure, Fault};
use signet_core::ports::{EventQuery, StoreError};
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_guard::Requirement;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::UserId;
use signet_protocol::names::GrantType;
use signet_resources::{Denial, GuardedResource};

use super::audit::Node;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::proxy::{Mode, Proxy};

on_every_database!(
    notes_are_written_in_batches_and_in_order,
    a_note_goes_along_with_the_next_change,
    a_request_that_is_given_up_leaves_its_notes,
    a_flood_of_refusals_is_counted,
);

const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::Token);
const USERINFO: RefusedAt = RefusedAt::Endpoint(Endpoint::UserInfo);

fn logout(number: u8) -> Event {
    Fact::Logout {}.concerning(Parties::user(UserId([number; 16])))
}

fn refusal() -> Event {
    let refusal = ErrorCode::InvalidRequest.because("grant_type is missing");
    Fact::refused(PLACE, Some(GrantType::RefreshToken), &refusal).concerning(Parties::default())
}

fn serve(provider: &Provider) -> Serving<'_> {
    provider.serving(Origin { request_id: "request".parse().unwrap(), address: None, actor: Actor::Server })
}

/// Kind and user of each event of the realm.
async fn written(provider: &Provider, realm: &RealmContext) -> Vec<(String, Option<UserId>)> {
    let listed = provider.store.events(realm.id(), &EventQuery::default(), 20_000).await.unwrap();
    listed.into_iter().map(|listed| (listed.record.kind, listed.record.user_id)).collect()
}

fn logouts(numbers: impl IntoIterator<Item = u8>) -> Vec<(String, Option<UserId>)> {
    numbers.into_iter().map(|number| ("logout".to_owned(), Some(UserId([number; 16])))).collect()
}

async fn notes_are_written_in_batches_and_in_order(database: &TestDatabase) {
    let Node { provider, realm, .. } = Node::on(database).await;
    let request = serve(&provider);
    for number in 0..=255 {
        request.note(&realm, logout(number));
    }
    request.hand_over().await.unwrap();
    for number in 0..10 {
        request.note(&realm, logout(number));
    }
    request.hand_over().await.unwrap();
    assert!(written(&provider, &realm).await.is_empty());
    provider.flush_events().await.unwrap();
    assert_eq!(written(&provider, &realm).await, logouts((0..=255).chain(0..10)));
}

async fn a_note_goes_along_with_the_next_change(database: &TestDatabase) {
    let Node { provider, realm, .. } = Node::on(database).await;
    let request = serve(&provider);
    request.note(&realm, logout(1));
    // A change that does not come about leaves the note.
    assert_eq!(request.with_event(&realm, logout(9)).len(), 2);
    request.write(&realm, logout(2)).await.unwrap();
    assert_eq!(written(&provider, &realm).await, logouts([1, 2]));
    drop(request);
    provider.flush_events().await.unwrap();
    assert_eq!(written(&provider, &realm).await, logouts([1, 2]));
}

async fn a_request_that_is_given_up_leaves_its_notes(database: &TestDatabase) {
    let Node { provider, realm, .. } = Node::on(database).await;
    let request = serve(&provider);
    request.note(&realm, logout(1));
    drop(request);
    provider.flush_events().await.unwrap();
    assert_eq!(written(&provider, &realm).await, logouts([1]));
}

async fn a_flood_of_refusals_is_counted(database: &TestDatabase) {
    let node = Node::on(database).await;
    let Node { provider, realm, .. } = &node;
    let request = serve(provider);
    for _ in 0..250 {
        request.note(realm, refusal());
    }
    // What is no refusal is recorded however many there are.
    request.note(realm, logout(1));
    request.hand_over().await.unwrap();
    provider.flush_events().await.unwrap();
    let kinds: Vec<String> = written(provider, realm).await.into_iter().map(|(kind, _)| kind).collect();
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    assert_eq!((count("token_refused"), count("logout"), count("refusals_counted")), (200, 1, 1));
    let query = EventQuery { kind: Some("refusals_counted".parse().unwrap()), ..EventQuery::default() };
    let counted = provider.store.events(realm.id(), &query, 1).await.unwrap().remove(0).record;
    let details: serde_json::Value = serde_json::from_str(&counted.details).unwrap();
    assert_eq!(details, serde_json::json!({"of": "token_refused", "number": 50}));
    // The next second is another one.
    node.advance(1);
    request.note(realm, refusal());
    request.hand_over().await.unwrap();
    provider.flush_events().await.unwrap();
    assert_eq!(written(provider, realm).await.len(), 203);
    node.seal().await;
    assert!(node.verify().await.holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_waits_and_in_the_end_nothing_more_is_promised() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    let node = Node::on(&database).await;
    let (proxy, url) = Proxy::before(&database.url).await;
    let provider = Arc::new(node.behind(&url).await);
    let realm = provider.realm(&node.realm.realm.name).await.unwrap();
    let request = serve(&provider);
    proxy.set(Mode::Cut);
    request.note(&realm, logout(1));
    request.hand_over().await.unwrap();
    assert!(matches!(provider.flush_events().await, Err(StoreError::Unavailable(_))));
    for _ in 0..10_000 {
        request.note(&realm, logout(2));
    }
    request.hand_over().await.unwrap();
    // Enough waits: whoever comes now has to write it first, and cannot.
    request.note(&realm, logout(3));
    let served: Result<(), _> = request.conclude(&realm, Ok(()), (PLACE, None)).await;
    assert!(matches!(served, Err(Failure::Fault(Fault::Store(StoreError::Unavailable(_))))), "{served:?}");

    // Nor is a resource answered whose refusal could not be recorded.
    let resource = GuardedResource::new((&provider, &realm), OwnResource::UserInfo, Requirement::any_token());
    let denied = resource.recorded(&request, Denial::NothingPresented, USERINFO).await;
    assert!(matches!(denied, Denial::Fault(Fault::Store(StoreError::Unavailable(_)))), "{denied:?}");

    proxy.set(Mode::Pass);
    // Connections from before are dead until one has been tried.
    while provider.flush_events().await.is_err() {}
    request.conclude(&realm, Ok(()), (PLACE, None)).await.unwrap();
    provider.flush_events().await.unwrap();
    let written = written(&node.provider, &realm).await;
    assert_eq!(written.len(), 10_003);
    assert_eq!(written.first(), logouts([1]).first());
    assert_eq!(written[10_001], logouts([3])[0]);
    assert_eq!(written.last().unwrap().0, "userinfo_refused");
    node.seal().await;
    database.remove().await;
}

#[test]
fn a_refused_login_says_more_than_the_page() {
    let fact = Fact::LoginRefused { reason: LoginRefusal::UserDisabled };
    assert_eq!(serde_json::to_string(&fact).unwrap(), "{\"reason\":\"user_disabled\"}");
}
