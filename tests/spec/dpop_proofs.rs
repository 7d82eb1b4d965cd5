//! What a DPoP proof must be (RFC 9449 section 4.3), at the token endpoint.

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::dpop::{ProofKey, claims};
use crate::support::http::at_once;
use crate::support::jwt::{SigningKey, random_text};
use crate::support::realm::Realm;
use crate::support::time::now;

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

struct Prover {
    client: Client,
    key: ProofKey,
    url: String,
}

impl Prover {
    async fn new() -> Self {
        Self::of(Realm::new().await.versatile_client().await)
    }

    fn of(client: Client) -> Self {
        Self { url: client.endpoint("/token"), client, key: ProofKey::generate("ES256") }
    }

    fn claims(&self) -> Value {
        claims("POST", &self.url)
    }

    async fn refuses(&self, proof: &str, what: &str) {
        let answer = self.client.prove(GRANT, proof).await;
        assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{what}");
        answer.assert_refused("invalid_dpop_proof");
    }

    /// The claims of a good proof with one in another form.
    async fn refuses_with(&self, name: &str, value: Value) {
        let mut claims = self.claims();
        if value == Value::Null {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
        self.refuses(&self.key.sign(&claims), &format!("{name} {value}")).await;
    }

    /// The header of a good proof with a member in another form.
    async fn refuses_header(&self, change: impl FnOnce(&mut Value)) {
        let mut header = self.key.header();
        change(&mut header);
        self.refuses(&self.key.0.sign_with_header(&header, &self.claims()), &header.to_string()).await;
    }

    async fn accepts(&self, claims: &Value) {
        self.client.prove(GRANT, &self.key.sign(claims)).await.bound_tokens();
    }
}

#[tokio::test]
async fn tk_049_rfc9449_4_3_what_is_no_proof_is_refused() {
    let prover = Prover::new().await;
    for garbage in ["", "x", "a.b", "a.b.c.d", "e30.e30.", "AAAA.AAAA.AAAA"] {
        prover.refuses(garbage, garbage).await;
    }
    for typ in [json!("JWT"), json!("at+jwt"), json!("dpop"), json!(1)] {
        prover.refuses_header(|header| header["typ"] = typ).await;
    }
    for missing in ["typ", "alg", "jwk"] {
        prover.refuses_header(|header| drop(header.as_object_mut().unwrap().remove(missing))).await;
    }
    for algorithm in ["none", "HS256", "ES384", "PS256", "ES256K"] {
        prover.refuses_header(|header| header["alg"] = json!(algorithm)).await;
    }
    prover.refuses_header(|header| header["crit"] = json!(["jwk"])).await;
    for name in ["jti", "htm", "htu", "iat"] {
        prover.refuses_with(name, Value::Null).await;
        prover.refuses_with(name, json!("")).await;
        prover.refuses_with(name, json!([])).await;
    }
    let good = prover.key.sign(&prover.claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    prover.refuses(&format!("{message}.{flipped}{}", &signature[1..]), "a flipped signature").await;
    let other = ProofKey::generate("ES256").sign(&prover.claims());
    let (_, foreign) = other.rsplit_once('.').unwrap();
    prover.refuses(&format!("{message}.{foreign}"), "another key's signature").await;
    prover.client.prove(GRANT, &good).await.bound_tokens();
}

#[tokio::test]
async fn tk_049_rfc8725_3_12_other_tokens_of_the_same_key_are_no_proofs() {
    let prover = Prover::new().await;
    let header = json!({"typ": "JWT", "alg": "ES256", "jwk": prover.key.jwk()});
    prover.refuses(&prover.key.0.sign_with_header(&header, &prover.claims()), "a JWT").await;
    // And a proof is no client assertion.
    let (client, key) =
        Realm::new().await.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let mut claims = client.assertion_claims();
    claims.as_object_mut().unwrap().extend(prover.claims().as_object().unwrap().clone());
    let proof = ProofKey(key).sign(&claims);
    client.present(&proof).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn tk_048_rfc9449_4_2_the_key_is_public_asymmetric_and_sound() {
    let prover = Prover::new().await;
    let secret = SigningKey::from_secret("HS256", &random_text());
    let oct = json!({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"});
    let header = json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": oct});
    prover.refuses(&secret.sign_with_header(&header, &prover.claims()), "a shared secret").await;
    for private in ["d", "k", "p", "oth"] {
        prover.refuses_header(|header| header["jwk"][private] = json!("AAAA")).await;
    }
    prover.refuses_header(|header| header["jwk"]["y"] = header["jwk"]["x"].clone()).await;
    let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    prover.refuses_header(|header| (header["jwk"]["x"], header["jwk"]["y"]) = (json!(zero), json!(zero))).await;
    for (name, value) in [
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("kty", json!("RSA")),
        ("kty", json!("OKP")),
        ("x", json!("")),
        ("x", json!(1)),
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("alg", json!("ES384")),
    ] {
        prover.refuses_header(|header| header["jwk"][name] = value).await;
    }
    for jwk in [json!(null), json!("text"), json!([]), json!({}), json!({"kty": "EC"})] {
        prover.refuses_header(|header| header["jwk"] = jwk).await;
    }
    let weak = josekit::jwk::Jwk::generate_rsa_key(1024).unwrap().to_public_key().unwrap();
    prover
        .refuses_header(|header| {
            (header["alg"], header["jwk"]) = (json!("PS256"), serde_json::to_value(weak.as_ref()).unwrap());
        })
        .await;
}

#[tokio::test]
async fn rfc9449_5_1_every_algorithm_of_the_discovery_document_proves() {
    let realm = Realm::new().await;
    let listed = realm.discovery().await["dpop_signing_alg_values_supported"].clone();
    let prover = Prover::of(realm.versatile_client().await);
    for algorithm in listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
        let key = ProofKey::generate(algorithm);
        // The second time the key is known.
        for _ in 0..2 {
            let tokens = prover.client.own_token(&key).await;
            let introspected = prover.client.introspect(tokens.access_token()).await;
            assert_eq!(introspected["cnf"], json!({"jkt": key.thumbprint()}), "{algorithm}");
        }
    }
}

#[tokio::test]
async fn tk_044_rfc9449_4_3_method_and_address_are_those_of_the_request() {
    let prover = Prover::new().await;
    for method in ["GET", "PUT", "post", "POST "] {
        prover.refuses_with("htm", json!(method)).await;
    }
    let url = &prover.url;
    let other = [
        url.replacen("https", "http", 1),
        url.replacen("localhost", "op.test", 1),
        url.replacen("/token", "/userinfo", 1),
        url.replacen("/token", "/token/", 1),
        url.replacen("/token", "/TOKEN", 1),
        "/token".to_owned(),
        "https://".to_owned(),
    ];
    for htu in other {
        prover.refuses_with("htu", json!(htu)).await;
    }
    let upper = url.replacen("https://localhost", "HTTPS://LOCALHOST", 1);
    for htu in [
        format!("{url}?query=1#fragment"),
        format!("{url}#"),
        upper,
        url.replacen("/token", "/./%74oken", 1),
        url.replacen("/token", "/x/../token", 1),
    ] {
        let mut claims = prover.claims();
        claims["htu"] = json!(htu);
        prover.accepts(&claims).await;
    }
}

#[tokio::test]
async fn tk_044_the_header_is_read_under_any_spelling_of_its_name_and_more_members_do_no_harm() {
    let prover = Prover::new().await;
    let mut claims = prover.claims();
    (claims["nbf"], claims["exp"], claims["nonce"], claims["more"]) =
        (json!(now()), json!(now() + 300), json!("somebody else's"), json!({"a": [1]}));
    let mut header = prover.key.header();
    (header["kid"], header["more"]) = (json!("x"), json!(1));
    let proof = prover.key.0.sign_with_header(&header, &claims);
    let request = prover.client.authenticated("/token", GRANT).header("DPOP", &proof);
    prover.client.http.send(request).await.bound_tokens();
    prover.refuses_with("exp", json!(now() - 60)).await;
    prover.refuses_with("nbf", json!(now() + 60)).await;
}

#[tokio::test]
async fn tk_045_rfc9449_11_1_proofs_are_made_now() {
    let prover = Prover::new().await;
    for seconds in [-3600, -120, 60, 3600] {
        prover.refuses_with("iat", json!(now() + seconds)).await;
    }
    for seconds in [-60, -10, 0, 8] {
        let mut claims = prover.claims();
        claims["iat"] = json!(now() + seconds);
        prover.accepts(&claims).await;
    }
}

#[tokio::test]
async fn tk_050_rfc9449_4_3_one_proof_of_reasonable_size() {
    let prover = Prover::new().await;
    let proof = || prover.key.sign(&prover.claims());
    let twice = prover.client.authenticated("/token", GRANT).dpop(&proof()).dpop(&proof());
    prover.client.http.send(twice).await.assert_refused("invalid_dpop_proof");
    prover.refuses(&format!("{}, {}", proof(), proof()), "two in one header").await;
    prover.refuses_with("jti", json!("x".repeat(257))).await;
    prover.refuses_with("jti", json!("x".repeat(5_000))).await;
    prover.refuses_with("more", json!("x".repeat(8_000))).await;
    let huge = prover.client.authenticated("/token", GRANT).dpop(&"x".repeat(100_000));
    let status = prover.client.http.send(huge).await.status;
    assert!([400, 431].contains(&status), "{status}");
    let mut claims = prover.claims();
    claims["jti"] = json!("x".repeat(256));
    prover.accepts(&claims).await;
}

#[tokio::test]
async fn tk_042_rfc9449_11_1_a_proof_is_taken_once() {
    let prover = Prover::new().await;
    let proof = prover.key.sign(&prover.claims());
    prover.client.prove(GRANT, &proof).await.bound_tokens();
    prover.refuses(&proof, "the same proof").await;
    // The same name in another proof of the key is the same; another key has names of its own.
    let mut claims = prover.claims();
    prover.accepts(&claims).await;
    claims["iat"] = json!(now() - 1);
    prover.refuses(&prover.key.sign(&claims), "the same jti").await;
    prover.client.prove(GRANT, &ProofKey::generate("ES256").sign(&claims)).await.bound_tokens();

    let proof = prover.key.sign(&prover.claims());
    let answers = at_once(16, async || prover.client.prove(GRANT, &proof).await).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.assert_refused("invalid_dpop_proof");
    }
}

#[tokio::test]
async fn rfc9449_11_1_a_proof_counts_also_where_the_grant_is_refused() {
    let prover = Prover::new().await;
    let proof = prover.key.sign(&prover.claims());
    let wrong = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "https://client.test/callback")];
    prover.client.prove(&wrong, &proof).await.assert_refused("invalid_grant");
    prover.refuses(&proof, "used with a bad code").await;
}

#[tokio::test]
async fn rfc7523_3_and_rfc9449_11_1_assertion_and_proof_are_marked_together() {
    let (client, key) =
        Realm::new().await.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let (prover, url) = (ProofKey::generate("ES256"), client.endpoint("/token"));
    let send = async |assertion: &str, proof: &str| {
        let parameters = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", crate::support::client::JWT_BEARER),
            ("client_assertion", assertion),
        ];
        let request = crate::support::http::Request::form(&url, &parameters).dpop(proof);
        client.http.send(request).await
    };
    let assertion = || key.sign(&client.assertion_claims());
    let (first, proof) = (assertion(), prover.post(&url));
    send(&first, &proof).await.bound_tokens();
    send(&first, &prover.post(&url)).await.assert_refused("invalid_client");
    send(&assertion(), &proof).await.assert_refused("invalid_dpop_proof");
    send(&assertion(), &prover.post(&url)).await.bound_tokens();
}
