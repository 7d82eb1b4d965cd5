//! Request objects by value (OpenID Connect Core 6.1, RFC 9101): what they may say, who must have made them, and that
//! nothing else is taken for one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(super) use crate::support::authorization::object_of;
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::{Client, Credential};
use crate::support::http::Request;
use crate::support::jwt::{ASYMMETRIC, SYMMETRIC, SigningKey};
use crate::support::realm::{Realm, merged};
use crate::support::time::now;
use crate::support::wait::until_true;
use crate::support::web::WebServer;

/// A client with keys that gets a code at once from the user who is signed in.
pub(super) async fn keyed(realm: &Realm, metadata: Value) -> (Client, SigningKey) {
    let key = SigningKey::generate("ES256");
    let own = json!({"jwks": key.public_set(), "settings": {"skip_consent": true}});
    (realm.client(merged(own, metadata)).await, key)
}

/// The claims with some of them replaced; `null` removes one.
fn changed(claims: &Value, change: Value) -> Value {
    let mut claims = merged(claims.clone(), change);
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// A request of what OpenID Connect wants outside an object, and the object.
pub(super) fn around(client: &Client, (name, value): (&str, &str)) -> AuthorizationRequest {
    let request = AuthorizationRequest { issuer: client.issuer.clone(), parameters: Vec::new(), verifier: None };
    request.with("response_type", "code").with("client_id", &client.id).with("scope", "openid").with(name, value)
}

/// A JWT that nobody signed.
fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Checks that each object is refused with the error, told to the redirect URI that stands outside, and that nothing
/// changed.
async fn assert_refused(realm: &Realm, client: &Client, error: &str, objects: &[(&str, String)]) {
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for (what, object) in objects {
        let request = client.request().with("request", object);
        let answer = browser.authorize(&request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        assert_eq!(response.error(), error, "{what}: {response:?}");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

async fn assert_changes_refused(changes: &[Value]) {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let claims = object_of(&client, &client.request());
    let texts: Vec<String> = changes.iter().map(Value::to_string).collect();
    let objects: Vec<_> = std::iter::zip(&texts, changes)
        .map(|(text, change)| (text.as_str(), key.sign(&changed(&claims, change.clone()))))
        .collect();
    assert_refused(&realm, &client, "invalid_request_object", &objects).await;
}

#[tokio::test]
async fn oidc_core_6_1_signed_objects_are_taken_in_every_listed_algorithm() {
    let realm = Realm::new().await;
    let listed = realm.discovery().await["request_object_signing_alg_values_supported"].clone();
    assert_eq!(listed, json!(sorted_like(&listed, &[ASYMMETRIC, SYMMETRIC].concat())));
    let mut browser = realm.signed_in_browser().await;
    for algorithm in listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
        let settings = json!({"skip_consent": true});
        let (client, key) = if SYMMETRIC.contains(&algorithm) {
            let body = json!({"request_object_signing_alg": algorithm, "settings": settings});
            let client = realm.client(body).await;
            let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
            let key = SigningKey::from_secret(algorithm, secret);
            (client, key)
        } else {
            let key = SigningKey::generate(algorithm);
            let jwks = key.public_set();
            let body = json!({"request_object_signing_alg": algorithm, "jwks": jwks, "settings": settings});
            (realm.client(body).await, key)
        };
        let request = client.request();
        let object = key.sign(&object_of(&client, &request));
        let answer = browser.authorize(&around(&client, ("request", &object))).await;
        let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
        assert_eq!(client.redeem(&request, &code).await.status, 200, "{algorithm}");
    }
}

/// `expected` in the order of what is listed.
fn sorted_like<'a>(listed: &Value, expected: &[&'a str]) -> Vec<&'a str> {
    let position = |name: &&str| listed.as_array().unwrap().iter().position(|one| one == name);
    let mut expected = expected.to_vec();
    expected.sort_by_key(position);
    expected
}

/// oidcc-ensure-request-object-with-redirect-uri.
#[tokio::test]
async fn oidc_core_6_1_what_the_object_says_supersedes_what_stands_outside() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let inside = client.request().without("state");
    let object = key.sign(&object_of(&client, &inside));
    // The redirect URI outside is not even registered; the state is only there.
    let outside = around(&client, ("request", &object))
        .with("redirect_uri", "https://client.test/other")
        .with("nonce", "outside")
        .with("state", "outside");
    let answer = browser.authorize(&outside).await;
    let expected = inside.clone().with("state", "outside");
    let code = AuthorizationResponse::read(&answer, &expected).code().to_owned();
    let tokens = client.redeem(&inside, &code).await.tokens();
    let token = realm.verify(tokens.id_token()).await;
    assert_eq!(token.claims["nonce"], json!(inside.get("nonce").unwrap()));
}

