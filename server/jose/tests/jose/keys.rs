//! Strangers' keys and key sets, and ours as published.

use serde_json::{Value, json};
use signet_jose::{
    Jwk, JwkError, JwkSet, JwkSetError, PublicJwkSet, SignatureAlgorithm, SigningKey, VerifyingKey, base64url, jwks,
};

use crate::seeded::{SECRET, signing_key};

fn published(algorithm: SignatureAlgorithm) -> Value {
    serde_json::to_value(signing_key(algorithm).public_jwk().unwrap()).unwrap()
}

/// The published key with members set, or removed where null.
fn changed(algorithm: SignatureAlgorithm, members: &Value) -> Value {
    let mut key = published(algorithm);
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

fn error(key: &Value) -> Option<JwkError> {
    Jwk::parse(key.to_string().as_bytes()).and_then(VerifyingKey::from_jwk).err()
}

const ES256: SignatureAlgorithm = SignatureAlgorithm::ES256;
const RS256: SignatureAlgorithm = SignatureAlgorithm::RS256;
const EDDSA: SignatureAlgorithm = SignatureAlgorithm::EdDSA;

#[test]
fn rfc7517_5_one_bad_key_does_not_spoil_a_set() {
    let set = json!({ "keys": [
        published(ES256),
        { "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "post-quantum" },
        { "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" },
        { "kty": "OKP", "crv": "X25519", "x": "AA", "use": "enc" },
        { "kty": "RSA", "alg": "RSA-OAEP-512", "n": "AQ", "e": "AQAB" },
        changed(RS256, &json!({ "use": "enc", "alg": null, "kid": "encryption" })),
        "text", null, {}, { "kty": 1 },
        published(EDDSA),
    ], "future": true });
    let set = JwkSet::parse(set.to_string().as_bytes()).unwrap();
    let key_ids: Vec<_> = set.keys().iter().map(VerifyingKey::key_id).collect();
    assert_eq!(key_ids, [signing_key(ES256).key_id(), signing_key(EDDSA).key_id()]);
    let reasons: Vec<_> = set.rejected().iter().map(|rejected| (rejected.index, rejected.reason)).collect();
    assert_eq!(
        reasons,
        [
            (1, JwkError::UnsupportedKeyType),
            (2, JwkError::UnsupportedKeyType),
            (3, JwkError::InvalidPoint),
            (4, JwkError::WeakRsaKey),
            (6, JwkError::NotAnObject),
            (7, JwkError::NotAnObject),
            (8, JwkError::Member("kty")),
            (9, JwkError::Member("kty")),
        ]
    );
    assert_eq!(set.rejected()[0].key_id.as_deref(), Some("post-quantum"));
    let recipients: Vec<_> = set.recipients().iter().map(signet_jose::RecipientKey::key_id).collect();
    assert_eq!(recipients, [Some("encryption")]);
}

#[test]
fn rfc7517_5_a_set_that_is_no_set_is_refused() {
    for malformed in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"EC","kty":"RSA"}]}"#,
        r#"{"keys":[]} "x""#,
    ] {
        assert_eq!(JwkSet::parse(malformed.as_bytes()).err(), Some(JwkSetError::Malformed), "{malformed}");
    }
    let many = json!({ "keys": vec![json!({}); jwks::MOST_KEYS + 1] }).to_string();
    assert_eq!(JwkSet::parse(many.as_bytes()).err(), Some(JwkSetError::TooManyKeys));
    let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(jwks::LARGEST_SET));
    assert_eq!(JwkSet::parse(large.as_bytes()).err(), Some(JwkSetError::TooLarge));
    assert!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().keys().is_empty());
}

