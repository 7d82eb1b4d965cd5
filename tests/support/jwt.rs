//! Keys and JWTs as others make and check them: with a library that the server does not use.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jws::{ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
use josekit::jws::{JwsSigner, JwsVerifier};
use serde_json::{Value, json};

/// Every algorithm that ID tokens and assertions are signed with here.
pub(crate) const ASYMMETRIC: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
pub(crate) const SYMMETRIC: &[&str] = &["HS256", "HS384", "HS512"];

/// A key that signs with one algorithm.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) algorithm: String,
    jwk: Jwk,
}

/// 32 random bytes as text.
pub(crate) fn random_text() -> String {
    let mut bytes = [0; 32];
    fill_randomly(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::disallowed_methods, reason = "clients have randomness of their own")]
fn fill_randomly(bytes: &mut [u8]) {
    openssl::rand::rand_bytes(bytes).unwrap();
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(bytes)
}

impl SigningKey {
    pub(crate) fn generate(algorithm: &str) -> Self {
        let jwk = match algorithm {
            "ES256" => Jwk::generate_ec_key(EcCurve::P256),
            "ES384" => Jwk::generate_ec_key(EcCurve::P384),
            "ES512" => Jwk::generate_ec_key(EcCurve::P521),
            "EdDSA" | "Ed25519" => Jwk::generate_ed_key(EdCurve::Ed25519),
            _ => Jwk::generate_rsa_key(2048),
        };
        let mut jwk = jwk.unwrap();
        jwk.set_key_id(random_text());
        jwk.set_key_use("sig");
        jwk.set_algorithm(algorithm);
        Self { algorithm: algorithm.to_owned(), jwk }
    }

    /// A key for HMAC, from a client secret.
    pub(crate) fn from_secret(algorithm: &str, secret: &str) -> Self {
        let mut jwk = Jwk::new("oct");
        jwk.set_key_value(secret.as_bytes());
        Self { algorithm: algorithm.to_owned(), jwk }
    }

    /// The same key under another algorithm's name.
    pub(crate) fn named(&self, algorithm: &str) -> Self {
        let mut jwk = self.jwk.clone();
        jwk.set_algorithm(algorithm);
        Self { algorithm: algorithm.to_owned(), jwk }
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.jwk.key_id()
    }

    /// The key with its private part, for a client of others.
    pub(crate) fn private_jwk(&self) -> Value {
        serde_json::to_value(self.jwk.as_ref()).unwrap()
    }

    /// The public key set (RFC 7517 section 5).
    pub(crate) fn public_set(&self) -> Value {
        json!({"keys": [self.public_jwk()]})
    }

    pub(crate) fn public_jwk(&self) -> Value {
        let public = self.jwk.to_public_key().unwrap();
        let mut public: Value = serde_json::to_value(public.as_ref()).unwrap();
        public["kid"] = json!(self.key_id());
        public["alg"] = json!(self.algorithm);
        public
    }

