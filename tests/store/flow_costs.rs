//! What a whole flow of FAPI 2.0 costs: three commits, wherever the rows are.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, json};
use signet_core::authn::new_session;
use signet_core::authorize::{self, Browser, BrowserBinding, Step};
use signet_core::binding::DpopHeader;
use signet_core::grants::{self, ClientRequest};
use signet_core::model::{Purpose, UsedRecord};
use signet_core::ports::{Login, Sessions};
use signet_core::protocol::parameters::Parameters;
use signet_core::registry::{self, ClientRegistration, UserChange};

use super::audit::Node;
use crate::support::client::JWT_BEARER;
use crate::support::databases::TestDatabase;
use crate::support::dpop::ProofKey;
use crate::support::jwt::{SigningKey, random_text, sha256};

on_every_database!(a_flow_of_fapi_2_costs_three_commits_and_counting_it_none);

const REDIRECT_URI: &str = "https://rp.test/cb";

/// A client of FAPI 2.0 with its keys, and a browser in which its user is signed in.
struct Flow {
    node: Node,
    key: SigningKey,
    proof_key: ProofKey,
    browser: Browser,
}

impl Flow {
    async fn on(database: &TestDatabase) -> Self {
        let node = Node::on(database).await;
        let serving = node.provider.serving_itself();
        let key = SigningKey::generate("ES256");
        let metadata = json!({
            "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt", "scope": "openid",
            "jwks": key.public_set(), "id_token_signed_response_alg": "ES256", "dpop_bound_access_tokens": true,
        });
        let settings = json!({"profile": "fapi2_security", "skip_consent": true});
        let registration = ClientRegistration {
            metadata: serde_json::from_value(metadata).unwrap(),
            settings: serde_json::from_value(settings).unwrap(),
            enabled: true,
        };
        let id = Some("app".parse().unwrap());
        registry::create_client(&serving, &node.realm, id, registration, None).await.unwrap();
        let (claims, attributes) = (Map::new(), Map::new());
        let user = UserChange { username: "ana".to_owned(), enabled: true, claims, attributes };
        let user = registry::create_user(&serving, &node.realm, user, None).await.unwrap();
        drop(serving);
        let (cookie, session) = new_session(&node.provider, &node.realm, &user, None);
        let form = UsedRecord { purpose: Purpose::Interaction, key: [1; 32], expires_at: session.expires_at };
        node.database.open_session(&Login { form, session, replaces: None, account: None }, &[]).await.unwrap();
        let binding = BrowserBinding::from_cookie(None, &*node.provider.random);
        let browser = Browser { session: Some(cookie), binding };
        Self { node, key, proof_key: ProofKey::generate("ES256"), browser }
    }

    /// Parameters with the client's assertion, and a proof for an endpoint.
    fn authenticated(&self, path: &str) -> (Parameters, String) {
        let (issuer, now) = (self.node.realm.issuer(), self.node.provider.now().0);
        let assertion = self.key.sign(&json!({
            "iss": "app", "sub": "app", "aud": issuer, "jti": random_text(), "iat": now, "exp": now + 60,
        }));
        let parameters = Parameters::default()
            .with("client_id", "app")
            .with("client_assertion_type", JWT_BEARER)
            .with("client_assertion", &assertion)
            .with("redirect_uri", REDIRECT_URI);
        let url = format!("{issuer}{path}");
        let proof = json!({"jti": random_text(), "htm": "POST", "htu": url, "iat": now});
        (parameters, self.proof_key.sign(&proof))
    }

    async fn run(&self) {
        let (provider, realm) = (&self.node.provider, &self.node.realm);
        let verifier = random_text();
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let (parameters, proof) = self.authenticated("/par");
        let parameters = [("response_type", "code"), ("scope", "openid"), ("code_challenge_method", "S256")]
            .into_iter()
            .fold(parameters, |parameters, (name, value)| parameters.with(name, value))
            .with("code_challenge", &challenge);
        let pushed = authorize::push(&provider.serving_itself(), realm, asked(&parameters, &proof)).await.unwrap();
        let visit = Parameters::default().with("client_id", "app").with("request_uri", &pushed.request_uri);
        let step = authorize::authorize(&provider.serving_itself(), realm, &visit, &self.browser).await;
        let Ok(Step::Respond(response)) = step else { panic!("the user is signed in and is not asked") };
        let (_, code) = response.parameters().iter().find(|(name, _)| *name == "code").unwrap();
        let (parameters, proof) = self.authenticated("/token");
        let parameters =
            parameters.with("grant_type", "authorization_code").with("code", code).with("code_verifier", &verifier);
        let tokens = grants::exchange(&provider.serving_itself(), realm, asked(&parameters, &proof)).await.unwrap();
        assert_eq!(tokens.token_type, "DPoP");
    }
}

fn asked<'a>(parameters: &'a Parameters, proof: &'a str) -> ClientRequest<'a> {
    let dpop = DpopHeader::One(proof);
    let address = Ipv4Addr::LOCALHOST.into();
    ClientRequest { authorization: None, parameters, certificate: None, dpop, address }
}

async fn a_flow_of_fapi_2_costs_three_commits_and_counting_it_none(database: &TestDatabase) {
    let flow = Flow::on(database).await;
    let store = &flow.node.database;
    flow.node.provider.flush_events().await.unwrap();
    for _ in 0..3 {
        let before = store.statistics().commits;
        flow.run().await;
        assert_eq!(store.statistics().commits - before, 3);
    }
    // What was counted on the way is written in one commit, and once.
    let before = store.statistics().commits;
    flow.node.provider.flush_traffic().await.unwrap();
    flow.node.provider.flush_traffic().await.unwrap();
    assert_eq!(store.statistics().commits - before, 1);
    let requests = "client_traffic WHERE profile = '' AND requests = 3";
    assert_eq!(database.count(requests).await, 2, "three pushes and three redemptions");
    let authentications = "client_traffic WHERE profile = '' AND subject = 'authentication' AND requests = 6";
    assert_eq!(database.count(authentications).await, 1);
}
