//! The port of what CIBA has to tell, and of whom users do not want to be asked by.

use std::sync::Arc;

use signet_core::model::{DeferredKind, DeferredReference, DeferredRequest, Notification, NotificationDelivery};
use signet_core::ports::{Deferral, DeferralOutcome, DeferredApproval, DeferredRequests, Notifications};
use signet_protocol::identifiers::{ClientId, Lineage, RealmId};

use super::fixtures::{NOW, World};
use crate::support::databases::TestDatabase;

on_every_database!(
    ciba_10_2_what_is_told_is_written_with_what_it_tells_of,
    cb_006_of_many_nodes_one_tries_a_delivery,
    given_up_notifications_are_not_tried_again,
    cb_005_a_user_has_so_many_requests_open_and_answered_ones_do_not_count,
    cb_005_a_blocked_client_asks_nobody_who_blocked_it,
);

const REALM: RealmId = RealmId([1; 16]);

fn reference(number: u8) -> DeferredReference {
    DeferredReference([number; 32])
}

/// A request of CIBA, of which a service is to be told.
fn asked(world: &World, number: u8) -> Deferral {
    let deferral = super::fixtures::deferral(REALM, number);
    let request = DeferredRequest {
        kind: DeferredKind::Backchannel,
        user_code: None,
        user_id: Some(world.user.id),
        ..deferral.request
    };
    Deferral { request, notification: Some(Notification::Device), ..deferral }
}

async fn due(world: &World) -> Vec<NotificationDelivery> {
    world.store.due_notifications(100).await.unwrap()
}

async fn ciba_10_2_what_is_told_is_written_with_what_it_tells_of(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    for number in 1..=3 {
        assert_eq!(store.defer(&asked(&world, number), &[]).await.unwrap(), DeferralOutcome::Deferred);
    }
    let told = due(&world).await;
    assert_eq!(told.len(), 3);
    let first = told.iter().find(|delivery| delivery.reference == reference(1)).unwrap();
    assert_eq!((first.realm_id, &first.realm, first.attempts), (REALM, &world.realm.name, 0));
    assert_eq!((first.notification, first.client_id.as_str()), (Notification::Device, "app"));
    let approval = DeferredApproval {
        reference: reference(1),
        user_id: world.user.id,
        answer: b"sealed".to_vec(),
        standing: world.standing(Lineage([1; 16])),
        now: NOW,
        notification: Some(Notification::Push),
    };
    store.approve_deferred_request(REALM, &approval, &[]).await.unwrap();
    store.approve_deferred_request(REALM, &approval, &[]).await.unwrap();
    store.deny_deferred_request(REALM, reference(2), Some(Notification::Ping), &[]).await.unwrap();
    store.deny_deferred_request(REALM, reference(2), Some(Notification::Ping), &[]).await.unwrap();
    let mut told: Vec<_> =
        due(&world).await.into_iter().map(|delivery| (delivery.reference, delivery.notification as i16)).collect();
    told.sort_unstable_by_key(|(reference, kind)| (reference.0, *kind));
    assert_eq!(told, [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)].map(|(number, kind)| (reference(number), kind)));
}

async fn cb_006_of_many_nodes_one_tries_a_delivery(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.store.defer(&asked(&world, 1), &[]).await.unwrap();
    let read = due(&world).await.remove(0);
    let mut attempts = Vec::new();
    for _ in 0..8 {
        let (node, read) = (Arc::new(database.connect().await), read.clone());
        attempts.push(tokio::spawn(async move { node.lease_notification(&read, 30).await.unwrap() }));
    }
    let mut won = 0;
    for attempt in attempts {
        won += u32::from(attempt.await.unwrap());
    }
    assert_eq!(won, 1);
    assert!(due(&world).await.is_empty(), "it is leased");
    // Who has no lease changes nothing.
    world.store.complete_notification(&read).await.unwrap();
    assert_eq!(database.count("backchannel_notifications").await, 1);
    let leased = NotificationDelivery { attempts: 1, ..read };
    world.store.postpone_notification(&leased, 0, &format!("no answer\0{}", "x".repeat(1000))).await.unwrap();
    assert_eq!(due(&world).await, std::slice::from_ref(&leased));
    world.store.complete_notification(&leased).await.unwrap();
    assert_eq!(database.count("backchannel_notifications").await, 0);
}

async fn given_up_notifications_are_not_tried_again(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.store.defer(&asked(&world, 1), &[]).await.unwrap();
    let read = due(&world).await.remove(0);
    assert!(world.store.lease_notification(&read, 0).await.unwrap());
    let leased = NotificationDelivery { attempts: 1, ..read };
    assert!(world.store.bury_notification(&leased, "status 401", &[]).await.unwrap());
    assert!(!world.store.bury_notification(&leased, "status 401", &[]).await.unwrap());
    assert!(due(&world).await.is_empty());
}

async fn cb_005_a_user_has_so_many_requests_open_and_answered_ones_do_not_count(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    let begin = async |number: u8| {
        let deferral = Deferral { most_of_user: Some(2), ..asked(&world, number) };
        store.defer(&deferral, &[]).await.unwrap()
    };
    assert_eq!(begin(1).await, DeferralOutcome::Deferred);
    assert_eq!(begin(2).await, DeferralOutcome::Deferred);
    assert_eq!(begin(3).await, DeferralOutcome::TooMany);
    assert_eq!(store.deferred_request(REALM, reference(3)).await.unwrap(), None);
    let waiting = store.deferred_requests_of_user(REALM, world.user.id, NOW, 10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    store.deny_deferred_request(REALM, reference(1), None, &[]).await.unwrap();
    assert_eq!(begin(4).await, DeferralOutcome::Deferred);
    assert!(store.deferred_requests_of_user(REALM, world.user.id, NOW.plus(600), 10).await.unwrap().is_empty());
}

async fn cb_005_a_blocked_client_asks_nobody_who_blocked_it(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, user_id) = (&world.store, world.user.id);
    let app: ClientId = "app".parse().unwrap();
    for _ in 0..2 {
        store.block_client(REALM, (user_id, &app), NOW).await.unwrap();
    }
    assert_eq!(store.blocked_clients(REALM, user_id).await.unwrap(), std::slice::from_ref(&app));
    assert!(store.blocked_clients(RealmId([2; 16]), user_id).await.unwrap().is_empty());
    assert_eq!(store.defer(&asked(&world, 1), &[]).await.unwrap(), DeferralOutcome::Blocked);
    assert!(due(&world).await.is_empty());
    for _ in 0..2 {
        store.unblock_client(REALM, (user_id, &app)).await.unwrap();
    }
    assert_eq!(store.defer(&asked(&world, 1), &[]).await.unwrap(), DeferralOutcome::Deferred);
    // They go with the user.
    store.block_client(REALM, (user_id, &app), NOW).await.unwrap();
    signet_core::ports::Users::delete_user(store, REALM, user_id, &[]).await.unwrap();
    assert_eq!(database.count("backchannel_blocks").await, 0);
}
