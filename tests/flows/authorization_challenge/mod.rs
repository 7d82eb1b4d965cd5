//! An application asks for user name and password itself (OAuth 2.0 for First-Party Applications).

mod request_objects;
mod sessions;

use http::Method;
use serde_json::{Value, json};

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::{Client, Tokens};
use crate::support::http::Answer;
use crate::support::realm::{Realm, User, merged};

const PATH: &str = "/authorize-challenge";

/// An application of the operator that nobody has to consent to.
pub(crate) async fn first_party(realm: &Realm, more: Value) -> Client {
    let own = json!({
        "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["com.example.app:/callback"], "grant_types": ["authorization_code", "refresh_token"],
        "settings": {"skip_consent": true, "authorization_challenge": true},
    });
    realm.client(merged(own, more)).await
}

pub(crate) async fn realm() -> Realm {
    Realm::with(json!({"authorization_challenge": true})).await
}

/// What the application asks for: no redirect URI, because there is no browser.
pub(crate) fn request_of(client: &Client) -> AuthorizationRequest {
    client.request().without("redirect_uri").without("state")
}

fn parameters(request: &AuthorizationRequest) -> Vec<(&str, &str)> {
    let parameters = request.parameters.iter().filter(|(name, _)| name != "client_id");
    parameters.map(|(name, value)| (&**name, &**value)).collect()
}

fn credentials(user: &User) -> [(&str, &str); 2] {
    [("username", &user.username), ("password", &user.password)]
}

pub(crate) async fn begin(client: &Client, request: &AuthorizationRequest, more: &[(&str, &str)]) -> Answer {
    client.ask(PATH, &[&parameters(request), more].concat()).await
}

async fn go_on(client: &Client, session: &str, more: &[(&str, &str)]) -> Answer {
    client.ask(PATH, &[&[("auth_session", session)], more].concat()).await
}

async fn redeem(client: &Client, request: &AuthorizationRequest, code: &str) -> Answer {
    let verifier = request.verifier.as_deref().unwrap();
    client.ask("/token", &[("grant_type", "authorization_code"), ("code", code), ("code_verifier", verifier)]).await
}

impl Answer {
    /// What is missing (section 5.2.2); answers the `auth_session` to go on with.
    pub(crate) fn auth_session(&self, failure: Option<&str>) -> String {
        let body = self.json();
        assert_eq!((self.status, &body["error"]), (400, &json!("insufficient_authorization")), "{self:?}");
        assert_eq!(body["factors"], json!(["password"]));
        assert_eq!(body.get("factor_failure").and_then(Value::as_str), failure, "{body}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("set-cookie"), None);
        let session = body["auth_session"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        assert!(session.starts_with("ss_"));
        session
    }

    /// Section 5.2.1.
    pub(crate) fn authorization_code(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!((self.header("set-cookie"), self.content_type()), (None, "application/json"));
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        body["authorization_code"].as_str().unwrap().to_owned()
    }

    /// Section 5.2.2.1.1; answers the reference, where there is one.
    fn assert_redirects_to_web(&self) -> Option<String> {
        let body = self.json();
        assert_eq!((self.status, &body["error"]), (400, &json!("redirect_to_web")), "{self:?}");
        assert!(body.get("auth_session").is_none());
        assert_eq!(body.get("request_uri").is_some(), body.get("expires_in").is_some());
        body["request_uri"].as_str().map(str::to_owned)
    }
}

/// Everything from the first request to the tokens.
async fn log_in(client: &Client, request: &AuthorizationRequest, user: &User) -> Tokens {
    let session = begin(client, request, &[]).await.auth_session(None);
    let code = go_on(client, &session, &credentials(user)).await.authorization_code();
    redeem(client, request, &code).await.tokens()
}

#[tokio::test]
async fn first_party_5_the_user_types_into_the_application_and_it_gets_a_code() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    let request = request_of(&client).with("scope", "openid email offline_access");
    let tokens = log_in(&client, &request, &realm.user).await;
    assert_eq!(tokens.0["scope"], "openid email offline_access");
    let claims = realm.verify(tokens.id_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!(realm.user.id), &json!(request.get("nonce").unwrap())));
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["email"], "ana@ana.test");
    client.refresh(tokens.refresh_token()).await.tokens();
    // All in one request, when the application has asked already.
    let request = request_of(&client);
    let code = begin(&client, &request, &credentials(&realm.user)).await.authorization_code();
    redeem(&client, &request, &code).await.tokens();
    for (kind, number) in [("login", 2), ("code_issued", 2), ("token_issued", 3)] {
        let events = realm.events(&format!("kind={kind}"), number).await;
        assert!(events.iter().all(|event| event["user_id"] == realm.user.id.as_str()), "{events:?}");
    }
}

