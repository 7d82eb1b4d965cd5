//! The port of pushed authorization requests.

use signet_core::model::{Completion, Purpose, PushedReference, PushedRequest};
use signet_core::ports::{
    Authorizations, Changes, FrontChannelIssue, FrontChannelOutcome, Push, PushOutcome, PushedRequests, SingleUse,
};
use signet_protocol::identifiers::{Lineage, RealmId};

use super::fixtures::{NOW, World, authorization, push, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    rfc9126_2_2_a_pushed_request_reads_back_in_its_realm_alone,
    rfc9126_7_3_a_pushed_request_is_completed_once,
    rfc9126_7_3_consent_and_completion_are_one,
    rfc9126_7_3_what_has_fallen_completes_nothing,
    rfc9126_2_1_what_came_along_is_used_with_the_push_or_not_at_all,
    rfc9126_2_3_a_client_has_so_many_open_requests_and_no_more,
    pa_010_rows_go_in_batches_when_nobody_can_go_on_with_them,
);

const REALM: RealmId = RealmId([1; 16]);

async fn rfc9126_2_2_a_pushed_request_reads_back_in_its_realm_alone(database: &TestDatabase) {
    let store = database.connect().await;
    let mut pushed = push(REALM, 1);
    pushed.request.content = (0..=255).cycle().take(40_000).collect();
    assert_eq!(store.push(&pushed, &[]).await.unwrap(), PushOutcome::Pushed);
    let read = store.pushed_request(REALM, pushed.request.reference).await.unwrap();
    assert_eq!(read, Some(pushed.request.clone()));
    assert_eq!(store.pushed_request(RealmId([2; 16]), pushed.request.reference).await.unwrap(), None);
    assert_eq!(store.pushed_request(REALM, PushedReference([2; 32])).await.unwrap(), None);
}

async fn rfc9126_7_3_a_pushed_request_is_completed_once(database: &TestDatabase) {
    let store = database.connect().await;
    let (first, other) = (push(REALM, 1), push(REALM, 2));
    store.push(&first, &[]).await.unwrap();
    store.push(&other, &[]).await.unwrap();
    let completion = Completion::Pushed(first.request.reference);
    assert!(!store.complete(RealmId([2; 16]), &completion, &[]).await.unwrap());
    assert!(store.complete(REALM, &completion, &[]).await.unwrap());
    assert!(!store.complete(REALM, &completion, &[]).await.unwrap());
    assert!(!store.complete(REALM, &Completion::Pushed(PushedReference([9; 32])), &[]).await.unwrap());
    let read = async |push: &Push| store.pushed_request(REALM, push.request.reference).await.unwrap().unwrap();
    assert_eq!(read(&first).await, PushedRequest { completed: true, ..first.request.clone() });
    assert_eq!(read(&other).await, other.request);
}

async fn rfc9126_7_3_consent_and_completion_are_one(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let pushed = push(REALM, 1);
    store.push(&pushed, &[]).await.unwrap();
    let consent = authorization(&world.user, &world.client, 1);
    let completion = Completion::Pushed(pushed.request.reference);
    assert_eq!(store.record_consent(&completion, &consent, &[]).await.unwrap(), Some(consent.clone()));
    let mut more = consent.clone();
    more.scope = "openid phone".parse().unwrap();
    assert_eq!(store.record_consent(&completion, &more, &[]).await.unwrap(), None);
    assert_eq!(store.authorizations_of_user(REALM, world.user.id).await.unwrap(), [consent]);
}

async fn rfc9126_7_3_what_has_fallen_completes_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let pushed = push(REALM, 1);
    store.push(&pushed, &[]).await.unwrap();
    let response = Some(Completion::Pushed(pushed.request.reference));
    let issue = FrontChannelIssue { response, standing: world.standing(Lineage([5; 16])), participant: None };
    let mut fallen = issue.clone();
    fallen.standing.realm_epoch += 1;
    let attempt = async |issue: &FrontChannelIssue| store.issue_in_front_channel(REALM, issue, &[]).await.unwrap();
    assert_eq!(attempt(&fallen).await, FrontChannelOutcome::Fallen);
    assert_eq!(attempt(&issue).await, FrontChannelOutcome::Issued);
    assert_eq!(attempt(&issue).await, FrontChannelOutcome::AlreadyAnswered);
}

