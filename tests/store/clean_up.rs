//! Removing what expired, in bounded batches, and not too early.

use signet_core::model::Purpose;
use signet_core::ports::{Changes, Forgotten, PushedRequests, Sessions, SingleUse, Throttles};
use signet_protocol::identifiers::RealmId;

use super::fixtures::{NOW, World, login, push, session, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    rows_stay_for_fifteen_minutes_after_they_expire,
    marks_are_forgotten_window_by_window,
    each_kind_is_cleaned_in_batches,
    the_clock_of_the_database_is_read,
);

async fn rows_stay_for_fifteen_minutes_after_they_expire(database: &TestDatabase) {
    let store = database.connect().await;
    let realm_id = RealmId([1; 16]);
    let record = used(Purpose::AuthorizationCode, 1);
    store.consume(realm_id, &record, &[]).await.unwrap();
    let end = record.expires_at;
    let forgotten = |deleted| Forgotten { deleted, reached: None };
    assert_eq!(store.forget_used(end.plus(900), None, 100).await.unwrap(), forgotten(0));
    assert!(!store.consume(realm_id, &record, &[]).await.unwrap());
    assert_eq!(store.forget_used(end.plus(901), None, 100).await.unwrap(), forgotten(1));
    assert_eq!(database.count("used_records").await, 0);
}

/// Marks that are kept and such that are not, of two realms and two kinds: every window takes what is its own, and whoever
/// goes through all windows has seen every mark.
async fn marks_are_forgotten_window_by_window(database: &TestDatabase) {
    let store = database.connect().await;
    let mut late = Vec::new();
    for realm in [1, 2] {
        for purpose in [Purpose::AuthorizationCode, Purpose::DpopProof] {
            for number in 0..5 {
                let mut record = used(purpose, number);
                if number % 2 == 1 {
                    record.expires_at = record.expires_at.plus(3_600);
                    late.push((RealmId([realm; 16]), record));
                }
                assert!(store.consume(RealmId([realm; 16]), &record, &[]).await.unwrap());
            }
        }
    }
    let now = used(Purpose::DpopProof, 0).expires_at.plus(901);
    let (mut deleted, mut reached, mut windows) = (0, None, 0);
    loop {
        let forgotten = store.forget_used(now, reached, 3).await.unwrap();
        assert!(forgotten.deleted <= 3, "{forgotten:?}");
        (deleted, reached, windows) = (deleted + forgotten.deleted, forgotten.reached, windows + 1);
        if reached.is_none() {
            break;
        }
    }
    assert_eq!((deleted, windows), (12, 7));
    assert_eq!(database.count("used_records").await, 8);
    for (realm_id, record) in late {
        assert!(!store.consume(realm_id, &record, &[]).await.unwrap(), "{record:?}");
    }
}

async fn each_kind_is_cleaned_in_batches(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in 10..15 {
        store.open_session(&login(session(&world.user, number), number), &[]).await.unwrap();
        let mut redemption = world.redemption(number);
        redemption.participant = Some((session(&world.user, number).sid, world.client_id()));
        store.redeem(realm_id, &redemption, &[]).await.unwrap();
        store.deny_token(realm_id, &[number; 32], NOW, &[]).await.unwrap();
        store.push(&push(realm_id, number), &[]).await.unwrap();
        store.count_attempts(realm_id, &[[number; 32]], NOW, 60).await.unwrap();
    }
    // One session, one mark and two changes of configuration come from the world itself; the changes expire by the
    // database's clock.
    let rows = |session: i64| [("sessions", 5 + session), ("session_participants", 5), ("refresh_families", 5)];
    for (table, expected) in rows(1) {
        assert_eq!(database.count(table).await, expected, "{table}");
    }
    let late = NOW.plus(100 * 86_400);
    let first = store.clean_up(late, 2).await.unwrap();
    assert_eq!(first, 7 * 2);
    for (table, expected) in rows(1) {
        assert_eq!(database.count(table).await, expected - 2, "{table}");
    }
    assert_eq!(database.count("denials").await, 3);
    assert_eq!(database.count("pushed_requests").await, 3);
    assert_eq!(database.count("throttles").await, 3);
    while store.clean_up(late, 2).await.unwrap() > 0 {}
    for table in
        ["sessions", "session_participants", "refresh_families", "pushed_requests", "denials", "throttles", "changes"]
    {
        assert_eq!(database.count(table).await, 0, "{table}");
    }
    assert_eq!(database.count("users").await, 1);
}

async fn the_clock_of_the_database_is_read(database: &TestDatabase) {
    let store = database.connect().await;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let now = signet_protocol::time::UnixTime(i64::try_from(now).unwrap());
    let offset = store.clock_offset(now).await.unwrap();
    assert!((0..60).contains(&offset), "{offset}");
    let behind = store.clock_offset(now.plus(1000)).await.unwrap();
    assert!((-1000..-940).contains(&behind), "{behind}");
}
