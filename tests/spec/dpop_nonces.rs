//! Nonces for DPoP proofs (RFC 9449 sections 8 and 9).

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::dpop::{ProofKey, claims, claims_with};
use crate::support::http::{Answer, Request};
use crate::support::provider::TimedProvider;
use crate::support::realm::{Realm, merged};

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

fn nonce(answer: &Answer) -> String {
    let nonce = answer.header("dpop-nonce").unwrap_or_else(|| panic!("no nonce: {answer:?}"));
    // Section 8.1.
    assert!(!nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)));
    nonce.to_owned()
}

/// A client with a key, and claims of proofs at the clock of whoever tests.
struct Prover {
    client: Client,
    key: ProofKey,
    now: i64,
}

impl Prover {
    async fn of(realm: &Realm, metadata: Value) -> Self {
        let own = json!({"grant_types": ["client_credentials"], "scope": "read"});
        let client = realm.client(merged(own, metadata)).await;
        Self { client, key: ProofKey::generate("ES256"), now: crate::support::time::now() }
    }

    fn proof(&self, nonce: Option<&str>) -> String {
        let mut claims = claims("POST", &self.client.endpoint("/token"));
        claims["iat"] = json!(self.now);
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.key.sign(&claims)
    }

    async fn ask(&self, nonce: Option<&str>) -> Answer {
        self.client.prove(GRANT, &self.proof(nonce)).await
    }

    async fn wants_nonce(&self, nonce: Option<&str>) -> Answer {
        let answer = self.ask(nonce).await;
        answer.assert_refused("use_dpop_nonce");
        answer
    }
}

#[tokio::test]
async fn tk_046_rfc9449_8_a_nonce_of_the_server_is_demanded_and_given() {
    let realm = Realm::with(json!({"dpop_nonce_at_token_endpoint": true})).await;
    let prover = Prover::of(&realm, json!({})).await;
    let given = nonce(&prover.wants_nonce(None).await);
    let answer = prover.ask(Some(&given)).await;
    answer.bound_tokens();
    // Section 8.2: the next one comes along.
    prover.ask(Some(&nonce(&answer))).await.bound_tokens();
    for forged in ["", "x", &given[1..], &format!("{given}A"), "AAAAAAAAAAAAAAAAAAAAAA"] {
        prover.wants_nonce(Some(forged)).await;
    }
    // Without a proof there is nothing to put a nonce into.
    let answer = prover.client.ask("/token", GRANT).await;
    answer.tokens();
    let bound = Prover::of(&realm, json!({"dpop_bound_access_tokens": true})).await;
    bound.client.ask("/token", GRANT).await.assert_refused("invalid_dpop_proof");
    // A proof that is wrong otherwise is told that.
    let other = bound.key.sign(&claims("POST", &bound.client.endpoint("/userinfo")));
    bound.client.prove(GRANT, &other).await.assert_refused("invalid_dpop_proof");
}

#[tokio::test]
async fn rfc9449_8_without_the_setting_there_are_no_nonces() {
    let prover = Prover::of(&Realm::new().await, json!({})).await;
    let answer = prover.ask(None).await;
    answer.bound_tokens();
    assert_eq!(answer.header("dpop-nonce"), None);
}

#[tokio::test]
async fn rfc9449_8_a_single_client_may_need_nonces() {
    let realm = Realm::new().await;
    let prover = Prover::of(&realm, json!({"settings": {"require_dpop_nonce": true}})).await;
    let given = nonce(&prover.wants_nonce(None).await);
    prover.ask(Some(&given)).await.bound_tokens();
    Prover::of(&realm, json!({})).await.ask(None).await.bound_tokens();
}

#[tokio::test]
async fn tk_046_rfc9449_8_nonces_end_and_make_the_clients_clock_irrelevant() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"dpop_nonce_at_token_endpoint": true})).await;
    let mut prover = Prover::of(&realm, json!({})).await;
    // Section 11.1: the clock of this client is an hour behind.
    prover.now = timed.now() - 3_600;
    let given = nonce(&prover.wants_nonce(None).await);
    prover.ask(Some(&given)).await.bound_tokens();
    timed.advance(119);
    let proof = prover.proof(Some(&given));
    prover.client.prove(GRANT, &proof).await.bound_tokens();
    prover.client.prove(GRANT, &proof).await.assert_refused("invalid_dpop_proof");
    timed.advance(122);
    let next = nonce(&prover.wants_nonce(Some(&given)).await);
    assert_ne!(next, given);
    prover.ask(Some(&next)).await.bound_tokens();
    timed.stop().await;
}

#[tokio::test]
async fn rfc9449_9_resources_have_nonces_of_their_own() {
    let realm = Realm::with(json!({"dpop_nonce_at_resources": true, "dpop_nonce_at_token_endpoint": true})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let (key, url) = (ProofKey::generate("ES256"), client.endpoint("/userinfo"));
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let redemption = Client::redemption(&request, response.code());
    // A refused proof uses up no code.
    let answer = client.ask_with(&key, &redemption).await;
    answer.assert_refused("use_dpop_nonce");
    let of_token_endpoint = nonce(&answer);
    let mut proof = claims("POST", &client.endpoint("/token"));
    proof["nonce"] = json!(of_token_endpoint);
    let tokens = client.prove(&redemption, &key.sign(&proof)).await.bound_tokens();

    let ask = async |nonce: Option<&str>| {
        let mut claims = claims_with("GET", &url, tokens.access_token());
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        client.prove_at_userinfo(tokens.access_token(), &key.sign(&claims)).await
    };
    let answer = ask(None).await;
    answer.assert_proof_refused("use_dpop_nonce");
    ask(Some(&of_token_endpoint)).await.assert_proof_refused("use_dpop_nonce");
    let given = nonce(&answer);
    let answer = ask(Some(&given)).await;
    answer.success();
    assert_eq!(nonce(&answer), given);
}

#[tokio::test]
async fn rfc9449_8_pages_of_clients_may_read_the_nonce() {
    let realm = Realm::with(json!({"dpop_nonce_at_token_endpoint": true})).await;
    let prover = Prover::of(&realm, json!({"redirect_uris": ["https://client.test/callback"]})).await;
    let request = prover.client.authenticated("/token", GRANT).dpop(&prover.proof(None));
    let answer = prover.client.http.send(request.header("origin", "https://client.test")).await;
    nonce(&answer);
    assert_eq!(answer.header("access-control-expose-headers"), Some("DPoP-Nonce, WWW-Authenticate"));
    let preflight = Request { method: http::Method::OPTIONS, ..Request::get(&prover.client.endpoint("/token")) };
    let answer = prover.client.http.send(preflight.header("origin", "https://client.test")).await;
    assert!(answer.header("access-control-allow-headers").unwrap().split(", ").any(|name| name == "DPoP"));
}
