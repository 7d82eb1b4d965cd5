//! The port of refresh token families.

use signet_core::model::{Client, Purpose, User};
use signet_core::ports::{
    Clients, Realms, RefreshFamilies, RotationOutcome, SessionEnding, Sessions, SingleUse, Standing, Users,
    WhichSessions,
};
use signet_protocol::identifiers::Lineage;

use super::fixtures::{NOW, World, login, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_family_reads_back,
    rotation_moves_the_generation_once,
    a_family_that_does_not_rotate_keeps_its_generation,
    rotation_stops_when_anything_beneath_it_falls,
    a_replayed_proof_rotates_nothing,
    a_superseded_rotation_leaves_its_proofs_unused,
    a_closed_lineage_is_denied_with_and_without_a_family,
);

async fn a_family_reads_back(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    let read = world.store.refresh_family(world.realm.id, lineage).await.unwrap();
    assert_eq!(read, Some(world.family(lineage)));
    assert_eq!(world.store.refresh_family(world.realm.id, Lineage([6; 16])).await.unwrap(), None);
}

async fn rotation_moves_the_generation_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    let rotation = world.rotation(lineage, 1);
    assert_eq!(world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap(), RotationOutcome::Rotated);
    assert_eq!(world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap(), RotationOutcome::Superseded);
    let mut expected = world.family(lineage);
    expected.generation = 2;
    expected.rotated_at = NOW.plus(100);
    expected.idle_expires_at = NOW.plus(3700);
    assert_eq!(world.store.refresh_family(world.realm.id, lineage).await.unwrap(), Some(expected));
}

async fn a_family_that_does_not_rotate_keeps_its_generation(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    let mut rotation = world.rotation(lineage, 1);
    rotation.next_generation = 1;
    // The second changes no value at all; it counts all the same.
    for _ in 0..2 {
        assert_eq!(world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap(), RotationOutcome::Rotated);
    }
    assert_eq!(world.store.refresh_family(world.realm.id, lineage).await.unwrap().unwrap().generation, 1);
}

async fn rotation_stops_when_anything_beneath_it_falls(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let lineage = world.open_family(5).await;
    let rotation = world.rotation(lineage, 1);
    let superseded = async || {
        assert_eq!(store.rotate(realm_id, &rotation, &[]).await.unwrap(), RotationOutcome::Superseded);
        assert_eq!(store.refresh_family(realm_id, lineage).await.unwrap().unwrap().generation, 1);
    };
    let mut client = world.client.clone();
    client.enabled = false;
    store.update_client(&client, None, &[]).await.unwrap();
    superseded().await;
    store.update_client(&Client { revision: 1, ..world.client.clone() }, None, &[]).await.unwrap();
    let mut user = world.user.clone();
    user.enabled = false;
    store.update_user(&user, &[]).await.unwrap();
    superseded().await;
    store.update_user(&User { revision: 1, ..world.user.clone() }, &[]).await.unwrap();
    store.deny_token(realm_id, &[3; 32], NOW, &[]).await.unwrap();
    let mut with_token = rotation.clone();
    with_token.standing.token = Some([3; 32]);
    assert_eq!(store.rotate(realm_id, &with_token, &[]).await.unwrap(), RotationOutcome::Superseded);
    // The session went with the user who was disabled above.
    store.open_session(&login(world.session.clone(), 9), &[]).await.unwrap();
    let ending = SessionEnding::of(WhichSessions::OfCookie(world.session.cookie_hash));
    assert_eq!(store.end_sessions(realm_id, &ending, &[]).await.unwrap().len(), 1);
    superseded().await;
    let mut offline = rotation.clone();
    offline.standing.session = None;
    store.raise_realm_epoch(realm_id, &[]).await.unwrap();
    assert_eq!(store.rotate(realm_id, &offline, &[]).await.unwrap(), RotationOutcome::Superseded);
    offline.standing.realm_epoch = 2;
    assert_eq!(store.rotate(realm_id, &offline, &[]).await.unwrap(), RotationOutcome::Rotated);
}

async fn a_replayed_proof_rotates_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    let mut rotation = world.rotation(lineage, 1);
    rotation.proofs = vec![used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 1)];
    assert_eq!(world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap(), RotationOutcome::Rotated);
    rotation.generation = 2;
    rotation.next_generation = 3;
    for (proofs, replayed) in [
        ([used(Purpose::ClientAssertion, 1), used(Purpose::DpopProof, 2)], Purpose::ClientAssertion),
        ([used(Purpose::ClientAssertion, 2), used(Purpose::DpopProof, 1)], Purpose::DpopProof),
    ] {
        rotation.proofs = proofs.to_vec();
        let outcome = world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap();
        assert_eq!(outcome, RotationOutcome::ProofReplayed(replayed));
    }
    assert_eq!(world.store.refresh_family(world.realm.id, lineage).await.unwrap().unwrap().generation, 2);
}

async fn a_superseded_rotation_leaves_its_proofs_unused(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let lineage = world.open_family(5).await;
    let mut rotation = world.rotation(lineage, 7);
    let assertion = used(Purpose::ClientAssertion, 1);
    rotation.proofs = vec![assertion];
    assert_eq!(world.store.rotate(world.realm.id, &rotation, &[]).await.unwrap(), RotationOutcome::Superseded);
    assert!(world.store.consume(world.realm.id, &assertion, &[]).await.unwrap());
}

async fn a_closed_lineage_is_denied_with_and_without_a_family(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let lineage = world.open_family(5).await;
    store.close_lineage(realm_id, lineage, NOW.plus(600), &[]).await.unwrap();
    assert!(!store.refresh_family(realm_id, lineage).await.unwrap().unwrap().active);
    assert_eq!(store.standing(realm_id, &world.standing(lineage)).await.unwrap(), Standing::Denied);
    assert_eq!(store.rotate(realm_id, &world.rotation(lineage, 1), &[]).await.unwrap(), RotationOutcome::Superseded);
    // The family itself is closed as well, should the denial be forgotten.
    let mut unnamed = world.rotation(lineage, 1);
    unnamed.standing.lineage = None;
    assert_eq!(store.rotate(realm_id, &unnamed, &[]).await.unwrap(), RotationOutcome::Superseded);
    let without = Lineage([6; 16]);
    assert_eq!(store.standing(realm_id, &world.standing(without)).await.unwrap(), Standing::Stands);
    store.close_lineage(realm_id, without, NOW.plus(600), &[]).await.unwrap();
    // A second closing may lengthen the denial and never shortens it.
    store.close_lineage(realm_id, without, NOW.plus(10), &[]).await.unwrap();
    assert_eq!(store.standing(realm_id, &world.standing(without)).await.unwrap(), Standing::Denied);
    assert_eq!(database.count(&format!("denials WHERE expires_at = {}", NOW.plus(600).0)).await, 2);
}
