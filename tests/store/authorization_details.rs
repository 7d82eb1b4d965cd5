//! The ports of types of authorization details and of details that are kept.

use serde_json::json;
use signet_core::model::{AuthorizationDetail, AuthorizationDetailsType, DetailsDefinition};
use signet_core::ports::{AuthorizationDetailsTypes, Authorizations, Changes, KeptDetails, Realms, StoreError};
use signet_protocol::identifiers::{AuthorizationDetailsTypeId, RealmId};

use super::fixtures::{NOW, World, answered, assert_duplicate, assert_missing, authorization, insert_realm, realm};
use crate::support::databases::TestDatabase;

on_every_database!(
    types_read_back_by_name,
    a_name_is_taken_once_per_realm,
    an_update_needs_the_revision_it_was_decided_on,
    a_type_is_deleted_and_missed,
    consent_remembers_details,
    details_are_kept_until_their_time,
    a_damaged_type_is_noticed,
);

const ROW: &str = "type of authorization details";

fn kind(realm_id: RealmId, number: u8, name: &str) -> AuthorizationDetailsType {
    let definition = json!({
        "schema": {"type": "object", "properties": {"ä": {"type": "string"}}},
        "texts": {"en": {"title": "Zahlung “ä”", "lines": ["{ä}"], "values": {"ä": {"a": "b"}}}},
        "additive": ["actions"], "enriched": [], "remembered": true, "client_credentials": false,
    });
    AuthorizationDetailsType {
        realm_id,
        id: AuthorizationDetailsTypeId([number; 16]),
        name: name.to_owned(),
        definition: serde_json::from_value(definition).unwrap(),
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

async fn types_read_back_by_name(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let (first, second) = (kind(realm(1).id, 1, "b"), kind(realm(1).id, 2, "a"));
    store.insert_details_type(&first, &[]).await.unwrap();
    store.insert_details_type(&second, &[]).await.unwrap();
    assert_eq!(store.details_types(realm(1).id).await.unwrap(), [second, first]);
    assert!(store.details_types(RealmId([2; 16])).await.unwrap().is_empty());
}

async fn a_name_is_taken_once_per_realm(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    store.insert_details_type(&kind(realm(1).id, 1, "pay"), &[]).await.unwrap();
    assert_duplicate(store.insert_details_type(&kind(realm(1).id, 2, "pay"), &[]).await, ROW);
    for other in ["Pay", "pay ", "payment"] {
        let number = u8::try_from(other.len()).unwrap() + u8::from(other == "Pay") * 40;
        store.insert_details_type(&kind(realm(1).id, number, other), &[]).await.unwrap();
    }
    store.insert_details_type(&kind(realm(2).id, 1, "pay"), &[]).await.unwrap();
    assert_missing(store.insert_details_type(&kind(RealmId([9; 16]), 1, "pay"), &[]).await, "realm");
}

async fn an_update_needs_the_revision_it_was_decided_on(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut changed = kind(realm(1).id, 1, "pay");
    store.insert_details_type(&changed, &[]).await.unwrap();
    "other".clone_into(&mut changed.name);
    changed.definition = DetailsDefinition { remembered: false, ..changed.definition };
    (changed.created_at, changed.updated_at) = (NOW.plus(1), NOW.plus(2));
    store.update_details_type(&changed, &[]).await.unwrap();
    assert!(matches!(store.update_details_type(&changed, &[]).await, Err(StoreError::Changed(_))));
    (changed.created_at, changed.revision) = (NOW, 1);
    assert_eq!(store.details_types(realm(1).id).await.unwrap(), [changed.clone()]);
    changed.id = AuthorizationDetailsTypeId([9; 16]);
    assert_missing(store.update_details_type(&changed, &[]).await, ROW);
}

async fn a_type_is_deleted_and_missed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let deleted = kind(realm(1).id, 1, "pay");
    store.insert_details_type(&deleted, &[]).await.unwrap();
    store.delete_details_type(realm(1).id, deleted.id, &[]).await.unwrap();
    assert!(store.details_types(realm(1).id).await.unwrap().is_empty());
    assert_missing(store.delete_details_type(realm(1).id, deleted.id, &[]).await, ROW);
}

async fn consent_remembers_details(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let detail = |text: &str| {
        let members = json!({"type": "pay", "to": text});
        AuthorizationDetail::new(members.as_object().unwrap().clone()).unwrap()
    };
    let mut consent = authorization(&world.user, &world.client, 1);
    consent.details = vec![detail("“Ana”"), detail("\u{1f469}")];
    let stored = world.store.record_consent(&answered(1), &consent, &[]).await.unwrap();
    assert_eq!(stored, Some(consent.clone()));
    consent.details.clear();
    let stored = world.store.record_consent(&answered(2), &consent, &[]).await.unwrap();
    assert_eq!(stored, Some(consent));
}

async fn details_are_kept_until_their_time(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let realm_id = realm(1).id;
    let text = "[{\"type\":\"pay\",\"to\":\"ä\"}]".repeat(200);
    store.keep_details(realm_id, (&[1; 32], &text), NOW.plus(60)).await.unwrap();
    store.keep_details(realm_id, (&[1; 32], &text), NOW.plus(30)).await.unwrap();
    store.keep_details(realm_id, (&[2; 32], "[]"), NOW.plus(30)).await.unwrap();
    assert_eq!(store.kept_details(realm_id, &[1; 32]).await.unwrap(), Some(text.clone()));
    assert_eq!(store.kept_details(realm_id, &[3; 32]).await.unwrap(), None);
    assert_eq!(store.kept_details(RealmId([2; 16]), &[1; 32]).await.unwrap(), None);
    // The longer time counts; clocks differ by at most a quarter of an hour.
    store.clean_up(NOW.plus(31 + 900), 100).await.unwrap();
    assert_eq!(store.kept_details(realm_id, &[2; 32]).await.unwrap(), None);
    assert_eq!(store.kept_details(realm_id, &[1; 32]).await.unwrap(), Some(text));
    store.delete_realm(realm_id, &[]).await.unwrap();
    assert_eq!(store.kept_details(realm_id, &[1; 32]).await.unwrap(), None);
}

async fn a_damaged_type_is_noticed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_details_type(&kind(realm(1).id, 1, "pay"), &[]).await.unwrap();
    database.execute("UPDATE authorization_details_types SET definition = 'DAMAGE'").await;
    assert!(matches!(store.details_types(realm(1).id).await, Err(StoreError::Corrupt(_))));
}
