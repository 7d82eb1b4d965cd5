//! Client assertions: `private_key_jwt` and `client_secret_jwt` (RFC 7523 section 3, RFC 8725, OpenID Connect Core 9).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::client::{Client, Credential, JWT_BEARER};
use crate::support::jwt::{SigningKey, random_text};
use crate::support::realm::Realm;
use crate::support::time::now;
use crate::support::web::WebServer;

pub(super) async fn keyed(realm: &Realm, algorithm: &str) -> (Client, SigningKey) {
    realm.client_with_key(algorithm, json!({"grant_types": ["client_credentials"]})).await
}

/// Checks that each assertion is refused and leaves no trace, and that the key itself is good.
pub(super) async fn assert_refused(
    realm: &Realm,
    (client, key): (&Client, &SigningKey),
    assertions: &[(String, String)],
) {
    let before = realm.rows().await;
    for (what, assertion) in assertions {
        let answer = client.present(assertion).await;
        assert_eq!(answer.json()["error"], "invalid_client", "{what}: {answer:?}");
        answer.assert_refused("invalid_client");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    assert_eq!(client.present(&key.sign(&client.assertion_claims())).await.status, 200);
}

/// The claims with some of them replaced, `null` removes one.
pub(super) fn changed(client: &Client, change: &Value) -> Value {
    let mut claims = client.assertion_claims();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

async fn assert_claims_refused(changes: &[Value]) {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let assertions: Vec<_> =
        changes.iter().map(|change| (change.to_string(), key.sign(&changed(&client, change)))).collect();
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn rfc7523_3_issuer_and_subject_are_the_client() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let (other, _) = keyed(&realm, "ES256").await;
    let changes = [
        json!({"iss": null}),
        json!({"iss": ""}),
        json!({"iss": "nobody"}),
        json!({"iss": other.id}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "nobody"}),
        json!({"sub": other.id}),
        json!({"sub": other.id, "iss": other.id}),
        json!({"sub": [client.id]}),
        json!({"iss": 1}),
    ];
    let assertions: Vec<_> =
        changes.iter().map(|change| (change.to_string(), key.sign(&changed(&client, change)))).collect();
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn tk_022_rfc7523_3_the_audience_is_this_server() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let audiences = [
        Value::Null,
        json!(""),
        json!([]),
        json!("https://evil.test"),
        json!(["https://evil.test"]),
        json!(format!("{}/", realm.issuer)),
        json!(realm.server.public_url),
        json!(realm.url("/authorize")),
        json!(realm.issuer.to_uppercase()),
        json!(Realm::new().await.issuer),
        json!({"a": realm.issuer}),
        json!([1, realm.issuer]),
        json!(client.id),
    ];
    let assertions: Vec<_> = audiences
        .iter()
        .map(|audience| (audience.to_string(), key.sign(&changed(&client, &json!({"aud": audience})))))
        .collect();
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn rfc7523_3_the_audience_of_one_endpoint_is_not_that_of_another() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let claims = changed(&client, &json!({"aud": realm.url("/introspect")}));
    client.present(&key.sign(&claims)).await.assert_refused("invalid_client");
    let assertion = key.sign(&claims);
    let parameters = [("token", "x"), ("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
    assert_eq!(realm.http.post(&realm.url("/introspect"), &parameters).await.success(), json!({"active": false}));
}

#[tokio::test]
async fn tk_024_rfc7523_3_an_identifier_is_needed() {
    let long = "x".repeat(10_000);
    assert_claims_refused(&[
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": 1}),
        json!({"jti": ["a"]}),
        json!({"jti": long}),
    ])
    .await;
}

#[tokio::test]
async fn tk_025_rfc7523_3_times_are_checked_with_little_tolerance() {
    let time = now();
    assert_claims_refused(&[
        json!({"exp": null}),
        json!({"exp": time - 60}),
        json!({"exp": time + 3600}),
        json!({"exp": i64::MAX}),
        json!({"iat": time + 90}),
        json!({"nbf": time + 90}),
        json!({"exp": 0}),
        json!({"exp": -1}),
    ])
    .await;
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    for tolerated in
        [json!({"nbf": now() + 8}), json!({"iat": now() + 8}), json!({"iat": null}), json!({"exp": now() + 60})]
    {
        let answer = client.present(&key.sign(&changed(&client, &tolerated))).await;
        assert_eq!(answer.status, 200, "{tolerated}: {answer:?}");
    }
}

#[tokio::test]
async fn tk_026_rfc8725_2_times_of_a_wrong_type_are_not_absent() {
    let bad = [json!("1"), json!(true), json!([1]), json!({}), json!(1e308), json!("soon"), json!(-1), json!(-0.5)];
    let changes: Vec<_> =
        ["exp", "nbf", "iat"].iter().flat_map(|claim| bad.iter().map(move |value| json!({*claim: value}))).collect();
    assert_claims_refused(&changes).await;
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let nothing = ["exp", "nbf", "iat"].map(|claim| {
        let mut claims = client.assertion_claims();
        claims[claim] = Value::Null;
        (format!("{claim} null"), key.sign(&claims))
    });
    assert_refused(&realm, (&client, &key), &nothing).await;
}

#[tokio::test]
async fn tk_028_rfc8725_3_1_algorithms_are_those_of_the_client_and_its_key() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "RS256").await;
    let claims = client.assertion_claims();
    let header = |algorithm: &str| json!({"alg": algorithm, "kid": key.key_id()});
    let public = key.public_jwk().to_string();
    let unsigned = |algorithm: &str| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header(algorithm)), part(&claims))
    };
    let of = |text: &str| text.to_owned();
    let assertions = [
        (of("none"), unsigned("none")),
        (of("None"), unsigned("None")),
        (of("RS256 without a signature"), unsigned("RS256")),
        (
            of("public key as secret"),
            SigningKey::from_secret("HS256", &public).sign_with_header(&header("HS256"), &claims),
        ),
        (
            of("public key as PEM as secret"),
            SigningKey::from_secret("HS256", &key.public_pem()).sign_with_header(&header("HS256"), &claims),
        ),
        (of("ES256K"), key.sign_with_header(&header("ES256K"), &claims)),
        (of("another algorithm of the key"), key.named("PS256").sign_with_header(&header("PS256"), &claims)),
        (of("RS384 with a key for RS256"), key.named("RS384").sign_with_header(&header("RS384"), &claims)),
        (of("another key of that name"), SigningKey::generate("RS256").sign_with_header(&header("RS256"), &claims)),
        (of("unknown algorithm"), key.sign_with_header(&header("RS1"), &claims)),
        (of("unknown key"), key.sign_with_header(&json!({"alg": "RS256", "kid": "other"}), &claims)),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn tk_029_rfc7518_3_4_a_signature_is_two_numbers_of_the_curve() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let good = key.sign(&client.assertion_claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with = |what: &str, bytes: &[u8]| (what.to_owned(), format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes)));
    let (first, second) = bytes.split_at(32);
    // The order of P-256 (SEC 2 section 2.4.2).
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let other_curve = SigningKey::generate("ES384");
    let assertions = [
        with("r and s zero", &[0; 64]),
        with("r zero", &[&[0; 32], second].concat()),
        with("s zero", &[first, &[0; 32]].concat()),
        with("r the order", &[&order[..], second].concat()),
        with("s the order", &[first, &order[..]].concat()),
        with("r and s beyond the order", &[0xff; 64]),
        with("65 bytes", &[&bytes[..], &[0]].concat()),
        with("a zero in front", &[&[0], &bytes[..]].concat()),
        with("63 bytes", &bytes[..63]),
        with("r and s the other way round", &[second, first].concat()),
        with("DER", &[&[0x30, 0x44, 0x02, 0x20], first, &[0x02, 0x20], second].concat()),
        with("nothing", &[]),
        (
            "a key of P-384 under ES256".to_owned(),
            other_curve.sign_with_header(&key.header(), &client.assertion_claims()),
        ),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn tk_028_oidc_registration_2_a_registered_algorithm_is_the_only_one() {
    let realm = Realm::new().await;
    let (first, second) = (SigningKey::generate("ES256"), SigningKey::generate("RS256"));
    let body = json!({
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "RS256",
        "jwks": {"keys": [first.public_jwk(), second.public_jwk()]}, "grant_types": ["client_credentials"],
    });
    let client = realm.client(body).await;
    let assertions = [("ES256".to_owned(), first.sign(&client.assertion_claims()))];
    assert_refused(&realm, (&client, &second), &assertions).await;
}

#[tokio::test]
async fn tk_028_oidc_core_9_an_asymmetric_client_takes_no_hmac_and_the_other_way_round() {
    let realm = Realm::new().await;
    let body = json!({"token_endpoint_auth_method": "client_secret_jwt", "grant_types": ["client_credentials"]});
    let client = realm.client(body).await;
    let Credential::Assertion(key) = client.credential.clone() else { panic!("a secret expected") };
    let foreign = SigningKey::generate("ES256");
    let assertions = [
        ("ES256".to_owned(), foreign.sign(&client.assertion_claims())),
        (
            "another secret".to_owned(),
            SigningKey::from_secret("HS256", &random_text()).sign(&client.assertion_claims()),
        ),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn tk_030_rfc7515_4_1_keys_and_extensions_in_the_header_are_not_followed() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let attacker = SigningKey::generate("ES256");
    let set = attacker.public_set();
    let web = WebServer::start(move |_| http::Response::new(set.to_string())).await;
    let claims = client.assertion_claims();
    let with = |name: &str, value: Value| {
        let mut header = attacker.header();
        header[name] = value;
        (name.to_owned(), attacker.sign_with_header(&header, &claims))
    };
    let mut critical = key.header();
    critical["crit"] = json!(["exp"]);
    let mut b64 = key.header();
    b64["crit"] = json!(["b64"]);
    b64["b64"] = json!(false);
    let assertions = [
        with("jwk", attacker.public_jwk()),
        with("jku", json!(web.url)),
        with("x5u", json!(web.url)),
        with("x5c", json!(["MIIB"])),
        ("crit".to_owned(), key.sign_with_header(&critical, &claims)),
        ("b64".to_owned(), key.sign_with_header(&b64, &claims)),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
    assert_eq!(web.received().len(), 0);
}

#[tokio::test]
async fn tk_034_rfc8725_3_11_tokens_of_another_kind_are_no_assertions() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let typed = |typ: &str| {
        let mut header = key.header();
        header["typ"] = json!(typ);
        (typ.to_owned(), key.sign_with_header(&header, &client.assertion_claims()))
    };
    let user = realm.versatile_client().await;
    let tokens = user.obtain(&mut realm.browser(), &user.request(), &realm.user).await;
    let assertions = [
        typed("at+jwt"),
        typed("dpop+jwt"),
        typed("logout+jwt"),
        typed("oauth-authz-req+jwt"),
        typed("secevent+jwt"),
        ("ID token".to_owned(), tokens.id_token().to_owned()),
        ("access token".to_owned(), tokens.access_token().to_owned()),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
    let mut header = key.header();
    header["typ"] = json!("client-authentication+jwt");
    assert_eq!(client.present(&key.sign_with_header(&header, &client.assertion_claims())).await.status, 200);
}

#[tokio::test]
async fn rfc7515_3_1_malformed_tokens_are_refused() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let claims = client.assertion_claims().to_string();
    let header = key.header().to_string();
    let good = key.sign(&client.assertion_claims());
    let repeated_claim = claims.replacen('{', "{\"sub\":\"other\",", 1);
    let repeated_member = header.replacen('{', "{\"alg\":\"none\",", 1);
    let of = |what: &str, token: String| (what.to_owned(), token);
    let assertions = [
        of("a claim twice", key.sign_texts(&header, &repeated_claim)),
        of("a header member twice", key.sign_texts(&repeated_member, &claims)),
        of("no object", key.sign_texts(&header, "[]")),
        of("no JSON", key.sign_texts(&header, "x")),
        of("padding", format!("{good}=")),
        of("white space", format!("{good} ")),
        of("two parts", good.rsplit_once('.').unwrap().0.to_owned()),
        of("four parts", format!("{good}.x")),
        of("dots", ".".repeat(1000)),
        of("DER signature", {
            let (message, _) = good.rsplit_once('.').unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode([0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]))
        }),
        of("zero signature", format!("{}.{}", good.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode([0; 64]))),
        of("JSON serialization", json!({"payload": "e30", "signatures": []}).to_string()),
    ];
    assert_refused(&realm, (&client, &key), &assertions).await;
}

#[tokio::test]
async fn rfc7521_4_2_type_and_assertion_come_together() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let assertion = key.sign(&client.assertion_claims());
    let grant = ("grant_type", "client_credentials");
    let url = realm.url("/token");
    for parameters in
        [vec![grant, ("client_assertion", &assertion)], vec![grant, ("client_assertion_type", JWT_BEARER)]]
    {
        realm.http.post(&url, &parameters).await.assert_refused("invalid_request");
    }
    let other = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let parameters = [grant, ("client_assertion_type", other), ("client_assertion", &assertion)];
    realm.http.post(&url, &parameters).await.assert_refused("invalid_client");
}
