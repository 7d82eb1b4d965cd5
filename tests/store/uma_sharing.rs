//! The port of what owners answer, and of claims that persist.

use signet_core::model::{
    UmaClaims, UmaClaimsReference, UmaPermission, UmaPolicy, UmaRequest, UmaRequestState, UmaResource, UmaTicket,
};
use signet_core::ports::{
    Clients, PolicyEdit, TicketOutcome, TicketUse, Uma, UmaAnswer, UmaRequestFilter, UmaResourceFilter, Users,
};
use signet_protocol::identifiers::{UmaRequestId, UmaResourceId};

use super::fixtures::{NOW, World, user};
use super::uma::{resource, ticket, usage};
use crate::support::databases::TestDatabase;

on_every_database!(
    um_001_persisted_claims_are_used_once_and_end_as_a_family,
    of_many_uses_of_persisted_claims_one_wins,
    uma_grant_3_3_6_an_owner_answers_once_and_the_policies_follow,
    of_many_answers_one_counts,
    um_006_nobody_but_the_owner_answers,
    policies_change_one_at_a_time,
    what_waits_is_bounded_and_goes_with_whom_it_is_about,
    resources_are_listed_by_owner_and_server,
);

fn claims(world: &World, number: u8) -> UmaClaims {
    UmaClaims {
        realm_id: world.realm.id,
        reference: UmaClaimsReference([number; 32]),
        family: [1; 16],
        client_id: world.client_id(),
        user_id: world.user.id,
        content: vec![0, 255, number],
        used: false,
        created_at: NOW,
        expires_at: NOW.plus(3_600),
    }
}

async fn request(world: &World, number: u8) -> UmaRequest {
    let bea = user(world.realm.id, 2, "bea");
    if world.store.user(world.realm.id, bea.id).await.unwrap().is_none() {
        world.store.insert_user(&bea, None, &[]).await.unwrap();
    }
    UmaRequest {
        realm_id: world.realm.id,
        id: UmaRequestId([number; 16]),
        owner_id: world.user.id,
        server: world.client_id(),
        user_id: bea.id,
        client_id: world.client_id(),
        permissions: vec![UmaPermission {
            resource_id: UmaResourceId([1; 16]),
            resource_scopes: vec!["view".to_owned()],
        }],
        state: UmaRequestState::Pending,
        created_at: NOW,
        expires_at: NOW.plus(3_600),
    }
}

fn policy(scope: &str) -> UmaPolicy {
    UmaPolicy { scopes: vec![scope.to_owned()], ask: true, ..UmaPolicy::default() }
}

async fn attempt(world: &World, usage: TicketUse) -> TicketOutcome {
    world.store.insert_uma_ticket(&ticket(world, usage.ticket.0[0]), &[]).await.unwrap();
    world.store.use_uma_ticket(world.realm.id, &usage, &[]).await.unwrap()
}

/// Puts a request before the owner.
async fn submit(world: &World, number: u8) -> UmaRequest {
    let request = request(world, number).await;
    let usage = TicketUse { request: Some((request.clone(), 10)), ..usage(world, number) };
    assert_eq!(attempt(world, usage).await, TicketOutcome::Used);
    request
}

async fn um_001_persisted_claims_are_used_once_and_end_as_a_family(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let first = TicketUse { kept_claims: Some(claims(&world, 1)), ..usage(&world, 1) };
    assert_eq!(attempt(&world, first).await, TicketOutcome::Used);
    assert_eq!(store.uma_claims(realm_id, UmaClaimsReference([1; 32])).await.unwrap(), Some(claims(&world, 1)));
    let late = TicketUse { spent_claims: Some(UmaClaimsReference([1; 32])), now: NOW.plus(3_600), ..usage(&world, 2) };
    let lasting = UmaTicket { expires_at: NOW.plus(9_000), ..ticket(&world, 2) };
    store.insert_uma_ticket(&lasting, &[]).await.unwrap();
    assert_eq!(store.use_uma_ticket(realm_id, &late, &[]).await.unwrap(), TicketOutcome::ClaimsGone);
    let next = |number: u8| TicketUse {
        spent_claims: Some(UmaClaimsReference([1; 32])),
        kept_claims: Some(claims(&world, number)),
        ..usage(&world, number)
    };
    assert_eq!(attempt(&world, next(3)).await, TicketOutcome::Used);
    assert_eq!(attempt(&world, next(4)).await, TicketOutcome::ClaimsGone);
    assert_eq!(store.uma_claims(realm_id, UmaClaimsReference([4; 32])).await.unwrap(), None);
    // Whoever lost used nothing up.
    assert!(!store.uma_ticket(realm_id, ticket(&world, 4).reference).await.unwrap().unwrap().used);
    assert!(store.end_uma_claims(realm_id, [1; 16], &[]).await.unwrap());
    assert!(!store.end_uma_claims(realm_id, [1; 16], &[]).await.unwrap());
    assert_eq!(database.count("uma_claims").await, 0);
}

