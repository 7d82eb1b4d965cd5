//! The port of things that may happen once.

use signet_core::model::{Client, ExchangeOrigin, Purpose, UsedRecord};
use signet_core::ports::{
    Clients, FrontChannelIssue, FrontChannelOutcome, ProofsOutcome, Redeemable, RedemptionOutcome, RefreshFamilies,
    SingleUse, Standing, Users,
};
use signet_protocol::identifiers::{AuthorizationId, Lineage, RealmId};

use super::fixtures::{NOW, World, answered, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_mark_is_set_once_per_realm_purpose_and_key,
    rfc6749_4_1_2_a_code_is_redeemed_once_and_with_everything,
    a_fallen_code_is_not_used_up,
    a_replayed_proof_redeems_nothing,
    proofs_are_marked_together_or_not_at_all,
    a_code_of_a_session_that_ended_has_no_participant,
    tokens_leave_through_the_browser_once_and_only_while_what_they_rest_on_stands,
    standing_looks_at_each_thing_it_names,
    a_denied_token_is_denied_and_no_other,
    rfc8693_what_was_exchanged_stands_while_each_origin_does,
    rfc7523_3_an_assertion_is_a_grant_once_and_only_while_what_it_gives_stands,
);

async fn a_mark_is_set_once_per_realm_purpose_and_key(database: &TestDatabase) {
    let store = database.connect().await;
    let (here, there) = (RealmId([1; 16]), RealmId([2; 16]));
    let record = used(Purpose::AuthorizationCode, 1);
    assert!(store.consume(here, &record, &[]).await.unwrap());
    assert!(!store.consume(here, &record, &[]).await.unwrap());
    let mut later = record;
    later.expires_at = NOW.plus(9999);
    assert!(!store.consume(here, &later, &[]).await.unwrap());
    assert!(store.consume(there, &record, &[]).await.unwrap());
    assert!(store.consume(here, &used(Purpose::ClientAssertion, 1), &[]).await.unwrap());
    assert!(store.consume(here, &used(Purpose::Interaction, 1), &[]).await.unwrap());
    assert!(store.consume(here, &used(Purpose::AuthorizationCode, 2), &[]).await.unwrap());
}

async fn rfc6749_4_1_2_a_code_is_redeemed_once_and_with_everything(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let redemption = world.redemption(5);
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Redeemed);
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::AlreadyUsed);
    let family = store.refresh_family(realm_id, Lineage([5; 16])).await.unwrap();
    assert_eq!(family, redemption.refresh_family.clone());
    assert_eq!(database.count("session_participants WHERE client_id = 'app'").await, 1);
    // The client takes part already: the next code changes nothing about that.
    assert_eq!(store.redeem(realm_id, &world.redemption(6), &[]).await.unwrap(), RedemptionOutcome::Redeemed);
    assert_eq!(database.count("session_participants").await, 1);
    // Reuse is reuse even after the lineage was closed because of it.
    store.close_lineage(realm_id, Lineage([5; 16]), NOW.plus(60), &[]).await.unwrap();
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::AlreadyUsed);
}

async fn a_fallen_code_is_not_used_up(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let mut client = world.client.clone();
    client.enabled = false;
    store.update_client(&client, None, &[]).await.unwrap();
    let mut redemption = world.redemption(5);
    redemption.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1)];
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Fallen);
    for table in ["refresh_families", "session_participants", "used_records WHERE purpose <> 2"] {
        assert_eq!(database.count(table).await, 0, "{table}");
    }
    store.update_client(&Client { revision: 1, ..world.client.clone() }, None, &[]).await.unwrap();
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Redeemed);
}

async fn a_replayed_proof_redeems_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let mut redemption = world.redemption(5);
    redemption.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1)];
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Redeemed);
    let mut other = world.redemption(6);
    for (proofs, replayed) in [
        ([used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 2)], Purpose::ClientAssertion),
        ([used(Purpose::ClientAssertion, 2), used(Purpose::DpopProof, 1)], Purpose::DpopProof),
    ] {
        other.proofs = proofs.to_vec();
        let outcome = store.redeem(realm_id, &other, &[]).await.unwrap();
        assert_eq!(outcome, RedemptionOutcome::ProofReplayed(replayed));
    }
    assert!(store.refresh_family(realm_id, Lineage([6; 16])).await.unwrap().is_none());
    // The same code with a new assertion: the code's reuse counts, and the assertion stays unused.
    redemption.proofs = vec![used(Purpose::ClientAssertion, 2)];
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::AlreadyUsed);
    assert!(store.consume(realm_id, &used(Purpose::ClientAssertion, 2), &[]).await.unwrap());
}

async fn proofs_are_marked_together_or_not_at_all(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let (assertion, proof) = (used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1));
    let consume = async |proofs: &[UsedRecord]| store.consume_proofs(realm_id, proofs, &[]).await.unwrap();
    assert_eq!(consume(&[assertion, proof]).await, ProofsOutcome::First);
    assert_eq!(consume(&[assertion, proof]).await, ProofsOutcome::Replayed(Purpose::ClientAssertion));
    let other = used(Purpose::ClientAssertion, 2);
    assert_eq!(consume(&[other, proof]).await, ProofsOutcome::Replayed(Purpose::DpopProof));
    // The loser's other mark went with it.
    assert_eq!(consume(&[other]).await, ProofsOutcome::First);
    assert_eq!(consume(&[other]).await, ProofsOutcome::Replayed(Purpose::ClientAssertion));
}

