//! The port of browser sessions.

use signet_core::model::{BrowserSession, Purpose};
use signet_core::ports::{
    Login, LoginOutcome, NewAccount, PageRequest, Realms, SessionEnding, Sessions, SingleUse, Standing, StoreError,
    Users, WhichSessions,
};
use signet_protocol::identifiers::{Lineage, UserId};

use super::fixtures::{NOW, World, login, password, session, used, user};
use crate::support::databases::TestDatabase;

on_every_database!(
    a_session_reads_back_while_its_user_is_the_same,
    a_form_opens_one_session,
    a_login_brings_its_account_along_or_there_is_neither,
    a_login_replaces_the_session_the_browser_had,
    a_login_that_carries_on_a_session_keeps_its_participants,
    a_login_of_a_changed_user_changes_nothing,
    last_use_only_moves_forward,
    the_end_of_a_session_only_moves_backward,
    ended_sessions_are_gone_with_their_participants,
    sessions_of_an_epoch_that_the_realm_has_left_count_for_nothing_and_end_in_batches,
);

async fn a_session_reads_back_while_its_user_is_the_same(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, cookie) = (&world.store, world.realm.id, world.session.cookie_hash);
    assert_eq!(store.session(realm_id, &cookie).await.unwrap(), Some(world.session.clone()));
    assert_eq!(store.session(signet_protocol::identifiers::RealmId([2; 16]), &cookie).await.unwrap(), None);
    let mut user = world.user.clone();
    user.enabled = false;
    store.update_user(&user, &[]).await.unwrap();
    assert_eq!(store.session(realm_id, &cookie).await.unwrap(), None);
    // The sessions of a disabled user ended, and do not come back with the user.
    (user.enabled, user.revision) = (true, 1);
    store.update_user(&user, &[]).await.unwrap();
    assert_eq!(store.session(realm_id, &cookie).await.unwrap(), None);
    store.open_session(&login(world.session.clone(), 9), &[]).await.unwrap();
    assert_eq!(store.session(realm_id, &cookie).await.unwrap(), Some(world.session.clone()));
    (user.epoch, user.revision) = (user.epoch + 1, 2);
    store.update_user(&user, &[]).await.unwrap();
    assert_eq!(store.session(realm_id, &cookie).await.unwrap(), None);
}

async fn a_form_opens_one_session(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let first = world.store.open_session(&login(session(&world.user, 2), 7), &[]).await.unwrap();
    let second = world.store.open_session(&login(session(&world.user, 3), 7), &[]).await.unwrap();
    assert_eq!((first, second), (LoginOutcome::Opened, LoginOutcome::FormAlreadyUsed));
    assert_eq!(database.count("sessions").await, 2);
}

async fn a_login_brings_its_account_along_or_there_is_neither(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let first_login = |number: u8, username: &str, form: u8| {
        let user = user(realm_id, number, username);
        let account = NewAccount { user: user.clone(), password: password(number) };
        Login { account: Some(account), ..login(session(&user, number), form) }
    };
    let made = store.open_session(&first_login(20, "new", 7), &[]).await.unwrap();
    assert_eq!(made, LoginOutcome::Opened);
    let (user, secret) = store.user_by_username(realm_id, "new").await.unwrap().unwrap();
    assert_eq!((user.id, secret), (UserId([20; 16]), Some(password(20))));
    // A form that was answered makes nobody.
    let again = store.open_session(&first_login(21, "other", 7), &[]).await.unwrap();
    assert_eq!(again, LoginOutcome::FormAlreadyUsed);
    assert_eq!(store.user_by_username(realm_id, "other").await.unwrap(), None);
    // Nor does a name that somebody has, and the form stays open for another one.
    let taken = store.open_session(&first_login(22, "new", 8), &[]).await;
    assert!(matches!(taken, Err(StoreError::Duplicate("user"))), "{taken:?}");
    assert_eq!(store.user(realm_id, UserId([22; 16])).await.unwrap(), None);
    assert_eq!(database.count("sessions").await, 2);
    let made = store.open_session(&first_login(22, "newer", 8), &[]).await.unwrap();
    assert_eq!(made, LoginOutcome::Opened);
}

