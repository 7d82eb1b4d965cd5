//! Implicit and hybrid flows, and the response type `none` (OpenID Connect Core 3.2 and 3.3, OAuth 2.0 Multiple Response
//! Type Encoding Practices).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::{MessageDigest, hash};
use serde_json::{Value, json};

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::Client;
use crate::support::http::members;
use crate::support::jwt;
use crate::support::realm::{Realm, merged};

/// Every response type, by the words that requests ask with.
const TYPES: [&str; 7] =
    ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"];

/// A realm that offers every response type.
async fn open_realm() -> Realm {
    Realm::with(json!({"response_types": TYPES})).await
}

/// A client that is registered for every response type, and asks for no consent.
async fn client(realm: &Realm, metadata: Value) -> Client {
    let own = json!({
        "grant_types": ["authorization_code", "implicit", "refresh_token"], "response_types": TYPES,
        "settings": {"skip_consent": true},
    });
    realm.client(merged(own, metadata)).await
}

fn request(client: &Client, response_type: &str) -> AuthorizationRequest {
    client.request().with("response_type", response_type)
}

/// The left half of a hash with the algorithm's own hash function (OpenID Connect Core 3.3.2.11).
fn half_hash(algorithm: &str, value: &str) -> Value {
    let digest = match &algorithm[algorithm.len() - 3..] {
        "384" => MessageDigest::sha384(),
        "512" | "DSA" => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    };
    let hashed = hash(digest, value.as_bytes()).unwrap();
    json!(URL_SAFE_NO_PAD.encode(&hashed[..hashed.len() / 2]))
}

/// Checks an ID token that came through the browser against what came with it.
async fn check_id_token(realm: &Realm, request: &AuthorizationRequest, response: &AuthorizationResponse) -> Value {
    let token = realm.verify(response.id_token()).await;
    let algorithm = token.header["alg"].as_str().unwrap();
    let claims = token.claims;
    assert_eq!(claims["sub"], realm.user.id);
    assert_eq!(claims["nonce"], request.get("nonce").unwrap());
    let hashes = [("at_hash", response.get("access_token")), ("c_hash", response.get("code"))];
    for (claim, value) in hashes {
        assert_eq!(claims.get(claim).cloned(), value.map(|value| half_hash(algorithm, value)), "{claim}");
    }
    let mut expected = BTreeSet::from(["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid"]);
    expected.extend(hashes.iter().filter(|(_, value)| value.is_some()).map(|(claim, _)| *claim));
    assert_eq!(members(&claims), expected);
    claims
}

/// RejectAuthCodeInUrlQuery, RejectAuthCodeInUrlFragment, ExtractAtHash, ExtractCHash.
#[tokio::test]
async fn oidc_core_3_2_2_5_and_3_3_2_5_each_response_type_is_answered_with_what_it_names_in_each_mode() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for response_type in &TYPES[1..6] {
        for mode in [None, Some("fragment"), Some("form_post")] {
            let request = request(&client, response_type).with("scope", "openid email");
            let request = mode.map_or(request.clone(), |mode| request.with("response_mode", mode));
            let answer = browser.authorize(&request).await;
            let response = AuthorizationResponse::read(&answer, &request);
            let front = match response.get("id_token") {
                Some(_) if *response_type != "id_token" => Some(check_id_token(&realm, &request, &response).await),
                _ => None,
            };
            if response.get("access_token").is_some() {
                assert_eq!(response.get("token_type"), Some("Bearer"));
                assert_eq!(response.get("expires_in"), Some("600"));
                assert_eq!(response.get("scope"), Some("openid email"));
                let claims = client.userinfo(response.access_token()).await.success();
                assert_eq!((&claims["sub"], &claims["email"]), (&json!(realm.user.id), &json!("ana@ana.test")));
            }
            if let Some(code) = response.get("code") {
                let tokens = client.redeem(&request, code).await.tokens();
                let back = realm.verify(tokens.id_token()).await.claims;
                assert_eq!(back["nonce"], request.get("nonce").unwrap());
                // OpenID Connect Core 3.3.3.6.
                for claim in ["iss", "sub", "auth_time", "sid"] {
                    assert!(front.as_ref().is_none_or(|front| front[claim] == back[claim]), "{claim}");
                }
            }
        }
    }
}

#[tokio::test]
async fn oidc_core_3_3_2_11_hashes_are_those_of_the_registered_algorithm() {
    let realm = open_realm().await;
    let mut browser = realm.signed_in_browser().await;
    for algorithm in ["ES384", "PS512", "EdDSA"] {
        let client = client(&realm, json!({"id_token_signed_response_alg": algorithm})).await;
        let request = request(&client, "code id_token token");
        let answer = browser.authorize(&request).await;
        check_id_token(&realm, &request, &AuthorizationResponse::read(&answer, &request)).await;
    }
}

