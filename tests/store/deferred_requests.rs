//! The port of requests that are answered elsewhere.

use signet_core::model::{DeferredReference, DeferredState, Purpose};
use signet_core::ports::{
    Changes, Deferral, DeferralOutcome, DeferredApproval, DeferredApprovalOutcome, DeferredRequests, Redeemable,
    Redemption, RedemptionOutcome, SingleUse, Users,
};
use signet_protocol::identifiers::{Lineage, RealmId};

use super::fixtures::{NOW, World, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    rfc8628_3_2_a_deferred_request_reads_back_in_its_realm_alone,
    rfc8628_3_2_a_user_code_is_taken_once,
    rfc8628_3_2_what_came_along_is_used_and_a_client_has_so_many,
    rfc8628_3_3_a_request_is_answered_once,
    rfc8628_3_4_an_approved_request_is_redeemed_once,
    st_004_of_many_redemptions_one_wins,
    rfc8628_3_4_what_has_fallen_is_neither_approved_nor_redeemed,
    rfc8628_3_5_an_interval_only_grows,
    rows_of_deferred_requests_go_when_they_are_over,
);

const REALM: RealmId = RealmId([1; 16]);

fn deferral(number: u8) -> Deferral {
    super::fixtures::deferral(REALM, number)
}

fn approval(world: &World, number: u8) -> DeferredApproval {
    DeferredApproval {
        reference: DeferredReference([number; 32]),
        user_id: world.user.id,
        answer: b"sealed".to_vec(),
        standing: world.standing(Lineage([number; 16])),
        now: NOW,
        notification: None,
    }
}

fn redemption(world: &World, number: u8) -> Redemption {
    Redemption { redeemable: Redeemable::Deferred(DeferredReference([number; 32])), ..world.redemption(number) }
}

async fn rfc8628_3_2_a_deferred_request_reads_back_in_its_realm_alone(database: &TestDatabase) {
    let store = database.connect().await;
    let kept = deferral(1);
    assert_eq!(store.defer(&kept, &[]).await.unwrap(), DeferralOutcome::Deferred);
    let (reference, code) = (kept.request.reference, kept.request.user_code.unwrap());
    assert_eq!(store.deferred_request(REALM, reference).await.unwrap(), Some(kept.request.clone()));
    assert_eq!(store.deferred_request_of_code(REALM, &code).await.unwrap(), Some(kept.request));
    assert_eq!(store.deferred_request(RealmId([2; 16]), reference).await.unwrap(), None);
    assert_eq!(store.deferred_request_of_code(RealmId([2; 16]), &code).await.unwrap(), None);
    assert_eq!(store.deferred_request(REALM, DeferredReference([2; 32])).await.unwrap(), None);
}

async fn rfc8628_3_2_a_user_code_is_taken_once(database: &TestDatabase) {
    let store = database.connect().await;
    store.defer(&deferral(1), &[]).await.unwrap();
    let mut same = deferral(2);
    same.request.user_code = Some([1; 32]);
    same.proofs = vec![used(Purpose::ClientAssertion, 1)];
    assert_eq!(store.defer(&same, &[]).await.unwrap(), DeferralOutcome::CodeTaken);
    // Nothing was used up: the same request comes again with another code.
    same.request.user_code = Some([2; 32]);
    assert_eq!(store.defer(&same, &[]).await.unwrap(), DeferralOutcome::Deferred);
    // Requests without a code do not get in each other's way.
    for number in [3, 4] {
        let mut bare = deferral(number);
        bare.request.user_code = None;
        assert_eq!(store.defer(&bare, &[]).await.unwrap(), DeferralOutcome::Deferred);
    }
}

async fn rfc8628_3_2_what_came_along_is_used_and_a_client_has_so_many(database: &TestDatabase) {
    let store = database.connect().await;
    let with = |number| Deferral { proofs: vec![used(Purpose::ClientAssertion, number)], most: 2, ..deferral(number) };
    assert_eq!(store.defer(&with(1), &[]).await.unwrap(), DeferralOutcome::Deferred);
    let replayed = Deferral { proofs: with(1).proofs, ..deferral(2) };
    assert_eq!(store.defer(&replayed, &[]).await.unwrap(), DeferralOutcome::Replayed(Purpose::ClientAssertion));
    assert_eq!(store.defer(&with(2), &[]).await.unwrap(), DeferralOutcome::Deferred);
    assert_eq!(store.defer(&with(3), &[]).await.unwrap(), DeferralOutcome::TooMany);
    assert!(!store.consume(REALM, &used(Purpose::ClientAssertion, 3), &[]).await.unwrap());
    let later = Deferral { now: NOW.plus(600), ..with(4) };
    assert_eq!(store.defer(&later, &[]).await.unwrap(), DeferralOutcome::Deferred);
}