#[tokio::test]
async fn first_party_5_nobody_is_one_by_default() {
    let realm = realm().await;
    let other = first_party(&realm, json!({"settings": {"skip_consent": true}})).await;
    let answer = begin(&other, &request_of(&other), &credentials(&realm.user)).await;
    answer.assert_refused("unauthorized_client");
    let off = Realm::new().await;
    let client = first_party(&off, json!({})).await;
    begin(&client, &request_of(&client), &credentials(&off.user)).await.assert_refused("unauthorized_client");
    assert_eq!((realm.rows().await.count("sessions"), off.rows().await.count("sessions")), (0, 0));
    assert!(off.discovery().await.get("authorization_challenge_endpoint").is_none());
    let path = format!("/realms/{}/clients", realm.name);
    for wrong in [
        json!({"authorization_challenge": true, "dynamically_registered": true}),
        json!({"authorization_challenge": 1}),
    ] {
        let body = json!({"client_id": "wrong", "redirect_uris": ["https://rp.test/cb"], "settings": wrong});
        assert_eq!(realm.server.administration.try_ask(Method::POST, &path, &body).await.status, 422, "{wrong}");
    }
    // Whoever was one and is none any more gets no further.
    let client = first_party(&realm, json!({})).await;
    let session = begin(&client, &request_of(&client), &[]).await.auth_session(None);
    realm.update_client(&client, json!({"settings": {"authorization_challenge": false}})).await;
    go_on(&client, &session, &credentials(&realm.user)).await.assert_refused("unauthorized_client");
}