#[tokio::test]
async fn rfc6749_3_1_1_the_order_of_the_words_does_not_matter() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for words in ["token id_token", "id_token code", "token code", "token code id_token", "id_token token code"] {
        let request = request(&client, words);
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request);
    }
}

/// EnsureIdTokenDoesNotContainNonRequestedClaims.
#[tokio::test]
async fn oidc_core_5_4_claims_of_scopes_are_in_the_id_token_only_where_no_access_token_is_issued() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for response_type in ["id_token", "id_token token", "code id_token", "code id_token token"] {
        let request =
            request(&client, response_type).with("scope", "openid email profile").with("claims_locales", "de");
        let answer = browser.authorize(&request).await;
        let claims = jwt::read(AuthorizationResponse::read(&answer, &request).id_token()).claims;
        let expected = (response_type == "id_token").then(|| json!("ana@ana.test"));
        assert_eq!(claims.get("email").cloned(), expected, "{response_type}");
        assert_eq!(claims.get("name#de-CH").is_some(), expected.is_some(), "{response_type}");
        assert!(claims.get("phone_number").is_none());
        // Section 5.5: what is asked for by name is there in any case.
        let named = request.with("claims", &json!({"id_token": {"phone_number": null}}).to_string());
        let answer = browser.authorize(&named).await;
        let claims = jwt::read(AuthorizationResponse::read(&answer, &named).id_token()).claims;
        assert_eq!(claims["phone_number"], "+41 44 555 01 23");
    }
}

/// oidcc-claims-essential.
#[tokio::test]
async fn oidc_core_5_5_claims_for_userinfo_are_there_for_front_channel_access_tokens() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let wanted = json!({"userinfo": {"name": {"essential": true}}}).to_string();
    for response_type in ["id_token token", "code token"] {
        let request = request(&client, response_type).with("claims", &wanted);
        let answer = browser.authorize(&request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        assert_eq!(client.userinfo(response.access_token()).await.success()["name"], "Ana Example");
        let in_id_token = response.get("id_token").map(|token| jwt::read(token).claims["name"].clone());
        assert_eq!(in_id_token.unwrap_or_default(), Value::Null);
    }
}

#[tokio::test]
async fn oidc_core_3_1_2_1_max_age_and_acr_count_in_the_front_channel() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let acr = realm.discovery().await["acr_values_supported"][0].as_str().unwrap().to_owned();
    let request = request(&client, "id_token").with("max_age", "10000").with("acr_values", &acr);
    let answer = browser.authorize(&request).await;
    let claims = jwt::read(AuthorizationResponse::read(&answer, &request).id_token()).claims;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(acr), &json!(["pwd"])));
    assert!(claims["auth_time"].as_i64().is_some_and(|time| time <= claims["iat"].as_i64().unwrap()));
    browser.authorize(&request.with("max_age", "0")).await.page("login-page");
}

#[tokio::test]
async fn rfc6749_4_1_2_a_code_that_comes_twice_revokes_the_access_token_beside_it() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = request(&client, "code token");
    let answer = browser.authorize(&request).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let token = jwt::read(response.access_token());
    assert_eq!(token.header["typ"], "at+jwt");
    assert!(token.claims["jti"].is_string());
    client.redeem(&request, response.code()).await.tokens();
    assert!(client.is_active(response.access_token()).await);
    client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    client.userinfo(response.access_token()).await.assert_token_refused(401, "invalid_token");
    assert!(!client.is_active(response.access_token()).await);
}

#[tokio::test]
async fn rfc6749_4_2_2_refresh_tokens_come_from_the_token_endpoint_alone_and_front_channel_tokens_end_with_the_session()
{
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let wide = |kind: &str| request(&client, kind).with("scope", "openid offline_access");
    // OpenID Connect Core 11: without a code there is no offline access.
    let implicit = wide("id_token token");
    let answer = browser.authorize(&implicit).await;
    assert_eq!(AuthorizationResponse::read(&answer, &implicit).get("scope"), Some("openid"));
    assert_eq!(realm.rows().await.count("refresh_families"), 0);
    let hybrid = wide("code id_token token");
    let answer = browser.authorize(&hybrid).await;
    let response = AuthorizationResponse::read(&answer, &hybrid);
    let tokens = client.redeem(&hybrid, response.code()).await.tokens();
    tokens.refresh_token();
    realm.server.administration.set_password(&realm.name, &realm.user.id, "another 9 mussels").await;
    assert!(!client.is_active(response.access_token()).await);
}

