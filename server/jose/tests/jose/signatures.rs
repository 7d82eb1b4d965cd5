//! Signatures, keys and algorithms at the verifier: which key is used for what, and what a signature may look like.

use serde_json::json;
use signet_jose::VerificationError as Error;
use signet_jose::{SignatureAlgorithm, SigningKey, VerificationProfile, VerifyingKey, base64url, sign};

use crate::seeded::{SECRET, signing_key, verifying_key};
use crate::verification::{ANY_OF, CLIENT, ES256, assertion, assertion_profile, check_token};

#[test]
fn rfc8725_3_1_an_algorithm_outside_the_profile_is_refused() {
    for algorithm in SignatureAlgorithm::ALL.into_iter().filter(|algorithm| *algorithm != ES256) {
        let token = sign(&signing_key(algorithm), None, &assertion()).unwrap();
        let result = check_token(&token, &assertion_profile(ANY_OF), &[verifying_key(algorithm)]);
        assert_eq!(result.err(), Some(Error::AlgorithmNotAllowed), "{algorithm}");
    }
}

#[test]
fn rfc8725_3_1_a_key_is_never_used_with_another_algorithm() {
    let everything = VerificationProfile {
        algorithms: &SignatureAlgorithm::ALL,
        ..VerificationProfile::client_assertion(CLIENT, ANY_OF, &[])
    };
    for key_algorithm in SignatureAlgorithm::ALL {
        for token_algorithm in SignatureAlgorithm::ALL {
            let token = sign(&signing_key(token_algorithm), None, &assertion()).unwrap();
            let result = check_token(&token, &everything, &[verifying_key(key_algorithm)]);
            let fits =
                key_algorithm == token_algorithm || key_algorithm.is_symmetric() && token_algorithm.is_symmetric();
            assert_eq!(result.is_ok(), fits, "{key_algorithm} {token_algorithm}");
        }
    }
}

/// RFC 8725 section 2.1: a public key, in any form an attacker can think of, taken as an HMAC secret.
#[test]
fn rfc8725_2_1_a_public_key_is_not_a_secret() {
    let everything = VerificationProfile { algorithms: &SignatureAlgorithm::ALL, ..assertion_profile(ANY_OF) };
    for algorithm in SignatureAlgorithm::ASYMMETRIC {
        let public = signing_key(*algorithm);
        let jwk = serde_json::to_string(public.public_jwk().unwrap()).unwrap();
        let private = openssl::pkey::PKey::private_key_from_pkcs8(public.pkcs8().unwrap()).unwrap();
        for secret in [jwk.into_bytes(), private.public_key_to_pem().unwrap()] {
            for symmetric in SignatureAlgorithm::SYMMETRIC {
                let forged = SigningKey::symmetric(*symmetric, &secret).unwrap();
                let token = sign(&forged, None, &assertion()).unwrap();
                let result = check_token(&token, &everything, &[public.verifying_key().unwrap().clone()]);
                assert_eq!(result.err(), Some(Error::UnknownKey));
            }
        }
    }
}

#[test]
fn rfc7518_3_4_ecdsa_signatures_in_other_forms_are_refused() {
    for algorithm in [ES256, SignatureAlgorithm::ES384, SignatureAlgorithm::ES512] {
        let key = signing_key(algorithm);
        let signature = key.sign_bytes(b"message").unwrap();
        let half = signature.len() / 2;
        let verifies = |signature: &[u8]| verifying_key(algorithm).verifies(algorithm, b"message", signature);
        assert!(verifies(&signature));
        let with_zero = |range: std::ops::Range<usize>| {
            let mut changed = signature.clone();
            changed[range].fill(0);
            changed
        };
        let order_or_more = |range: std::ops::Range<usize>| {
            let mut changed = signature.clone();
            changed[range].fill(0xff);
            changed
        };
        let padded = |half: &[u8]| [&[0][..], half].concat();
        for refused in [
            Vec::new(),
            with_zero(0..half),
            with_zero(half..2 * half),
            with_zero(0..2 * half),
            order_or_more(0..half),
            order_or_more(half..2 * half),
            signature[1..].to_vec(),
            [signature.as_slice(), &[0]].concat(),
            [padded(&signature[..half]), padded(&signature[half..])].concat(),
            [&signature[..half], &[0], &signature[half..]].concat(),
            [&signature[half..], &signature[..half]].concat(),
        ] {
            assert!(!verifies(&refused), "{algorithm} {}", refused.len());
        }
    }
}

#[test]
fn rfc8037_3_1_an_ed25519_signature_with_s_beyond_the_order_is_refused() {
    // The order of the base point, little-endian (RFC 8032 section 5.1).
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let algorithm = SignatureAlgorithm::EdDSA;
    let mut signature = signing_key(algorithm).sign_bytes(b"message").unwrap();
    assert!(verifying_key(algorithm).verifies(algorithm, b"message", &signature));
    let mut carry = 0_u16;
    for (octet, addend) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*octet) + u16::from(addend) + carry;
        *octet = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert!(!verifying_key(algorithm).verifies(algorithm, b"message", &signature));
}

