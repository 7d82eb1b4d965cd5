//! The port of dynamic registrations and of the tokens that open them.

use signet_core::model::{Client, ClientSecret, InitialAccessToken, Purpose, Registration, SecretLife};
use signet_core::ports::{
    Clients, NewRegistration, PageRequest, RegistrationChange, RegistrationOutcome, Registrations, StoreError,
};
use signet_protocol::identifiers::InitialAccessTokenId;
use signet_store::Database;

use super::fixtures::{NOW, assert_missing, client, insert_realm, realm, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    initial_access_tokens_are_found_listed_and_revoked,
    rg_001_sixteen_registrations_with_one_use_make_one_client,
    what_is_not_registered_uses_nothing_up,
    rfc7592_2_2_a_change_needs_the_token_that_is_there,
    clients_that_nobody_used_go_and_used_ones_stay,
    both_secrets_of_a_client_read_back,
);

fn token(number: u8, uses_left: i64) -> InitialAccessToken {
    InitialAccessToken {
        realm_id: realm(1).id,
        id: InitialAccessTokenId([number; 16]),
        token_hash: [number; 32],
        description: "Partner \u{1f512}".to_owned(),
        uses_left,
        expires_at: NOW.plus(60),
        created_at: NOW,
    }
}

fn new(client_id: &str, token: Option<u8>) -> NewRegistration {
    let client = client(realm(1).id, client_id);
    NewRegistration {
        registration: Registration {
            realm_id: client.realm_id,
            client_id: client.client_id.clone(),
            token_hash: [9; 32],
            software_statement: Some("a.b.c".to_owned()),
            initial_access_token: token.map(|number| InitialAccessTokenId([number; 16])),
            unused_at: Some(NOW.plus(100)),
        },
        client,
        statement: None,
        maximum_clients: 3,
        now: NOW,
    }
}

async fn register(store: &Database, new: &NewRegistration) -> RegistrationOutcome {
    store.register_client(new, &[]).await.unwrap()
}

async fn stored(store: &Database, client_id: &str) -> Option<Client> {
    store.client_as_stored(realm(1).id, &client_id.parse().unwrap()).await.unwrap()
}

async fn initial_access_tokens_are_found_listed_and_revoked(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    insert_realm(&store, &realm(2)).await.unwrap();
    for number in [3, 1, 2] {
        store.insert_initial_access_token(&token(number, 5), &[]).await.unwrap();
    }
    assert_eq!(store.initial_access_token(realm(1).id, &[2; 32]).await.unwrap(), Some(token(2, 5)));
    assert_eq!(store.initial_access_token(realm(2).id, &[2; 32]).await.unwrap(), None);
    let page = |after: Option<String>| PageRequest { after, limit: 2 };
    let first = store.list_initial_access_tokens(realm(1).id, &page(None)).await.unwrap();
    assert_eq!(first.items, [token(1, 5), token(2, 5)]);
    let rest = store.list_initial_access_tokens(realm(1).id, &page(first.next)).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![token(3, 5)], None));
    store.delete_initial_access_token(realm(1).id, token(2, 5).id, &[]).await.unwrap();
    assert_missing(store.delete_initial_access_token(realm(1).id, token(2, 5).id, &[]).await, "initial access token");
    assert_eq!(store.initial_access_token_by_id(realm(1).id, token(2, 5).id).await.unwrap(), None);
}

async fn rg_001_sixteen_registrations_with_one_use_make_one_client(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_initial_access_token(&token(1, 1), &[]).await.unwrap();
    let registering = (0..16).map(|number| {
        let store = store.clone();
        async move { register(&store, &new(&format!("app-{number}"), Some(1))).await }
    });
    let outcomes = futures_util::future::join_all(registering).await;
    let count = |outcome| outcomes.iter().filter(|other| **other == outcome).count();
    assert_eq!((count(RegistrationOutcome::Registered), count(RegistrationOutcome::TokenSpent)), (1, 15));
    assert_eq!(store.initial_access_token(realm(1).id, &[1; 32]).await.unwrap(), Some(token(1, 0)));
}

