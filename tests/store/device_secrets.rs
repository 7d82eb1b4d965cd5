//! The port of device secrets.

use signet_core::model::{DeviceSecret, DeviceSecretHash};
use signet_core::ports::{Changes, DeviceSecrets, RefreshFamilies, SessionEnding, Sessions, WhichSessions};
use signet_protocol::identifiers::{Lineage, RealmId, SessionId};

use super::fixtures::{NOW, World};
use crate::support::databases::TestDatabase;

on_every_database!(
    native_sso_3_2_a_secret_reads_back_in_its_realm_alone,
    native_sso_3_4_3_a_lineage_has_one_secret_and_a_rotated_one_is_gone,
    native_sso_3_4_3_of_secrets_at_the_same_time_one_stays,
    native_sso_4_3_4_secrets_go_with_their_session_and_their_lineage,
    secrets_go_when_they_have_expired,
);

pub(super) fn secret(world: &World, number: u8) -> DeviceSecret {
    DeviceSecret {
        realm_id: world.realm.id,
        lineage: Lineage([number; 16]),
        hash: DeviceSecretHash([number; 32]),
        sid: world.session.sid,
        user_id: world.user.id,
        group: "vendor".to_owned(),
        expires_at: NOW.plus(3_600),
    }
}

async fn native_sso_3_2_a_secret_reads_back_in_its_realm_alone(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let kept = secret(&world, 1);
    store.keep_device_secret(&kept, None).await.unwrap();
    assert_eq!(store.device_secret(realm_id, kept.hash).await.unwrap(), Some(kept.clone()));
    assert_eq!(store.device_secret(RealmId([9; 16]), kept.hash).await.unwrap(), None);
    assert_eq!(store.device_secret(realm_id, DeviceSecretHash([2; 32])).await.unwrap(), None);
    assert!(!store.forget_device_secret(RealmId([9; 16]), kept.hash, &[]).await.unwrap());
    assert!(store.forget_device_secret(realm_id, kept.hash, &[]).await.unwrap());
    assert!(!store.forget_device_secret(realm_id, kept.hash, &[]).await.unwrap());
    assert_eq!(store.device_secret(realm_id, kept.hash).await.unwrap(), None);
}

async fn native_sso_3_4_3_a_lineage_has_one_secret_and_a_rotated_one_is_gone(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let (first, other) = (secret(&world, 1), secret(&world, 2));
    store.keep_device_secret(&first, None).await.unwrap();
    store.keep_device_secret(&other, None).await.unwrap();
    let next = DeviceSecret { hash: DeviceSecretHash([3; 32]), ..first.clone() };
    store.keep_device_secret(&next, None).await.unwrap();
    assert_eq!(store.device_secret(realm_id, first.hash).await.unwrap(), None);
    assert_eq!(store.device_secret(realm_id, other.hash).await.unwrap(), Some(other.clone()));
    let last = DeviceSecret { hash: DeviceSecretHash([4; 32]), ..first };
    store.keep_device_secret(&last, Some(other.hash)).await.unwrap();
    assert_eq!(store.device_secret(realm_id, last.hash).await.unwrap(), Some(last));
    assert_eq!(database.count("device_secrets").await, 1);
}

async fn native_sso_3_4_3_of_secrets_at_the_same_time_one_stays(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let before = secret(&world, 1);
    store.keep_device_secret(&before, None).await.unwrap();
    let kept = (10..30).map(|number| {
        let next = DeviceSecret { hash: DeviceSecretHash([number; 32]), ..before.clone() };
        async move { store.keep_device_secret(&next, Some(before.hash)).await }
    });
    for outcome in futures_util::future::join_all(kept).await {
        outcome.unwrap();
    }
    assert_eq!(database.count("device_secrets").await, 1);
    assert_eq!(store.device_secret(world.realm.id, before.hash).await.unwrap(), None);
}

async fn native_sso_4_3_4_secrets_go_with_their_session_and_their_lineage(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in 1..4 {
        store.keep_device_secret(&secret(&world, number), None).await.unwrap();
    }
    let elsewhere = DeviceSecret { sid: SessionId([9; 16]), ..secret(&world, 4) };
    store.keep_device_secret(&elsewhere, None).await.unwrap();
    store.close_lineage(realm_id, Lineage([1; 16]), NOW, &[]).await.unwrap();
    assert_eq!(database.count("device_secrets").await, 3);
    let ending = SessionEnding::of(WhichSessions::Named(world.session.sid));
    assert_eq!(store.end_sessions(realm_id, &ending, &[]).await.unwrap().len(), 1);
    assert_eq!(database.count("device_secrets").await, 1);
    assert_eq!(store.device_secret(realm_id, elsewhere.hash).await.unwrap(), Some(elsewhere));
}

async fn secrets_go_when_they_have_expired(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.keep_device_secret(&secret(&world, 1), None).await.unwrap();
    store.clean_up(NOW.plus(3_600 + 900), 100).await.unwrap();
    assert_eq!(database.count("device_secrets").await, 1);
    store.clean_up(NOW.plus(3_600 + 901), 100).await.unwrap();
    assert_eq!(database.count("device_secrets").await, 0);
}
