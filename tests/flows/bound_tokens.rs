//! Tokens that are bound to a client certificate (RFC 8705 sections 3 and 4): whoever steals one cannot use it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential, JWT_BEARER, Tokens};
use crate::support::device::{assert_connected, device_settings};
use crate::support::http::{HttpClient, Request};
use crate::support::jwt::{SigningKey, sha256};
use crate::support::realm::{Realm, merged};

/// Metadata of a client whose tokens are bound.
fn bound(metadata: Value) -> Value {
    let own = json!({
        "tls_client_certificate_bound_access_tokens": true, "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    });
    merged(own, metadata)
}

fn anybody(name: &str) -> Identity {
    Identity::issued(&Subject::named(name), None)
}

fn presenting(client: &Client, identity: &Identity) -> Client {
    client.with_credential(Credential::Certificate(Box::new(identity.clone())))
}

/// `x5t#S256` (RFC 8705 section 3.1).
fn thumbprint(identity: &Identity) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&identity.certificate.to_der().unwrap()))
}

/// Tokens of a code flow at a client that presents its certificate.
async fn obtain(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid offline_access");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// Asks for userinfo in every way there is (RFC 6750 sections 2.1 and 2.2) over the connections of `http`.
async fn userinfo(http: &HttpClient, url: &str, token: &str) -> [crate::support::http::Answer; 3] {
    [
        http.send(Request::get(url).bearer(token)).await,
        http.send(Request::form(url, &[]).bearer(token)).await,
        http.send(Request::form(url, &[("access_token", token)])).await,
    ]
}

#[tokio::test]
async fn rfc8705_3_and_tk_041_a_bound_access_token_is_served_over_connections_of_its_certificate_alone() {
    let realm = Realm::new().await;
    let (own, other) = (anybody("own"), anybody("other"));
    for format in ["jwt", "opaque"] {
        let client = realm.client(bound(json!({"settings": {"access_token_format": format}}))).await;
        let holder = presenting(&client, &own);
        let tokens = obtain(&realm, &holder).await;
        let token = tokens.access_token();
        let mutual = holder.endpoint("/userinfo");
        for answer in userinfo(&holder.http, &mutual, token).await {
            assert_eq!(answer.success()["sub"], realm.user.id, "{format}");
        }
        // Another certificate, also a new one for the same key; none; none asked for.
        let renewed = own.renewed(&Subject::named("own"));
        for identity in [&other, &renewed] {
            for answer in userinfo(&HttpClient::presenting(Some(identity)), &mutual, token).await {
                answer.assert_token_refused(401, "invalid_token");
            }
        }
        let without = HttpClient::new();
        for (http, url) in
            [(&without, mutual), (&without, realm.url("/userinfo")), (&holder.http, realm.url("/userinfo"))]
        {
            for answer in userinfo(http, &url, token).await {
                answer.assert_token_refused(401, "invalid_token");
            }
        }
    }
}

#[tokio::test]
async fn rfc8705_3_1_and_3_2_resources_elsewhere_learn_of_the_certificate() {
    let realm = Realm::new().await;
    let own = anybody("own");
    let resource_server = realm.client(json!({"settings": {"may_introspect": true}})).await;
    for format in ["jwt", "opaque"] {
        let client = realm.client(bound(json!({"settings": {"access_token_format": format}}))).await;
        let tokens = obtain(&realm, &presenting(&client, &own)).await;
        let expected = json!({"x5t#S256": thumbprint(&own)});
        let described = resource_server.introspect(tokens.access_token()).await;
        assert_eq!((&described["active"], &described["cnf"]), (&json!(true), &expected), "{described}");
        assert_eq!(described["token_type"], "Bearer");
        if format == "jwt" {
            assert_eq!(realm.verify(tokens.access_token()).await.claims["cnf"], expected);
        }
    }
    // A client that is not registered so gets bearer tokens, whatever it presents (section 3.4).
    let client = realm.client(bound(json!({"tls_client_certificate_bound_access_tokens": false}))).await;
    let tokens = obtain(&realm, &presenting(&client, &own)).await;
    assert_eq!(realm.verify(tokens.access_token()).await.claims["cnf"], Value::Null);
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
}

#[tokio::test]
async fn rfc8705_3_tokens_of_a_device_are_bound_to_what_it_presents_where_it_polls() {
    let realm = Realm::with(device_settings()).await;
    let metadata = json!({"tls_client_certificate_bound_access_tokens": true, "token_endpoint_auth_method": "none"});
    let (device, own) = (realm.device(metadata).await, anybody("own"));
    let codes = device.codes("openid").await;
    assert_connected(&realm.browser().verify(&realm, &codes.user_code, &realm.user).await);
    let tokens = presenting(&device, &own).poll(&codes.device_code).await.tokens();
    let claims = realm.verify(tokens.access_token()).await.claims;
    assert_eq!(claims["cnf"], json!({"x5t#S256": thumbprint(&own)}));
}

#[tokio::test]
async fn rfc8705_4_and_tk_041_refresh_tokens_of_a_public_client_are_bound_as_well() {
    let realm = Realm::new().await;
    let own = anybody("own");
    let client = realm.client(bound(json!({}))).await;
    let holder = presenting(&client, &own);
    let tokens = obtain(&realm, &holder).await;
    let thief = presenting(&client, &anybody("other"));
    thief.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_request");
    // Nobody's attempts have cost the holder anything.
    let refreshed = holder.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(holder.userinfo(refreshed.access_token()).await.success()["sub"], realm.user.id);
    thief.userinfo(refreshed.access_token()).await.assert_token_refused(401, "invalid_token");
    thief.refresh(refreshed.refresh_token()).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn rfc8705_3_a_client_that_authenticates_otherwise_may_change_its_certificate() {
    let realm = Realm::new().await;
    let key = SigningKey::generate("ES256");
    let own = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.public_set()});
    let client = realm.client(bound(own)).await.with_credential(Credential::Assertion(key.clone()));
    let url = format!("{}/token", client.mtls_issuer);
    let ask = async |identity: Option<&Identity>, parameters: &[(&str, &str)]| {
        let assertion = key.sign(&client.assertion_claims());
        let asserted = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
        let request = Request::form(&url, &[parameters, &asserted].concat());
        HttpClient::presenting(identity).send(request).await
    };
    let (first, second) = (anybody("first"), anybody("second"));
    let request = client.request().with("scope", "openid offline_access");
    let response = realm.browser().complete(&request, &realm.user).await;
    let redemption = Client::redemption(&request, response.code());
    // Section 3: the token request itself must come with a certificate.
    ask(None, &redemption).await.assert_refused("invalid_request");
    let tokens = ask(Some(&first), &redemption).await.tokens();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
    let refreshed = ask(Some(&second), &refresh).await.tokens();
    let used_with = async |identity: &Identity, token: &str| presenting(&client, identity).userinfo(token).await;
    assert_eq!(used_with(&second, refreshed.access_token()).await.status, 200);
    used_with(&first, refreshed.access_token()).await.assert_token_refused(401, "invalid_token");
    assert_eq!(used_with(&first, tokens.access_token()).await.status, 200);
}

