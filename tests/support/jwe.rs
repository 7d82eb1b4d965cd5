//! Encrypted tokens as clients open and make them: with a library that the server does not use.

use josekit::jwe::{self, A128KW, A192KW, A256KW, Dir, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP, RSA_OAEP_256};
use josekit::jwe::{ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A192KW, ECDH_ES_A256KW};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use serde_json::{Value, json};

use super::jwt::random_text;

/// The algorithms that encrypt to a public key.
pub(crate) const ASYMMETRIC: &[&str] =
    &["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"];
/// The algorithms that use the client's secret.
pub(crate) const SYMMETRIC: &[&str] = &["A128KW", "A192KW", "A256KW", "dir"];
/// How content is encrypted, each with the octets of its key.
pub(crate) const CONTENT: &[(&str, usize)] = &[
    ("A128CBC-HS256", 32),
    ("A192CBC-HS384", 48),
    ("A256CBC-HS512", 64),
    ("A128GCM", 16),
    ("A192GCM", 24),
    ("A256GCM", 32),
];

/// A client's key that others encrypt to with one algorithm.
pub(crate) struct EncryptionKey {
    algorithm: String,
    jwk: Jwk,
}

/// What an encrypted token held.
pub(crate) struct Opened {
    pub(crate) header: JweHeader,
    pub(crate) plaintext: String,
}

impl EncryptionKey {
    pub(crate) fn generate(algorithm: &str) -> Self {
        let jwk = if algorithm.starts_with("RSA") {
            Jwk::generate_rsa_key(2048)
        } else {
            Jwk::generate_ec_key(EcCurve::P256)
        };
        let mut jwk = jwk.unwrap();
        jwk.set_key_id(random_text());
        Self { algorithm: algorithm.to_owned(), jwk }
    }

    pub(crate) fn key_id(&self) -> &str {
        self.jwk.key_id().unwrap()
    }

    pub(crate) fn public_jwk(&self) -> Value {
        let public = self.jwk.to_public_key().unwrap();
        let mut public: Value = serde_json::to_value(public.as_ref()).unwrap();
        public["kid"] = json!(self.key_id());
        public["use"] = json!("enc");
        public["alg"] = json!(self.algorithm);
        public
    }

    pub(crate) fn open(&self, token: &str) -> Opened {
        let decrypter: Box<dyn JweDecrypter> = match self.algorithm.as_str() {
            "RSA-OAEP" => Box::new(RSA_OAEP.decrypter_from_jwk(&self.jwk).unwrap()),
            "RSA-OAEP-256" => Box::new(RSA_OAEP_256.decrypter_from_jwk(&self.jwk).unwrap()),
            "ECDH-ES" => Box::new(ECDH_ES.decrypter_from_jwk(&self.jwk).unwrap()),
            "ECDH-ES+A128KW" => Box::new(ECDH_ES_A128KW.decrypter_from_jwk(&self.jwk).unwrap()),
            "ECDH-ES+A192KW" => Box::new(ECDH_ES_A192KW.decrypter_from_jwk(&self.jwk).unwrap()),
            "ECDH-ES+A256KW" => Box::new(ECDH_ES_A256KW.decrypter_from_jwk(&self.jwk).unwrap()),
            other => panic!("no algorithm {other}"),
        };
        open(token, decrypter.as_ref())
    }
}

/// OpenID Connect Core 10.2: the left-most bits of a hash of the secret.
fn derived(secret: &str, length: usize) -> Vec<u8> {
    let secret = secret.as_bytes();
    let mut key = match length {
        ..=32 => openssl::sha::sha256(secret).to_vec(),
        33..=48 => openssl::sha::sha384(secret).to_vec(),
        _ => openssl::sha::sha512(secret).to_vec(),
    };
    key.truncate(length);
    key
}

/// Opens a token that is encrypted with a client's secret.
pub(crate) fn open_with_secret(token: &str, algorithm: &str, content: &str, secret: &str) -> Opened {
    let decrypter: Box<dyn JweDecrypter> = match algorithm {
        "A128KW" => Box::new(A128KW.decrypter_from_bytes(derived(secret, 16)).unwrap()),
        "A192KW" => Box::new(A192KW.decrypter_from_bytes(derived(secret, 24)).unwrap()),
        "A256KW" => Box::new(A256KW.decrypter_from_bytes(derived(secret, 32)).unwrap()),
        "dir" => {
            let (_, length) = CONTENT.iter().find(|(name, _)| *name == content).unwrap();
            Box::new(Dir.decrypter_from_bytes(derived(secret, *length)).unwrap())
        }
        other => panic!("no algorithm {other}"),
    };
    open(token, decrypter.as_ref())
}

fn open(token: &str, decrypter: &dyn JweDecrypter) -> Opened {
    let (plaintext, header) = jwe::deserialize_compact(token, decrypter).unwrap();
    Opened { header, plaintext: String::from_utf8(plaintext).unwrap() }
}

/// Encrypts a signed token to a published key.
pub(crate) fn encrypt_to(key: &Value, content: &str, plaintext: &str) -> String {
    let jwk = Jwk::from_map(key.as_object().unwrap().clone()).unwrap();
    let encrypter: Box<dyn JweEncrypter> = match key["alg"].as_str().unwrap() {
        "RSA-OAEP" => Box::new(RSA_OAEP.encrypter_from_jwk(&jwk).unwrap()),
        "RSA-OAEP-256" => Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk).unwrap()),
        "ECDH-ES" => Box::new(ECDH_ES.encrypter_from_jwk(&jwk).unwrap()),
        "ECDH-ES+A128KW" => Box::new(ECDH_ES_A128KW.encrypter_from_jwk(&jwk).unwrap()),
        "ECDH-ES+A192KW" => Box::new(ECDH_ES_A192KW.encrypter_from_jwk(&jwk).unwrap()),
        "ECDH-ES+A256KW" => Box::new(ECDH_ES_A256KW.encrypter_from_jwk(&jwk).unwrap()),
        other => panic!("no algorithm {other}"),
    };
    encrypt(content, plaintext, encrypter.as_ref())
}

/// Encrypts a signed token with a client's secret.
pub(crate) fn encrypt_with_secret(algorithm: &str, content: &str, secret: &str, plaintext: &str) -> String {
    let encrypter: Box<dyn JweEncrypter> = match algorithm {
        "A128KW" => Box::new(A128KW.encrypter_from_bytes(derived(secret, 16)).unwrap()),
        "A192KW" => Box::new(A192KW.encrypter_from_bytes(derived(secret, 24)).unwrap()),
        "A256KW" => Box::new(A256KW.encrypter_from_bytes(derived(secret, 32)).unwrap()),
        "dir" => {
            let (_, length) = CONTENT.iter().find(|(name, _)| *name == content).unwrap();
            Box::new(Dir.encrypter_from_bytes(derived(secret, *length)).unwrap())
        }
        other => panic!("no algorithm {other}"),
    };
    encrypt(content, plaintext, encrypter.as_ref())
}

fn encrypt(content: &str, plaintext: &str, encrypter: &dyn JweEncrypter) -> String {
    let mut header = JweHeader::new();
    header.set_content_encryption(content);
    header.set_content_type("JWT");
    jwe::serialize_compact(plaintext.as_bytes(), &header, encrypter).unwrap()
}