#[tokio::test]
async fn first_party_8_metadata_names_the_endpoint_and_nothing_but_post_is_served() {
    let realm = realm().await;
    let endpoint = realm.discovery().await["authorization_challenge_endpoint"].as_str().unwrap().to_owned();
    assert_eq!(endpoint, realm.url(PATH));
    let answer = realm.http.get(&endpoint).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    // No page of a browser reads what it answers.
    let client = first_party(&realm, json!({"redirect_uris": ["https://rp.test/cb"]})).await;
    let own = client.authenticated(PATH, &parameters(&request_of(&client))).header("origin", "https://rp.test");
    assert_eq!(client.http.send(own).await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn first_party_4_1_who_authenticates_at_the_token_endpoint_does_here() {
    let realm = realm().await;
    let confidential = json!({"token_endpoint_auth_method": "client_secret_basic"});
    let client = first_party(&realm, confidential).await;
    let request = request_of(&client);
    let session = begin(&client, &request, &[]).await.auth_session(None);
    let form = [&[("auth_session", session.as_str())], &credentials(&realm.user)[..]].concat();
    realm.http.post(&realm.url(PATH), &form).await.assert_refused("invalid_client");
    let named = [&form[..], &[("client_id", client.id.as_str())]].concat();
    realm.http.post(&realm.url(PATH), &named).await.assert_refused("invalid_client");
    go_on(&client, &session, &credentials(&realm.user)).await.authorization_code();
}

#[tokio::test]
async fn first_party_5_1_the_rules_of_authorization_requests_hold() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    let request = request_of(&client);
    for (wrong, error) in [
        (request.clone().without("response_type"), "invalid_request"),
        (request.clone().with("response_type", "none"), "unsupported_response_type"),
        (request.clone().with("response_type", "token"), "unsupported_response_type"),
        (request.clone().without("code_challenge").without("code_challenge_method"), "invalid_request"),
        (request.clone().with("code_challenge_method", "plain"), "invalid_request"),
        (request.clone().with("redirect_uri", "com.example.other:/callback"), "invalid_request"),
        (request.clone().with("scope", "unknown"), "invalid_scope"),
        (request.clone().with("prompt", "none"), "login_required"),
        (request.clone().with("prompt", "none login"), "invalid_request"),
        (request.clone().with("max_age", "x"), "invalid_request"),
        (request.clone().with("claims", "["), "invalid_request"),
        (request.clone().with("resource", "https://unknown.test"), "invalid_target"),
        (request.clone().with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (request.clone().with("request", "x"), "invalid_request_object"),
        (request.clone().repeated("scope", "openid"), "invalid_request"),
    ] {
        begin(&client, &wrong, &credentials(&realm.user)).await.assert_refused(error);
    }
    // Native apps send a challenge, whatever the realm lets others leave out (RFC 8252 section 8.1).
    let lenient = json!({"authorization_challenge": true, "allow_public_clients_without_pkce": true});
    let lenient = Realm::with(lenient).await;
    let native = first_party(&lenient, json!({})).await;
    let without = request_of(&native).without("code_challenge").without("code_challenge_method");
    begin(&native, &without, &credentials(&lenient.user)).await.assert_refused("invalid_request");
    let web = json!({"application_type": "web", "redirect_uris": ["https://rp.test/cb"]});
    let web = first_party(&lenient, web).await;
    let without = request_of(&web).without("code_challenge").without("code_challenge_method");
    begin(&web, &without, &credentials(&lenient.user)).await.authorization_code();
    assert_eq!(realm.rows().await.count("sessions"), 0);
    // Who must push does not come here.
    realm.update_client(&client, json!({"require_pushed_authorization_requests": true})).await;
    begin(&client, &request, &credentials(&realm.user)).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn first_party_6_the_code_is_for_who_asked() {
    let realm = realm().await;
    let (client, other) = (first_party(&realm, json!({})).await, first_party(&realm, json!({})).await);
    let request = request_of(&client);
    let code = begin(&client, &request, &credentials(&realm.user)).await.authorization_code();
    redeem(&other, &request, &code).await.assert_refused("invalid_grant");
    let redemption = [("grant_type", "authorization_code"), ("code", code.as_str())];
    client.ask("/token", &redemption).await.assert_refused("invalid_grant");
    let verifier = request.verifier.as_deref().unwrap();
    let with_uri = [&redemption[..], &[("code_verifier", verifier), ("redirect_uri", &client.redirect_uri)]].concat();
    client.ask("/token", &with_uri).await.assert_refused("invalid_grant");
    redeem(&client, &request, &code).await.tokens();
    redeem(&client, &request, &code).await.assert_refused("invalid_grant");
    // Where the request had one, the token request has it, too (RFC 6749 section 4.1.3).
    let request = client.request();
    let code = begin(&client, &request, &credentials(&realm.user)).await.authorization_code();
    redeem(&client, &request, &code).await.assert_refused("invalid_grant");
    client.redeem(&request, &code).await.tokens();
    // Another verifier burns it.
    let request = request_of(&client);
    let code = begin(&client, &request, &credentials(&realm.user)).await.authorization_code();
    redeem(&client, &request_of(&client), &code).await.assert_refused("invalid_grant");
    redeem(&client, &request, &code).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn first_party_5_2_2_1_1_where_only_a_page_will_do_the_user_goes_to_the_browser() {
    let realm = realm().await;
    let asking = json!({"settings": {"authorization_challenge": true}});
    let client = first_party(&realm, asking).await;
    // Without a redirect URI there is nothing to push.
    let request = request_of(&client);
    let answer = begin(&client, &request, &credentials(&realm.user)).await;
    assert_eq!(answer.assert_redirects_to_web(), None);
    // The session that began for it is over: nobody has its cookie.
    assert_eq!(realm.rows().await.count("sessions"), 0);
    let ended = realm.events("kind=sessions_ended", 1).await;
    assert_eq!(ended[0]["details"]["reason"], "no_code_issued");
    let request = client.request();
    let answer = begin(&client, &request, &credentials(&realm.user)).await;
    let reference = answer.assert_redirects_to_web().expect("RFC 9126 section 2.2");
    let pushed = client.referring(&reference);
    let mut browser = realm.browser();
    let login = browser.authorize(&pushed).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.allow(&consent).await;
    client.redeem(&request, AuthorizationResponse::read(&answer, &request).code()).await.tokens();
    // What was agreed to is not asked again.
    begin(&client, &request_of(&client), &credentials(&realm.user)).await.authorization_code();
    // The application is told before anybody types a password.
    for prompt in ["consent", "login consent"] {
        let answer = begin(&client, &client.request().with("prompt", prompt), &[]).await;
        assert!(answer.assert_redirects_to_web().is_some());
    }
    let confidential = json!({
        "token_endpoint_auth_method": "client_secret_basic", "settings": {"authorization_challenge": true},
    });
    let client = first_party(&realm, confidential).await;
    let without = client.request().without("code_challenge").without("code_challenge_method");
    let answer = begin(&client, &without, &credentials(&realm.user)).await;
    assert_eq!(answer.assert_redirects_to_web(), None);
}

#[tokio::test]
async fn first_party_users_and_sessions_are_looked_at_again() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    let request = request_of(&client);
    let tokens = log_in(&client, &request, &realm.user).await;
    let code = begin(&client, &request, &credentials(&realm.user)).await.authorization_code();
    let administration = &realm.server.administration;
    administration.update_user(&realm.name, &realm.user.id, &json!({"enabled": false})).await;
    redeem(&client, &request, &code).await.assert_refused("invalid_grant");
    assert_eq!(client.userinfo(tokens.access_token()).await.status, 401);
    // One answer for a locked account, a wrong password and nobody.
    begin(&client, &request, &credentials(&realm.user)).await.auth_session(Some("wrong_credentials"));
    let nobody = [("username", "nobody"), ("password", "nobody and 9 mussels")];
    begin(&client, &request, &nobody).await.auth_session(Some("wrong_credentials"));
}

#[tokio::test]
async fn a_browser_signs_in_as_before_beside_an_application() {
    let realm = realm().await;
    let client = first_party(&realm, json!({})).await;
    let request = client.request();
    let answer = realm.browser().complete(&request, &realm.user).await;
    client.redeem(&request, answer.code()).await.tokens();
    // What the application carries opens no page.
    let session = begin(&client, &request, &[]).await.auth_session(None);
    let mut browser = realm.browser();
    let carried = request.with("interaction", &session);
    browser.get(&carried.url()).await.assert_error_page();
    let silent = client.request().with("prompt", "none");
    let answer = browser.authorize(&silent).await;
    assert_eq!(AuthorizationResponse::read(&answer, &silent).get("error"), Some("login_required"));
}
