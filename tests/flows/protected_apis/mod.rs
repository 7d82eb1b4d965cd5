//! APIs of deployers, built with `signet-guard` on poem and on tower, and the tokens of a running provider at them.

mod api;

use api::{Api, Framework, IDENTIFIER, Plan};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use signet_guard::{ConnectionCertificate, Dpop, Requirement};

use super::authorization_details;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential, Tokens};
use crate::support::dpop::{ProofKey, claims_with};
use crate::support::http::{Answer, HttpClient, Request, at_once};
use crate::support::jwt::sha256;
use crate::support::realm::Realm;

const INTERACTION: &str = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";

/// A realm that knows the API, and one of its clients.
struct Stage {
    realm: Realm,
    client: Client,
}

impl Stage {
    async fn new(token_format: &str) -> Self {
        let realm = Realm::new().await;
        let scopes = json!([{"name": "read", "description": "read"}, {"name": "write", "description": "write"}]);
        let body =
            json!({"identifier": IDENTIFIER, "display_name": "API", "scopes": scopes, "token_format": token_format});
        realm.server.administration.create_resource_server(&realm.name, &body).await;
        let client = realm.versatile_client().await;
        Self { realm, client }
    }

    /// The client that the API introspects as.
    async fn introspecting(&self) -> Client {
        self.realm.client(json!({"client_id": IDENTIFIER, "grant_types": ["client_credentials"]})).await
    }

    /// An API that checks signatures and wants the scope `read`.
    async fn api(&self, framework: Framework) -> Api {
        Plan::new(framework, Requirement::scope("read")).by_signature(&self.realm).await
    }

    async fn token(&self, scope: &str) -> Tokens {
        let grant = [("grant_type", "client_credentials"), ("scope", scope), ("resource", IDENTIFIER)];
        self.client.ask("/token", &grant).await.tokens()
    }

    async fn bound_token(&self, key: &ProofKey) -> Tokens {
        let grant = [("grant_type", "client_credentials"), ("scope", "read"), ("resource", IDENTIFIER)];
        self.client.ask_with(key, &grant).await.bound_tokens()
    }
}

async fn ask(api: &Api, token: &str) -> Answer {
    HttpClient::new().send(Request::get(&api.url).bearer(token)).await
}

async fn prove(api: &Api, token: &str, proof: &str) -> Answer {
    HttpClient::new().send(Request::get(&api.url).bound(token, proof)).await
}

/// A refusal of a request with a token.
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.json()["error"], error);
    assert_eq!((answer.content_type(), answer.header("cache-control")), ("application/json", Some("no-store")));
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains(&format!("realm=\"api\", error=\"{error}\"")), "{challenge}");
    assert!(challenge.contains(&format!("resource_metadata=\"{IDENTIFIER}/.well-known/oauth-protected-resource\"")));
}

#[tokio::test]
async fn rfc9068_4_and_rfc6750_3_an_api_takes_the_providers_jwts_that_are_for_it() {
    let stage = Stage::new("jwt").await;
    let good = stage.token("read").await;
    let narrow = stage.token("write").await;
    let elsewhere = stage.client.client_credentials("read").await.tokens();
    let request = stage.client.request().with("scope", "openid");
    let user = stage.client.obtain(&mut stage.realm.browser(), &request, &stage.realm.user).await;
    for framework in Framework::ALL {
        let api = stage.api(framework).await;
        let seen = ask(&api, good.access_token()).await;
        assert_eq!((seen.status, seen.body.as_str()), (200, stage.client.id.as_str()), "{framework:?}");

        let narrow = ask(&api, narrow.access_token()).await;
        assert_refused(&narrow, 403, "insufficient_scope");
        assert!(narrow.header("www-authenticate").unwrap().contains("scope=\"read\""));
        let (signed, _) = good.access_token().rsplit_once('.').unwrap();
        let unsigned = format!("{signed}.");
        for wrong in [elsewhere.access_token(), user.id_token(), user.access_token(), &unsigned, "a", "a.b.c"] {
            assert_refused(&ask(&api, wrong).await, 401, "invalid_token");
        }
        let twice = Request::get(&api.url).bearer(good.access_token()).bearer(good.access_token());
        assert_refused(&HttpClient::new().send(twice).await, 400, "invalid_request");
        let in_query = format!("{}?access_token={}", api.url, good.access_token());
        assert_refused(&HttpClient::new().get(&in_query).await, 400, "invalid_request");

        let nothing = HttpClient::new().get(&api.url).await;
        assert_eq!((nothing.status, nothing.body.as_str()), (401, ""));
        let challenge = nothing.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm=\"api\", scope=\"read\", resource_metadata="), "{challenge}");
        assert!(challenge.ends_with("DPoP algs=\"PS256 ES256 EdDSA Ed25519\""), "{challenge}");
    }
}