#[tokio::test]
async fn rfc8705_3_and_tk_041_the_admin_api_wants_the_certificate_too() {
    let realm = Realm::new().await;
    let server = &realm.server;
    let registered = json!({
        "grant_types": ["client_credentials"], "scope": "signet.admin", "token_endpoint_auth_method": "client_secret_post",
        "tls_client_certificate_bound_access_tokens": true,
    });
    let created = server.administration.create_client("admin", &registered).await;
    let [id, secret] = ["client_id", "client_secret"].map(|member| created[member].as_str().unwrap());
    let (own, other) = (anybody("own"), anybody("other"));
    let grant =
        [("grant_type", "client_credentials"), ("scope", "signet.admin"), ("client_id", id), ("client_secret", secret)];
    let url = format!("{}/realms/admin/token", server.mtls_url);
    let token = HttpClient::presenting(Some(&own)).send(Request::form(&url, &grant)).await.tokens();
    let ask = async |identity: Option<&Identity>, base: &str| {
        let url = format!("{base}/admin/api/v1/realms/{}", realm.name);
        let request = Request { method: Method::GET, ..Request::get(&url) }.bearer(token.access_token());
        HttpClient::presenting(identity).send(request).await
    };
    assert_eq!(ask(Some(&own), &server.mtls_url).await.success()["name"], realm.name);
    for (identity, base) in [
        (Some(&other), &server.mtls_url),
        (None, &server.mtls_url),
        (Some(&own), &server.public_url),
        (None, &server.public_url),
    ] {
        ask(identity, base).await.assert_token_refused(401, "invalid_token");
    }
    server.administration.delete_client("admin", id).await;
}
