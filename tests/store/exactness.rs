//! Text is compared byte by byte and comes back as it went in, whatever is in it.

use signet_core::model::KeyState;
use signet_core::ports::{Clients, Keys, Realms, ResourceServers, StoreError, Users};
use signet_protocol::identifiers::{ResourceServerId, UserId};

use super::fixtures::{client, insert_realm, realm, resource_server, signing_key, user};
use crate::support::databases::TestDatabase;

on_every_database!(
    identifiers_that_look_alike_are_different,
    hostile_text_is_only_text,
    text_that_no_database_holds_is_refused_by_all_alike,
);

/// Pairs that some collation or other takes for equal: case, trailing and leading space, accents, ligatures, width,
/// normal forms.
const LOOK_ALIKES: [&str; 12] = [
    "client",
    "Client",
    "CLIENT",
    "client ",
    " client",
    "cliént",
    "clie\u{301}nt",
    "cli\u{200b}ent",
    "ﬁ",
    "fi",
    "ß",
    "ss",
];

async fn identifiers_that_look_alike_are_different(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let realm_id = realm(1).id;
    for (number, name) in (1_u8..).zip(LOOK_ALIKES) {
        let mut person = user(realm_id, number, name);
        // The store compares what it is given; bringing names to one form is the core's.
        person.username_normalised = name.to_owned();
        store.insert_user(&person, None, &[]).await.unwrap();
        let mut server = resource_server(realm_id, number);
        server.identifier = name.to_owned();
        store.insert_resource_server(&server, &[]).await.unwrap();
        if name.is_ascii() {
            store.insert_client(&client(realm_id, name), &[]).await.unwrap();
        }
        if name.is_ascii() && !name.contains(' ') {
            store.insert_signing_key(&signing_key(realm_id, name, KeyState::Future), &[]).await.unwrap();
        }
    }
    for (number, name) in (1_u8..).zip(LOOK_ALIKES) {
        let (found, _) = store.user_by_username(realm_id, name).await.unwrap().unwrap();
        assert_eq!((found.id, found.username.as_str()), (UserId([number; 16]), name));
        if name.is_ascii() {
            let found = store.client(realm_id, &name.parse().unwrap()).await.unwrap().unwrap();
            assert_eq!(found.client_id.as_str(), name);
        }
    }
    let listed = store.resource_servers(realm_id).await.unwrap();
    assert_eq!(listed.len(), LOOK_ALIKES.len());
    assert!(listed.is_sorted_by_key(|server| server.identifier.clone().into_bytes()));
    store.delete_signing_key(realm_id, &"Client".parse().unwrap(), &[]).await.unwrap();
    let kids: Vec<String> = store.signing_keys(realm_id).await.unwrap().iter().map(|key| key.kid.to_string()).collect();
    assert_eq!(kids, ["CLIENT", "client", "fi", "first", "ss"]);
}

const HOSTILE: [&str; 14] = [
    "'",
    "\"",
    "`",
    "\\",
    "\\'",
    "'; DROP TABLE users; --",
    "/* */ -- #",
    "%_%27",
    "?",
    "$1",
    ":name",
    "’ʼ＇",
    "\u{feff}\u{202e}\u{1f600}",
    "\r\n\t\u{1}\u{7f}",
];

async fn hostile_text_is_only_text(database: &TestDatabase) {
    let store = database.connect().await;
    for (number, text) in (1_u8..).zip(HOSTILE) {
        let mut realm = realm(number);
        realm.display_name = text.to_owned();
        insert_realm(&store, &realm).await.unwrap();
        assert_eq!(store.realm_by_name(&realm.name).await.unwrap().unwrap().display_name, text);
        let mut app = client(realm.id, "app");
        app.metadata.client_name = Some(format!("{text}\0"));
        app.metadata.redirect_uris = vec![text.to_owned()];
        store.insert_client(&app, &[]).await.unwrap();
        assert_eq!(*store.client(realm.id, &app.client_id).await.unwrap().unwrap(), app);
        let mut person = user(realm.id, number, "x");
        person.username = text.to_owned();
        person.username_normalised = text.to_owned();
        person.claims.insert(text.to_owned(), format!("{text}\0").into());
        assert_eq!(store.user_by_username(realm.id, text).await.unwrap(), None);
        store.insert_user(&person, None, &[]).await.unwrap();
        assert_eq!(store.user_by_username(realm.id, text).await.unwrap(), Some((person, None)));
        let mut server = resource_server(realm.id, number);
        server.identifier = text.to_owned();
        store.insert_resource_server(&server, &[]).await.unwrap();
        assert_eq!(store.resource_servers(realm.id).await.unwrap(), [server]);
    }
    assert_eq!(database.count("users").await, 14);
}

async fn text_that_no_database_holds_is_refused_by_all_alike(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    for text in ["a\0b".to_owned(), "é".repeat(256)] {
        let mut person = user(realm(1).id, 1, "x");
        person.username_normalised = text.clone();
        assert!(matches!(store.insert_user(&person, None, &[]).await, Err(StoreError::Corrupt(_))));
        assert_eq!(store.user_by_username(realm(1).id, &text).await.unwrap(), None);
    }
    let mut server = resource_server(realm(1).id, 1);
    server.id = ResourceServerId([1; 16]);
    server.identifier = format!("urn:{}", "é".repeat(696));
    store.insert_resource_server(&server, &[]).await.unwrap();
    assert_eq!(store.resource_servers(realm(1).id).await.unwrap(), [server]);
    assert_eq!(database.count("users").await, 0);
}