#[tokio::test]
async fn fapi1_baseline_6_2_1_each_answer_has_an_interaction_id() {
    let stage = Stage::new("jwt").await;
    let good = stage.token("read").await;
    for framework in Framework::ALL {
        let api = stage.api(framework).await;
        for token in [good.access_token(), "wrong"] {
            let request = Request::get(&api.url).bearer(token);
            let answer = HttpClient::new().send(request.clone().header("x-fapi-interaction-id", INTERACTION)).await;
            assert_eq!(answer.header("x-fapi-interaction-id"), Some(INTERACTION), "{framework:?} {token}");
            let minted = HttpClient::new().send(request).await;
            assert_eq!(minted.header("x-fapi-interaction-id").map(str::len), Some(36), "{framework:?} {token}");
        }
    }
}

#[tokio::test]
async fn fapi1_baseline_6_2_1_the_providers_own_resources_answer_with_an_interaction_id() {
    let realm = Realm::new().await;
    let tokens = realm.versatile_client().await.client_credentials("read").await.tokens();
    for request in [
        Request::get(&realm.url("/userinfo")),
        Request::get(&realm.url("/userinfo")).bearer(tokens.access_token()),
        Request::form(&realm.url("/userinfo"), &[("access_token", tokens.access_token())]),
        Request::post(&realm.url("/userinfo"), "application/x-www-form-urlencoded", "%"),
        Request::get(&realm.url("/grants/unknown")).bearer(tokens.access_token()),
    ] {
        let answer = realm.http.send(request.clone().header("x-fapi-interaction-id", INTERACTION)).await;
        assert_eq!(answer.header("x-fapi-interaction-id"), Some(INTERACTION), "{answer:?}");
        let minted = realm.http.send(request.header("x-fapi-interaction-id", "no UUID")).await;
        assert_eq!(minted.header("x-fapi-interaction-id").map(str::len), Some(36), "{minted:?}");
    }
}

#[tokio::test]
async fn rfc7662_2_an_api_that_asks_refuses_a_revoked_token_at_once() {
    for (framework, format) in [(Framework::Tower, "opaque"), (Framework::Poem, "jwt")] {
        let stage = Stage::new(format).await;
        let api = Plan::new(framework, Requirement::scope("read")).by_introspection(&stage.introspecting().await).await;
        let token = stage.token("read").await;
        assert_eq!(ask(&api, token.access_token()).await.body, stage.client.id, "{framework:?}");
        let elsewhere = stage.client.client_credentials("read").await.tokens();
        assert_refused(&ask(&api, elsewhere.access_token()).await, 401, "invalid_token");
        assert_eq!(stage.client.revoke(token.access_token()).await.status, 200);
        assert_refused(&ask(&api, token.access_token()).await, 401, "invalid_token");
        // Who may not introspect learns nothing, and lets nobody through.
        let stranger = stage.realm.client(json!({"grant_types": ["client_credentials"]})).await;
        let wrong = stranger.with_credential(Credential::Basic("wrong".to_owned()));
        let blind = Plan::new(framework, Requirement::any_token()).by_introspection(&wrong).await;
        let answer = ask(&blind, stage.token("read").await.access_token()).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (503, None));
        assert_eq!(*blind.reported.lock().unwrap(), ["the introspection endpoint refuses to answer"]);
    }
}