#[test]
fn rfc7517_4_purpose_and_algorithm_of_a_key_are_honoured() {
    let key = |members: Value| error(&changed(ES256, &members));
    assert_eq!(key(json!({})), None);
    assert_eq!(key(json!({ "use": null, "alg": null, "kid": null })), None);
    assert_eq!(key(json!({ "key_ops": ["verify"] })), None);
    assert_eq!(key(json!({ "use": "enc" })), Some(JwkError::NotForVerification));
    assert_eq!(key(json!({ "use": "SIG" })), Some(JwkError::NotForVerification));
    assert_eq!(key(json!({ "key_ops": ["encrypt"] })), Some(JwkError::NotForVerification));
    assert_eq!(key(json!({ "key_ops": [] })), Some(JwkError::NotForVerification));
    assert_eq!(key(json!({ "key_ops": "verify" })), Some(JwkError::Member("key_ops")));
    assert_eq!(key(json!({ "key_ops": ["verify", 1] })), Some(JwkError::Member("key_ops")));
    assert_eq!(key(json!({ "use": 1 })), Some(JwkError::Member("use")));
    assert_eq!(key(json!({ "kid": 1 })), Some(JwkError::Member("kid")));
    assert_eq!(key(json!({ "alg": 1 })), Some(JwkError::Member("alg")));
    assert_eq!(key(json!({ "alg": "none" })), Some(JwkError::UnsupportedAlgorithm));
    for other in ["ES384", "RS256", "HS256", "EdDSA"] {
        assert_eq!(key(json!({ "alg": other })), Some(JwkError::AlgorithmMismatch), "{other}");
    }
}

#[test]
fn rfc7517_9_3_a_key_with_private_members_is_refused() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for algorithm in [ES256, RS256, EDDSA] {
            assert_eq!(error(&changed(algorithm, &json!({ name: "AAAA" }))), Some(JwkError::PrivateMember));
        }
    }
    assert_eq!(error(&json!({ "kty": "oct", "k": base64url::encode(SECRET) })), Some(JwkError::PrivateMember));
    assert_eq!(error(&json!({ "kty": "oct" })), Some(JwkError::UnsupportedKeyType));
}

#[test]
fn rfc7518_6_2_1_points_must_be_on_their_curve_and_of_full_length() {
    for algorithm in [ES256, SignatureAlgorithm::ES384, SignatureAlgorithm::ES512] {
        let coordinate = |name: &str| base64url::decode(published(algorithm)[name].as_str().unwrap()).unwrap();
        let (x, y) = (coordinate("x"), coordinate("y"));
        let point = |x: &[u8], y: &[u8]| {
            let members = json!({ "x": base64url::encode(x), "y": base64url::encode(y) });
            error(&changed(algorithm, &members))
        };
        assert_eq!(point(&x, &y), None);
        let mut off_curve = y.clone();
        off_curve[20] ^= 1;
        let zeros = vec![0; x.len()];
        let ones = vec![0xff; x.len()];
        let longer = [&[0], x.as_slice()].concat();
        for (x, y) in [
            (&x, &off_curve),
            (&y, &x),
            (&zeros, &zeros),
            (&ones, &ones),
            (&longer, &y),
            (&Vec::new(), &y),
            (&x, &x[1..].to_vec()),
        ] {
            assert_eq!(point(x, y), Some(JwkError::InvalidPoint), "{algorithm}");
        }
    }
    let on_another_curve = changed(ES256, &json!({ "crv": "P-384", "alg": "ES384" }));
    assert_eq!(error(&on_another_curve), Some(JwkError::InvalidPoint));
    assert_eq!(error(&changed(ES256, &json!({ "y": null }))), Some(JwkError::Member("y")));
    assert_eq!(error(&changed(ES256, &json!({ "x": "not base64url!" }))), Some(JwkError::Member("x")));
}

#[test]
fn rfc8037_2_ed25519_keys_of_wrong_length_or_small_order_are_refused() {
    let point = |x: &[u8]| error(&json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(x) }));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for refused in [&[][..], &[7; 31], &[7; 33], &[0; 32], &neutral] {
        assert_eq!(point(refused), Some(JwkError::InvalidPoint));
    }
    assert_eq!(error(&json!({ "kty": "OKP", "crv": "Ed448", "x": "AA" })), Some(JwkError::UnsupportedKeyType));
}

