//! The port of stored consents.

use signet_core::model::{Authorization, DEFAULT_SLOT};
use signet_core::ports::{Authorizations, Clients, RefreshFamilies, SingleUse, Standing};
use signet_protocol::identifiers::{AuthorizationId, Lineage, UserId};

use super::fixtures::{NOW, World, answered, assert_missing, authorization, client, user};
use crate::support::databases::TestDatabase;

on_every_database!(
    consent_is_one_row_per_slot_and_keeps_its_identity,
    a_form_records_consent_once,
    consent_to_what_is_gone_changes_nothing,
    consents_are_listed_newest_first,
    a_revoked_consent_takes_its_families_and_leaves_others,
    grants_stand_beside_consent_and_fall_alone,
);

async fn consent_is_one_row_per_slot_and_keeps_its_identity(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let first = authorization(&world.user, &world.client, 1);
    let stored = store.record_consent(&answered(1), &first, &[]).await.unwrap();
    assert_eq!(stored, Some(first.clone()));
    let again = Authorization {
        id: AuthorizationId([2; 16]),
        scope: "openid".parse().unwrap(),
        claims: Vec::new(),
        resources: Vec::new(),
        epoch: 9,
        created_at: NOW.plus(5),
        updated_at: NOW.plus(6),
        ..first.clone()
    };
    let stored = store.record_consent(&answered(2), &again, &[]).await.unwrap().unwrap();
    let expected = Authorization {
        scope: again.scope,
        claims: again.claims,
        resources: again.resources,
        updated_at: again.updated_at,
        ..first.clone()
    };
    assert_eq!(stored, expected);
    let read = store.authorization(world.realm.id, world.user.id, &world.client_id(), DEFAULT_SLOT).await.unwrap();
    assert_eq!(read, Some(expected));
    for absent in ["Default", "default ", "", "a\0"] {
        let read = store.authorization(world.realm.id, world.user.id, &world.client_id(), absent).await.unwrap();
        assert_eq!(read, None, "{absent:?}");
    }
}

async fn a_form_records_consent_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let form = answered(1);
    let first = authorization(&world.user, &world.client, 1);
    world.store.record_consent(&form, &first, &[]).await.unwrap().unwrap();
    let other = Authorization { scope: "openid phone".parse().unwrap(), ..first.clone() };
    assert_eq!(world.store.record_consent(&form, &other, &[]).await.unwrap(), None);
    let stored = world.store.authorizations_of_user(world.realm.id, world.user.id).await.unwrap();
    assert_eq!(stored, [first]);
}

async fn consent_to_what_is_gone_changes_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let form = answered(1);
    let of_stranger = authorization(&user(world.realm.id, 99, "x"), &world.client, 1);
    assert_missing(world.store.record_consent(&form, &of_stranger, &[]).await, "user or client");
    let for_stranger = authorization(&world.user, &client(world.realm.id, "gone"), 1);
    assert_missing(world.store.record_consent(&form, &for_stranger, &[]).await, "user or client");
    assert!(world.store.complete(world.realm.id, &form, &[]).await.unwrap());
}

async fn consents_are_listed_newest_first(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    for (number, name) in [(1_u8, "one"), (2, "two"), (3, "three")] {
        let other = client(world.realm.id, name);
        world.store.insert_client(&other, &[]).await.unwrap();
        let consent =
            Authorization { updated_at: NOW.plus(i64::from(number % 3)), ..authorization(&world.user, &other, number) };
        world.store.record_consent(&answered(number), &consent, &[]).await.unwrap().unwrap();
    }
    let listed = world.store.authorizations_of_user(world.realm.id, world.user.id).await.unwrap();
    assert_eq!(listed.iter().map(|consent| consent.id.0[0]).collect::<Vec<_>>(), [2, 1, 3]);
    assert!(world.store.authorizations_of_user(world.realm.id, UserId([9; 16])).await.unwrap().is_empty());
}

async fn a_revoked_consent_takes_its_families_and_leaves_others(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let consent = authorization(&world.user, &world.client, 1);
    store.record_consent(&answered(1), &consent, &[]).await.unwrap().unwrap();
    let lineage = world.open_family(5).await;
    let mut query = world.standing(lineage);
    query.authorization = Some((consent.id, 1));
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    // Somebody else cannot revoke it.
    assert!(!store.revoke_authorization(realm_id, UserId([9; 16]), consent.id, &[]).await.unwrap());
    assert!(store.refresh_family(realm_id, lineage).await.unwrap().is_some());
    assert!(store.revoke_authorization(realm_id, world.user.id, consent.id, &[]).await.unwrap());
    assert!(!store.revoke_authorization(realm_id, world.user.id, consent.id, &[]).await.unwrap());
    assert!(store.refresh_family(realm_id, Lineage([5; 16])).await.unwrap().is_none());
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Fallen);
}

async fn grants_stand_beside_consent_and_fall_alone(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let consent = authorization(&world.user, &world.client, 1);
    store.record_consent(&answered(1), &consent, &[]).await.unwrap().unwrap();
    let managed = |number: u8| {
        let grant = authorization(&world.user, &world.client, number);
        Authorization { slot: grant.id.to_string(), ..grant }
    };
    let (one, two) = (managed(2), managed(3));
    for (grant, form) in [(&one, 2), (&two, 3)] {
        let stored = store.record_consent(&answered(form), grant, &[]).await.unwrap();
        assert_eq!(stored.as_ref(), Some(grant));
        assert_eq!(store.authorization_by_id(realm_id, grant.id).await.unwrap(), stored);
    }
    // A grant that is changed ends what rests on it; ordinary consent that grows does not.
    let changed = store.record_consent(&answered(4), &one, &[]).await.unwrap().unwrap();
    assert_eq!(changed, Authorization { epoch: 2, ..one.clone() });
    let changed = store.record_consent(&answered(5), &consent, &[]).await.unwrap().unwrap();
    assert_eq!(changed, consent);
    // Families of the same user and client stay while a grant stands; each standing says what is dead.
    let lineage = world.open_family(5).await;
    assert!(store.revoke_authorization(realm_id, world.user.id, one.id, &[]).await.unwrap());
    assert!(store.refresh_family(realm_id, lineage).await.unwrap().is_some());
    assert!(store.revoke_authorization(realm_id, world.user.id, consent.id, &[]).await.unwrap());
    assert!(store.refresh_family(realm_id, lineage).await.unwrap().is_some());
    for (grant, expected) in [(&one, Standing::Fallen), (&consent, Standing::Fallen), (&two, Standing::Stands)] {
        let mut query = world.standing(lineage);
        query.authorization = Some((grant.id, 1));
        assert_eq!(store.standing(realm_id, &query).await.unwrap(), expected, "{:?}", grant.id);
    }
    assert_eq!(store.authorization_by_id(realm_id, one.id).await.unwrap(), None);
}
