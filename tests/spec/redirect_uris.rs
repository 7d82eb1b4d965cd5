//! Redirect URIs: compared byte by byte before anything is sent anywhere (RFC 6749 section 3.1.2, RFC 9700 sections 2.1
//! and 4.1, RFC 8252 section 7.3). In each case the user is signed in and the client trusted: what passes gets a code.

use serde_json::json;

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::Client;
use crate::support::realm::Realm;

/// A client that gets a code at once.
async fn trusted_client(realm: &Realm, redirect_uris: &[&str]) -> Client {
    realm.client(json!({"redirect_uris": redirect_uris, "settings": {"skip_consent": true}})).await
}

/// Checks that none of the requests is answered anywhere but on a page, and that none leaves a trace.
async fn assert_answered_on_a_page(realm: &Realm, requests: impl IntoIterator<Item = AuthorizationRequest>) {
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for request in requests {
        for answer in [browser.authorize(&request).await, browser.authorize_by_form(&request).await] {
            answer.assert_error_page();
            let requested = request.get("redirect_uri").filter(|uri| uri.len() > 10);
            assert!(requested.is_none_or(|uri| !answer.body.contains(uri)), "{}", answer.body);
        }
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

async fn assert_refused(registered: &str, requested: &[&str]) {
    let realm = Realm::new().await;
    let client = trusted_client(&realm, &[registered]).await;
    let mut browser = realm.signed_in_browser().await;
    let control = client.request();
    let answer = browser.authorize(&control).await;
    AuthorizationResponse::read(&answer, &control).code();
    let requests: Vec<_> = requested.iter().map(|uri| client.request().with("redirect_uri", uri)).collect();
    // RFC 9126 section 2.3: the same by a push, which is told it at once.
    let before = realm.rows().await;
    for request in &requests {
        client.push(request).await.assert_refused("invalid_request");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    assert_answered_on_a_page(&realm, requests).await;
}

/// AZ-001, AZ-002, AZ-012, AZ-013; oidcc-ensure-registered-redirect-uri.
#[tokio::test]
async fn rfc9700_2_1_other_hosts_schemes_and_ports_are_refused() {
    let others = [
        "https://evil.test/cb",
        "https://rp.test.evil.test/cb",
        "https://rp.testevil/cb",
        "https://rp.test/cbevil",
        "https://rp.test/cb.evil.test/",
        "https://rpxtest/cb",
        "https://RP.test/cb",
        "https://rp.test./cb",
        "https://rp.test:443/cb",
        "http://rp.test/cb",
        "HTTPS://rp.test/cb",
        "//rp.test/cb",
        "https://rр.test/cb",
        "https://rp．test/cb",
        "https://xn--rp-test-/cb",
    ];
    assert_refused("https://rp.test/cb", &others).await;
}

/// AZ-005, AZ-006.
#[tokio::test]
async fn rfc9700_4_1_user_information_and_malformed_authorities_are_refused() {
    let others = [
        "https://rp.test@evil.test/cb",
        "https://rp.test:p@evil.test/cb",
        "https://rp.test:p@evil.test",
        "https://a@b@rp.test/cb",
        "https://evil.test\\@rp.test/cb",
        "https:\\\\rp.test\\cb",
        "https:/rp.test/cb",
        "https:rp.test/cb",
        " https://rp.test/cb",
        "https://rp.test/cb ",
        "https://rp.test/cb\u{0}",
        "https://rp.test/cb\r\nset-cookie: a=b",
    ];
    assert_refused("https://rp.test/cb", &others).await;
}

/// AZ-004, AZ-008.
#[tokio::test]
async fn rfc9700_4_1_other_paths_are_refused_however_they_are_written() {
    let others = [
        "https://rp.test/cb/",
        "https://rp.test/CB",
        "https://rp.test/%63b",
        "https://rp.test%2Fcb",
        "https://rp.test/%2Fcb",
        "https://rp.test/%2563b",
        "https://rp.test/cb/../cb",
        "https://rp.test/cb/../x",
        "https://rp.test/cb/..;/x",
        "https://rp.test/cb/%2e%2e/x",
        "https://rp.test/cb/..%2fx",
        "https://rp.test/cb/.%2e/",
        "https://rp.test/./cb",
        "https://rp.test//cb",
        "https://rp.test/c",
        "https://rp.test/",
        "https://rp.test",
    ];
    assert_refused("https://rp.test/cb", &others).await;
}

/// AZ-009; oidcc-redirect-uri-query-added, oidcc-redirect-uri-query-mismatch.
#[tokio::test]
async fn rfc6749_3_1_2_queries_are_part_of_the_uri() {
    assert_refused("https://rp.test/cb", &["https://rp.test/cb?", "https://rp.test/cb?a=b"]).await;
    let others = [
        "https://rp.test/cb",
        "https://rp.test/cb?",
        "https://rp.test/cb?a=1",
        "https://rp.test/cb?b=2&a=1",
        "https://rp.test/cb?a=1&b=2&c=3",
        "https://rp.test/cb?a=1&b=2&",
        "https://rp.test/cb?a=1;b=2",
        "https://rp.test/cb?a=1&b=%32",
    ];
    assert_refused("https://rp.test/cb?a=1&b=2", &others).await;
}

/// AZ-010.
#[tokio::test]
async fn rfc6749_3_1_2_fragments_are_refused() {
    assert_refused("https://rp.test/cb", &["https://rp.test/cb#x", "https://rp.test/cb#", "https://rp.test/cb%23x"])
        .await;
}

/// AZ-022.
#[tokio::test]
async fn rfc9700_4_1_schemes_that_run_something_are_refused() {
    let others = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "about:blank",
    ];
    assert_refused("https://rp.test/cb", &others).await;
    let realm = Realm::new().await;
    let client = trusted_client(&realm, &["https://rp.test/cb"]).await;
    let form_post = client.request().with("response_mode", "form_post");
    assert_answered_on_a_page(&realm, others.iter().map(|uri| form_post.clone().with("redirect_uri", uri))).await;
}

/// AZ-016.
#[tokio::test]
async fn rfc8252_7_3_loopback_means_the_literal_addresses_and_the_registered_path() {
    let realm = Realm::new().await;
    let native = json!({
        "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/cb"], "settings": {"skip_consent": true},
    });
    let client = realm.client(native).await;
    let requests = [
        "http://127.0.0.1:49152/cb?x=1",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:80@evil.test/cb",
        "http://localhost:49152/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://[::1]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://0.0.0.0/cb",
        "https://127.0.0.1/cb",
    ];
    assert_answered_on_a_page(&realm, requests.map(|uri| client.request().with("redirect_uri", uri))).await;
    assert_refused("https://rp.test/cb", &["https://rp.test:49152/cb"]).await;
}

/// AZ-018; oidcc-ensure-redirect-uri-in-authorization-request.
#[tokio::test]
async fn oidc_core_3_1_2_1_a_redirect_uri_must_be_sent_once() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm, &["https://rp.test/cb"]).await;
    let request = client.request();
    let requests = [
        request.clone().without("redirect_uri"),
        request.clone().with("redirect_uri", ""),
        request.clone().repeated("redirect_uri", "https://rp.test/cb"),
        request.clone().repeated("redirect_uri", "https://evil.test/cb"),
        // Where several are registered, none of them is meant.
        trusted_client(&realm, &["https://rp.test/cb", "https://rp.test/other"])
            .await
            .request()
            .without("redirect_uri"),
    ];
    assert_answered_on_a_page(&realm, requests).await;
}

