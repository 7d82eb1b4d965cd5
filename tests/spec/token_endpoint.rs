//! The envelope of the token endpoint and the grants it does not give (RFC 6749 sections 3.2, 4.4 and 5.2).

use http::Method;
use serde_json::json;

use crate::support::client::{Client, Credential};
use crate::support::http::{Request, encode};
use crate::support::realm::Realm;

fn basic(request: Request, client: &Client) -> Request {
    let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    request.basic(&client.id, secret)
}

#[tokio::test]
async fn rfc6749_3_2_only_posted_forms_are_read() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let url = realm.url("/token");
    let form = encode(&[("grant_type", "client_credentials"), ("scope", "read")]);
    let kind = "application/x-www-form-urlencoded";
    for method in ["GET", "PUT", "DELETE", "PATCH", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request { method, ..Request::get(&format!("{url}?{form}")) };
        assert_eq!(realm.http.send(basic(request, &client)).await.status, 405);
    }
    let json = json!({"grant_type": "client_credentials"}).to_string();
    for (content_type, body) in [
        ("application/json", json.as_str()),
        ("text/plain", &form),
        (
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"grant_type\"\r\n\r\nx\r\n--x--",
        ),
        ("", &form),
    ] {
        let mut request = Request::post(&url, "text/plain", body);
        if content_type.is_empty() {
            request.headers.remove("content-type");
        } else {
            request.headers.insert("content-type", content_type.parse().unwrap());
        }
        realm.http.send(basic(request, &client)).await.assert_refused("invalid_request");
    }
    // What is in the query is not a parameter.
    let request = Request::post(&format!("{url}?{form}"), kind, "");
    realm.http.send(basic(request, &client)).await.assert_refused("invalid_request");
    let request = Request::post(&format!("{url}?scope=write"), kind, form.clone());
    assert_eq!(realm.http.send(basic(request, &client)).await.tokens().0["scope"], "read");
    for fine in ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"] {
        realm.http.send(basic(Request::post(&url, fine, form.clone()), &client)).await.tokens();
    }
}

#[tokio::test]
async fn rfc6749_3_2_repeated_parameters_are_invalid_request() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let parameters = Client::redemption(&request, response.code());
    let before = realm.rows().await;
    for (name, value) in &parameters {
        let twice = [&parameters[..], &[(name, value)]].concat();
        client.ask("/token", &twice).await.assert_refused("invalid_request");
    }
    for name in ["scope", "client_id", "unknown"] {
        let twice = [&parameters[..], &[(name, "a"), (name, "a")]].concat();
        client.ask("/token", &twice).await.assert_refused("invalid_request");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    client.redeem(&request, response.code()).await.tokens();
}

#[tokio::test]
async fn rfc6749_b_bodies_that_are_no_text_or_too_large_are_invalid_request() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let url = realm.url("/token");
    let kind = "application/x-www-form-urlencoded";
    let many = "&a=1".repeat(101);
    let large = format!("&a={}", "x".repeat(40_000));
    for more in ["&scope=%ff", "&scope=%00", "&%c0%80=x", "&scope=%ed%a0%80", &many, &large] {
        let body = format!("grant_type=client_credentials{more}");
        realm.http.send(basic(Request::post(&url, kind, body), &client)).await.assert_refused("invalid_request");
    }
    let mut body = b"grant_type=client_credentials&scope=".to_vec();
    body.push(0xff);
    realm.http.send(basic(Request::post(&url, kind, body), &client)).await.assert_refused("invalid_request");
    let huge = format!("grant_type=client_credentials&a={}", "x".repeat(100_000));
    assert_eq!(realm.http.send(basic(Request::post(&url, kind, huge), &client)).await.status, 413);
}

#[tokio::test]
async fn rfc6749_5_2_other_grants_are_unsupported() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    for grant in [
        "password",
        "implicit",
        "Authorization_Code",
        "authorization_code ",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:uma-ticket",
        "urn:openid:params:grant-type:ciba",
        "x",
    ] {
        let parameters = [("grant_type", grant), ("username", "ana"), ("password", &realm.user.password)];
        client.ask("/token", &parameters).await.assert_refused("unsupported_grant_type");
    }
    let exchange = [("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")];
    client.ask("/token", &exchange).await.assert_refused("unauthorized_client");
    for parameters in [vec![], vec![("grant_type", "")], vec![("code", "x")]] {
        client.ask("/token", &parameters).await.assert_refused("invalid_request");
    }
}

#[tokio::test]
async fn rfc6749_5_2_grants_that_are_not_the_clients_are_unauthorized() {
    let realm = Realm::new().await;
    let code = realm.client(json!({"grant_types": ["authorization_code"]})).await;
    let machine = realm.client(json!({"grant_types": ["client_credentials"]})).await;
    code.client_credentials("").await.assert_refused("unauthorized_client");
    code.refresh("x").await.assert_refused("unauthorized_client");
    machine
        .ask("/token", &[("grant_type", "authorization_code"), ("code", "x")])
        .await
        .assert_refused("unauthorized_client");
    machine.refresh("x").await.assert_refused("unauthorized_client");
    let public = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    public.client_credentials("").await.assert_refused("unauthorized_client");
}

#[tokio::test]
async fn rfc6749_4_4_scopes_of_users_and_of_others_are_invalid_scope() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let before = realm.rows().await;
    for scope in ["openid", "profile", "offline_access", "admin", "signet.admin", "read admin", "READ", "a\"b", "a\\b"]
    {
        client.client_credentials(scope).await.assert_refused("invalid_scope");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn rfc8707_2_unknown_and_closed_resources_are_invalid_target() {
    let realm = Realm::new().await;
    let body = json!({"identifier": "https://api.test", "display_name": "API", "scopes": [], "token_format": "jwt"});
    realm.server.administration.create_resource_server(&realm.name, &body).await;
    let settings = json!({"resources": []});
    let client = realm.client(json!({"grant_types": ["client_credentials"], "settings": settings})).await;
    for resource in ["https://api.test", "https://unknown.test", "https://api.test/", "api", "#", &realm.issuer] {
        let parameters = [("grant_type", "client_credentials"), ("resource", resource)];
        client.ask("/token", &parameters).await.assert_refused("invalid_target");
    }
}

#[tokio::test]
async fn cve_2023_0091_a_client_that_is_disabled_loses_its_tokens() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
    let auditor = realm.client(auditor).await;
    let tokens = client.client_credentials("read").await.tokens();
    assert!(auditor.is_active(tokens.access_token()).await);
    realm.update_client(&client, json!({"enabled": false})).await;
    assert!(!auditor.is_active(tokens.access_token()).await);
    client.client_credentials("read").await.assert_refused("invalid_client");
    realm.update_client(&client, json!({"enabled": true})).await;
    assert!(!auditor.is_active(tokens.access_token()).await, "enabling does not revive");
}
