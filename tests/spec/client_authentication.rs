//! Client authentication: exactly one method, the registered one, and one answer for everything that fails (RFC 6749
//! sections 2.3, 3.2.1 and 5.2).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential, JWT_BEARER};
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

fn secret_of(client: &Client) -> &str {
    match &client.credential {
        Credential::Basic(secret) | Credential::Post(secret) => secret,
        _ => panic!("a secret expected"),
    }
}

async fn client(realm: &Realm, method: &str) -> Client {
    let grants = ["client_credentials"];
    realm.client(json!({"token_endpoint_auth_method": method, "grant_types": grants})).await
}

/// The parts of an answer that could tell two failures apart.
fn look(answer: &Answer) -> (u16, &str, Option<&str>) {
    (answer.status, &answer.body, answer.header("www-authenticate"))
}

#[tokio::test]
async fn rfc6749_2_3_two_methods_at_once_are_invalid_request() {
    let realm = Realm::new().await;
    let basic = client(&realm, "client_secret_basic").await;
    let post = client(&realm, "client_secret_post").await;
    let (keyed, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let url = realm.url("/token");
    let with = |more: &[(&str, &str)]| Request::form(&url, &[GRANT, more].concat());
    let assertion = key.sign(&keyed.assertion_claims());
    let asserted = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
    let secret = ("client_secret", secret_of(&post));
    for request in [
        with(&[("client_id", &basic.id), ("client_secret", secret_of(&basic))]).basic(&basic.id, secret_of(&basic)),
        with(&[secret]).basic(&basic.id, secret_of(&basic)),
        with(&asserted).basic(&basic.id, secret_of(&basic)),
        with(&[&asserted[..], &[secret]].concat()),
        with(&[("client_id", &post.id), secret]).basic(&post.id, secret_of(&post)),
    ] {
        realm.http.send(request).await.assert_refused("invalid_request");
    }
}

/// EnsureClientIdInTokenEndpoint.
#[tokio::test]
async fn rfc6749_3_2_1_and_fapi1_baseline_5_2_2_19_two_identifiers_that_differ_are_refused() {
    let realm = Realm::new().await;
    let one = client(&realm, "client_secret_basic").await;
    let other = client(&realm, "client_secret_basic").await;
    let (keyed, _) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    for client in [&one, &keyed] {
        let parameters = [GRANT, &[("client_id", other.id.as_str())]].concat();
        client.ask("/token", &parameters).await.assert_refused("invalid_client");
        let parameters = [GRANT, &[("client_id", client.id.as_str())]].concat();
        assert_eq!(client.ask("/token", &parameters).await.status, 200);
    }
}

#[tokio::test]
async fn rfc7591_2_only_the_registered_method_counts() {
    let realm = Realm::new().await;
    let basic = client(&realm, "client_secret_basic").await;
    let post = client(&realm, "client_secret_post").await;
    let basic_secret = secret_of(&basic).to_owned();
    let post_secret = secret_of(&post).to_owned();
    for client in [
        basic.with_credential(Credential::Post(basic_secret.clone())),
        basic.with_credential(Credential::None),
        post.with_credential(Credential::Basic(post_secret)),
        post.with_credential(Credential::None),
        basic.with_credential(Credential::Assertion(crate::support::jwt::SigningKey::from_secret(
            "HS256",
            &basic_secret,
        ))),
    ] {
        client.ask("/token", GRANT).await.assert_refused("invalid_client");
    }
}

#[tokio::test]
async fn rfc6749_2_3_1_missing_empty_and_wrong_secrets_are_invalid_client_in_the_same_words() {
    let realm = Realm::new().await;
    let known = client(&realm, "client_secret_basic").await;
    let secret = secret_of(&known);
    let disabled = client(&realm, "client_secret_basic").await;
    realm.update_client(&disabled, json!({"enabled": false})).await;
    let wrong = known.with_credential(Credential::Basic("wrong".to_owned())).ask("/token", GRANT).await;
    wrong.assert_refused("invalid_client");
    let upper = secret.to_uppercase();
    for (id, secret) in [
        (known.id.as_str(), ""),
        (&known.id, &secret[..secret.len() - 1]),
        (&known.id, &format!("{secret}A")),
        (&known.id, upper.as_str()),
        ("unknown", secret),
        (&known.id.to_uppercase(), secret),
        (&disabled.id, secret_of(&disabled)),
    ] {
        let answer = realm.http.send(Request::form(&realm.url("/token"), GRANT).basic(id, secret)).await;
        assert_eq!(look(&answer), look(&wrong), "{id}");
    }
    // The secret is good; it was the cases that were bad.
    assert_eq!(known.ask("/token", GRANT).await.status, 200);
}

#[tokio::test]
async fn rfc6749_3_2_1_nobody_at_all_is_invalid_client() {
    let realm = Realm::new().await;
    for path in ["/token", "/introspect", "/revoke"] {
        let answer = realm.http.post(&realm.url(path), &[("grant_type", "client_credentials"), ("token", "x")]).await;
        answer.assert_refused("invalid_client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "RFC 6749 section 5.2");
    }
}

#[tokio::test]
async fn rfc7617_2_malformed_authorization_headers_are_invalid_client() {
    let realm = Realm::new().await;
    let known = client(&realm, "client_secret_basic").await;
    let pair = format!("{}:{}", known.id, secret_of(&known));
    let good = STANDARD.encode(&pair);
    let mut cases: Vec<Vec<u8>> =
        ["Basic", "Basic ", "Basic !!", "Basic YQ==", "Basic Oi86", "Basic /zpi", "Basic YSV6ejpi", "Digest a=b", "x"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
    cases.push(format!("Basic\t{good}").into_bytes());
    cases.push(format!("Bearer {good}").into_bytes());
    cases.push(format!("Basic {}", URL_SAFE_NO_PAD.encode(format!("{pair}\u{ff}"))).into_bytes());
    cases.push(format!("Basic {}", STANDARD.encode([b"a:".as_slice(), &[0xff, 0xfe]].concat())).into_bytes());
    cases.push(b"Basic \xff\xfe".to_vec());
    cases.push(format!("Basic {}", "A".repeat(9000)).into_bytes());
    for case in cases {
        let mut request = Request::form(&realm.url("/token"), GRANT);
        let value = http::HeaderValue::from_bytes(&case).unwrap();
        request.headers.insert(http::header::AUTHORIZATION, value);
        let answer = realm.http.send(request).await;
        assert!([400, 401].contains(&answer.status), "{case:?}: {answer:?}");
        assert_eq!(answer.json()["error"], "invalid_client", "{case:?}");
    }
    let twice = Request::form(&realm.url("/token"), GRANT).basic(&known.id, secret_of(&known));
    let twice = twice.basic(&known.id, secret_of(&known));
    assert_eq!(realm.http.send(twice).await.json()["error"], "invalid_client");
    let good = Request::form(&realm.url("/token"), GRANT).header("authorization", &format!("bAsIc {good}"));
    assert_eq!(realm.http.send(good).await.status, 200);
}

#[tokio::test]
async fn rfc6749_2_3_an_operators_secret_works_and_a_rotated_one_does_not() {
    let realm = Realm::new().await;
    let chosen = json!({"client_secret": "chosen by somebody", "grant_types": ["client_credentials"]});
    let client = realm.client(chosen).await.with_credential(Credential::Basic("chosen by somebody".to_owned()));
    for _ in 0..2 {
        assert_eq!(client.ask("/token", GRANT).await.status, 200);
    }
    let path = format!("/realms/{}/clients/{}/secret", realm.name, client.id);
    let rotated = realm.server.administration.ask(http::Method::POST, &path, &json!({})).await.json();
    client.ask("/token", GRANT).await.assert_refused("invalid_client");
    let new = rotated["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(client.with_credential(Credential::Basic(new)).ask("/token", GRANT).await.status, 200);
}

#[tokio::test]
async fn rfc7662_2_1_introspection_is_closed_to_public_clients() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    client.ask("/introspect", &[("token", tokens.access_token())]).await.assert_refused("invalid_client");
    // Revoking its own tokens is a public client's right (RFC 7009 section 2.1).
    assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
}

/// A client that authenticates with certificates of an authority under a name.
async fn client_of_authority(realm: &Realm) -> Client {
    let body = json!({
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=client one,O=Example",
        "grant_types": ["client_credentials"],
    });
    realm.client(body).await
}

#[tokio::test]
async fn rfc8705_2_1_certificates_that_are_not_the_clients_are_invalid_client() {
    let authority = Identity::authority("Client authority");
    let impostor = Identity::authority("Client authority");
    let realm = Realm::with(json!({"client_certificate_authorities": authority.certificate_pem()})).await;
    let client = client_of_authority(&realm).await;
    let named = || Subject::named("client one");
    let day = 86_400;
    let good = Identity::issued(&named(), Some(&authority));
    let with = |identity: Identity| client.with_credential(Credential::Certificate(Box::new(identity)));
    assert_eq!(with(good).ask("/token", GRANT).await.status, 200);
    for (what, identity) in [
        ("self-signed", Identity::issued(&named(), None)),
        ("of another authority of the same name", Identity::issued(&named(), Some(&impostor))),
        ("another subject", Identity::issued(&Subject::named("client two"), Some(&authority))),
        ("a longer subject", Identity::issued(&Subject::named("client one,O=Example"), Some(&authority))),
        ("expired", Identity::issued(&Subject { validity: (-2 * day, -day), ..named() }, Some(&authority))),
        ("not yet valid", Identity::issued(&Subject { validity: (day, 2 * day), ..named() }, Some(&authority))),
    ] {
        let answer = with(identity).ask("/token", GRANT).await;
        assert_eq!(answer.json()["error"], "invalid_client", "{what}");
        answer.assert_refused("invalid_client");
    }
    // None at all, and one where nobody asks for it.
    client.ask("/token", GRANT).await.assert_refused("invalid_client");
    let elsewhere = with(Identity::issued(&named(), Some(&authority)));
    let main = Client { mtls_issuer: realm.issuer.clone(), ..elsewhere };
    main.ask("/token", GRANT).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn rfc8705_2_2_certificates_that_are_not_registered_are_invalid_client() {
    let realm = Realm::new().await;
    let registered = crate::support::jwt::SigningKey::generate("ES256");
    let body = json!({
        "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": registered.public_set(),
        "grant_types": ["client_credentials"],
    });
    let client = realm.client(body).await;
    let identity = Identity::issued(&Subject::named("anybody"), None);
    let client = client.with_credential(Credential::Certificate(Box::new(identity)));
    client.ask("/token", GRANT).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn rfc8705_2_a_certificate_does_not_stand_in_for_a_secret() {
    let authority = Identity::authority("Client authority");
    let realm = Realm::with(json!({"client_certificate_authorities": authority.certificate_pem()})).await;
    let identity = Identity::issued(&Subject::named("client one"), Some(&authority));
    let basic = client(&realm, "client_secret_basic").await;
    basic
        .with_credential(Credential::Certificate(Box::new(identity.clone())))
        .ask("/token", GRANT)
        .await
        .assert_refused("invalid_client");
    // Nor a secret for a certificate.
    let by_certificate = client_of_authority(&realm).await.with_credential(Credential::Certificate(Box::new(identity)));
    let parameters = [GRANT, &[("client_secret", "x")]].concat();
    let answer = by_certificate.ask("/token", &parameters).await;
    answer.assert_refused("invalid_client");
}

#[tokio::test]
async fn tk_036_and_cve_2024_10039_certificates_in_headers_of_strangers_are_ignored() {
    let authority = Identity::authority("Client authority");
    let realm = Realm::with(json!({"client_certificate_authorities": authority.certificate_pem()})).await;
    let client = client_of_authority(&realm).await;
    let identity = Identity::issued(&Subject::named("client one"), Some(&authority));
    let der = STANDARD.encode(identity.certificate.to_der().unwrap());
    let pem = url::form_urlencoded::byte_serialize(identity.certificate_pem().as_bytes()).collect::<String>();
    for name in [
        "client-cert",
        "client-cert-chain",
        "x-client-cert",
        "x-ssl-client-cert",
        "ssl-client-cert",
        "x-forwarded-client-cert",
        "x-forwarded-tls-client-cert",
        "client_cert",
        "x_client_cert",
        "x_ssl_client_cert",
        "ssl_client_cert",
    ] {
        for value in [format!(":{der}:"), der.clone(), pem.clone(), format!("Cert=\"{pem}\"")] {
            let request = client.authenticated("/token", GRANT).header(name, &value);
            realm.http.send(request).await.assert_refused("invalid_client");
        }
    }
}
