//! The port of daily counts of what clients do.

use signet_core::model::TrafficCount;
use signet_core::ports::{Changes, Traffic};
use signet_core::profile::ProfileName;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::races::{RACERS, nodes, race};
use crate::support::databases::TestDatabase;

on_every_database!(
    counts_add_up_by_day_profile_and_subject,
    nodes_that_count_at_once_lose_nothing,
    counts_go_eight_days_after_their_day,
);

const REALM: RealmId = RealmId([1; 16]);
const DAY: i64 = 86_400;

fn count(client: &str, day: i64, profile: Option<ProfileName>, requests: i64) -> TrafficCount {
    let client_id = client.parse().unwrap();
    TrafficCount { realm_id: REALM, client_id, day, profile, subject: "token".to_owned(), requests }
}

async fn counts_add_up_by_day_profile_and_subject(database: &TestDatabase) {
    let store = database.connect().await;
    let fapi = Some(ProfileName::Fapi2Security);
    store.add_traffic(&[]).await.unwrap();
    store.add_traffic(&[count("a", 10, None, 2), count("a", 10, fapi, 1), count("b", 10, None, 9)]).await.unwrap();
    store.add_traffic(&[count("a", 11, None, 5), count("a", 10, None, 3)]).await.unwrap();
    // A batch of more than one statement.
    let many: Vec<TrafficCount> = (0..450).map(|number| count(&format!("c{number}"), 10, None, 1)).collect();
    store.add_traffic(&many).await.unwrap();
    let of = async |since| {
        let mut rows = store.traffic_of(REALM, &"a".parse().unwrap(), since).await.unwrap();
        rows.sort_by_key(|row| (row.day, row.profile));
        rows
    };
    assert_eq!(of(10).await, [count("a", 10, None, 5), count("a", 10, fapi, 1), count("a", 11, None, 5)]);
    assert_eq!(of(11).await, [count("a", 11, None, 5)]);
    assert!(store.traffic_of(RealmId([2; 16]), &"a".parse().unwrap(), 0).await.unwrap().is_empty());
    // Identifiers compare byte by byte.
    assert!(store.traffic_of(REALM, &"A".parse().unwrap(), 0).await.unwrap().is_empty());
    assert_eq!(store.traffic_of(REALM, &"c449".parse().unwrap(), 0).await.unwrap().len(), 1);
}

async fn nodes_that_count_at_once_lose_nothing(database: &TestDatabase) {
    let nodes = nodes(database).await;
    let outcomes = race(&nodes, |store, number| async move {
        let mut counts: Vec<TrafficCount> = ["a", "b", "c"].map(|client| count(client, 10, None, 1)).into();
        // In whatever order they come.
        counts.rotate_left(number % 3);
        store.add_traffic(&counts).await
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    for client in ["a", "b", "c"] {
        let rows = nodes[0].traffic_of(REALM, &client.parse().unwrap(), 0).await.unwrap();
        assert_eq!(rows, [count(client, 10, None, i64::try_from(RACERS).unwrap())]);
    }
}

async fn counts_go_eight_days_after_their_day(database: &TestDatabase) {
    let store = database.connect().await;
    store.add_traffic(&[count("a", 10, None, 2), count("a", 11, None, 2)]).await.unwrap();
    let end = UnixTime(19 * DAY);
    assert_eq!(store.clean_up(end.plus(900), 100).await.unwrap(), 0);
    assert_eq!(store.clean_up(end.plus(901), 100).await.unwrap(), 1);
    assert_eq!(store.traffic_of(REALM, &"a".parse().unwrap(), 0).await.unwrap(), [count("a", 11, None, 2)]);
}
