//! Rich authorization requests (RFC 9396): the two types that the documentation shows, from the request to the API.

mod consent;
mod requests;
mod tokens;

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::realm::{Realm, merged};

/// The payment of RFC 9396 section 2, without what it does not have to name.
pub(crate) fn payment() -> Value {
    json!({
        "type": "payment_initiation",
        "actions": ["initiate", "status", "cancel"],
        "locations": ["https://example.com/payments"],
        "instructedAmount": {"currency": "EUR", "amount": "123.50"},
        "creditorName": "Merchant A",
        "creditorAccount": {"iban": "DE02100100109307118603"},
        "remittanceInformationUnstructured": "Ref Number Merchant",
    })
}

/// Access to account information, as in section 2.
pub(crate) fn accounts() -> Value {
    json!({
        "type": "account_information",
        "actions": ["list_accounts", "read_balances", "read_transactions"],
        "locations": ["https://example.com/accounts"],
    })
}

/// A document of the documentation: a type as the admin API takes it.
fn example(name: &str) -> Value {
    let file = format!("{}/../docs/src/examples/authorization-details/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Registers the two types of the documentation, with changes to both.
pub(crate) async fn register(realm: &Realm, change: Value) {
    for name in ["payment_initiation", "account_information"] {
        let body = merged(example(name), change.clone());
        let made = realm.server.administration.create_details_type(&realm.name, &body).await;
        assert_eq!(made["type"], name, "{made}");
    }
}

/// A realm with the two types, and a client that may ask for both.
async fn bank(metadata: Value) -> (Realm, Client) {
    let realm = Realm::new().await;
    register(&realm, json!({})).await;
    let client = client_of(&realm, metadata).await;
    (realm, client)
}

/// A client that may ask for both types.
pub(crate) async fn client_of(realm: &Realm, metadata: Value) -> Client {
    let own = json!({
        "client_name": "Harbour Savings",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid offline_access read",
        "authorization_details_types": ["payment_initiation", "account_information"],
    });
    realm.client(merged(own, metadata)).await
}

/// A request of some details.
pub(crate) fn asking(client: &Client, details: &Value) -> AuthorizationRequest {
    client.request().with("authorization_details", &details.to_string())
}
