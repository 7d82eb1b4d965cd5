//! Tokens that are bound to a key at the resources of the server (RFC 9449 section 7).

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::dpop::{ProofKey, claims, claims_with};
use crate::support::http::{Request, at_once};
use crate::support::realm::Realm;
use crate::support::server::is_balanced;
use crate::support::time::now;

/// A client with a token for userinfo that is bound to a key.
struct Bound {
    client: Client,
    key: ProofKey,
    tokens: Tokens,
    url: String,
}

impl Bound {
    async fn new(settings: Value) -> Self {
        let realm = Realm::with(settings).await;
        Self::of(&realm, json!({"settings": {"skip_consent": true}})).await
    }

    async fn of(realm: &Realm, metadata: Value) -> Self {
        let (client, key) = (realm.client(metadata).await, ProofKey::generate("ES256"));
        let request = client.request();
        let response = realm.browser().complete(&request, &realm.user).await;
        let tokens = client.ask_with(&key, &Client::redemption(&request, response.code())).await.bound_tokens();
        Self { url: client.endpoint("/userinfo"), client, key, tokens }
    }

    fn token(&self) -> &str {
        self.tokens.access_token()
    }

    fn claims(&self) -> Value {
        claims_with("GET", &self.url, self.token())
    }

    async fn refuses(&self, proof: &str, what: &str) {
        let answer = self.client.prove_at_userinfo(self.token(), proof).await;
        assert_eq!(answer.status, 401, "{what}");
        answer.assert_proof_refused("invalid_dpop_proof");
    }

    async fn refuses_with(&self, name: &str, value: Value) {
        let mut claims = self.claims();
        if value == Value::Null {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        self.refuses(&self.key.sign(&claims), name).await;
    }
}

#[tokio::test]
async fn rfc9449_7_1_a_proof_for_the_request_and_the_token_opens_the_resource() {
    for format in ["jwt", "opaque"] {
        let settings = json!({"skip_consent": true, "access_token_format": format});
        let bound = Bound::of(&Realm::new().await, json!({"settings": settings})).await;
        for scheme in ["DPoP", "dPoP", "DPOP"] {
            let proof = bound.key.sign(&bound.claims());
            let header = format!("{scheme} {}", bound.token());
            let request = Request::get(&bound.url).header("authorization", &header).dpop(&proof);
            assert_eq!(bound.client.http.send(request).await.success()["sub"].as_str().map(str::len), Some(22));
        }
        let mut claims = claims_with("POST", &format!("{}?a#b", bound.url), bound.token());
        claims["more"] = json!(1);
        let request = Request::form(&bound.url, &[]).bound(bound.token(), &bound.key.sign(&claims));
        bound.client.http.send(request).await.success();
    }
}

#[tokio::test]
async fn tk_053_rfc9449_7_1_without_a_good_proof_a_bound_token_opens_nothing() {
    let bound = Bound::new(json!({})).await;
    let without = Request::get(&bound.url).header("authorization", &format!("DPoP {}", bound.token()));
    bound.client.http.send(without.clone()).await.assert_proof_refused("invalid_dpop_proof");
    for garbage in ["", "x", "a.b", "a.b.c"] {
        bound.refuses(garbage, garbage).await;
    }
    for (name, value) in [
        ("jti", Value::Null),
        ("htm", Value::Null),
        ("htu", Value::Null),
        ("iat", Value::Null),
        ("ath", Value::Null),
        ("htm", json!("PUT")),
        ("htu", json!(bound.client.endpoint("/token"))),
        ("iat", json!(now() - 3600)),
        ("iat", json!(now() + 3600)),
        ("ath", json!("")),
        ("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")),
    ] {
        bound.refuses_with(name, value).await;
    }
    bound.refuses(&bound.key.sign(&claims("GET", &bound.url)), "a proof for the token endpoint").await;
    let twice = without.dpop(&bound.key.sign(&bound.claims())).dpop(&bound.key.sign(&bound.claims()));
    bound.client.http.send(twice).await.assert_proof_refused("invalid_dpop_proof");
    // Another key's proof is good in itself.
    let other = ProofKey::generate("ES256").sign(&bound.claims());
    bound.client.prove_at_userinfo(bound.token(), &other).await.assert_proof_refused("invalid_token");
    bound.client.prove_at_userinfo(bound.token(), &bound.key.sign(&bound.claims())).await.success();
}

