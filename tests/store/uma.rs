//! The port of protected resources and permission tickets.

use signet_core::model::{
    Purpose, ResourceDescription, ResourceKeeper, TicketReference, UmaPermission, UmaPolicy, UmaResource, UmaTicket,
    UmaWait,
};
use signet_core::ports::{Changes, Clients, Realms, SingleUse, TicketOutcome, TicketUse, Uma, Users};
use signet_protocol::identifiers::{Lineage, RealmId, UmaRequestId, UmaResourceId};
use signet_protocol::time::UnixTime;

use super::fixtures::{NOW, World, client, used, user};
use crate::support::databases::TestDatabase;

on_every_database!(
    uma_federated_3_a_resource_reads_back_and_changes,
    um_006_a_keeper_reaches_its_own_resources_alone,
    resources_go_with_their_owner_and_their_server,
    um_001_a_ticket_is_used_once,
    um_001_of_many_at_once_one_wins,
    what_has_fallen_uses_no_ticket,
    tickets_go_when_nobody_can_use_them,
);

pub(super) fn resource(world: &World, number: u8) -> UmaResource {
    UmaResource {
        realm_id: world.realm.id,
        id: UmaResourceId([number; 16]),
        keeper: ResourceKeeper { server: world.client_id(), owner: Some(world.user.id) },
        description: ResourceDescription {
            resource_scopes: vec!["view".to_owned(), "https://photoz.test/print".to_owned()],
            name: Some("Größe \u{1f512}".to_owned()),
            ..ResourceDescription::default()
        },
        policies: Vec::new(),
        spontaneous_scopes: Vec::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn ticket(world: &World, number: u8) -> UmaTicket {
    UmaTicket {
        realm_id: world.realm.id,
        reference: TicketReference([number; 32]),
        keeper: resource(world, 1).keeper,
        permissions: vec![UmaPermission {
            resource_id: UmaResourceId([1; 16]),
            resource_scopes: vec!["view".to_owned()],
        }],
        params: [(UmaResourceId([1; 16]), [("method".to_owned(), "GET".to_owned())].into())].into(),
        client_id: number.is_multiple_of(2).then(|| world.client_id()),
        party: number.is_multiple_of(2).then(|| "sealed".to_owned()),
        wait: number.is_multiple_of(3).then_some(UmaWait {
            request: UmaRequestId([number; 16]),
            not_before: NOW.plus(5),
            interval: 5,
        }),
        realm_epoch: number.is_multiple_of(2).then_some(1),
        used: false,
        expires_at: NOW.plus(300),
    }
}

pub(super) fn usage(world: &World, number: u8) -> TicketUse {
    TicketUse {
        ticket: TicketReference([number; 32]),
        now: NOW,
        standing: world.standing(Lineage([number; 16])),
        proofs: Vec::new(),
        next: None,
        ended_token: None,
        spent_claims: None,
        kept_claims: None,
        request: None,
        refresh_family: None,
    }
}

async fn uma_federated_3_a_resource_reads_back_and_changes(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let mut resource = resource(&world, 1);
    assert!(store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    assert_eq!(store.uma_resource(realm_id, resource.id).await.unwrap(), Some(resource.clone()));
    assert_eq!(store.uma_resource(RealmId([2; 16]), resource.id).await.unwrap(), None);

    let which = (resource.id, &resource.keeper.clone());
    resource.description.kind = Some("album".to_owned());
    resource.updated_at = NOW.plus(5);
    let described = (&resource.description, resource.updated_at);
    assert!(store.describe_uma_resource(realm_id, which, described, &[]).await.unwrap());
    // The same again changes nothing, and is there.
    assert!(store.describe_uma_resource(realm_id, which, described, &[]).await.unwrap());
    let policy = UmaPolicy {
        scopes: vec!["view".to_owned()],
        users: vec![world.user.id],
        clients: vec![world.client_id()],
        expires_at: Some(UnixTime(i64::MAX)),
        ..UmaPolicy::default()
    };
    resource.policies = vec![policy];
    let policies = (resource.policies.as_slice(), resource.updated_at);
    assert!(store.set_uma_policies(realm_id, which, policies, &[]).await.unwrap());
    assert_eq!(store.uma_resource(realm_id, resource.id).await.unwrap(), Some(resource.clone()));
    assert!(store.delete_uma_resource(realm_id, which, &[]).await.unwrap());
    assert!(!store.delete_uma_resource(realm_id, which, &[]).await.unwrap());
    assert!(!store.describe_uma_resource(realm_id, which, described, &[]).await.unwrap());
    assert_eq!(store.uma_resource(realm_id, resource.id).await.unwrap(), None);
}

async fn um_006_a_keeper_reaches_its_own_resources_alone(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let own = resource(&world, 1);
    let mut servers = resource(&world, 2);
    servers.keeper.owner = None;
    for resource in [&own, &servers] {
        assert!(store.insert_uma_resource(resource, 1, &[]).await.unwrap());
    }
    assert!(!store.insert_uma_resource(&resource(&world, 3), 1, &[]).await.unwrap(), "as many as it may have");
    assert_eq!(store.uma_resources_of(realm_id, &own.keeper).await.unwrap(), [own.id]);
    assert_eq!(store.uma_resources_of(realm_id, &servers.keeper).await.unwrap(), [servers.id]);

    let other_server = ResourceKeeper { server: "APP".parse().unwrap(), ..own.keeper.clone() };
    let other_owner =
        ResourceKeeper { owner: Some(signet_protocol::identifiers::UserId([9; 16])), ..own.keeper.clone() };
    for foreign in [&other_server, &other_owner, &servers.keeper] {
        let which = (own.id, foreign);
        let described = (&servers.description, NOW.plus(9));
        assert!(!store.describe_uma_resource(realm_id, which, described, &[]).await.unwrap());
        assert!(!store.set_uma_policies(realm_id, which, (&[], NOW.plus(9)), &[]).await.unwrap());
        assert!(!store.delete_uma_resource(realm_id, which, &[]).await.unwrap());
    }
    assert!(!store.delete_uma_resource(RealmId([2; 16]), (own.id, &own.keeper), &[]).await.unwrap());
    assert_eq!(store.uma_resource(realm_id, own.id).await.unwrap(), Some(own));
}

async fn resources_go_with_their_owner_and_their_server(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let (other, bea) = (client(realm_id, "other"), user(realm_id, 2, "bea"));
    store.insert_client(&other, &[]).await.unwrap();
    store.insert_user(&bea, None, &[]).await.unwrap();
    for (number, server, owner) in [
        (1, world.client_id(), Some(world.user.id)),
        (2, world.client_id(), Some(bea.id)),
        (3, other.client_id.clone(), Some(world.user.id)),
        (4, other.client_id.clone(), None),
    ] {
        let resource = UmaResource { keeper: ResourceKeeper { server, owner }, ..resource(&world, number) };
        assert!(store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    }
    store.insert_uma_ticket(&ticket(&world, 1), &[]).await.unwrap();
    store.delete_user(realm_id, bea.id, &[]).await.unwrap();
    assert_eq!(database.count("uma_resources").await, 3);
    store.delete_client(realm_id, &other.client_id, None, &[]).await.unwrap();
    assert_eq!(database.count("uma_resources").await, 1);
    store.delete_realm(realm_id, &[]).await.unwrap();
    assert_eq!(database.count("uma_resources").await, 0);
    assert_eq!(database.count("uma_tickets").await, 0);
}

async fn um_001_a_ticket_is_used_once(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in [1, 2] {
        store.insert_uma_ticket(&ticket(&world, number), &[]).await.unwrap();
        let read = store.uma_ticket(realm_id, TicketReference([number; 32])).await.unwrap();
        assert_eq!(read, Some(ticket(&world, number)));
    }
    assert_eq!(store.uma_ticket(RealmId([2; 16]), TicketReference([1; 32])).await.unwrap(), None);
    let attempt = async |usage: &TicketUse| store.use_uma_ticket(realm_id, usage, &[]).await.unwrap();
    let late = TicketUse { now: NOW.plus(300), ..usage(&world, 1) };
    assert_eq!(attempt(&late).await, TicketOutcome::Gone);
    let elsewhere = store.use_uma_ticket(RealmId([2; 16]), &usage(&world, 1), &[]).await.unwrap();
    assert_eq!(elsewhere, TicketOutcome::Gone);

    // The next comes with the use, or not at all; so does the end of another token.
    let proof = used(Purpose::DpopProof, 1);
    let rotated = TicketUse {
        proofs: vec![proof],
        next: Some(ticket(&world, 3)),
        ended_token: Some(([7; 32], NOW.plus(60))),
        ..usage(&world, 1)
    };
    assert_eq!(attempt(&rotated).await, TicketOutcome::Used);
    assert!(store.uma_ticket(realm_id, TicketReference([1; 32])).await.unwrap().unwrap().used);
    assert_eq!(database.count("denials").await, 1);
    let replayed = TicketUse { next: Some(ticket(&world, 4)), proofs: vec![proof], ..usage(&world, 2) };
    assert_eq!(attempt(&replayed).await, TicketOutcome::ProofReplayed(Purpose::DpopProof));
    let fresh = used(Purpose::DpopProof, 2);
    let again = TicketUse { next: Some(ticket(&world, 4)), proofs: vec![fresh], ..usage(&world, 1) };
    assert_eq!(attempt(&again).await, TicketOutcome::Gone);
    assert_eq!(store.uma_ticket(realm_id, TicketReference([4; 32])).await.unwrap(), None);
    // Whoever lost used nothing up.
    assert!(store.consume(realm_id, &fresh, &[]).await.unwrap());
    assert_eq!(attempt(&usage(&world, 2)).await, TicketOutcome::Used);
    assert_eq!(attempt(&usage(&world, 3)).await, TicketOutcome::Used);
    assert_eq!(attempt(&usage(&world, 9)).await, TicketOutcome::Gone);
}

async fn um_001_of_many_at_once_one_wins(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    for round in 1..=5 {
        world.store.insert_uma_ticket(&ticket(&world, round), &[]).await.unwrap();
        let usage = usage(&world, round);
        let attempts = (0..16).map(|_| world.store.use_uma_ticket(world.realm.id, &usage, &[]));
        let outcomes = futures_util::future::join_all(attempts).await;
        let outcomes: Vec<TicketOutcome> = outcomes.into_iter().map(Result::unwrap).collect();
        let won = outcomes.iter().filter(|outcome| **outcome == TicketOutcome::Used).count();
        assert_eq!(won, 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, TicketOutcome::Used | TicketOutcome::Gone)));
    }
}

async fn what_has_fallen_uses_no_ticket(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let store = &world.store;
    store.insert_uma_ticket(&ticket(&world, 1), &[]).await.unwrap();
    let mut fallen = usage(&world, 1);
    fallen.standing.user = Some((world.user.id, 2));
    assert_eq!(store.use_uma_ticket(world.realm.id, &fallen, &[]).await.unwrap(), TicketOutcome::Fallen);
    assert_eq!(store.use_uma_ticket(world.realm.id, &usage(&world, 1), &[]).await.unwrap(), TicketOutcome::Used);
}

async fn tickets_go_when_nobody_can_use_them(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    world.store.insert_uma_ticket(&ticket(&world, 1), &[]).await.unwrap();
    let end = ticket(&world, 1).expires_at;
    world.store.clean_up(end.plus(900), 10).await.unwrap();
    assert_eq!(database.count("uma_tickets").await, 1);
    world.store.clean_up(end.plus(901), 10).await.unwrap();
    assert_eq!(database.count("uma_tickets").await, 0);
}