async fn rfc9126_2_1_what_came_along_is_used_with_the_push_or_not_at_all(database: &TestDatabase) {
    let store = database.connect().await;
    let (assertion, proof) = (used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 2));
    let with = |number, assertion, proof| Push { proofs: vec![assertion, proof], ..push(REALM, number) };
    assert_eq!(store.push(&with(1, assertion, proof), &[]).await.unwrap(), PushOutcome::Pushed);
    assert!(!store.consume(REALM, &assertion, &[]).await.unwrap());
    assert!(!store.consume(REALM, &proof, &[]).await.unwrap());

    let fresh = used(Purpose::ClientAssertion, 3);
    let replayed = with(2, assertion, used(Purpose::DpopProof, 4));
    assert_eq!(store.push(&replayed, &[]).await.unwrap(), PushOutcome::Replayed(Purpose::ClientAssertion));
    let replayed = with(2, fresh, proof);
    assert_eq!(store.push(&replayed, &[]).await.unwrap(), PushOutcome::Replayed(Purpose::DpopProof));
    assert_eq!(store.pushed_request(REALM, PushedReference([2; 32])).await.unwrap(), None);
    // Whoever lost used nothing up.
    assert!(store.consume(REALM, &fresh, &[]).await.unwrap());
}

async fn rfc9126_2_3_a_client_has_so_many_open_requests_and_no_more(database: &TestDatabase) {
    let store = database.connect().await;
    let bounded = |number| Push { most: 3, ..push(REALM, number) };
    for number in 1..=3 {
        assert_eq!(store.push(&bounded(number), &[]).await.unwrap(), PushOutcome::Pushed);
    }
    let assertion = used(Purpose::ClientAssertion, 1);
    let fourth = Push { proofs: vec![assertion], ..bounded(4) };
    assert_eq!(store.push(&fourth, &[]).await.unwrap(), PushOutcome::TooMany);
    assert_eq!(store.pushed_request(REALM, fourth.request.reference).await.unwrap(), None);
    // It was presented, whatever became of the request.
    assert!(!store.consume(REALM, &assertion, &[]).await.unwrap());
    // Another client has a bound of its own, and so has the same one elsewhere.
    let mut others = bounded(5);
    others.request.client_id = "APP".parse().unwrap();
    assert_eq!(store.push(&others, &[]).await.unwrap(), PushOutcome::Pushed);
    let elsewhere = Push { most: 3, ..push(RealmId([2; 16]), 6) };
    assert_eq!(store.push(&elsewhere, &[]).await.unwrap(), PushOutcome::Pushed);
    // What is answered or too old, a browser can begin with no more: it does not count.
    let answered = Completion::Pushed(push(REALM, 1).request.reference);
    assert!(store.complete(REALM, &answered, &[]).await.unwrap());
    assert_eq!(store.push(&bounded(4), &[]).await.unwrap(), PushOutcome::Pushed);
    assert_eq!(store.push(&bounded(8), &[]).await.unwrap(), PushOutcome::TooMany);
    let mut later = bounded(7);
    later.now = NOW.plus(60);
    assert_eq!(store.push(&later, &[]).await.unwrap(), PushOutcome::Pushed);
}

async fn pa_010_rows_go_in_batches_when_nobody_can_go_on_with_them(database: &TestDatabase) {
    let store = database.connect().await;
    for number in 1..=5 {
        store.push(&push(REALM, number), &[]).await.unwrap();
    }
    let end = push(REALM, 1).request.expires_at;
    assert_eq!(store.clean_up(end.plus(900), 2).await.unwrap(), 0);
    for left in [3, 1, 0] {
        store.clean_up(end.plus(901), 2).await.unwrap();
        assert_eq!(database.count("pushed_requests").await, left);
    }
}