async fn a_code_of_a_session_that_ended_has_no_participant(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let mut redemption = world.redemption(5);
    redemption.standing.session = None;
    redemption.participant = Some((signet_protocol::identifiers::SessionId([99; 16]), world.client_id()));
    let outcome = world.store.redeem(world.realm.id, &redemption, &[]).await.unwrap();
    assert_eq!(outcome, RedemptionOutcome::Redeemed);
    assert_eq!(database.count("session_participants").await, 0);
}

async fn tokens_leave_through_the_browser_once_and_only_while_what_they_rest_on_stands(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let standing = world.standing(Lineage([5; 16]));
    let participant = standing.session.map(|sid| (sid, world.client_id()));
    let marked = FrontChannelIssue { response: Some(answered(50)), standing, participant };
    let issue = async |issue: &FrontChannelIssue| store.issue_in_front_channel(realm_id, issue, &[]).await.unwrap();
    let mut fallen = marked.clone();
    fallen.standing.realm_epoch += 1;
    let unmarked = |issue: &FrontChannelIssue| FrontChannelIssue { response: None, ..issue.clone() };
    assert_eq!(issue(&fallen).await, FrontChannelOutcome::Fallen);
    assert_eq!(issue(&unmarked(&fallen)).await, FrontChannelOutcome::Fallen);
    assert_eq!(database.count("session_participants").await, 0);
    // What had fallen used nothing up.
    assert_eq!(issue(&marked).await, FrontChannelOutcome::Issued);
    assert_eq!(issue(&marked).await, FrontChannelOutcome::AlreadyAnswered);
    assert_eq!(issue(&unmarked(&marked)).await, FrontChannelOutcome::Issued);
    assert_eq!(database.count("session_participants WHERE client_id = 'app'").await, 1);
    store.close_lineage(realm_id, Lineage([5; 16]), NOW.plus(60), &[]).await.unwrap();
    assert_eq!(issue(&unmarked(&marked)).await, FrontChannelOutcome::Fallen);
}

async fn standing_looks_at_each_thing_it_names(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let whole = world.standing(Lineage([5; 16]));
    let ask = async |query| store.standing(realm_id, &query).await.unwrap();
    assert_eq!(ask(whole.clone()).await, Standing::Stands);
    let mut alone = whole.clone();
    (alone.user, alone.session, alone.lineage) = (None, None, None);
    assert_eq!(ask(alone).await, Standing::Stands);
    let mut fallen = vec![whole.clone(); 6];
    fallen[0].realm_epoch = 0;
    fallen[1].client.1 = 2;
    fallen[2].client.0 = "App".parse().unwrap();
    fallen[3].user = Some((world.user.id, 2));
    fallen[4].authorization = Some((AuthorizationId([1; 16]), 1));
    fallen[5].session = Some(signet_protocol::identifiers::SessionId([9; 16]));
    for (position, query) in fallen.into_iter().enumerate() {
        assert_eq!(ask(query).await, Standing::Fallen, "{position}");
    }
    let elsewhere = store.standing(RealmId([2; 16]), &whole).await.unwrap();
    assert_eq!(elsewhere, Standing::Fallen);
    store.delete_user(realm_id, world.user.id, &[]).await.unwrap();
    assert_eq!(ask(whole).await, Standing::Fallen);
}

async fn a_denied_token_is_denied_and_no_other(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    // The same bytes as a lineage and as a token are two things.
    store.deny_token(realm_id, &[5; 32], NOW.plus(60), &[]).await.unwrap();
    store.deny_token(realm_id, &[5; 32], NOW.plus(60), &[]).await.unwrap();
    let mut query = world.standing(Lineage([5; 16]));
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    query.token = Some([6; 32]);
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    query.token = Some([5; 32]);
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Denied);
    // Denied comes before fallen.
    query.realm_epoch = 0;
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Denied);
}

async fn rfc8693_what_was_exchanged_stands_while_each_origin_does(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let origin = |number: u8| ExchangeOrigin {
        client: Some((world.client_id(), 1)),
        lineage: Some(Lineage([number; 16])),
        token: Some([number; 32]),
    };
    let mut query = world.standing(Lineage([5; 16]));
    query.origins = vec![origin(1), ExchangeOrigin::default(), origin(2)];
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    store.deny_token(realm_id, &[2; 32], NOW.plus(60), &[]).await.unwrap();
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Denied);
    query.origins = vec![origin(1)];
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    store.close_lineage(realm_id, Lineage([1; 16]), NOW.plus(60), &[]).await.unwrap();
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Denied);
    for client in [("gone", 1), ("app", 2)] {
        let client = Some((client.0.parse().unwrap(), client.1));
        query.origins = vec![ExchangeOrigin { client, ..ExchangeOrigin::default() }];
        assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Fallen);
        // Nothing is issued for it either.
        let mut redemption = world.redemption(7);
        redemption.standing.origins.clone_from(&query.origins);
        assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Fallen);
    }
}

async fn rfc7523_3_an_assertion_is_a_grant_once_and_only_while_what_it_gives_stands(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let mut redemption = world.redemption(5);
    redemption.redeemable = Redeemable::Code(used(Purpose::AssertionGrant, 1));
    (redemption.refresh_family, redemption.participant) = (None, None);
    let mut fallen = redemption.clone();
    fallen.standing.user = Some((world.user.id, 2));
    assert_eq!(store.redeem(realm_id, &fallen, &[]).await.unwrap(), RedemptionOutcome::Fallen);
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Redeemed);
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::AlreadyUsed);
    redemption.redeemable = Redeemable::Code(used(Purpose::TokenExchange, 1));
    assert_eq!(store.redeem(realm_id, &redemption, &[]).await.unwrap(), RedemptionOutcome::Redeemed);
}