async fn a_login_replaces_the_session_the_browser_had(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.open_family(5).await;
    let mut login = login(session(&world.user, 2), 7);
    login.replaces = Some(world.session.cookie_hash);
    assert_eq!(world.store.open_session(&login, &[]).await.unwrap(), LoginOutcome::Opened);
    assert_eq!(world.store.session(world.realm.id, &world.session.cookie_hash).await.unwrap(), None);
    assert_eq!(database.count("sessions").await, 1);
    assert_eq!(database.count("session_participants").await, 0);
}

async fn a_login_that_carries_on_a_session_keeps_its_participants(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.open_family(5).await;
    let mut renewed = session(&world.user, 2);
    renewed.sid = world.session.sid;
    renewed.expires_at = world.session.expires_at.plus(500);
    let mut login = login(renewed.clone(), 7);
    login.replaces = Some(world.session.cookie_hash);
    assert_eq!(world.store.open_session(&login, &[]).await.unwrap(), LoginOutcome::Opened);
    assert_eq!(database.count("sessions").await, 1);
    // They live as long as the session they are now part of.
    let participants = format!("session_participants WHERE expires_at = {}", renewed.expires_at.0);
    assert_eq!(database.count(&participants).await, 1);
    let standing = world.store.standing(world.realm.id, &world.standing(Lineage([5; 16]))).await.unwrap();
    assert_eq!(standing, signet_core::ports::Standing::Stands);
}

async fn a_login_of_a_changed_user_changes_nothing(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let mut changed = world.user.clone();
    changed.epoch = 2;
    store.update_user(&changed, &[]).await.unwrap();
    let mut attempt = login(session(&world.user, 2), 7);
    attempt.replaces = Some(world.session.cookie_hash);
    assert_eq!(store.open_session(&attempt, &[]).await.unwrap(), LoginOutcome::UserChanged);
    (changed.enabled, changed.revision) = (false, 1);
    store.update_user(&changed, &[]).await.unwrap();
    assert_eq!(store.open_session(&login(session(&changed, 2), 7), &[]).await.unwrap(), LoginOutcome::UserChanged);
    let stranger = user(world.realm.id, 99, "stranger");
    assert_eq!(store.open_session(&login(session(&stranger, 2), 7), &[]).await.unwrap(), LoginOutcome::UserChanged);
    // The one there was ended with the account.
    assert_eq!(database.count("sessions").await, 0);
    // The form is still open.
    assert!(store.consume(world.realm.id, &used(Purpose::Interaction, 7), &[]).await.unwrap());
}

async fn last_use_only_moves_forward(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, cookie) = (&world.store, world.realm.id, world.session.cookie_hash);
    store.touch_session(realm_id, &cookie, NOW.plus(60)).await.unwrap();
    store.touch_session(realm_id, &cookie, NOW.plus(30)).await.unwrap();
    assert_eq!(store.session(realm_id, &cookie).await.unwrap().unwrap().last_seen_at, NOW.plus(60));
    store.touch_session(realm_id, &session(&world.user, 9).cookie_hash, NOW).await.unwrap();
}

async fn the_end_of_a_session_only_moves_backward(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, cookie) = (&world.store, world.realm.id, world.session.cookie_hash);
    store.limit_session(realm_id, &cookie, NOW.plus(90)).await.unwrap();
    store.limit_session(realm_id, &cookie, NOW.plus(120)).await.unwrap();
    let limited = store.session(realm_id, &cookie).await.unwrap().unwrap();
    let expected = BrowserSession { expires_at: NOW.plus(90), ..world.session.clone() };
    assert_eq!(limited, expected);
    store.limit_session(realm_id, &session(&world.user, 9).cookie_hash, NOW).await.unwrap();
}

