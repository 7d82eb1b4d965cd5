//! What one node did counts at every other: the cases of codes, refresh tokens, assertions, pushed requests, keys and
//! revocation, each at three nodes that share a database.

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Credential, JWT_BEARER};
use crate::support::databases::Kind;
use crate::support::http::Request;
use crate::support::jwt::SigningKey;
use crate::support::nodes::{Nodes, winners};
use crate::support::realm::Realm;
use crate::support::wait::until_true;

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];
const COPIES: usize = 15;
const ROUNDS: usize = 3;

/// Each case with its own realm, on the nodes of one database.
async fn holds_on(kind: Kind) {
    let nodes = Nodes::start(kind).await;
    an_assertion_counts_once(&nodes).await;
    a_code_counts_once_and_what_it_gave_ends_everywhere(&nodes).await;
    a_refresh_token_counts_once(&nodes).await;
    a_push_is_one_response_wherever_it_is_followed(&nodes).await;
    a_reference_is_of_no_use_to_others(&nodes).await;
    whoever_must_push_must_at_every_node(&nodes).await;
    what_is_revoked_is_dead_everywhere(&nodes).await;
    a_key_that_was_taken_away_is_taken_away_everywhere(&nodes).await;
    what_a_logout_ends_is_over_everywhere(&nodes).await;
    nodes.stop().await;
}

#[tokio::test]
async fn lo_004_pa_004_tk_001_tk_002_tk_033_tk_057_hold_at_three_nodes_on_postgres() {
    holds_on(Kind::Postgres).await;
}

#[tokio::test]
async fn lo_004_pa_004_tk_001_tk_002_tk_033_tk_057_hold_at_three_nodes_on_mariadb() {
    holds_on(Kind::MariaDb).await;
}

/// A client of the code flow whose user is not asked.
async fn trusted(realm: &Realm) -> Client {
    let metadata = json!({
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid offline_access",
        "settings": {"skip_consent": true, "refresh_rotation": "rotate"},
    });
    realm.client(metadata).await
}

/// Nodes learn of new clients and keys within their poll.
async fn known_everywhere(nodes: &Nodes, client: &Client) {
    for number in 0..nodes.all.len() {
        until_true("the node knows the client", async || {
            nodes.ask(number, client, ("/introspect", &[("token", "x")])).await.status == 200
        })
        .await;
    }
}

/// RFC 7523 section 3, rule 7.
async fn an_assertion_counts_once(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let metadata = json!({"grant_types": ["client_credentials"], "response_types": []});
    let (client, key) = realm.client_with_key("ES256", metadata).await;
    known_everywhere(nodes, &client).await;
    for _ in 0..ROUNDS {
        let assertion = key.sign(&client.assertion_claims());
        let asserted = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
        let request = Request::form(&client.endpoint("/token"), &[GRANT, &asserted].concat());
        let answers = nodes.ask_all(&client, COPIES, &request).await;
        assert_eq!(winners(&answers), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.assert_refused("invalid_client");
        }
    }
}

/// TK-001, TK-002: RFC 6749 section 4.1.2.
async fn a_code_counts_once_and_what_it_gave_ends_everywhere(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let client = trusted(&realm).await;
    known_everywhere(nodes, &client).await;
    let mut browser = realm.signed_in_browser().await;
    for round in 0..ROUNDS {
        let request = client.request().with("scope", "openid offline_access");
        let answer = nodes.visit(round, &mut browser, &request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        let redemption = client.authenticated("/token", &Client::redemption(&request, response.code()));
        let answers = nodes.ask_all(&client, COPIES, &redemption).await;
        assert_eq!(winners(&answers), 1, "{answers:?}");
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        for answer in &lost {
            answer.assert_refused("invalid_grant");
        }
        // The code was used twice: nothing that came of it is good, at any node.
        let tokens = won[0].tokens();
        for number in 0..nodes.all.len() {
            for token in [tokens.access_token(), tokens.refresh_token()] {
                let told = nodes.ask(number, &client, ("/introspect", &[("token", token)])).await.success();
                assert_eq!(told, json!({"active": false}));
            }
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
            nodes.ask(number, &client, ("/token", &refresh)).await.assert_refused("invalid_grant");
        }
    }
}

/// TK-057: RFC 9700 section 4.14.2.
async fn a_refresh_token_counts_once(nodes: &Nodes) {
    let realm = nodes.realm(json!({"refresh_retry_window_seconds": 0})).await;
    let client = trusted(&realm).await;
    known_everywhere(nodes, &client).await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
    let answers = nodes.ask_all(&client, COPIES, &client.authenticated("/token", &refresh)).await;
    assert!(winners(&answers) <= 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.assert_refused("invalid_grant");
    }
    // The family is closed for everybody, the winner too.
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        for number in 0..nodes.all.len() {
            let newest = answer.tokens();
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", newest.refresh_token())];
            nodes.ask(number, &client, ("/token", &refresh)).await.assert_refused("invalid_grant");
        }
    }
}

