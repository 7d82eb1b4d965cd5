//! What recording costs: a statement in the transaction of a change, and no commit of its own.

use std::net::Ipv4Addr;

use base64::Engine as _;
use serde_json::json;
use signet_core::binding::DpopHeader;
use signet_core::events::{EventRecord, Serving};
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{Client, Purpose, RefreshFamily, TokenBasis, User};
use signet_core::ports::{
    Audit, Authorizations, Redeemable, Redemption, RefreshFamilies, SessionEnding, Sessions, SingleUse, StandingQuery,
    WhichSessions,
};
use signet_core::protocol::parameters::Parameters;
use signet_core::registry::{self, ClientRegistration, UserChange};
use signet_protocol::identifiers::{EventId, Lineage};
use signet_protocol::time::UnixMilliseconds;
use signet_store::Database;

use super::audit::Node;
use super::fixtures::{NOW, World, answered, authorization, login, session, used};
use crate::support::databases::TestDatabase;

on_every_database!(
    an_event_costs_one_statement_and_no_commit,
    work_that_changes_nothing_leaves_no_event,
    a_token_by_secret_costs_no_commit_and_a_refresh_four_statements,
);

fn event(world: &World, number: u8) -> EventRecord {
    EventRecord {
        realm_id: world.realm.id,
        id: EventId([number; 16]),
        recorded_at: UnixMilliseconds(NOW.0 * 1000),
        request_id: "request".to_owned(),
        kind: "login".to_owned(),
        user_id: Some(world.user.id),
        client_id: Some("app".to_owned()),
        session_id: None,
        address: None,
        details: "{}".to_owned(),
        mac: [0; 32],
    }
}

/// Statements and commits of some work.
async fn cost<T>(store: &Database, work: impl Future<Output = T>) -> (u64, u64) {
    let before = store.statistics();
    work.await;
    let after = store.statistics();
    (after.statements - before.statements, after.commits - before.commits)
}

async fn an_event_costs_one_statement_and_no_commit(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let events = [event(&world, 1), event(&world, 2)];
    // Each costs what `costs.rs` says, and one more.
    assert_eq!(cost(store, store.redeem(realm_id, &world.redemption(5), &events)).await, (4, 1));
    let lineage = Lineage([5; 16]);
    assert_eq!(cost(store, store.rotate(realm_id, &world.rotation(lineage, 1), &[event(&world, 3)])).await, (2, 1));
    assert_eq!(cost(store, store.close_lineage(realm_id, lineage, NOW, &[event(&world, 4)])).await, (4, 1));
    let login = login(session(&world.user, 2), 2);
    assert_eq!(cost(store, store.open_session(&login, &[event(&world, 5)])).await, (3, 1));
    let record = used(Purpose::ClientAssertion, 1);
    assert_eq!(cost(store, store.consume(realm_id, &record, &[event(&world, 6)])).await, (2, 1));
    assert_eq!(store.count_waiting(realm_id).await.unwrap(), 6);
}

async fn work_that_changes_nothing_leaves_no_event(database: &TestDatabase) {
    let world = World::in_store(database.connect().await).await;
    let (store, realm_id) = (&world.store, world.realm.id);
    let one = [event(&world, 1)];
    let redemption = world.redemption(5);
    store.redeem(realm_id, &redemption, &[]).await.unwrap();
    store.redeem(realm_id, &redemption, &one).await.unwrap();
    let lineage = Lineage([5; 16]);
    store.rotate(realm_id, &world.rotation(lineage, 9), &one).await.unwrap();
    let record = used(Purpose::AuthorizationCode, 5);
    store.consume(realm_id, &record, &one).await.unwrap();
    let used_form = login(session(&world.user, 3), 200);
    store.open_session(&used_form, &one).await.unwrap();
    let nobody = SessionEnding::of(WhichSessions::OfCookie(session(&world.user, 99).cookie_hash));
    store.end_sessions(realm_id, &nobody, &one).await.unwrap();
    let consent = authorization(&world.user, &world.client, 1);
    store.revoke_authorization(realm_id, world.user.id, consent.id, &one).await.unwrap();
    store.record_consent(&answered(200), &consent, &one).await.unwrap();
    assert_eq!(store.count_waiting(realm_id).await.unwrap(), 0);
}

