//! The end of sessions, and the clients that are yet to be told of it.

use std::sync::Arc;

use signet_core::model::{Client, LogoutDelivery, SessionIdHash};
use signet_core::ports::{
    Authorizations, Clients, LogoutDeliveries, PageRequest, RefreshFamilies, SessionEnding, Sessions, SingleUse,
    Standing, Users, WhichSessions,
};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::{ClientId, Lineage, RealmId, SessionId, UserId};

use super::fixtures::{NOW, World, client, login, session, user};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_session_that_ends_leaves_a_delivery_for_each_client_that_wants_one,
    whatever_ends_a_session_leaves_deliveries,
    a_login_of_somebody_else_tells_clients_and_one_of_the_same_user_does_not,
    one_of_two_leases_counts,
    one_of_two_ends_counts_and_each_client_is_told_once,
    clients_learn_of_logouts_in_their_order,
    given_up_deliveries_wait_for_somebody_to_ask,
    offline_access_ends_only_where_it_is_asked_for,
    sessions_are_listed_and_found_by_their_public_name,
    who_joins_a_session_at_its_end_is_told_or_gets_nothing,
    a_client_that_loses_its_access_loses_families_and_parts_and_is_told,
);

/// A client that wants to be told.
fn told(world: &World, id: &str) -> Client {
    let metadata = ClientMetadata {
        backchannel_logout_uri: Some("https://app.example/logout".to_owned()),
        ..client(world.realm.id, id).metadata
    };
    Client { metadata, ..client(world.realm.id, id) }
}

/// A world whose session has a participant that wants to be told and one that does not.
async fn world(database: &TestDatabase) -> World {
    let world = World::in_store(database.connect().await).await;
    world.store.insert_client(&told(&world, "told"), &[]).await.unwrap();
    world.open_family(5).await;
    join(&world, 6, world.session.sid, "told").await;
    world
}

async fn join(world: &World, number: u8, sid: SessionId, client_id: &str) {
    let mut redemption = world.redemption(number);
    redemption.refresh_family = None;
    redemption.participant = Some((sid, client_id.parse().unwrap()));
    redemption.standing.session = Some(sid);
    // The session may be another user's than the world's.
    redemption.standing.user = None;
    world.store.redeem(world.realm.id, &redemption, &[]).await.unwrap();
}

fn of_cookie(cookie: SessionIdHash) -> SessionEnding {
    SessionEnding::of(WhichSessions::OfCookie(cookie))
}

async fn due(world: &World) -> Vec<LogoutDelivery> {
    world.store.due_logout_deliveries(100).await.unwrap()
}

async fn a_client_that_loses_its_access_loses_families_and_parts_and_is_told(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id, user_id) = (&world.store, world.realm.id, world.user.id);
    let names = async || {
        let found = store.client_access_of_user(realm_id, user_id, NOW).await.unwrap();
        found.into_iter().map(|access| access.client_id.to_string()).collect::<Vec<_>>()
    };
    let mut both = [world.client_id().to_string(), "told".to_owned()];
    both.sort();
    assert_eq!(names().await, both);
    let later = world.session.expires_at.max(world.family(Lineage([5; 16])).expires_at);
    assert!(store.client_access_of_user(realm_id, user_id, later).await.unwrap().is_empty());
    assert!(store.client_access_of_user(realm_id, UserId([9; 16]), NOW).await.unwrap().is_empty());

    let lineage = Lineage([5; 16]);
    let standing = world.standing(lineage);
    let end = async |user_id, client_id: &ClientId| {
        store.end_client_access(realm_id, (user_id, client_id), NOW.plus(60), &[]).await.unwrap()
    };
    assert!(!end(UserId([9; 16]), &world.client_id()).await, "somebody else's");
    assert_eq!(store.standing(realm_id, &standing).await.unwrap(), Standing::Stands);
    assert!(end(user_id, &world.client_id()).await);
    assert!(store.refresh_family(realm_id, lineage).await.unwrap().is_none());
    assert_eq!(store.standing(realm_id, &standing).await.unwrap(), Standing::Denied);
    assert!(due(&world).await.is_empty(), "it does not want to be told");
    assert!(!end(user_id, &world.client_id()).await, "there is nothing left");
    assert_eq!(names().await, ["told"]);

    assert!(end(user_id, &"told".parse().unwrap()).await);
    let told = due(&world).await;
    assert_eq!((told.len(), told[0].sid, told[0].client_id.as_str()), (1, world.session.sid, "told"));
    assert!(names().await.is_empty());
    assert_eq!(database.count("sessions").await, 1, "the session goes on");
}

