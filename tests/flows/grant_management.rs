//! Grant Management for OAuth 2.0: grants of one client beside each other, from the request to their end.

use http::Method;
use serde_json::{Value, json};

use super::authorization_details::{accounts, client_of, payment, register};
use crate::support::authorization::AuthorizationRequest;
use crate::support::browser::Browser;
use crate::support::client::{Client, Tokens};
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

const SCOPE: &str = "openid offline_access read write grant_management_query grant_management_revoke";

/// A realm that manages grants, and a client that may ask for everything.
async fn managing() -> (Realm, Client) {
    let realm = Realm::with(json!({"grant_management": true})).await;
    register(&realm, json!({})).await;
    let client = client_of(&realm, json!({"scope": SCOPE})).await;
    (realm, client)
}

/// A request for `scope` that says what it wants of which grant.
fn request(client: &Client, (action, grant): (&str, Option<&str>), scope: &str) -> AuthorizationRequest {
    let request = client.request().with("scope", scope).with("grant_management_action", action);
    match grant {
        Some(grant) => request.with("grant_id", grant),
        None => request,
    }
}

async fn obtain(
    realm: &Realm,
    client: &Client,
    browser: &mut Browser,
    request: &AuthorizationRequest,
) -> (Tokens, String) {
    let tokens = client.obtain(browser, request, &realm.user).await;
    let grant = tokens.0["grant_id"].as_str().unwrap_or_else(|| panic!("no grant_id: {tokens:?}")).to_owned();
    (tokens, grant)
}

/// Asks the API about a grant with a token of the client's own.
async fn ask(client: &Client, method: Method, grant: &str, scope: &str) -> Answer {
    let token = client.client_credentials(scope).await.tokens();
    let url = format!("{}/grants/{grant}", client.issuer);
    let request = Request { method, ..Request::get(&url) };
    client.http.send(request.bearer(token.access_token())).await
}

async fn query(client: &Client, grant: &str) -> Answer {
    ask(client, Method::GET, grant, "grant_management_query").await
}

#[tokio::test]
async fn grant_management_5_grants_of_one_client_are_made_beside_each_other() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let (one, first) =
        obtain(&realm, &client, &mut browser, &request(&client, ("create", None), "openid read offline_access")).await;
    let (two, second) =
        obtain(&realm, &client, &mut browser, &request(&client, ("create", None), "openid write offline_access")).await;
    assert_ne!(first, second);
    assert_eq!(first.len(), 22, "128 bits that nobody guesses");
    assert_eq!(query(&client, &first).await.success()["scopes"], json!([{"scope": "openid read offline_access"}]));
    assert_eq!(query(&client, &second).await.success()["scopes"], json!([{"scope": "openid write offline_access"}]));
    // A refresh tells it again, and ordinary consent is none of the two.
    assert_eq!(client.refresh(one.refresh_token()).await.tokens().0["grant_id"], json!(first));
    let plain = client.request().with("scope", "openid read");
    browser.authorize(&plain).await.page("consent-page");
    let tokens = client.obtain(&mut browser, &plain, &realm.user).await;
    assert_eq!(tokens.0.get("grant_id"), None);
    let apps = browser.get(&realm.url("/account/apps")).await;
    assert_eq!(apps.body.matches("name=\"authorization\"").count(), 3, "{}", apps.body);

    // The end of one leaves the others.
    let gone = ask(&client, Method::DELETE, &first, "grant_management_revoke").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert!(!client.is_active(one.access_token()).await);
    assert!(client.is_active(two.access_token()).await && client.is_active(tokens.access_token()).await);
    client.refresh(two.refresh_token()).await.tokens();
    assert_eq!(query(&client, &first).await.status, 404);
    assert_eq!(ask(&client, Method::DELETE, &first, "grant_management_revoke").await.status, 404);
    let again = request(&client, ("merge", Some(&first)), "openid write");
    browser.authorize(&again).await.assert_error_response(&again, "invalid_grant_id");
}