#[test]
fn rfc7518_3_3_weak_rsa_keys_are_refused() {
    let modulus = base64url::decode(published(RS256)["n"].as_str().unwrap()).unwrap();
    let key =
        |n: &[u8], e: &[u8]| error(&changed(RS256, &json!({ "n": base64url::encode(n), "e": base64url::encode(e) })));
    let usual = [1, 0, 1];
    assert_eq!(key(&modulus, &usual), None);
    assert_eq!(key(&modulus, &[3]), None);
    let even = {
        let mut even = modulus.clone();
        *even.last_mut().unwrap() &= 0xfe;
        even
    };
    let huge = [modulus.as_slice(), &[0xff; 1024]].concat();
    let small = [&[0x7f], &modulus[1..]].concat();
    for refused in [&modulus[128..], &small, &even, &huge, &[&[0], modulus.as_slice()].concat(), &[]] {
        assert_eq!(key(refused, &usual), Some(JwkError::WeakRsaKey), "{}", refused.len());
    }
    for refused in [&[][..], &[1], &[2], &[0, 1, 0, 1], &[0], &[1, 0, 0, 0, 0, 1]] {
        assert_eq!(key(&modulus, refused), Some(JwkError::WeakRsaKey), "{refused:?}");
    }
}

#[test]
fn rfc7517_5_our_set_has_public_members_only_and_always_kid_use_and_alg() {
    let keys: Vec<SigningKey> = SignatureAlgorithm::ALL.into_iter().map(signing_key).collect();
    let document = serde_json::to_value(PublicJwkSet::new(&keys)).unwrap();
    let published = document["keys"].as_array().unwrap();
    assert_eq!(published.len(), SignatureAlgorithm::ASYMMETRIC.len());
    for (key, algorithm) in published.iter().zip(SignatureAlgorithm::ASYMMETRIC) {
        assert_eq!(key["alg"], json!(algorithm));
        assert_eq!(key["use"], "sig");
        assert_eq!(key["kid"].as_str().unwrap().len(), 43);
        let allowed = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
        assert!(key.as_object().unwrap().keys().all(|name| allowed.contains(&name.as_str())), "{key}");
    }
    let read_back = JwkSet::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!((read_back.keys().len(), read_back.rejected().len()), (published.len(), 0));
}

#[test]
fn design_7_a_stored_key_is_the_same_key_and_only_for_its_algorithm() {
    for algorithm in SignatureAlgorithm::ASYMMETRIC {
        let key = signing_key(*algorithm);
        let pkcs8 = key.pkcs8().unwrap();
        let loaded = SigningKey::from_pkcs8(key.key_id().unwrap(), *algorithm, pkcs8).unwrap();
        assert_eq!(loaded.public_jwk(), key.public_jwk());
        let signature = loaded.sign_bytes(b"message").unwrap();
        assert!(key.verifying_key().unwrap().verifies(*algorithm, b"message", &signature));
        for other in SignatureAlgorithm::ALL.into_iter().filter(|other| other.key_type() != algorithm.key_type()) {
            assert!(SigningKey::from_pkcs8("kid", other, pkcs8).is_err(), "{algorithm} as {other}");
        }
        assert!(SigningKey::from_pkcs8("kid", *algorithm, &pkcs8[1..]).is_err());
        assert!(SigningKey::from_pkcs8("kid", *algorithm, b"").is_err());
    }
    assert!(SigningKey::generate(SignatureAlgorithm::HS256).is_err());
    assert!(SigningKey::symmetric(ES256, SECRET).is_err());
    assert!(SigningKey::generate_rsa(SignatureAlgorithm::PS256, 1024).is_err());
}

#[test]
fn style_7_debug_output_of_keys_shows_no_secret() {
    let key = signing_key(SignatureAlgorithm::HS512);
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: HS512, key_id: None, .. }");
    let key = VerifyingKey::symmetric(SECRET);
    assert_eq!(format!("{key:?}"), "VerifyingKey { jwk: None, .. }");
}