#[tokio::test]
async fn tk_042_and_tk_053_rfc9449_7_a_bound_token_needs_a_proof_that_counts_once() {
    let (stage, key) = (Stage::new("jwt").await, ProofKey::generate("ES256"));
    let token = stage.bound_token(&key).await;
    let token = token.access_token();
    for framework in Framework::ALL {
        let api = stage.api(framework).await;
        let good = key.get(&api.url, token);
        assert_eq!(prove(&api, token, &good).await.body, stage.client.id, "{framework:?}");
        assert_refused(&prove(&api, token, &good).await, 401, "invalid_dpop_proof");
        let proof = key.get(&api.url, token);
        let answers = at_once(16, async || prove(&api, token, &proof).await).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{framework:?}");

        let elsewhere = key.get(&api.url.replacen("127.0.0.1", "localhost", 1), token);
        let stripped = key.get(&api.url.replacen("/accounts", "", 1), token);
        let other_token = key.get(&api.url, "another");
        let posted = key.sign(&claims_with("POST", &api.url, token));
        for wrong in [&elsewhere, &stripped, &other_token, &posted, "", "a.b.c"] {
            assert_refused(&prove(&api, token, wrong).await, 401, "invalid_dpop_proof");
        }
        let stolen = ProofKey::generate("ES256").get(&api.url, token);
        assert_refused(&prove(&api, token, &stolen).await, 401, "invalid_token");
        assert_refused(&ask(&api, token).await, 401, "invalid_token");
        let bearer = stage.token("read").await;
        let with_proof = prove(&api, bearer.access_token(), &key.get(&api.url, bearer.access_token())).await;
        assert_refused(&with_proof, 401, "invalid_token");
        // The host that a request names is nothing that a proof may be for.
        let request = Request::get(&api.url).header("host", "elsewhere.test");
        let proof = key.get("http://elsewhere.test/accounts/mine", token);
        let answer = HttpClient::http1(None).send(request.bound(token, &proof)).await;
        assert_refused(&answer, 401, "invalid_dpop_proof");
    }
}

#[tokio::test]
async fn tk_046_rfc9449_9_an_api_may_demand_nonces_of_its_own() {
    let (stage, key) = (Stage::new("jwt").await, ProofKey::generate("ES256"));
    let token = stage.bound_token(&key).await;
    let token = token.access_token();
    for framework in Framework::ALL {
        let mut plan = Plan::new(framework, Requirement::scope("read").sender_constrained());
        plan.dpop = Dpop::default().with_nonces([9; 32].into());
        let api = plan.by_signature(&stage.realm).await;
        let answer = prove(&api, token, &key.get(&api.url, token)).await;
        assert_refused(&answer, 401, "use_dpop_nonce");
        let nonce = answer.header("dpop-nonce").unwrap();
        let with = |nonce: &str| {
            let mut claims = claims_with("GET", &api.url, token);
            claims["nonce"] = json!(nonce);
            key.sign(&claims)
        };
        let seen = prove(&api, token, &with(nonce)).await;
        assert_eq!((seen.status, seen.header("dpop-nonce").map(str::len)), (200, Some(22)), "{framework:?}");
        assert_refused(&prove(&api, token, &with("AAAAAAAAAAAAAAAAAAAAAA")).await, 401, "use_dpop_nonce");
        assert_refused(&ask(&api, stage.token("read").await.access_token()).await, 401, "invalid_token");
    }
}