#[tokio::test]
async fn oidc_core_6_1_what_oauth_demands_stands_outside_too_and_matches() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let sign = |change: Value| key.sign(&changed(&object_of(&client, &request), change));
    let good = request.clone().with("request", &sign(json!({})));
    for (outside, error) in [
        (good.clone().without("response_type"), "invalid_request"),
        (good.clone().without("scope"), "invalid_request"),
        (good.clone().with("scope", "email"), "invalid_request"),
        (good.clone().with("request", &sign(json!({"response_type": "token"}))), "invalid_request_object"),
        (good.clone().with("request", &sign(json!({"client_id": "other"}))), "invalid_request_object"),
        (good.clone().repeated("nonce", "twice"), "invalid_request"),
        (good.clone().with("request_uri", "https://client.test/object"), "invalid_request"),
    ] {
        browser.authorize(&outside).await.assert_error_response(&outside, error);
    }
    browser.authorize(&good.without("client_id")).await.assert_error_page();
}

#[tokio::test]
async fn rfc9101_4_members_that_are_no_text_are_read_as_what_they_are() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let claims = changed(&object_of(&client, &request), json!({"max_age": 0}));
    let fresh = browser.authorize(&around(&client, ("request", &key.sign(&claims)))).await;
    fresh.page("login-page");
    let wanted = json!({"userinfo": {"email": {"essential": true}}, "id_token": {"given_name": null}});
    let claims = changed(&object_of(&client, &request), json!({"claims": wanted, "max_age": 10_000}));
    let answer = browser.authorize(&around(&client, ("request", &key.sign(&claims)))).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = client.redeem(&request, &code).await.tokens();
    assert_eq!(realm.verify(tokens.id_token()).await.claims["given_name"], "Ana");
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["email"], "ana@ana.test");
}

#[tokio::test]
async fn oidc_core_6_the_interaction_keeps_what_an_object_said_that_expires_meanwhile() {
    let realm = Realm::with(json!({"clock_skew_seconds": 0})).await;
    let (client, key) = keyed(&realm, json!({"settings": {}})).await;
    let request = client.request();
    let expires_at = now() + 3;
    let claims = changed(&object_of(&client, &request), json!({"exp": expires_at}));
    let outside = around(&client, ("request", &key.sign(&claims)));
    let mut browser = realm.browser();
    let login = browser.authorize(&outside).await;
    assert!(!login.page("login-page").form().action.contains("request="), "{login:?}");
    until_true("the object has expired", async || now() > expires_at).await;
    browser.clone().authorize(&outside).await.assert_error_page();
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.allow(&consent).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    assert_eq!(client.redeem(&request, &code).await.status, 200);
}

#[tokio::test]
async fn az_045_objects_that_nobody_signed_are_refused() {
    let realm = Realm::new().await;
    for metadata in [json!({}), json!({"request_object_signing_alg": "ES256"})] {
        let (client, key) = keyed(&realm, metadata).await;
        let claims = object_of(&client, &client.request());
        let with = |algorithm: &str| unsigned(&json!({"alg": algorithm}), &claims);
        let objects = [
            ("none", with("none")),
            ("None", with("None")),
            ("NONE", with("NONE")),
            ("nOnE", with("nOnE")),
            ("empty", with("")),
            ("absent", unsigned(&json!({"typ": "JWT"}), &claims)),
            ("ES256 without signature", unsigned(&key.header(), &claims)),
            ("none with a signature", key.sign_with_header(&json!({"alg": "none"}), &claims)),
            ("no JWT", "x".to_owned()),
            ("dots", ".".repeat(1000)),
        ];
        assert_refused(&realm, &client, "invalid_request_object", &objects).await;
    }
}

#[tokio::test]
async fn az_046_a_public_key_is_no_secret() {
    let realm = Realm::new().await;
    let key = SigningKey::generate("RS256");
    let public = key.public_jwk();
    let body = json!({"jwks": key.public_set(), "settings": {"skip_consent": true}});
    let client = realm.client(body).await;
    let claims = object_of(&client, &client.request());
    let secrets = [
        public.to_string(),
        public["n"].as_str().unwrap().to_owned(),
        key.public_pem(),
        key.public_pem().trim().to_owned(),
    ];
    let objects: Vec<_> = secrets
        .iter()
        .flat_map(|secret| SYMMETRIC.iter().map(|algorithm| SigningKey::from_secret(algorithm, secret)))
        .map(|forger| ("HMAC with what is public", forger.sign(&claims)))
        .collect();
    assert_refused(&realm, &client, "invalid_request_object", &objects).await;
}

