//! `on_discovery`.

use serde_json::{Value, json};

use super::{FAILS, assert_silent_about_scripts, bind, runs};
use crate::support::realm::Realm;

/// The document at both of its places (RFC 8414 section 3).
async fn documents(realm: &Realm) -> [Value; 2] {
    let oauth = format!("{}/.well-known/oauth-authorization-server/realms/{}", realm.server.public_url, realm.name);
    [realm.discovery().await, realm.http.get(&oauth).await.success()]
}

#[tokio::test]
async fn on_discovery_adds_members_of_its_own_and_changes_none() {
    let realm = Realm::new().await;
    let before = realm.discovery().await;
    let body =
        "add(#{ service_documentation: \"https://docs.test/\", vendor: #{ vendor_contact: [doc.metadata.issuer] } })";
    bind(&realm, "on_discovery", body).await;
    for document in documents(&realm).await {
        assert_eq!(document["service_documentation"], "https://docs.test/");
        assert_eq!(document["vendor_contact"], json!([realm.issuer]));
        for (name, value) in before.as_object().unwrap() {
            assert_eq!(&document[name], value, "{name}");
        }
        assert_eq!(document.as_object().unwrap().len(), before.as_object().unwrap().len() + 2);
    }
}

#[tokio::test]
async fn on_discovery_says_nothing_that_a_specification_gives_a_meaning_to() {
    let realm = Realm::new().await;
    let before = realm.discovery().await;
    let body = "add(#{ vendor: #{ issuer: \"https://evil.test\", token_endpoint: \"https://evil.test/token\" } })";
    bind(&realm, "on_discovery", body).await;
    assert_eq!(documents(&realm).await, [before.clone(), before]);
    assert_ne!(runs(&realm, "on_discovery", 1).await[0]["details"]["outcome"], "decided");
}

#[tokio::test]
async fn sc_009_on_discovery_fails_open_and_says_nothing_of_it() {
    let realm = Realm::new().await;
    let before = realm.discovery().await;
    bind(&realm, "on_discovery", FAILS).await;
    let [document, oauth] = documents(&realm).await;
    assert_silent_about_scripts(&document["issuer"].to_string());
    assert_eq!([document, oauth], [before.clone(), before]);
    assert_eq!(runs(&realm, "on_discovery", 1).await[0]["details"]["decision"], "open");
}