async fn what_is_not_registered_uses_nothing_up(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    store.insert_initial_access_token(&token(1, 9), &[]).await.unwrap();
    let statement = Some(used(Purpose::SoftwareStatement, 1));
    let first = NewRegistration { statement, ..new("first", Some(1)) };
    assert_eq!(register(&store, &first).await, RegistrationOutcome::Registered);
    assert_eq!(
        store.registration(realm(1).id, &first.client.client_id).await.unwrap(),
        Some(first.registration.clone())
    );
    let again = NewRegistration { statement, ..new("again", Some(1)) };
    assert_eq!(register(&store, &again).await, RegistrationOutcome::StatementUsed);
    let late = NewRegistration { now: NOW.plus(60), ..new("late", Some(1)) };
    assert_eq!(register(&store, &late).await, RegistrationOutcome::TokenSpent);
    assert_eq!(register(&store, &new("unknown", Some(7))).await, RegistrationOutcome::TokenSpent);
    for number in [2, 3] {
        assert_eq!(register(&store, &new(&number.to_string(), Some(1))).await, RegistrationOutcome::Registered);
    }
    assert_eq!(register(&store, &new("full", Some(1))).await, RegistrationOutcome::Full);
    for absent in ["again", "late", "unknown", "full"] {
        assert_eq!(stored(&store, absent).await, None, "{absent}");
    }
    assert_eq!(store.initial_access_token(realm(1).id, &[1; 32]).await.unwrap(), Some(token(1, 6)));
}

async fn rfc7592_2_2_a_change_needs_the_token_that_is_there(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let first = new("app", None);
    register(&store, &first).await;
    let mut client = first.client.clone();
    client.metadata.client_name = Some("Other".to_owned());
    let registration = Registration { token_hash: [8; 32], unused_at: None, ..first.registration };
    let change = RegistrationChange { client, old_token_hash: [7; 32], registration, statement: None };
    let refused = store.change_registration(&change, &[]).await;
    assert!(matches!(refused, Err(StoreError::Changed(_))), "{refused:?}");
    assert_eq!(stored(&store, "app").await, Some(first.client));
    let change = RegistrationChange { old_token_hash: [9; 32], ..change };
    assert!(store.change_registration(&change, &[]).await.unwrap());
    assert_eq!(stored(&store, "app").await, Some(Client { revision: 1, ..change.client.clone() }));
    let kept = store.registration(realm(1).id, &change.client.client_id).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&change.registration));
    let stale = store.change_registration(&change, &[]).await;
    assert!(matches!(stale, Err(StoreError::Changed(_))), "{stale:?}");
    store.delete_client(realm(1).id, &change.client.client_id, None, &[]).await.unwrap();
    assert_eq!(store.registration(realm(1).id, &change.client.client_id).await.unwrap(), None);
}

async fn clients_that_nobody_used_go_and_used_ones_stay(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    for (number, client_id) in ["idle", "used", "forever"].into_iter().enumerate() {
        let mut new = new(client_id, None);
        new.registration.token_hash = [u8::try_from(number).unwrap(); 32];
        register(&store, &new).await;
    }
    let id = |text: &str| text.parse().unwrap();
    store.note_client_use(realm(1).id, &id("used"), Some(NOW.plus(200))).await.unwrap();
    store.note_client_use(realm(1).id, &id("forever"), None).await.unwrap();
    let now = NOW.plus(100);
    assert_eq!(store.unused_clients(now, 10).await.unwrap(), [(realm(1).name, id("idle"))]);
    for (client_id, goes) in [("idle", true), ("used", false), ("forever", false)] {
        let gone = store.delete_unused_client(realm(1).id, &id(client_id), now, &[]).await.unwrap();
        assert_eq!(gone, goes, "{client_id}");
        assert_eq!(stored(&store, client_id).await.is_none(), goes, "{client_id}");
    }
}

async fn both_secrets_of_a_client_read_back(database: &TestDatabase) {
    let store = database.connect().await;
    insert_realm(&store, &realm(1)).await.unwrap();
    let mut client = client(realm(1).id, "app");
    client.secret_life = SecretLife {
        expires_at: Some(NOW.plus(9)),
        previous: Some((ClientSecret::Recoverable(vec![0, 255]), NOW.plus(5))),
    };
    store.insert_client(&client, &[]).await.unwrap();
    assert_eq!(stored(&store, "app").await, Some(client.clone()));
    let good = |seconds| client.good_secrets(NOW.plus(seconds)).count();
    assert_eq!((good(0), good(5), good(9)), (2, 1, 0));
}