async fn of_many_uses_of_persisted_claims_one_wins(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let first = TicketUse { kept_claims: Some(claims(&world, 1)), ..usage(&world, 1) };
    assert_eq!(attempt(&world, first).await, TicketOutcome::Used);
    let attempts = (2..18).map(|number| {
        let usage = TicketUse {
            spent_claims: Some(UmaClaimsReference([1; 32])),
            kept_claims: Some(claims(&world, number)),
            ..usage(&world, number)
        };
        attempt(&world, usage)
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    let won = outcomes.iter().filter(|outcome| **outcome == TicketOutcome::Used).count();
    assert_eq!(won, 1, "{outcomes:?}");
    assert_eq!(database.count("uma_claims").await, 2);
}

async fn uma_grant_3_3_6_an_owner_answers_once_and_the_policies_follow(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    assert!(store.insert_uma_resource(&resource(&world, 1), 10, &[]).await.unwrap());
    let asked = submit(&world, 1).await;
    assert_eq!(store.uma_request(realm_id, asked.id).await.unwrap(), Some(asked.clone()));
    let filter = UmaRequestFilter { owner: Some(world.user.id), user: Some(asked.user_id), pending_at: Some(NOW) };
    assert_eq!(store.uma_requests(realm_id, &filter, (None, 10)).await.unwrap(), std::slice::from_ref(&asked));
    let answer = UmaAnswer {
        id: asked.id,
        owner_id: world.user.id,
        state: UmaRequestState::Granted,
        edits: vec![
            (UmaResourceId([1; 16]), PolicyEdit::Add(policy("view"), 10)),
            (UmaResourceId([9; 16]), PolicyEdit::Add(policy("view"), 10)),
        ],
        now: NOW,
    };
    let late = UmaAnswer { now: NOW.plus(3_600), ..answer.clone() };
    assert!(!store.answer_uma_request(realm_id, &late, &[]).await.unwrap());
    assert!(store.answer_uma_request(realm_id, &answer, &[]).await.unwrap());
    assert!(!store.answer_uma_request(realm_id, &answer, &[]).await.unwrap());
    let read = store.uma_resource(realm_id, UmaResourceId([1; 16])).await.unwrap().unwrap();
    assert_eq!(read.policies, [policy("view")]);
    assert_eq!(store.uma_request(realm_id, asked.id).await.unwrap().unwrap().state, UmaRequestState::Granted);
    assert!(store.uma_requests(realm_id, &filter, (None, 10)).await.unwrap().is_empty());
}

async fn of_many_answers_one_counts(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    assert!(world.store.insert_uma_resource(&resource(&world, 1), 10, &[]).await.unwrap());
    let asked = submit(&world, 1).await;
    let answers: Vec<UmaAnswer> = (0..16)
        .map(|number| UmaAnswer {
            id: asked.id,
            owner_id: world.user.id,
            state: if number % 2 == 0 { UmaRequestState::Granted } else { UmaRequestState::Denied },
            edits: vec![(UmaResourceId([1; 16]), PolicyEdit::Add(policy(&format!("scope-{number}")), 100))],
            now: NOW,
        })
        .collect();
    let attempts = answers.iter().map(|answer| world.store.answer_uma_request(world.realm.id, answer, &[]));
    let outcomes: Vec<bool> = futures_util::future::join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|counted| **counted).count(), 1, "{outcomes:?}");
    let read = world.store.uma_resource(world.realm.id, UmaResourceId([1; 16])).await.unwrap().unwrap();
    assert_eq!(read.policies.len(), 1);
}