async fn a_session_that_ends_leaves_a_delivery_for_each_client_that_wants_one(database: &TestDatabase) {
    let world = world(database).await;
    world.store.insert_client(&told(&world, "besides"), &[]).await.unwrap();
    let also: Vec<ClientId> = ["besides", "told", "nobody"].map(|id| id.parse().unwrap()).to_vec();
    let ending = SessionEnding { also_notify: also, ..of_cookie(world.session.cookie_hash) };
    let ended = world.store.end_sessions(world.realm.id, &ending, &[]).await.unwrap();
    let participants: Vec<&str> = ended[0].participants.iter().map(ClientId::as_str).collect();
    assert_eq!(participants, ["app", "told"]);
    let mut waiting = due(&world).await;
    waiting.sort_by_key(|delivery| delivery.client_id.to_string());
    let clients: Vec<&str> = waiting.iter().map(|delivery| delivery.client_id.as_str()).collect();
    assert_eq!(clients, ["besides", "told"]);
    let delivery = &waiting[1];
    assert_eq!((delivery.sid, delivery.user_id), (world.session.sid, world.user.id));
    assert_eq!((delivery.attempts, delivery.dead, &delivery.realm), (0, false, &world.realm.name));
    assert_eq!(database.count("session_participants").await, 0);
}

async fn whatever_ends_a_session_leaves_deliveries(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let waiting = async || database.count("logout_deliveries").await;
    store.set_password(realm_id, world.user.id, &super::fixtures::password(3), &[]).await.unwrap();
    assert_eq!(waiting().await, 1);

    let other = user(realm_id, 9, "other");
    store.insert_user(&other, None, &[]).await.unwrap();
    store.open_session(&login(session(&other, 20), 20), &[]).await.unwrap();
    join(&world, 21, SessionId([20; 16]), "told").await;
    store.update_user(&signet_core::model::User { enabled: false, ..other.clone() }, &[]).await.unwrap();
    assert_eq!(waiting().await, 2);

    let third = user(realm_id, 10, "third");
    store.insert_user(&third, None, &[]).await.unwrap();
    store.open_session(&login(session(&third, 30), 30), &[]).await.unwrap();
    join(&world, 31, SessionId([30; 16]), "told").await;
    store.delete_user(realm_id, third.id, &[]).await.unwrap();
    assert_eq!(waiting().await, 3);

    // A client that is gone needs to know of nothing.
    store.delete_client(realm_id, &"told".parse().unwrap(), None, &[]).await.unwrap();
    assert_eq!(waiting().await, 0);
}

async fn a_login_of_somebody_else_tells_clients_and_one_of_the_same_user_does_not(database: &TestDatabase) {
    let world = world(database).await;
    let mut renewed = session(&world.user, 2);
    renewed.sid = world.session.sid;
    let mut again = login(renewed.clone(), 7);
    again.replaces = Some(world.session.cookie_hash);
    world.store.open_session(&again, &[]).await.unwrap();
    assert!(due(&world).await.is_empty());
    let other = user(world.realm.id, 9, "other");
    world.store.insert_user(&other, None, &[]).await.unwrap();
    let mut taken = login(session(&other, 3), 8);
    taken.replaces = Some(renewed.cookie_hash);
    world.store.open_session(&taken, &[]).await.unwrap();
    let waiting = due(&world).await;
    assert_eq!((waiting.len(), waiting[0].sid, waiting[0].user_id), (1, world.session.sid, world.user.id));
}