/// IR-009: the access token that came beside the code is of the same grant.
#[tokio::test]
async fn rfc7009_2_1_with_a_refresh_token_goes_the_access_token_of_the_front_channel() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let asked = request(&client, "code token").with("scope", "openid offline_access");
    let answer = browser.authorize(&asked).await;
    let response = AuthorizationResponse::read(&answer, &asked);
    let tokens = client.redeem(&asked, response.code()).await.tokens();
    for token in [response.access_token(), tokens.access_token()] {
        client.userinfo(token).await.success();
    }
    assert_eq!(client.revoke(tokens.refresh_token()).await.status, 200);
    for token in [response.access_token(), tokens.access_token()] {
        assert!(!client.is_active(token).await);
        client.userinfo(token).await.assert_token_refused(401, "invalid_token");
    }
}

#[tokio::test]
async fn multiple_response_types_4_none_returns_nothing_and_remembers_the_consent() {
    let realm = open_realm().await;
    let client = client(&realm, json!({"settings": {"skip_consent": false}})).await;
    let mut browser = realm.browser();
    let none = request(&client, "none").with("scope", "openid email");
    for mode in ["query", "fragment", "form_post"] {
        let asked = none.clone().with("response_mode", mode);
        let response = browser.complete(&asked, &realm.user).await;
        let names: Vec<&str> = response.parameters.keys().map(String::as_str).collect();
        assert_eq!(names, ["iss", "session_state", "state"]);
    }
    let confirmed = realm.last_event("authorization_confirmed", 3).await;
    assert_eq!(confirmed["details"]["scope"], "openid email");
    assert_eq!(realm.rows().await.count("session_participants"), 0);
    // What was allowed needs no second consent.
    let silent = client.request().with("scope", "openid email").with("prompt", "none");
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
}

#[tokio::test]
async fn a_client_takes_part_in_the_session_once_it_has_an_id_token_and_the_issue_is_recorded() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await.count("session_participants");
    for (response_type, more) in [("code token", 0), ("id_token", 1), ("code id_token", 1)] {
        let request = request(&client, response_type);
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request);
        assert_eq!(realm.rows().await.count("session_participants"), before + more, "{response_type}");
        let has_code = response_type.contains("code");
        let kinds = if has_code { vec!["code_issued", "token_issued"] } else { vec!["token_issued"] };
        let events = realm.events_behind(&answer, &kinds).await;
        let issued = events.last().unwrap();
        assert_eq!(issued["details"]["lineage"], events[0]["details"]["lineage"]);
        assert_eq!(issued["client_id"], client.id);
        let details = &issued["details"];
        assert_eq!(details["grant"], "implicit");
        assert_eq!(details["id_token"], json!(response_type != "code token"));
    }
}

#[tokio::test]
async fn cve_2026_7571_one_interaction_yields_tokens_once_and_only_for_its_own_request() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let request = request(&client, "id_token token");
    let page = browser.authorize(&request).await;
    let form = page.page("login-page").form();
    let form =
        form.with("username", &realm.user.username).with("password", &realm.user.password).with("action", "login");
    // AZ-034: a form whose address was changed is another request's.
    let mut altered = form.clone();
    altered.action = form.action.replace("id_token+token", "id_token");
    assert_ne!(altered.action, form.action);
    browser.submit(&page, &altered).await.assert_error_page();
    let redirect = browser.submit(&page, &form).await;
    let address = redirect.location().unwrap().to_owned();
    let answer = browser.get(&address).await;
    AuthorizationResponse::read(&answer, &request).access_token();
    browser.get(&address).await.assert_error_page();
}

#[tokio::test]
async fn consent_comes_before_tokens_and_a_refusal_answers_in_the_fragment() {
    let realm = open_realm().await;
    let client = client(&realm, json!({"settings": {"skip_consent": false}})).await;
    let mut browser = realm.browser();
    let request = request(&client, "id_token token");
    let page = browser.authorize(&request).await;
    let consent = browser.log_in(&page, &realm.user).await;
    consent.page("consent-page");
    browser.press(&consent, "deny").await.assert_error_response(&request, "access_denied");
    let response = browser.complete(&request, &realm.user).await;
    client.userinfo(response.access_token()).await.success();
}

#[tokio::test]
async fn oidc_discovery_3_what_a_realm_offers_is_what_it_lists() {
    let realm = Realm::with(json!({"response_types": ["id_token", "code"]})).await;
    let document = realm.discovery().await;
    assert_eq!(document["response_types_supported"], json!(["id_token", "code"]));
    let grants = |document: &Value| -> BTreeSet<String> {
        document["grant_types_supported"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().into()).collect()
    };
    assert!(grants(&document).contains("implicit"));
    realm.server.administration.update_realm(&realm.name, &json!({"response_types": ["id_token"]})).await;
    let document = realm.discovery().await;
    assert_eq!(document["response_types_supported"], json!(["id_token"]));
    let left = ["client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange"];
    assert_eq!(grants(&document), left.map(str::to_owned).into());
}