    /// The public key as text (RFC 7468 section 13).
    pub(crate) fn public_pem(&self) -> String {
        let component = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(self.jwk.parameter(name).unwrap().as_str().unwrap()).unwrap();
            openssl::bn::BigNum::from_slice(&bytes).unwrap()
        };
        let key = openssl::rsa::Rsa::from_public_components(component("n"), component("e")).unwrap();
        String::from_utf8(key.public_key_to_pem().unwrap()).unwrap()
    }

    /// The header that belongs to the key.
    pub(crate) fn header(&self) -> Value {
        let mut header = json!({"alg": self.algorithm, "typ": "JWT"});
        if let Some(key_id) = self.key_id() {
            header["kid"] = json!(key_id);
        }
        header
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(&self.header(), claims)
    }

    /// Signs with any header, whether it belongs to the key or not.
    pub(crate) fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        self.sign_texts(&header.to_string(), &claims.to_string())
    }

    /// Signs any two texts.
    pub(crate) fn sign_texts(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.signer().sign(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signer(&self) -> Box<dyn JwsSigner> {
        // The library binds a key to the algorithm it is registered for, and does not know the name Ed25519.
        let mut jwk = self.jwk.clone();
        jwk.set_parameter("alg", None).unwrap();
        jwk.set_parameter("use", None).unwrap();
        match self.algorithm.as_str() {
            "RS256" => Box::new(RS256.signer_from_jwk(&jwk).unwrap()),
            "RS384" => Box::new(RS384.signer_from_jwk(&jwk).unwrap()),
            "RS512" => Box::new(RS512.signer_from_jwk(&jwk).unwrap()),
            "PS256" => Box::new(PS256.signer_from_jwk(&jwk).unwrap()),
            "PS384" => Box::new(PS384.signer_from_jwk(&jwk).unwrap()),
            "PS512" => Box::new(PS512.signer_from_jwk(&jwk).unwrap()),
            "ES256" => Box::new(ES256.signer_from_jwk(&jwk).unwrap()),
            "ES384" => Box::new(ES384.signer_from_jwk(&jwk).unwrap()),
            "ES512" => Box::new(ES512.signer_from_jwk(&jwk).unwrap()),
            "EdDSA" | "Ed25519" => Box::new(EdDSA.signer_from_jwk(&jwk).unwrap()),
            "HS256" => Box::new(HS256.signer_from_jwk(&jwk).unwrap()),
            "HS384" => Box::new(HS384.signer_from_jwk(&jwk).unwrap()),
            "HS512" => Box::new(HS512.signer_from_jwk(&jwk).unwrap()),
            other => panic!("no algorithm {other}"),
        }
    }
}

fn verifier(algorithm: &str, jwk: &Jwk) -> Box<dyn JwsVerifier> {
    let mut jwk = jwk.clone();
    for member in ["alg", "use", "key_ops"] {
        jwk.set_parameter(member, None).unwrap();
    }
    match algorithm {
        "RS256" => Box::new(RS256.verifier_from_jwk(&jwk).unwrap()),
        "RS384" => Box::new(RS384.verifier_from_jwk(&jwk).unwrap()),
        "RS512" => Box::new(RS512.verifier_from_jwk(&jwk).unwrap()),
        "PS256" => Box::new(PS256.verifier_from_jwk(&jwk).unwrap()),
        "PS384" => Box::new(PS384.verifier_from_jwk(&jwk).unwrap()),
        "PS512" => Box::new(PS512.verifier_from_jwk(&jwk).unwrap()),
        "ES256" => Box::new(ES256.verifier_from_jwk(&jwk).unwrap()),
        "ES384" => Box::new(ES384.verifier_from_jwk(&jwk).unwrap()),
        "ES512" => Box::new(ES512.verifier_from_jwk(&jwk).unwrap()),
        "EdDSA" | "Ed25519" => Box::new(EdDSA.verifier_from_jwk(&jwk).unwrap()),
        "HS256" => Box::new(HS256.verifier_from_jwk(&jwk).unwrap()),
        "HS384" => Box::new(HS384.verifier_from_jwk(&jwk).unwrap()),
        "HS512" => Box::new(HS512.verifier_from_jwk(&jwk).unwrap()),
        other => panic!("no algorithm {other}"),
    }
}

/// A token whose signature was verified.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedToken {
    pub(crate) header: BTreeMap<String, Value>,
    pub(crate) claims: Value,
}

/// Reads a token without verifying it.
pub(crate) fn read(token: &str) -> VerifiedToken {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, _] = parts[..] else { panic!("not a compact JWS: {token}") };
    let part = |text| URL_SAFE_NO_PAD.decode(text).unwrap();
    let header = serde_json::from_slice(&part(header)).unwrap();
    VerifiedToken { header, claims: serde_json::from_slice(&part(payload)).unwrap() }
}

/// Verifies a token with the key of a set that its `kid` names.
pub(crate) fn verify(token: &str, set: &Value) -> VerifiedToken {
    let unverified = read(token);
    let key_id = &unverified.header["kid"];
    let mut keys = set["keys"].as_array().unwrap().iter().filter(|key| key["kid"] == *key_id);
    let key = keys.next().unwrap_or_else(|| panic!("no key {key_id} in {set}"));
    assert!(keys.next().is_none(), "two keys are called {key_id}");
    assert_eq!(key["alg"], unverified.header["alg"]);
    verify_with(token, &Jwk::from_map(key.as_object().unwrap().clone()).unwrap())
}

/// Verifies a token that is authenticated with a secret.
pub(crate) fn verify_with_secret(token: &str, secret: &str) -> VerifiedToken {
    let mut jwk = Jwk::new("oct");
    jwk.set_key_value(secret.as_bytes());
    verify_with(token, &jwk)
}

fn verify_with(token: &str, jwk: &Jwk) -> VerifiedToken {
    let unverified = read(token);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let algorithm = unverified.header["alg"].as_str().unwrap();
    verifier(algorithm, jwk).verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    unverified
}