async fn um_006_nobody_but_the_owner_answers(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let asked = submit(&world, 1).await;
    let answer = UmaAnswer {
        id: asked.id,
        owner_id: asked.user_id,
        state: UmaRequestState::Granted,
        edits: Vec::new(),
        now: NOW,
    };
    assert!(!world.store.answer_uma_request(world.realm.id, &answer, &[]).await.unwrap());
    let read = world.store.uma_request(world.realm.id, asked.id).await.unwrap().unwrap();
    assert_eq!(read.state, UmaRequestState::Pending);
}

async fn policies_change_one_at_a_time(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let resource = resource(&world, 1);
    assert!(store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    let which = (resource.id, &resource.keeper);
    let edits: Vec<PolicyEdit> =
        (0..12).map(|number| PolicyEdit::Add(policy(&format!("scope-{number}")), 10)).collect();
    let attempts = edits.iter().map(|edit| store.edit_uma_policies(realm_id, which, (edit, NOW), &[]));
    let outcomes: Vec<bool> = futures_util::future::join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|added| **added).count(), 10, "{outcomes:?}");
    let read = store.uma_resource(realm_id, resource.id).await.unwrap().unwrap();
    assert_eq!(read.policies.len(), 10, "none was lost");
    let first = read.policies[0].clone();
    // The same again is there already.
    assert!(store.edit_uma_policies(realm_id, which, (&PolicyEdit::Add(first.clone(), 10), NOW), &[]).await.unwrap());
    assert!(store.edit_uma_policies(realm_id, which, (&PolicyEdit::Remove(first.clone()), NOW), &[]).await.unwrap());
    let read = store.uma_resource(realm_id, resource.id).await.unwrap().unwrap();
    assert!(read.policies.len() == 9 && !read.policies.contains(&first));
    let foreign = (UmaResourceId([7; 16]), &resource.keeper);
    assert!(!store.edit_uma_policies(realm_id, foreign, (&edits[0], NOW), &[]).await.unwrap());
}

async fn what_waits_is_bounded_and_goes_with_whom_it_is_about(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let first = submit(&world, 1).await;
    let second = TicketUse { request: Some((request(&world, 2).await, 1)), ..usage(&world, 2) };
    assert_eq!(attempt(&world, second).await, TicketOutcome::TooManyRequests);
    assert!(!store.uma_ticket(realm_id, ticket(&world, 2).reference).await.unwrap().unwrap().used);
    submit(&world, 3).await;
    assert!(store.delete_uma_request(realm_id, first.id, &[]).await.unwrap());
    assert!(!store.delete_uma_request(realm_id, first.id, &[]).await.unwrap());
    let kept = TicketUse { kept_claims: Some(claims(&world, 4)), ..usage(&world, 4) };
    assert_eq!(attempt(&world, kept).await, TicketOutcome::Used);
    store.delete_user(realm_id, first.user_id, &[]).await.unwrap();
    assert_eq!(database.count("uma_requests").await, 0);
    store.delete_client(realm_id, &world.client_id(), None, &[]).await.unwrap();
    assert_eq!(database.count("uma_claims").await, 0);
}

async fn resources_are_listed_by_owner_and_server(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    for number in 1..=3 {
        let mut resource: UmaResource = resource(&world, number);
        resource.keeper.owner = (number != 2).then_some(world.user.id);
        assert!(store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    }
    let listed = async |filter: UmaResourceFilter, after: Option<u8>| -> Vec<u8> {
        let after = after.map(|number| UmaResourceId([number; 16]));
        let found = store.uma_resources(realm_id, &filter, (after, 2)).await.unwrap();
        found.iter().map(|resource| resource.id.0[0]).collect()
    };
    assert_eq!(listed(UmaResourceFilter::default(), None).await, [1, 2]);
    assert_eq!(listed(UmaResourceFilter::default(), Some(2)).await, [3]);
    let owners = UmaResourceFilter { owner: Some(world.user.id), server: Some(world.client_id()) };
    assert_eq!(listed(owners.clone(), None).await, [1, 3]);
    let nobodys = UmaResourceFilter { server: Some("nobody".parse().unwrap()), ..owners };
    assert!(listed(nobodys, None).await.is_empty());
}