async fn ended_sessions_are_gone_with_their_participants(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    world.open_family(5).await;
    assert_eq!(database.count("session_participants").await, 1);
    let of_cookie = SessionEnding::of(WhichSessions::OfCookie(world.session.cookie_hash));
    let ended = store.end_sessions(realm_id, &of_cookie, &[]).await.unwrap();
    assert_eq!((ended[0].sid, &ended[0].participants), (world.session.sid, &vec![world.client_id()]));
    assert!(store.end_sessions(realm_id, &of_cookie, &[]).await.unwrap().is_empty());
    assert_eq!(database.count("session_participants").await, 0);
    let standing = store.standing(realm_id, &world.standing(Lineage([5; 16]))).await.unwrap();
    assert_eq!(standing, signet_core::ports::Standing::Fallen);
    for number in 2..5 {
        store.open_session(&login(session(&world.user, number), number), &[]).await.unwrap();
    }
    let of = |user_id| SessionEnding::of(WhichSessions::OfUser(user_id));
    assert_eq!(store.end_sessions(realm_id, &of(world.user.id), &[]).await.unwrap().len(), 3);
    assert!(store.end_sessions(realm_id, &of(UserId([9; 16])), &[]).await.unwrap().is_empty());
    assert_eq!(database.count("sessions").await, 0);
}

async fn sessions_of_an_epoch_that_the_realm_has_left_count_for_nothing_and_end_in_batches(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id, sid) = (&world.store, world.realm.id, world.session.sid);
    world.open_family(5).await;
    let second = session(&world.user, 2);
    assert_eq!(store.open_session(&login(second.clone(), 2), &[]).await.unwrap(), LoginOutcome::Opened);
    assert!(store.realms_with_fallen_sessions(9).await.unwrap().is_empty());
    let fallen = SessionEnding::of(WhichSessions::Fallen { most: 1 });
    assert!(store.end_sessions(realm_id, &fallen, &[]).await.unwrap().is_empty());
    store.raise_realm_epoch(realm_id, &[]).await.unwrap();
    // The rows are there, and nobody reads them as sessions.
    assert_eq!(database.count("sessions").await, 2);
    assert_eq!(store.session(realm_id, &world.session.cookie_hash).await.unwrap(), None);
    assert_eq!(store.session_named(realm_id, sid).await.unwrap(), None);
    let page = PageRequest { after: None, limit: 9 };
    assert!(store.list_sessions(realm_id, (None, NOW), &page).await.unwrap().items.is_empty());
    // Not even what names the new epoch stands on one of the old.
    let mut query = world.standing(Lineage([5; 16]));
    query.realm_epoch = 2;
    assert!(query.session.is_some());
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Fallen);
    query.session = None;
    assert_eq!(store.standing(realm_id, &query).await.unwrap(), Standing::Stands);
    // Whoever began to log in before has to begin again.
    let late = store.open_session(&login(session(&world.user, 3), 3), &[]).await.unwrap();
    assert_eq!(late, LoginOutcome::UserChanged);
    let mut new = session(&world.user, 3);
    new.realm_epoch = 2;
    assert_eq!(store.open_session(&login(new.clone(), 3), &[]).await.unwrap(), LoginOutcome::Opened);
    assert_eq!(store.realms_with_fallen_sessions(9).await.unwrap(), [realm_id]);
    let mut ended = Vec::new();
    for _ in 0..2 {
        let batch = store.end_sessions(realm_id, &fallen, &[]).await.unwrap();
        assert_eq!(batch.len(), 1);
        ended.extend(batch);
    }
    assert_eq!(ended.iter().map(|one| one.sid).collect::<Vec<_>>(), [sid, second.sid]);
    assert_eq!(ended[0].participants, [world.client_id()]);
    assert!(store.end_sessions(realm_id, &fallen, &[]).await.unwrap().is_empty());
    assert!(store.realms_with_fallen_sessions(9).await.unwrap().is_empty());
    assert_eq!(store.session(realm_id, &new.cookie_hash).await.unwrap(), Some(new));
}