async fn rfc8628_3_3_a_request_is_answered_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    for number in 1..=3 {
        store.defer(&deferral(number), &[]).await.unwrap();
    }
    let approve =
        async |approval: &DeferredApproval| store.approve_deferred_request(REALM, approval, &[]).await.unwrap();
    assert_eq!(approve(&approval(&world, 1)).await, DeferredApprovalOutcome::Approved);
    assert_eq!(approve(&approval(&world, 1)).await, DeferredApprovalOutcome::NotPending);
    let reference = DeferredReference([1; 32]);
    assert!(!store.deny_deferred_request(REALM, reference, None, &[]).await.unwrap());
    let read = store.deferred_request(REALM, reference).await.unwrap().unwrap();
    assert_eq!((read.state, read.user_id), (DeferredState::Approved, Some(world.user.id)));
    assert_eq!(read.answer.as_deref(), Some(b"sealed".as_slice()));
    let denied = DeferredReference([2; 32]);
    assert!(!store.deny_deferred_request(RealmId([2; 16]), denied, None, &[]).await.unwrap());
    assert!(store.deny_deferred_request(REALM, denied, None, &[]).await.unwrap());
    assert!(!store.deny_deferred_request(REALM, denied, None, &[]).await.unwrap());
    assert_eq!(approve(&approval(&world, 2)).await, DeferredApprovalOutcome::NotPending);
    let late = DeferredApproval { now: NOW.plus(600), ..approval(&world, 3) };
    assert_eq!(approve(&late).await, DeferredApprovalOutcome::NotPending);
}

async fn rfc8628_3_4_an_approved_request_is_redeemed_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.defer(&deferral(1), &[]).await.unwrap();
    let redeem = async || store.redeem(REALM, &redemption(&world, 1), &[]).await.unwrap();
    assert_eq!(redeem().await, RedemptionOutcome::AlreadyUsed);
    store.approve_deferred_request(REALM, &approval(&world, 1), &[]).await.unwrap();
    assert_eq!(redeem().await, RedemptionOutcome::Redeemed);
    assert_eq!(redeem().await, RedemptionOutcome::AlreadyUsed);
    let read = store.deferred_request(REALM, DeferredReference([1; 32])).await.unwrap().unwrap();
    assert_eq!((read.state, read.answer), (DeferredState::Redeemed, None));
}

async fn st_004_of_many_redemptions_one_wins(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.defer(&deferral(1), &[]).await.unwrap();
    store.approve_deferred_request(REALM, &approval(&world, 1), &[]).await.unwrap();
    let redemption = redemption(&world, 1);
    let redeem = async |_: u8| store.redeem(REALM, &redemption, &[]).await.unwrap();
    let outcomes = futures_util::future::join_all((0..16).map(redeem)).await;
    let won = outcomes.iter().filter(|outcome| **outcome == RedemptionOutcome::Redeemed).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert_eq!(database.count("refresh_families").await, 1);
}

async fn rfc8628_3_4_what_has_fallen_is_neither_approved_nor_redeemed(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.defer(&deferral(1), &[]).await.unwrap();
    let mut fallen = approval(&world, 1);
    fallen.standing.client.1 += 1;
    let outcome = store.approve_deferred_request(REALM, &fallen, &[]).await.unwrap();
    assert_eq!(outcome, DeferredApprovalOutcome::Fallen);
    store.approve_deferred_request(REALM, &approval(&world, 1), &[]).await.unwrap();
    store.delete_user(REALM, world.user.id, &[]).await.unwrap();
    let redeemed = store.redeem(REALM, &redemption(&world, 1), &[]).await.unwrap();
    assert_eq!(redeemed, RedemptionOutcome::Fallen);
    assert_eq!(database.count("refresh_families").await, 0);
}

async fn rfc8628_3_5_an_interval_only_grows(database: &TestDatabase) {
    let store = database.connect().await;
    store.defer(&deferral(1), &[]).await.unwrap();
    let reference = DeferredReference([1; 32]);
    for (slowed, interval) in [(10, 10), (15, 15), (10, 15)] {
        store.slow_deferred_request(REALM, reference, slowed).await.unwrap();
        assert_eq!(store.deferred_request(REALM, reference).await.unwrap().unwrap().interval, interval);
    }
}

async fn rows_of_deferred_requests_go_when_they_are_over(database: &TestDatabase) {
    let store = database.connect().await;
    for number in 1..=3 {
        store.defer(&deferral(number), &[]).await.unwrap();
    }
    let end = NOW.plus(600);
    assert_eq!(store.clean_up(end.plus(900), 2).await.unwrap(), 0);
    for left in [1, 0] {
        store.clean_up(end.plus(901), 2).await.unwrap();
        assert_eq!(database.count("deferred_requests").await, left);
    }
}