#[tokio::test]
async fn grant_management_5_2_merge_adds_and_replace_puts_something_else_in_its_place() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let details = json!([accounts()]).to_string();
    let create =
        request(&client, ("create", None), "openid read offline_access").with("authorization_details", &details);
    let (before, grant) = obtain(&realm, &client, &mut browser, &create).await;

    // What the grant has is not asked for again, and yields tokens.
    let same = request(&client, ("merge", Some(&grant)), "openid read").with("prompt", "none");
    let (tokens, name) = obtain(&realm, &client, &mut browser, &same).await;
    assert_eq!(name, grant);
    assert!(client.is_active(before.access_token()).await && client.is_active(tokens.access_token()).await);

    let more = json!([payment()]).to_string();
    let merge =
        request(&client, ("merge", Some(&grant)), "openid write offline_access").with("authorization_details", &more);
    browser.authorize(&merge).await.page("consent-page");
    let (after, _) = obtain(&realm, &client, &mut browser, &merge).await;
    let held = query(&client, &grant).await.success();
    let scope = held["scopes"][0]["scope"].as_str().unwrap().split(' ').map(str::to_owned);
    assert_eq!(scope.collect::<std::collections::BTreeSet<_>>().len(), 4, "{held}");
    assert_eq!(held["authorization_details"], json!([accounts(), payment()]));
    assert_eq!(after.0["authorization_details"], json!([payment()]));
    client.refresh(before.refresh_token()).await.assert_refused("invalid_grant");

    let replace = request(&client, ("replace", Some(&grant)), "openid read");
    browser.authorize(&replace).await.page("consent-page");
    let (new, name) = obtain(&realm, &client, &mut browser, &replace).await;
    assert_eq!(name, grant);
    let held = query(&client, &grant).await.success();
    assert_eq!((&held["scopes"], held.get("authorization_details")), (&json!([{"scope": "openid read"}]), None));
    assert!(!client.is_active(after.access_token()).await);
    client.refresh(after.refresh_token()).await.assert_refused("invalid_grant");
    assert!(client.is_active(new.access_token()).await);
}

#[tokio::test]
async fn grant_management_5_4_requests_that_do_not_fit_are_refused() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA";
    for (action, grant, error) in [
        (Some("create"), Some(unknown), "invalid_request"),
        (None, Some(unknown), "invalid_request"),
        (Some("merge"), None, "invalid_request"),
        (Some("replace"), None, "invalid_request"),
        (Some("update"), Some(unknown), "invalid_request"),
        (Some("Create"), None, "invalid_request"),
        (Some("merge"), Some(unknown), "invalid_grant_id"),
        (Some("replace"), Some("x"), "invalid_grant_id"),
    ] {
        let mut request = client.request();
        for (name, value) in [("grant_management_action", action), ("grant_id", grant)] {
            if let Some(value) = value {
                request = request.with(name, value);
            }
        }
        browser.authorize(&request).await.assert_error_response(&request, error);
    }
    realm.update_client(&client, json!({"response_types": ["code", "none"]})).await;
    let none = request(&client, ("create", None), "openid").with("response_type", "none");
    browser.authorize(&none).await.assert_error_response(&none, "invalid_request");
    let public =
        client_of(&realm, json!({"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]})).await;
    let create = request(&public, ("create", None), "openid");
    browser.authorize(&create).await.assert_error_response(&create, "unauthorized_client");
    let silent = request(&client, ("create", None), "openid").with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
}

#[tokio::test]
async fn grant_management_9_a_grant_is_nobody_elses() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let (_, grant) = obtain(&realm, &client, &mut browser, &request(&client, ("create", None), "openid read")).await;
    // Another client with the same rights.
    let thief = client_of(&realm, json!({"scope": SCOPE})).await;
    for action in ["merge", "replace"] {
        let stolen = request(&thief, (action, Some(&grant)), "openid write");
        browser.authorize(&stolen).await.assert_error_response(&stolen, "invalid_grant_id");
    }
    assert_eq!(query(&thief, &grant).await.status, 404);
    assert_eq!(ask(&thief, Method::DELETE, &grant, "grant_management_revoke").await.status, 404);
    // Another user in another browser.
    let other = realm.add_user("bea").await;
    let mut theirs = realm.browser();
    let foreign = request(&client, ("merge", Some(&grant)), "openid write");
    let login = theirs.authorize(&foreign).await;
    theirs.log_in(&login, &other).await.assert_error_response(&foreign, "invalid_grant_id");
    let plain = client.request().with("scope", SCOPE);
    let tokens = client.obtain(&mut theirs, &plain, &other).await;
    let url = format!("{}/grants/{grant}", client.issuer);
    assert_eq!(client.http.send(Request::get(&url).bearer(tokens.access_token())).await.status, 404);
    assert_eq!(query(&client, &grant).await.success()["scopes"], json!([{"scope": "openid read"}]));
}

#[tokio::test]
async fn grant_management_6_6_the_api_wants_a_token_with_the_scope_of_what_is_done() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let (tokens, grant) =
        obtain(&realm, &client, &mut browser, &request(&client, ("create", None), "openid read")).await;
    let url = format!("{}/grants/{grant}", client.issuer);
    let nothing = client.http.send(Request::get(&url)).await;
    assert_eq!(nothing.status, 401);
    assert!(nothing.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
    client.http.send(Request::get(&url).bearer("nonsense")).await.assert_token_refused(401, "invalid_token");
    client
        .http
        .send(Request::get(&url).bearer(tokens.access_token()))
        .await
        .assert_token_refused(403, "insufficient_scope");
    for (method, scope) in [(Method::GET, "grant_management_revoke"), (Method::DELETE, "grant_management_query")] {
        ask(&client, method, &grant, scope).await.assert_token_refused(403, "insufficient_scope");
    }
    let answer = query(&client, &grant).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let members: Vec<String> = answer.success().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["scopes", "created_at", "last_updated", "updated_by"]);
    for unknown in ["AAAAAAAAAAAAAAAAAAAAAA", "x"] {
        assert_eq!(query(&client, unknown).await.status, 404, "{unknown}");
    }
    let post = Request::form(&url, &[]);
    assert_eq!(client.http.send(post).await.status, 405);
}