/// AddMultipleAudToRequestObject.
#[tokio::test]
async fn az_048_an_object_is_for_this_server_and_of_this_client() {
    let realm = Realm::new().await;
    let issuer = realm.issuer.clone();
    assert_changes_refused(&[
        json!({"aud": null}),
        json!({"aud": ""}),
        json!({"aud": []}),
        json!({"aud": "https://other.test"}),
        json!({"aud": format!("{issuer}/par")}),
        json!({"aud": format!("{issuer}/")}),
        json!({"iss": null}),
        json!({"iss": "other"}),
    ])
    .await;
    let (client, key) = keyed(&realm, json!({})).await;
    let request = client.request();
    let several = json!({"aud": ["https://other.test", issuer]});
    let object = key.sign(&changed(&object_of(&client, &request), several));
    let answer = realm.signed_in_browser().await.authorize(&around(&client, ("request", &object))).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// nbf-8-seconds-in-the-future-is-accepted.
#[tokio::test]
async fn az_049_an_object_is_for_now() {
    let realm = Realm::new().await;
    assert_changes_refused(&[
        json!({"exp": now() - 60}),
        json!({"exp": "soon"}),
        json!({"exp": i64::MAX}),
        json!({"nbf": now() + 60}),
        json!({"iat": now() + 60}),
        json!({"jti": 1}),
        json!({"jti": "j".repeat(300)}),
    ])
    .await;
    let (client, key) = keyed(&realm, json!({})).await;
    let request = client.request();
    let ahead = json!({"nbf": now() + 8, "iat": now() + 8, "exp": now() + 308, "jti": "j"});
    let object = key.sign(&changed(&object_of(&client, &request), ahead));
    let answer = realm.signed_in_browser().await.authorize(&around(&client, ("request", &object))).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn az_052_and_az_060_an_object_holds_no_other_object_and_no_member_twice() {
    assert_changes_refused(&[
        json!({"request": "x"}),
        json!({"request_uri": "https://client.test/object"}),
        json!({"state": "a\0b"}),
    ])
    .await;
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let claims = object_of(&client, &client.request());
    let twice = claims.to_string().replacen('{', "{\"redirect_uri\":\"https://client.test/other\",", 1);
    let null = claims.to_string().replacen('{', "{\"login_hint\":null,", 1);
    let header = key.header().to_string();
    let objects = [
        ("twice", key.sign_texts(&header, &twice)),
        ("null", key.sign_texts(&header, &null)),
        ("an array", key.sign_texts(&header, "[]")),
        ("five parts", format!("{}.x.x", key.sign(&claims))),
    ];
    assert_refused(&realm, &client, "invalid_request_object", &objects).await;
}

/// SignRequestObjectIncludeMediaType.
#[tokio::test]
async fn az_053_no_jwt_of_another_kind_is_taken_for_an_object_nor_an_object_for_another() {
    let realm = Realm::new().await;
    let grants = ["authorization_code", "client_credentials"];
    let metadata = json!({"grant_types": grants, "settings": {"skip_consent": true}});
    let (client, key) = realm.client_with_key("ES256", metadata).await;
    let request = client.request();
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let typed = |typ: &str| {
        let mut header = key.header();
        header["typ"] = json!(typ);
        key.sign_with_header(&header, &object_of(&client, &request))
    };
    let objects = [
        ("client assertion", key.sign(&client.assertion_claims())),
        ("ID token", tokens.id_token().to_owned()),
        ("access token", tokens.access_token().to_owned()),
        ("typ of an access token", typed("at+jwt")),
        ("typ of a proof", typed("dpop+jwt")),
        ("typ of a client assertion", typed("client-authentication+jwt")),
    ];
    assert_refused(&realm, &client, "invalid_request_object", &objects).await;
    let object = changed(&object_of(&client, &request), json!({"exp": now() + 60, "jti": "once"}));
    client.present(&key.sign(&object)).await.assert_refused("invalid_client");
    let outside = around(&client, ("request", &typed("oauth-authz-req+jwt")));
    let answer = realm.signed_in_browser().await.authorize(&outside).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn az_058_keys_in_the_header_are_not_followed_and_keys_of_others_do_not_count() {
    let realm = Realm::new().await;
    let (client, _) = keyed(&realm, json!({})).await;
    let (_, other) = keyed(&realm, json!({})).await;
    let attacker = SigningKey::generate("ES256");
    let set = attacker.public_set();
    let web = WebServer::start(move |_| http::Response::new(set.to_string())).await;
    let claims = object_of(&client, &client.request());
    let with = |name: &'static str, value: Value| {
        let mut header = attacker.header();
        header[name] = value;
        (name, attacker.sign_with_header(&header, &claims))
    };
    let objects = [
        with("jwk", attacker.public_jwk()),
        with("jku", json!(web.url)),
        with("x5u", json!(web.url)),
        with("x5c", json!(["MIIB"])),
        with("crit", json!(["exp"])),
        ("another client's key", other.sign(&claims)),
    ];
    assert_refused(&realm, &client, "invalid_request_object", &objects).await;
    assert_eq!(web.received().len(), 0);
    // Where there is no redirect URI to tell it to, the user is told.
    let outside = around(&client, ("request", &objects[0].1));
    realm.browser().authorize(&outside).await.assert_error_page();
}

#[tokio::test]
async fn an_object_of_5_mb_is_refused_before_it_is_read() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let huge = key.sign(&json!({"state": "s".repeat(5_000_000)}));
    let outside = around(&client, ("request", &huge));
    let body = crate::support::http::encode(&outside.parameters);
    let post = Request::post(&outside.endpoint(), "application/x-www-form-urlencoded", body);
    let refused = realm.http.try_send(post).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| (400..500).contains(&answer.status)));
    let refused = realm.http.try_send(Request::get(&outside.url())).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| (400..500).contains(&answer.status)));
    assert_eq!(realm.get("/.well-known/openid-configuration").await.status, 200);
}
