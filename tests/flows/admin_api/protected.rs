//! What the operations on protected resources and requests for access are tried on.

use std::collections::BTreeMap;

use serde_json::Map;
use signet_core::model::{
    ResourceDescription, ResourceKeeper, TicketReference, UmaPermission, UmaPolicy, UmaRequest, UmaRequestState,
    UmaResource, UmaTicket,
};
use signet_core::ports::{StandingQuery, TicketOutcome, TicketUse};
use signet_core::protocol::identifiers::{ClientId, UmaRequestId, UmaResourceId};
use signet_core::realm::RealmContext;
use signet_core::registry::{self, UserChange};

use super::service::Service;

/// A resource of a user of its own, and a request for access to it that waits.
pub(super) async fn protected(service: &Service, realm: &str) -> (String, String) {
    let (provider, store) = (&service.provider, &service.provider.store);
    let realm = registry::find_realm(provider, &realm.parse().unwrap()).await.unwrap();
    let change = UserChange { username: "cleo".to_owned(), enabled: true, claims: Map::new(), attributes: Map::new() };
    let user = registry::create_user(&provider.serving_itself(), &realm, change, None).await.unwrap();
    let (app, now): (ClientId, _) = ("app".parse().unwrap(), provider.now());
    let keeper = ResourceKeeper { server: app.clone(), owner: Some(user.id) };
    let (id, scopes) = (UmaResourceId([5; 16]), vec!["view".to_owned()]);
    let resource = UmaResource {
        realm_id: realm.id(),
        id,
        keeper: keeper.clone(),
        description: ResourceDescription { resource_scopes: scopes.clone(), ..ResourceDescription::default() },
        policies: vec![UmaPolicy { scopes: scopes.clone(), ask: true, ..UmaPolicy::default() }],
        spontaneous_scopes: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    assert!(store.insert_uma_resource(&resource, 10, &[]).await.unwrap());
    let permissions = vec![UmaPermission { resource_id: id, resource_scopes: scopes }];
    let request = UmaRequest {
        realm_id: realm.id(),
        id: UmaRequestId([5; 16]),
        owner_id: user.id,
        server: app.clone(),
        user_id: user.id,
        client_id: app.clone(),
        permissions: permissions.clone(),
        state: UmaRequestState::Pending,
        created_at: now,
        expires_at: now.plus(60),
    };
    submit(service, &realm, (keeper, permissions, &request)).await;
    (id.to_string(), request.id.to_string())
}

/// Puts a request before its owner, as a ticket does.
async fn submit(
    service: &Service,
    realm: &RealmContext,
    (keeper, permissions, request): (ResourceKeeper, Vec<UmaPermission>, &UmaRequest),
) {
    let (store, now) = (&service.provider.store, service.provider.now());
    let ticket = UmaTicket {
        realm_id: realm.id(),
        reference: TicketReference([5; 32]),
        keeper,
        permissions,
        params: BTreeMap::new(),
        client_id: None,
        party: None,
        wait: None,
        realm_epoch: Some(realm.realm.epoch),
        used: false,
        expires_at: now.plus(60),
    };
    store.insert_uma_ticket(&ticket, &[]).await.unwrap();
    let client = store.client(realm.id(), &request.client_id).await.unwrap().unwrap();
    let usage = TicketUse {
        ticket: ticket.reference,
        now,
        standing: StandingQuery {
            realm_epoch: realm.realm.epoch,
            client: (client.client_id.clone(), client.epoch),
            user: None,
            authorization: None,
            session: None,
            session_limits: None,
            lineage: None,
            token: None,
            origins: Vec::new(),
        },
        proofs: Vec::new(),
        next: None,
        ended_token: None,
        spent_claims: None,
        kept_claims: None,
        request: Some((request.clone(), 10)),
        refresh_family: None,
    };
    assert_eq!(store.use_uma_ticket(realm.id(), &usage, &[]).await.unwrap(), TicketOutcome::Used);
}