/// AZ-014: the second try fails as the first did.
#[tokio::test]
async fn rfc6749_3_1_2_2_a_client_without_redirect_uris_learns_none() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"redirect_uris": [], "grant_types": ["client_credentials"]})).await;
    let request = client.request().with("redirect_uri", "https://rp.test/cb");
    assert_answered_on_a_page(&realm, [request.clone(), request]).await;
    // Nor can a client be left without any that has people sent to it.
    let path = format!("/realms/{}/clients", realm.name);
    for body in [json!({"redirect_uris": []}), json!({})] {
        let answer = realm.server.administration.try_ask(http::Method::POST, &path, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains("redirect_uris"), "{answer:?}");
    }
}

#[tokio::test]
async fn rfc6749_4_1_2_1_unknown_disabled_and_foreign_clients_get_a_page() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm, &["https://rp.test/cb"]).await;
    let request = client.request();
    let foreign = trusted_client(&Realm::new().await, &["https://rp.test/cb"]).await;
    let disabled = trusted_client(&realm, &["https://rp.test/cb"]).await;
    realm.update_client(&disabled, json!({"enabled": false})).await;
    let requests = [
        request.clone().without("client_id"),
        request.clone().with("client_id", ""),
        request.clone().with("client_id", "nobody"),
        request.clone().with("client_id", &client.id.to_uppercase()),
        request.clone().with("client_id", &format!("{} ", client.id)),
        request.clone().with("client_id", &"x".repeat(5000)),
        request.clone().with("client_id", "caf\u{e9}"),
        request.clone().with("client_id", &foreign.id),
        request.clone().repeated("client_id", &client.id),
        disabled.request(),
    ];
    assert_answered_on_a_page(&realm, requests).await;
}

/// AZ-020.
#[tokio::test]
async fn rfc9700_4_1_1_no_other_mistake_makes_an_error_travel_to_a_wrong_uri() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm, &["https://rp.test/cb"]).await;
    let request = client.request().with("redirect_uri", "https://evil.test/cb");
    let requests = [
        ("response_type", "token"),
        ("response_type", "id_token"),
        ("response_type", ""),
        ("response_mode", "unknown"),
        ("response_mode", "form_post"),
        ("response_mode", "fragment"),
        ("prompt", "none"),
        ("prompt", "none login"),
        ("scope", ""),
        ("scope", "\u{1}"),
        ("code_challenge_method", "unknown"),
        ("request", "x"),
        ("request_uri", "https://evil.test/object"),
        ("max_age", "-1"),
        ("claims", "["),
        ("id_token_hint", "x"),
        ("resource", "https://unknown.test"),
    ];
    let requests: Vec<_> = requests.iter().map(|(name, value)| request.clone().with(name, value)).collect();
    assert_answered_on_a_page(&realm, requests).await;
}

#[tokio::test]
async fn rfc9207_2_another_clients_uri_is_not_this_clients() {
    let realm = Realm::new().await;
    let one = trusted_client(&realm, &["https://one.test/cb"]).await;
    trusted_client(&realm, &["https://two.test/cb"]).await;
    assert_answered_on_a_page(&realm, [one.request().with("redirect_uri", "https://two.test/cb")]).await;
}
