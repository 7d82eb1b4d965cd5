//! The port of trusted issuers.

use serde_json::json;
use signet_core::model::{TrustedIssuer, TrustedIssuerDefinition};
use signet_core::ports::{StoreError, TrustedIssuers};
use signet_protocol::identifiers::{RealmId, TrustedIssuerId};

use super::fixtures::{NOW, assert_duplicate, assert_missing, insert_realm, realm};
use crate::support::databases::TestDatabase;

on_every_database!(
    issuers_read_back_by_name,
    a_name_is_taken_once_per_realm,
    an_update_needs_the_revision_it_was_decided_on,
    an_issuer_is_deleted_and_missed,
);

const ROW: &str = "trusted issuer";

fn trusted(realm_id: RealmId, number: u8, issuer: &str) -> TrustedIssuer {
    let definition = json!({
        "enabled": true, "jwks": {"keys": [{"kty": "EC", "kid": "ä"}]}, "uses": ["assertion_grant", "token_exchange"],
        "clients": ["app"], "audiences": ["https://op.test/"], "subject_mapping": "username", "subject_claim": "email",
    });
    TrustedIssuer {
        realm_id,
        id: TrustedIssuerId([number; 16]),
        issuer: issuer.to_owned(),
        definition: serde_json::from_value(definition).unwrap(),
        created_at: NOW,
        updated_at: NOW,
        revision: 0,
    }
}

async fn issuers_read_back_by_name(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let (first, second) = (trusted(realm(1).id, 1, "https://b.test"), trusted(realm(1).id, 2, "https://a.test"));
    store.insert_trusted_issuer(&first, &[]).await.unwrap();
    store.insert_trusted_issuer(&second, &[]).await.unwrap();
    assert_eq!(store.trusted_issuers(realm(1).id).await.unwrap(), [second, first]);
    assert!(store.trusted_issuers(RealmId([2; 16])).await.unwrap().is_empty());
}

async fn a_name_is_taken_once_per_realm(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    store.insert_trusted_issuer(&trusted(realm(1).id, 1, "https://a.test"), &[]).await.unwrap();
    assert_duplicate(store.insert_trusted_issuer(&trusted(realm(1).id, 2, "https://a.test"), &[]).await, ROW);
    for (number, other) in [(3, "https://A.test"), (4, "https://a.test/"), (5, "https://a.test ")] {
        store.insert_trusted_issuer(&trusted(realm(1).id, number, other), &[]).await.unwrap();
    }
    store.insert_trusted_issuer(&trusted(realm(2).id, 1, "https://a.test"), &[]).await.unwrap();
    assert_missing(store.insert_trusted_issuer(&trusted(RealmId([9; 16]), 1, "https://a.test"), &[]).await, "realm");
}

async fn an_update_needs_the_revision_it_was_decided_on(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut changed = trusted(realm(1).id, 1, "https://a.test");
    store.insert_trusted_issuer(&changed, &[]).await.unwrap();
    "https://b.test".clone_into(&mut changed.issuer);
    changed.definition = TrustedIssuerDefinition { enabled: false, ..changed.definition };
    changed.updated_at = NOW.plus(2);
    store.update_trusted_issuer(&changed, &[]).await.unwrap();
    assert!(matches!(store.update_trusted_issuer(&changed, &[]).await, Err(StoreError::Changed(_))));
    changed.revision = 1;
    assert_eq!(store.trusted_issuers(realm(1).id).await.unwrap(), [changed.clone()]);
    changed.id = TrustedIssuerId([9; 16]);
    assert_missing(store.update_trusted_issuer(&changed, &[]).await, ROW);
}

async fn an_issuer_is_deleted_and_missed(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let id = TrustedIssuerId([1; 16]);
    store.insert_trusted_issuer(&trusted(realm(1).id, 1, "https://a.test"), &[]).await.unwrap();
    assert_missing(store.delete_trusted_issuer(RealmId([2; 16]), id, &[]).await, ROW);
    store.delete_trusted_issuer(realm(1).id, id, &[]).await.unwrap();
    assert_missing(store.delete_trusted_issuer(realm(1).id, id, &[]).await, ROW);
    assert!(store.trusted_issuers(realm(1).id).await.unwrap().is_empty());
}