#[tokio::test]
async fn tk_041_rfc8705_3_a_token_is_served_over_connections_of_its_certificate_alone() {
    let stage = Stage::new("jwt").await;
    let own = Identity::issued(&Subject::named("own"), None);
    let der = own.certificate.to_der().unwrap();
    let metadata = json!({"tls_client_certificate_bound_access_tokens": true, "token_endpoint_auth_method": "none",
        "scope": "openid read"});
    let client = stage.realm.client(metadata).await.with_credential(Credential::Certificate(Box::new(own)));
    let request = client.request().with("scope", "openid read").with("resource", IDENTIFIER);
    let tokens = client.obtain(&mut stage.realm.browser(), &request, &stage.realm.user).await;
    let cnf = &stage.realm.verify(tokens.access_token()).await.claims["cnf"];
    assert_eq!(*cnf, json!({"x5t#S256": URL_SAFE_NO_PAD.encode(sha256(&der))}));
    let (own, other) = (ConnectionCertificate::of_der(&der), ConnectionCertificate::of_der(b"other"));
    for framework in Framework::ALL {
        for (certificate, is_good) in [(Some(own), true), (Some(other), false), (None, false)] {
            let mut plan = Plan::new(framework, Requirement::scope("read").sender_constrained());
            plan.certificate = certificate;
            let api = plan.by_signature(&stage.realm).await;
            let answer = ask(&api, tokens.access_token()).await;
            if is_good {
                assert_eq!(answer.body, stage.realm.user.id, "{framework:?}");
            } else {
                assert_refused(&answer, 401, "invalid_token");
            }
        }
    }
}

#[tokio::test]
async fn rfc9470_3_an_api_says_how_the_user_is_to_be_authenticated() {
    let stage = Stage::new("jwt").await;
    let request = stage.client.request().with("scope", "openid read").with("resource", IDENTIFIER);
    let request = request.with("acr_values", "any");
    let tokens = stage.client.obtain(&mut stage.realm.browser(), &request, &stage.realm.user).await;
    let own = stage.token("read").await;
    for framework in Framework::ALL {
        let (password, key) = ("urn:signet:acr:password", "urn:example:key");
        let enough = Requirement::scope("read").and_acr([key, password]).and_max_age(3600);
        let api = Plan::new(framework, enough).by_signature(&stage.realm).await;
        assert_eq!(ask(&api, tokens.access_token()).await.body, stage.realm.user.id, "{framework:?}");
        // A client's own token says nothing of any user.
        assert_refused(&ask(&api, own.access_token()).await, 401, "insufficient_user_authentication");

        let more = Requirement::scope("read").and_acr([key]).and_max_age(60);
        let api = Plan::new(framework, more).by_signature(&stage.realm).await;
        let answer = ask(&api, tokens.access_token()).await;
        assert_refused(&answer, 401, "insufficient_user_authentication");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(", acr_values=\"urn:example:key\", max_age=\"60\", scope=\"read\""), "{challenge}");
    }
}

#[tokio::test]
async fn rfc9396_9_an_api_looks_at_the_details_of_a_token() {
    let stage = Stage::new("opaque").await;
    authorization_details::register(&stage.realm, json!({})).await;
    let client = authorization_details::client_of(&stage.realm, json!({})).await;
    let mut detail = authorization_details::accounts();
    detail["locations"] = json!([IDENTIFIER]);
    let request = authorization_details::asking(&client, &json!([detail]));
    let request = request.with("scope", "openid read").with("resource", IDENTIFIER);
    let tokens = client.obtain(&mut stage.realm.signed_in_browser().await, &request, &stage.realm.user).await;
    let to = |action: &'static str| {
        Requirement::scope("read").and_detail("account_information", move |detail| {
            detail["actions"].as_array().is_some_and(|actions| actions.contains(&json!(action)))
        })
    };
    let introspecting = stage.introspecting().await;
    for framework in Framework::ALL {
        let api = Plan::new(framework, to("read_balances")).by_introspection(&introspecting).await;
        assert_eq!(ask(&api, tokens.access_token()).await.body, stage.realm.user.id, "{framework:?}");
        let api = Plan::new(framework, to("close_accounts")).by_introspection(&introspecting).await;
        assert_refused(&ask(&api, tokens.access_token()).await, 403, "insufficient_scope");
    }
}