async fn one_of_two_leases_counts(database: &TestDatabase) {
    let world = world(database).await;
    world.store.end_sessions(world.realm.id, &of_cookie(world.session.cookie_hash), &[]).await.unwrap();
    let read = due(&world).await.remove(0);
    // Each node has connections of its own; only the database is between them.
    let mut nodes = vec![world.store.clone()];
    for _ in 0..3 {
        nodes.push(database.connect().await);
    }
    let attempts = nodes.into_iter().map(|node| {
        let read = read.clone();
        tokio::spawn(async move { node.lease_logout_delivery(&read, 30).await.unwrap() })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        won += u32::from(attempt.await.unwrap());
    }
    assert_eq!(won, 1);
    assert!(due(&world).await.is_empty(), "it is leased");
    let leased = LogoutDelivery { attempts: 1, ..read.clone() };
    // Who has no lease changes nothing.
    world.store.complete_logout_delivery(&read).await.unwrap();
    assert_eq!(database.count("logout_deliveries").await, 1);
    world.store.postpone_logout_delivery(&leased, 0, "no answer\0").await.unwrap();
    let again = due(&world).await.remove(0);
    assert_eq!((again.attempts, again.problem.as_deref()), (1, Some("no answer")));
    world.store.complete_logout_delivery(&leased).await.unwrap();
    assert_eq!(database.count("logout_deliveries").await, 0);
}

async fn one_of_two_ends_counts_and_each_client_is_told_once(database: &TestDatabase) {
    let world = world(database).await;
    let other = database.connect().await;
    let ending = of_cookie(world.session.cookie_hash);
    let by_user = SessionEnding::of(WhichSessions::OfUser(world.user.id));
    let (first, second) = tokio::join!(
        world.store.end_sessions(world.realm.id, &ending, &[]),
        other.end_sessions(world.realm.id, &by_user, &[]),
    );
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 1);
    assert_eq!(database.count("logout_deliveries").await, 1);
}

async fn clients_learn_of_logouts_in_their_order(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    store.insert_client(&told(&world, "else"), &[]).await.unwrap();
    store.end_sessions(realm_id, &of_cookie(world.session.cookie_hash), &[]).await.unwrap();
    store.open_session(&login(session(&world.user, 2), 2), &[]).await.unwrap();
    join(&world, 12, SessionId([2; 16]), "told").await;
    join(&world, 13, SessionId([2; 16]), "else").await;
    store.end_sessions(realm_id, &SessionEnding::of(WhichSessions::Named(SessionId([2; 16]))), &[]).await.unwrap();
    let heads = due(&world).await;
    let of = |id: &str| heads.iter().find(|head| head.client_id.as_str() == id).unwrap();
    assert_eq!((heads.len(), of("told").sid, of("else").sid), (2, world.session.sid, SessionId([2; 16])));
    let first = of("told").clone();
    assert!(store.lease_logout_delivery(&first, 30).await.unwrap());
    // While the first is under way, the second waits.
    let heads = due(&world).await;
    assert!(heads.iter().all(|head| head.client_id.as_str() == "else"));
    let first = LogoutDelivery { attempts: 1, ..first };
    store.complete_logout_delivery(&first).await.unwrap();
    assert!(due(&world).await.iter().any(|head| head.client_id.as_str() == "told" && head.sid == SessionId([2; 16])));
}

async fn given_up_deliveries_wait_for_somebody_to_ask(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    store.end_sessions(realm_id, &of_cookie(world.session.cookie_hash), &[]).await.unwrap();
    let read = due(&world).await.remove(0);
    store.lease_logout_delivery(&read, 30).await.unwrap();
    let leased = LogoutDelivery { attempts: 1, ..read };
    assert!(store.bury_logout_delivery(&leased, "status 400", &[]).await.unwrap());
    assert!(!store.bury_logout_delivery(&leased, "status 400", &[]).await.unwrap());
    assert!(due(&world).await.is_empty());
    let page = PageRequest { after: None, limit: 10 };
    let list = async |dead| store.list_logout_deliveries(realm_id, dead, &page).await.unwrap().items;
    let dead = list(Some(true)).await;
    assert_eq!((dead.len(), dead[0].problem.as_deref()), (1, Some("status 400")));
    assert!(list(Some(false)).await.is_empty());
    assert_eq!(list(None).await.len(), 1);
    let elsewhere = RealmId([9; 16]);
    assert!(!store.retry_logout_delivery(elsewhere, dead[0].number, &[]).await.unwrap());
    assert!(store.retry_logout_delivery(realm_id, dead[0].number, &[]).await.unwrap());
    let again = due(&world).await.remove(0);
    assert_eq!((again.attempts, again.dead, again.problem), (0, false, None));
}