#[test]
fn rfc7515_4_1_4_kid_selects_the_key() {
    let (one, other) = (SigningKey::generate(ES256).unwrap(), SigningKey::generate(ES256).unwrap());
    let public = |key: &SigningKey| key.verifying_key().unwrap().clone();
    let token = sign(&one, None, &assertion()).unwrap();
    let check = |keys: &[VerifyingKey]| check_token(&token, &assertion_profile(ANY_OF), keys).err();
    assert_eq!(check(&[public(&other), public(&one)]), None);
    assert_eq!(check(&[public(&other)]), Some(Error::UnknownKey));
    assert_eq!(check(&[]), Some(Error::UnknownKey));
    assert_eq!(check(&[public(&one), public(&one)]), Some(Error::AmbiguousKey));

    let impostor = SigningKey::from_pkcs8(one.key_id().unwrap(), ES256, other.pkcs8().unwrap()).unwrap();
    let forged = sign(&impostor, None, &assertion()).unwrap();
    let result = check_token(&forged, &assertion_profile(ANY_OF), &[public(&one), public(&other)]);
    assert_eq!(result.err(), Some(Error::WrongSignature));
}

#[test]
fn rfc7515_4_1_4_without_kid_a_bounded_number_of_keys_is_tried() {
    let keys: Vec<SigningKey> = (0..9).map(|_| SigningKey::generate(ES256).unwrap()).collect();
    let public: Vec<VerifyingKey> = keys.iter().map(|key| key.verifying_key().unwrap().clone()).collect();
    let message = format!(
        "{}.{}",
        base64url::encode(r#"{"alg":"ES256"}"#),
        base64url::encode(serde_json::to_vec(&assertion()).unwrap())
    );
    let signature = keys[7].sign_bytes(message.as_bytes()).unwrap();
    let token = format!("{message}.{}", base64url::encode(signature));
    let check = |keys: &[VerifyingKey]| check_token(&token, &assertion_profile(ANY_OF), keys).err();
    assert_eq!(check(&public[..8]), None);
    assert_eq!(check(&public[..7]), Some(Error::WrongSignature));
    assert_eq!(check(&public), Some(Error::AmbiguousKey));
}

#[test]
fn oidcc_10_1_a_client_secret_verifies_whatever_kid_the_token_has() {
    let header = base64url::encode(r#"{"alg":"HS256","kid":"anything"}"#);
    let message = format!("{header}.{}", base64url::encode(serde_json::to_vec(&assertion()).unwrap()));
    let signature = signing_key(SignatureAlgorithm::HS256).sign_bytes(message.as_bytes()).unwrap();
    let token = format!("{message}.{}", base64url::encode(signature));
    let profile = VerificationProfile { algorithms: SignatureAlgorithm::SYMMETRIC, ..assertion_profile(ANY_OF) };
    assert!(check_token(&token, &profile, &[VerifyingKey::symmetric(SECRET)]).is_ok());
    let wrong = check_token(&token, &profile, &[VerifyingKey::symmetric(&SECRET[1..])]);
    assert_eq!(wrong.err(), Some(Error::WrongSignature));
}

/// RFC 7515 section 4.1.3 and following: keys that a token brings along prove nothing.
#[test]
fn rfc8725_3_5_keys_in_the_header_are_ignored() {
    let attacker = SigningKey::generate(ES256).unwrap();
    let header = json!({
        "alg": "ES256", "jwk": attacker.public_jwk().unwrap(), "jku": "https://attacker.example/jwks",
        "x5u": "https://attacker.example/certificate", "x5c": ["AAAA"], "x5t": "AAAA",
    });
    let claims = serde_json::to_vec(&assertion()).unwrap();
    let message = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims));
    let signature = attacker.sign_bytes(message.as_bytes()).unwrap();
    let token = format!("{message}.{}", base64url::encode(signature));
    let result = check_token(&token, &assertion_profile(ANY_OF), &[verifying_key(ES256)]);
    assert_eq!(result.err(), Some(Error::WrongSignature));
}

#[test]
fn rfc7518_3_2_a_short_secret_neither_signs_nor_verifies() {
    for (algorithm, length) in
        [(SignatureAlgorithm::HS256, 32), (SignatureAlgorithm::HS384, 48), (SignatureAlgorithm::HS512, 64)]
    {
        assert!(SigningKey::symmetric(algorithm, &SECRET[..length]).is_ok());
        assert!(SigningKey::symmetric(algorithm, &SECRET[..length - 1]).is_err());
        assert!(VerifyingKey::symmetric(&SECRET[..length]).permits(algorithm));
        assert!(!VerifyingKey::symmetric(&SECRET[..length - 1]).permits(algorithm));
    }
    assert!(SigningKey::symmetric(SignatureAlgorithm::HS256, b"").is_err());
}