/// PA-004: RFC 9126 section 7.3.
async fn a_push_is_one_response_wherever_it_is_followed(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let (client, key) = realm.client_with_key("ES256", json!({"settings": {"skip_consent": true}})).await;
    known_everywhere(nodes, &client).await;
    let browser = realm.signed_in_browser().await;
    for _ in 0..ROUNDS {
        let request = client.request();
        let assertion = key.sign(&client.assertion_claims());
        let mut form: Vec<(&str, &str)> = request.parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        form.extend([("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())]);
        let push = Request::form(&client.endpoint("/par"), &form);
        let answers = nodes.ask_all(&client, 3, &push).await;
        let (kept, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((kept.len(), refused.len()), (1, 2), "an assertion counts once on all nodes");
        let reference = client.referring(kept[0].json()["request_uri"].as_str().unwrap());
        let visits = (0..COPIES).map(|number| {
            let (mut browser, reference) = (browser.clone(), &reference);
            async move { nodes.visit(number, &mut browser, reference).await }
        });
        let answers = futures_util::future::join_all(visits).await;
        let has_code = |location: &str| location.contains("code=");
        let codes: Vec<_> = answers.iter().filter(|answer| answer.location().is_some_and(has_code)).collect();
        assert_eq!(codes.len(), 1, "{answers:?}");
        let response = AuthorizationResponse::read(codes[0], &request);
        client.redeem(&request, response.code()).await.tokens();
    }
}

/// PA-006: RFC 9126 section 4.
async fn a_reference_is_of_no_use_to_others(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let (client, other) = (trusted(&realm).await, trusted(&realm).await);
    known_everywhere(nodes, &other).await;
    let request = client.request();
    let reference = client.pushed(&request).await;
    let uri = reference.get("request_uri").unwrap();
    let mut browser = realm.signed_in_browser().await;
    for number in 0..nodes.all.len() {
        nodes.visit(number, &mut browser, &other.referring(uri)).await.assert_error_page();
    }
    // Nothing was used up by it.
    let answer = nodes.visit(2, &mut browser, &reference).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// PA-008: RFC 9126 section 6; the demand is made while the nodes run.
async fn whoever_must_push_must_at_every_node(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let client = trusted(&realm).await;
    known_everywhere(nodes, &client).await;
    realm.update_client(&client, json!({"require_pushed_authorization_requests": true})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    for number in 0..nodes.all.len() {
        until_true("the node knows of the demand", async || {
            let answer = nodes.visit(number, &mut browser, &request).await;
            answer.location().is_some_and(|location| location.contains("error=invalid_request"))
        })
        .await;
    }
    let answer = nodes.visit(1, &mut browser, &client.pushed(&request).await).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// RFC 7009 section 2, TK-060: at once, not after some poll.
async fn what_is_revoked_is_dead_everywhere(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let client = trusted(&realm).await;
    known_everywhere(nodes, &client).await;
    let request = client.request().with("scope", "openid offline_access");
    for revoking in 0..nodes.all.len() {
        let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
        let revoked = [("token", tokens.refresh_token())];
        assert_eq!(nodes.ask(revoking, &client, ("/revoke", &revoked)).await.status, 200);
        for number in 0..nodes.all.len() {
            for token in [tokens.access_token(), tokens.refresh_token()] {
                let told = nodes.ask(number, &client, ("/introspect", &[("token", token)])).await.success();
                assert_eq!(told, json!({"active": false}), "revoked at {revoking}, asked at {number}");
            }
            let userinfo = Request::get(&client.endpoint("/userinfo")).bearer(tokens.access_token());
            nodes.send(number, &client, userinfo).await.assert_token_refused(401, "invalid_token");
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
            nodes.ask(number, &client, ("/token", &refresh)).await.assert_refused("invalid_grant");
        }
    }
}

/// TK-033: within their poll, not within minutes.
async fn a_key_that_was_taken_away_is_taken_away_everywhere(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let metadata = json!({"grant_types": ["client_credentials"], "response_types": []});
    let (client, old) = realm.client_with_key("ES256", metadata).await;
    known_everywhere(nodes, &client).await;
    let new = SigningKey::generate("ES256");
    realm.update_client(&client, json!({"jwks": new.public_set()})).await;
    let (old, new) =
        (client.with_credential(Credential::Assertion(old)), { client.with_credential(Credential::Assertion(new)) });
    known_everywhere(nodes, &new).await;
    for number in 0..nodes.all.len() {
        nodes.ask(number, &old, ("/token", GRANT)).await.assert_refused("invalid_client");
        nodes.ask(number, &new, ("/token", GRANT)).await.tokens();
    }
}

/// LO-004: RP-Initiated Logout 2. The cookie, the tokens that live with the session, and a code that is under way.
async fn what_a_logout_ends_is_over_everywhere(nodes: &Nodes) {
    let realm = nodes.realm(json!({})).await;
    let client = trusted(&realm).await;
    known_everywhere(nodes, &client).await;
    for ending in 0..nodes.all.len() {
        let mut browser = realm.browser();
        let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
        let codes = [client.request(), client.request(), client.request()];
        let mut waiting = Vec::new();
        for (number, request) in codes.iter().enumerate() {
            let answer = nodes.visit(number, &mut browser, request).await;
            waiting.push(AuthorizationResponse::read(&answer, request).code().to_owned());
        }
        let before = browser.clone();
        let logout = format!("{}?id_token_hint={}", realm.url("/logout"), tokens.id_token());
        assert_eq!(browser.get(&nodes.at(ending, &logout)).await.status, 200);
        assert!(browser.cookie("session").is_none());
        for (number, request) in codes.iter().enumerate() {
            let mut thief = before.clone();
            let silent = client.request().with("prompt", "none");
            let answer = nodes.visit(number, &mut thief, &silent).await;
            answer.assert_error_response(&silent, "login_required");
            let told = nodes.ask(number, &client, ("/introspect", &[("token", tokens.access_token())])).await.success();
            assert_eq!(told, json!({"active": false}), "ended at {ending}, asked at {number}");
            let redemption = Client::redemption(request, &waiting[number]);
            nodes.ask(number, &client, ("/token", &redemption)).await.assert_refused("invalid_grant");
        }
    }
}