#[tokio::test]
async fn grant_management_7_1_discovery_lists_what_the_realm_has_on() {
    let (realm, client) = managing().await;
    let document = realm.discovery().await;
    assert_eq!(document["grant_management_endpoint"], realm.url("/grants"));
    assert_eq!(
        document["grant_management_actions_supported"],
        json!(["query", "revoke", "create", "merge", "replace"])
    );
    assert_eq!(document.get("grant_management_action_required"), None);
    realm.server.administration.update_realm(&realm.name, &json!({"grant_management_action_required": true})).await;
    let mut browser = realm.browser();
    let plain = client.request();
    browser.authorize(&plain).await.assert_error_response(&plain, "invalid_request");

    let off = Realm::new().await;
    assert!(!off.discovery().await.to_string().contains("grant_management"));
    let client = off.versatile_client().await;
    let create = request(&client, ("create", None), "openid");
    off.browser().authorize(&create).await.assert_error_response(&create, "invalid_request");
    assert_eq!(off.get("/grants/AAAAAAAAAAAAAAAAAAAAAA").await.status, 404);
}

#[tokio::test]
async fn a_person_takes_one_grant_back_and_keeps_the_other() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let first = request(&client, ("create", None), "openid read offline_access");
    let (one, _) = obtain(&realm, &client, &mut browser, &first).await;
    let second = request(&client, ("create", None), "openid write offline_access");
    let (two, grant) = obtain(&realm, &client, &mut browser, &second).await;
    let page = browser.get(&realm.url("/account/apps")).await;
    let form = page.page("apps-page").form().with("authorization", &grant);
    browser.submit(&page, &form).await.page("apps-page");
    assert!(client.is_active(one.access_token()).await && !client.is_active(two.access_token()).await);
    client.refresh(one.refresh_token()).await.tokens();
    client.refresh(two.refresh_token()).await.assert_refused("invalid_grant");
    assert_eq!(query(&client, &grant).await.status, 404);
}

#[tokio::test]
async fn administrators_list_and_revoke_what_a_user_allowed() {
    let (realm, client) = managing().await;
    let mut browser = realm.signed_in_browser().await;
    let (tokens, grant) =
        obtain(&realm, &client, &mut browser, &request(&client, ("create", None), "openid read")).await;
    let administration = &realm.server.administration;
    let path = format!("/realms/{}/users/{}/authorizations", realm.name, realm.user.id);
    let listed = administration.ask(Method::GET, &path, &Value::Null).await.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{listed}");
    let expected = json!({"id": grant, "client_id": client.id, "managed": true, "scope": "openid read"});
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(items[0][member], *value, "{member}");
    }
    let path = format!("/realms/{}/authorizations/{grant}", realm.name);
    let answer = administration.ask(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(!client.is_active(tokens.access_token()).await);
    assert_eq!(query(&client, &grant).await.status, 404);
}

#[tokio::test]
async fn a_client_of_the_house_is_asked_for_a_grant_of_its_own_too() {
    let (realm, client) = managing().await;
    realm.update_client(&client, json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let create = request(&client, ("create", None), "openid read");
    browser.authorize(&create).await.page("consent-page");
    let (_, grant) = obtain(&realm, &client, &mut browser, &create).await;
    assert_eq!(query(&client, &grant).await.success()["scopes"], json!([{"scope": "openid read"}]));
}