#[tokio::test]
async fn rfc9449_7_2_no_token_is_taken_for_another_kind_than_it_is() {
    let bound = Bound::new(json!({})).await;
    let proof = || bound.key.sign(&bound.claims());
    let answer = bound.client.userinfo(bound.token()).await;
    answer.assert_token_refused(401, "invalid_token");
    assert!(answer.header("www-authenticate").unwrap().contains(", DPoP algs=\""));
    let with_proof = Request::get(&bound.url).bearer(bound.token()).dpop(&proof());
    bound.client.http.send(with_proof).await.assert_token_refused(401, "invalid_token");
    let in_form = Request::form(&bound.url, &[("access_token", bound.token())]).dpop(&proof());
    bound.client.http.send(in_form).await.assert_token_refused(401, "invalid_token");

    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let bearer = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let proof = bound.key.get(&client.endpoint("/userinfo"), bearer.access_token());
    client.prove_at_userinfo(bearer.access_token(), &proof).await.assert_proof_refused("invalid_token");
    client.userinfo(bearer.access_token()).await.success();
}

#[tokio::test]
async fn rfc9449_7_1_a_request_without_a_token_is_told_both_schemes() {
    let realm = Realm::new().await;
    let answer = realm.get("/userinfo").await;
    let challenge = answer.header("www-authenticate").unwrap();
    assert_eq!(answer.status, 401);
    assert!(challenge.starts_with("Bearer realm=") && challenge.contains(", DPoP algs=\"ES256 "), "{challenge}");
    assert!(!challenge.contains("error="), "{challenge}");
    let both = Request::get(&realm.url("/userinfo")).bearer("a").header("authorization", "DPoP a");
    assert_eq!(realm.http.send(both).await.status, 400);
}

#[tokio::test]
async fn tk_042_rfc9449_11_1_a_proof_opens_a_resource_once() {
    // Nodes that remember for themselves notice nothing of each other, as the setting says.
    let alone = (!is_balanced()).then(|| json!({"replay": "node"}));
    for settings in std::iter::once(json!({})).chain(alone) {
        let bound = Bound::new(settings).await;
        let proof = bound.key.sign(&bound.claims());
        bound.client.prove_at_userinfo(bound.token(), &proof).await.success();
        bound.refuses(&proof, "the same proof").await;
        let proof = bound.key.sign(&bound.claims());
        let answers = at_once(16, async || bound.client.prove_at_userinfo(bound.token(), &proof).await).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.assert_proof_refused("invalid_dpop_proof");
        }
    }
}

#[tokio::test]
async fn rfc9449_4_3_proofs_are_made_for_the_host_that_is_asked_by_configuration() {
    let bound = Bound::new(json!({})).await;
    let mutual = format!("{}/userinfo", bound.client.mtls_issuer);
    assert_ne!(mutual, bound.url);
    let proof = bound.key.get(&mutual, bound.token());
    let request = Request::get(&mutual).bound(bound.token(), &proof);
    bound.client.http.send(request).await.success();
    // What the request says of its host is no configuration.
    let elsewhere = bound.url.replacen("localhost", "127.0.0.1", 1);
    bound.refuses(&bound.key.get(&elsewhere, bound.token()), "another name of the host").await;
}

#[tokio::test]
async fn tk_053_the_admin_api_asks_for_the_proof() {
    let realm = Realm::new().await;
    let administration = &realm.server.administration;
    let body = json!({"grant_types": ["client_credentials"], "scope": "signet.admin", "dpop_bound_access_tokens": true,
        "redirect_uris": [], "token_endpoint_auth_method": "client_secret_basic"});
    let created = administration.create_client("admin", &body).await;
    let id = created["client_id"].as_str().unwrap();
    let (key, base) = (ProofKey::generate("ES256"), &realm.server.public_url);
    let token_url = format!("{base}/realms/admin/token");
    let request = Request::form(&token_url, &[("grant_type", "client_credentials")]);
    let request = request.basic(id, created["client_secret"].as_str().unwrap()).dpop(&key.post(&token_url));
    let tokens = realm.http.send(request).await.bound_tokens();
    let url = format!("{base}/admin/api/v1/realms/{}", realm.name);
    let good = key.get(&url, tokens.access_token());
    realm.http.send(Request::get(&url).bound(tokens.access_token(), &good)).await.success();
    realm
        .http
        .send(Request::get(&url).bound(tokens.access_token(), &good))
        .await
        .assert_proof_refused("invalid_dpop_proof");
    let other = ProofKey::generate("ES256").get(&url, tokens.access_token());
    realm
        .http
        .send(Request::get(&url).bound(tokens.access_token(), &other))
        .await
        .assert_proof_refused("invalid_token");
    let elsewhere = key.get(&format!("{base}/admin/api/v1/realms"), tokens.access_token());
    let answer = realm.http.send(Request::get(&url).bound(tokens.access_token(), &elsewhere)).await;
    answer.assert_proof_refused("invalid_dpop_proof");
    let bearer = realm.http.send(Request::get(&url).bearer(tokens.access_token())).await;
    assert_eq!(bearer.status, 401);
    let deleted =
        administration.try_ask(http::Method::DELETE, &format!("/realms/admin/clients/{id}"), &json!({})).await;
    assert_eq!(deleted.status, 204);
}
