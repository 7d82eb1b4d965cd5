//! The port of what comes of script runs: recordings, and how far events were delivered.

use serde_json::json;
use signet_core::model::{ScriptCursor, ScriptRecording, ScriptTarget, ScriptVersion};
use signet_core::ports::{Changes, PageRequest, ScriptRuns};
use signet_protocol::identifiers::{RealmId, ScriptRecordingId};
use signet_protocol::time::UnixTime;

use super::fixtures::{NOW, assert_missing};
use super::races::{nodes, race};
use super::scripts::{REALM, target};
use crate::support::databases::TestDatabase;

on_every_database!(
    recordings_are_listed_newest_first,
    recordings_go_by_age_and_by_number,
    recordings_from_before_redaction_are_not_read_and_go,
    one_of_twenty_moves_a_cursor,
);

pub(super) fn recording(number: u8, package: &str) -> ScriptRecording {
    ScriptRecording {
        realm_id: REALM,
        id: ScriptRecordingId([number; 16]),
        recorded_at: NOW.plus(number.into()),
        expires_at: NOW.plus(100),
        package: package.parse().unwrap(),
        version: ScriptVersion([1; 32]),
        hook: "on_claims".to_owned(),
        client_id: number.is_multiple_of(2).then(|| "app".parse().unwrap()),
        recording: json!({ "ctx": { "now": number, "text": "ü" } }).to_string(),
    }
}

async fn recordings_are_listed_newest_first(database: &TestDatabase) {
    let store = database.connect().await;
    let all: Vec<ScriptRecording> =
        (1..=5).map(|number| recording(number, if number == 3 { "other" } else { "limits" })).collect();
    store.insert_script_recordings(&all).await.unwrap();
    store.insert_script_recordings(&[]).await.unwrap();
    let page = async |package: Option<&str>, after: Option<String>| {
        let package = package.map(|name| name.parse().unwrap());
        let wanted = PageRequest { after, limit: 2 };
        let page = store.list_script_recordings(REALM, package.as_ref(), &wanted).await.unwrap();
        (page.items.iter().map(|one| one.id.0[0]).collect::<Vec<_>>(), page.next)
    };
    let (ids, next) = page(None, None).await;
    assert_eq!(ids, [5, 4]);
    let (ids, next) = page(None, next).await;
    assert_eq!(ids, [3, 2]);
    assert_eq!(page(None, next).await, (vec![1], None));
    let (ids, next) = page(Some("limits"), None).await;
    assert_eq!(ids, [5, 4]);
    assert_eq!(page(Some("limits"), next).await, (vec![2, 1], None));
    assert_eq!(page(Some("nothing"), None).await, (vec![], None));
    assert_eq!(store.script_recording(REALM, all[1].id).await.unwrap(), Some(all[1].clone()));
    assert_eq!(store.script_recording(RealmId([2; 16]), all[1].id).await.unwrap(), None);
    let nonsense = PageRequest { after: Some("x".to_owned()), limit: 2 };
    assert_missing(store.list_script_recordings(REALM, None, &nonsense).await, "page");
}

async fn recordings_go_by_age_and_by_number(database: &TestDatabase) {
    let store = database.connect().await;
    let numbered = |number: u16| {
        let mut one = recording(1, "limits");
        one.id.0[..2].copy_from_slice(&number.to_be_bytes());
        one.expires_at = NOW.plus(1_000_000);
        one
    };
    let many: Vec<ScriptRecording> = (0..1005).map(numbered).collect();
    store.insert_script_recordings(&many).await.unwrap();
    let elsewhere = ScriptRecording { realm_id: RealmId([2; 16]), ..recording(1, "limits") };
    store.insert_script_recordings(&[elsewhere]).await.unwrap();
    assert_eq!(store.clean_up(NOW, 3).await.unwrap(), 3);
    assert_eq!(store.clean_up(NOW, 3).await.unwrap(), 2);
    assert_eq!(store.clean_up(NOW, 3).await.unwrap(), 0);
    assert_eq!(store.script_recording(REALM, many[4].id).await.unwrap(), None);
    assert!(store.script_recording(REALM, many[5].id).await.unwrap().is_some(), "the oldest go");
    assert_eq!(database.count("script_recordings").await, 1001);
    assert_eq!(store.clean_up(NOW.plus(100 + 901), 1000).await.unwrap(), 1, "the one that is too old");
    assert_eq!(database.count("script_recordings").await, 1000);
}

async fn recordings_from_before_redaction_are_not_read_and_go(database: &TestDatabase) {
    let store = database.connect().await;
    store.insert_script_recordings(&[1, 2, 3].map(|number| recording(number, "limits"))).await.unwrap();
    // As a version of the server wrote them that knew no such rules, and one that had laxer ones.
    database.execute("UPDATE script_recordings SET redaction = NULL WHERE recorded_at = 1800000001").await;
    assert_eq!(NOW.plus(1), UnixTime(1_800_000_001));
    database.execute("UPDATE script_recordings SET redaction = 0 WHERE recorded_at = 1800000002").await;
    let page = store.list_script_recordings(REALM, None, &PageRequest { after: None, limit: 10 }).await.unwrap();
    assert_eq!(page.items, [recording(3, "limits")]);
    for number in [1, 2] {
        assert_eq!(store.script_recording(REALM, recording(number, "limits").id).await.unwrap(), None);
    }
    assert_eq!(store.clean_up(NOW, 1).await.unwrap(), 1);
    assert_eq!(store.clean_up(NOW, 10).await.unwrap(), 1);
    assert_eq!(database.count("script_recordings").await, 1);
}

pub(super) fn cursor(target: &ScriptTarget, sealed: i64) -> ScriptCursor {
    ScriptCursor { realm_id: REALM, target: target.clone(), sealed, attempts: 0, next_at: UnixTime(0) }
}

async fn one_of_twenty_moves_a_cursor(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let target = target(Some("app"), "limits");
    let mut before: Option<ScriptCursor> = None;
    for sealed in 0..5 {
        let outcomes = race(&nodes, |store, number| {
            let mut after = cursor(&target, sealed);
            (after.attempts, after.next_at) = (1, NOW.plus(i64::try_from(number).unwrap()));
            let before = before.clone();
            async move { store.move_script_cursor(before.as_ref(), &after).await.unwrap() }
        });
        assert_eq!(outcomes.await.into_iter().filter(|moved| *moved).count(), 1);
        before = nodes[0].script_cursor(REALM, &target).await.unwrap();
        assert_eq!(before.as_ref().unwrap().sealed, sealed);
    }
    assert_eq!(database.count("script_cursors").await, 1);
}
