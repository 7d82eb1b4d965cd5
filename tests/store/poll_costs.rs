//! What a poll for a pending request costs (RFC 8628 section 3.5, CIBA Core 11): no commit, and with a client assertion the
//! one that marks it. However many devices wait, the database writes nothing for them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signet_core::binding::DpopHeader;
use signet_core::failure::Failure;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{DeferredKind, DeferredReference, DeferredRequest, DeferredState, RealmSettings};
use signet_core::ports::{Deferral, DeferralOutcome, DeferredRequests as _};
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::parameters::Parameters;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, ClientRegistration, RealmChange};

use super::audit::Node;
use crate::support::ciba::CIBA;
use crate::support::client::JWT_BEARER;
use crate::support::databases::TestDatabase;
use crate::support::device::DEVICE_CODE;
use crate::support::jwt::{SigningKey, random_text, sha256};

on_every_database!(
    a_poll_of_a_pending_request_costs_no_commit,
    a_poll_with_a_client_assertion_costs_the_commit_of_its_mark,
    a_poll_that_is_too_fast_costs_a_commit_until_the_interval_is_the_longest,
);

const POLLS: u64 = 5;

/// A client whose users are asked elsewhere.
struct Polling {
    node: Node,
    realm: Arc<RealmContext>,
    key: SigningKey,
    authorization: String,
}

impl Polling {
    async fn on(database: &TestDatabase, metadata: Value) -> Self {
        let node = Node::on(database).await;
        let serving = node.provider.serving_itself();
        let settings =
            RealmSettings { device_authorization: true, backchannel_authentication: true, ..RealmSettings::default() };
        let (name, display_name) = ("storm".parse().unwrap(), "Storm".to_owned());
        let change = RealmChange { name, display_name, enabled: true, settings };
        let realm = registry::create_realm(&serving, change).await.unwrap();
        let key = SigningKey::generate("ES256");
        let mut own = json!({
            "grant_types": [DEVICE_CODE, CIBA], "redirect_uris": [], "response_types": [], "scope": "openid",
            "backchannel_token_delivery_mode": "poll",
        });
        if metadata["token_endpoint_auth_method"] == "private_key_jwt" {
            own["jwks"] = key.public_set();
        }
        let metadata = crate::support::realm::merged(own, metadata);
        let registration = ClientRegistration {
            metadata: serde_json::from_value(metadata).unwrap(),
            settings: serde_json::from_value(json!({})).unwrap(),
            enabled: true,
        };
        let id = Some("app".parse().unwrap());
        let issued = registry::create_client(&serving, &realm, id, registration, None).await.unwrap();
        drop(serving);
        let secret = issued.secret.as_ref().map(|secret| STANDARD.encode(format!("app:{}", secret.as_str())));
        let authorization = secret.map(|pair| format!("Basic {pair}")).unwrap_or_default();
        Self { node, realm, key, authorization }
    }

    /// A request that nobody has answered; its secret.
    async fn defer(&self, kind: DeferredKind) -> String {
        let secret = random_text();
        let reference = DeferredReference(sha256(secret.as_bytes()));
        let now = self.node.provider.now();
        let request = DeferredRequest {
            realm_id: self.realm.id(),
            reference,
            kind,
            user_code: (kind == DeferredKind::Device).then_some(reference.0),
            client_id: "app".parse().unwrap(),
            user_id: None,
            content: vec![0; 400],
            epochs: None,
            state: DeferredState::Pending,
            interval: 5,
            answer: None,
            expires_at: now.plus(3_600),
        };
        let deferral = Deferral { request, proofs: Vec::new(), now, most: 100, most_of_user: None, notification: None };
        assert_eq!(self.node.database.defer(&deferral, &[]).await.unwrap(), DeferralOutcome::Deferred);
        secret
    }

    /// Polls; answers the error.
    async fn poll(&self, kind: DeferredKind, secret: &str) -> ErrorCode {
        let (grant_type, parameter) = match kind {
            DeferredKind::Device => (DEVICE_CODE, "device_code"),
            DeferredKind::Backchannel => (CIBA, "auth_req_id"),
        };
        let mut parameters = Parameters::default().with("grant_type", grant_type).with(parameter, secret);
        if self.authorization.is_empty() {
            let (issuer, now) = (self.realm.issuer(), self.node.provider.now().0);
            let assertion = self.key.sign(&json!({
                "iss": "app", "sub": "app", "aud": issuer, "jti": random_text(), "iat": now, "exp": now + 60,
            }));
            parameters = parameters.with("client_assertion_type", JWT_BEARER).with("client_assertion", &assertion);
        }
        let request = ClientRequest {
            authorization: Some(self.authorization.as_str()).filter(|header| !header.is_empty()),
            parameters: &parameters,
            certificate: None,
            dpop: DpopHeader::Absent,
            address: Ipv4Addr::LOCALHOST.into(),
        };
        match grants::exchange(&self.node.provider.serving_itself(), &self.realm, request).await {
            Err(Failure::Refusal(refusal)) => refusal.code,
            other => panic!("nobody has answered: {other:?}"),
        }
    }

    /// Polls at the interval; answers how many commits that took.
    async fn poll_patiently(&self, kind: DeferredKind) -> u64 {
        let secret = self.defer(kind).await;
        self.node.provider.flush_events().await.unwrap();
        let before = self.node.database.statistics().commits;
        for _ in 0..POLLS {
            assert_eq!(self.poll(kind, &secret).await, ErrorCode::AuthorizationPending);
            self.node.advance(5);
        }
        // That somebody waits is no event either.
        self.node.provider.flush_events().await.unwrap();
        self.node.database.statistics().commits - before
    }
}

async fn a_poll_of_a_pending_request_costs_no_commit(database: &TestDatabase) {
    let polling = Polling::on(database, json!({})).await;
    for kind in [DeferredKind::Device, DeferredKind::Backchannel] {
        assert_eq!(polling.poll_patiently(kind).await, 0, "{kind:?}");
    }
    assert_eq!(database.count("used_records").await, 0);
}

async fn a_poll_with_a_client_assertion_costs_the_commit_of_its_mark(database: &TestDatabase) {
    let polling = Polling::on(database, json!({"token_endpoint_auth_method": "private_key_jwt"})).await;
    let mut marks = 0;
    for kind in [DeferredKind::Device, DeferredKind::Backchannel] {
        assert_eq!(polling.poll_patiently(kind).await, POLLS, "{kind:?}");
        marks += i64::try_from(POLLS).unwrap();
        assert_eq!(database.count("used_records").await, marks);
    }
}

async fn a_poll_that_is_too_fast_costs_a_commit_until_the_interval_is_the_longest(database: &TestDatabase) {
    let polling = Polling::on(database, json!({})).await;
    let secret = polling.defer(DeferredKind::Device).await;
    assert_eq!(polling.poll(DeferredKind::Device, &secret).await, ErrorCode::AuthorizationPending);
    // From 5 seconds to 120 in steps of 5.
    let mut commits = Vec::new();
    for _ in 0..25 {
        let before = polling.node.database.statistics().commits;
        assert_eq!(polling.poll(DeferredKind::Device, &secret).await, ErrorCode::SlowDown);
        commits.push(polling.node.database.statistics().commits - before);
    }
    assert_eq!((commits[..23].to_vec(), commits[23..].to_vec()), (vec![1; 23], vec![0; 2]));
}