async fn offline_access_ends_only_where_it_is_asked_for(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let lineage = signet_protocol::identifiers::Lineage([5; 16]);
    let offline = || signet_core::ports::StandingQuery { session: None, ..world.standing(lineage) };
    store.end_sessions(realm_id, &of_cookie(world.session.cookie_hash), &[]).await.unwrap();
    assert!(store.refresh_family(realm_id, lineage).await.unwrap().unwrap().active);
    assert_eq!(store.standing(realm_id, &offline()).await.unwrap(), Standing::Stands);

    store.open_session(&login(world.session.clone(), 9), &[]).await.unwrap();
    let ending =
        SessionEnding { offline_access_denied_until: Some(NOW.plus(600)), ..of_cookie(world.session.cookie_hash) };
    store.end_sessions(realm_id, &ending, &[]).await.unwrap();
    assert!(!store.refresh_family(realm_id, lineage).await.unwrap().unwrap().active);
    assert_eq!(store.standing(realm_id, &offline()).await.unwrap(), Standing::Denied);
}

async fn sessions_are_listed_and_found_by_their_public_name(database: &TestDatabase) {
    let world = world(database).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in 2..5 {
        store.open_session(&login(session(&world.user, number), number), &[]).await.unwrap();
    }
    let list = async |user, now, after: Option<String>| {
        let page = PageRequest { after, limit: 2 };
        store.list_sessions(realm_id, (user, now), &page).await.unwrap()
    };
    let first = list(None, NOW, None).await;
    let second = list(Some(world.user.id), NOW, first.next.clone()).await;
    let sids: Vec<u8> = first.items.iter().chain(&second.items).map(|session| session.sid.0[0]).collect();
    assert_eq!((sids, second.next), (vec![1, 2, 3, 4], None));
    assert!(list(None, world.session.expires_at, None).await.items.is_empty());
    let stranger = signet_protocol::identifiers::UserId([77; 16]);
    assert!(list(Some(stranger), NOW, None).await.items.is_empty());
    assert_eq!(store.session_named(realm_id, world.session.sid).await.unwrap(), Some(world.session.clone()));
    assert_eq!(store.session_named(RealmId([9; 16]), world.session.sid).await.unwrap(), None);
    let participants = store.session_participants(realm_id, world.session.sid).await.unwrap();
    assert_eq!(participants.iter().map(ClientId::as_str).collect::<Vec<_>>(), ["app", "told"]);
}

async fn who_joins_a_session_at_its_end_is_told_or_gets_nothing(database: &TestDatabase) {
    let world = Arc::new(World::in_store(database.connect().await).await);
    world.store.insert_client(&told(&world, "told"), &[]).await.unwrap();
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in 40..52 {
        let opened = session(&world.user, number);
        store.open_session(&login(opened.clone(), number), &[]).await.unwrap();
        let joining = {
            let world = Arc::clone(&world);
            tokio::spawn(async move { join(&world, number, SessionId([number; 16]), "told").await })
        };
        let ended = store.end_sessions(realm_id, &of_cookie(opened.cookie_hash), &[]).await.unwrap();
        joining.await.unwrap();
        let told = due(&world).await;
        assert_eq!(ended[0].participants.len(), told.len(), "a participant was not told");
        for delivery in told {
            store.lease_logout_delivery(&delivery, 30).await.unwrap();
            let leased = LogoutDelivery { attempts: 1, ..delivery };
            store.complete_logout_delivery(&leased).await.unwrap();
        }
        assert_eq!(database.count("session_participants").await, 0, "a participant of no session");
    }
}