/// A refresh family without a session, opened by redeeming a code.
fn family(node: &Node, lineage: Lineage, (client, user): (&Client, &User)) -> Redemption {
    let now = node.provider.now();
    let content = TokenBasis {
        scope: "read offline_access".parse().unwrap(),
        resources: Vec::new(),
        details: Vec::new(),
        is_managed: false,
        claims_request: None,
        authenticated_at: now,
        acr: None,
        amr: "pwd".to_owned(),
        confirmation: None,
        authorization_id: None,
        authorization_epoch: 0,
        sid: None,
        realm_epoch: node.realm.realm.epoch,
        client_epoch: client.epoch,
        user_epoch: user.epoch,
        claims_locales: Vec::new(),
        exchanged: None,
        permitted: None,
        vars: serde_json::Map::new(),
    };
    let standing = StandingQuery::of_basis(&content, (lineage, &client.client_id, Some(user.id)));
    let family = RefreshFamily {
        realm_id: node.realm.id(),
        lineage,
        client_id: client.client_id.clone(),
        user_id: user.id,
        generation: 1,
        rotated_at: now,
        active: true,
        content,
        key_version: 1,
        idle_expires_at: now.plus(3600),
        expires_at: now.plus(7200),
    };
    Redemption {
        redeemable: Redeemable::Code(used(Purpose::AuthorizationCode, 7)),
        standing,
        refresh_family: Some(family),
        participant: None,
        proofs: Vec::new(),
    }
}

/// Asks the token endpoint as a client that has a secret.
async fn ask(node: &Node, serving: &Serving<'_>, (id, secret): (&str, &str), body: &str) {
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let authorization = format!("Basic {credentials}");
    let parameters = Parameters::parse(body).unwrap();
    let request = ClientRequest {
        authorization: Some(&authorization),
        parameters: &parameters,
        certificate: None,
        dpop: DpopHeader::Absent,
        address: Ipv4Addr::LOCALHOST.into(),
    };
    grants::exchange(serving, &node.realm, request).await.unwrap();
}

async fn a_token_by_secret_costs_no_commit_and_a_refresh_four_statements(database: &TestDatabase) {
    let node = Node::on(database).await;
    let (provider, store) = (&node.provider, &node.database);
    let serving = provider.serving_itself();
    let metadata = json!({
        "redirect_uris": ["https://rp.test/cb"], "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
        "scope": "read offline_access",
    });
    let registration = ClientRegistration {
        metadata: serde_json::from_value(metadata).unwrap(),
        settings: signet_core::model::ClientSettings::default(),
        enabled: true,
    };
    let id = Some("app".parse().unwrap());
    let issued = registry::create_client(&serving, &node.realm, id, registration, None).await.unwrap();
    let secret = issued.secret.as_ref().unwrap().as_str();
    // Without a poll, nothing is answered from memory: the client is read each time.
    let read = (1, 0);
    let token = async || ask(&node, &serving, ("app", secret), "grant_type=client_credentials").await;
    assert_eq!(cost(store, Box::pin(token())).await, read);
    assert_eq!(cost(store, Box::pin(token())).await, read);
    // Both at once.
    assert_eq!(cost(store, provider.flush_events()).await, (1, 1));

    let (claims, attributes) = (serde_json::Map::new(), serde_json::Map::new());
    let change = UserChange { username: "ana".to_owned(), enabled: true, claims, attributes };
    let user = registry::create_user(&serving, &node.realm, change, None).await.unwrap();
    let lineage = Lineage([7; 16]);
    store.redeem(node.realm.id(), &family(&node, lineage, (&issued.client, &user)), &[]).await.unwrap();
    let token = node.realm.refresh_token_key.token(lineage.0, 1);
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    let refreshed = ask(&node, &serving, ("app", secret), &body);
    // The client, then the four: family, user, the change and its event.
    assert_eq!(cost(store, Box::pin(refreshed)).await, (1 + 4, 1));
}
