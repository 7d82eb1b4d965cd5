//! Every algorithm against a second JOSE library, in both directions, over our published keys.

use josekit::jws::{ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, JwsHeader, JwsSigner, JwsVerifier};
use josekit::jws::{PS256, PS384, PS512, RS256, RS384, RS512};
use josekit::jwt::{self, JwtPayload};
use serde_json::json;
use signet_jose::{
    AudienceRule, SignatureAlgorithm, TypeRule, UnverifiedToken, VerificationProfile, VerifiedClaims, sign, verify,
};
use signet_protocol::time::UnixTime;

use crate::seeded::{SECRET, signing_key, verifying_key};

/// The other library's verifier, from the JWK we publish. It knows Ed25519 under the name EdDSA only.
pub(crate) fn foreign_verifier(algorithm: SignatureAlgorithm) -> Box<dyn JwsVerifier> {
    use SignatureAlgorithm as Alg;
    let public = || {
        let mut published = serde_json::to_value(signing_key(algorithm).public_jwk().unwrap()).unwrap();
        published.as_object_mut().unwrap().remove("kid");
        if algorithm == Alg::Ed25519 {
            published["alg"] = json!("EdDSA");
        }
        josekit::jwk::Jwk::from_bytes(published.to_string()).unwrap()
    };
    match algorithm {
        Alg::RS256 => Box::new(RS256.verifier_from_jwk(&public()).unwrap()),
        Alg::RS384 => Box::new(RS384.verifier_from_jwk(&public()).unwrap()),
        Alg::RS512 => Box::new(RS512.verifier_from_jwk(&public()).unwrap()),
        Alg::PS256 => Box::new(PS256.verifier_from_jwk(&public()).unwrap()),
        Alg::PS384 => Box::new(PS384.verifier_from_jwk(&public()).unwrap()),
        Alg::PS512 => Box::new(PS512.verifier_from_jwk(&public()).unwrap()),
        Alg::ES256 => Box::new(ES256.verifier_from_jwk(&public()).unwrap()),
        Alg::ES384 => Box::new(ES384.verifier_from_jwk(&public()).unwrap()),
        Alg::ES512 => Box::new(ES512.verifier_from_jwk(&public()).unwrap()),
        Alg::EdDSA | Alg::Ed25519 => Box::new(EdDSA.verifier_from_jwk(&public()).unwrap()),
        Alg::HS256 => Box::new(HS256.verifier_from_bytes(SECRET).unwrap()),
        Alg::HS384 => Box::new(HS384.verifier_from_bytes(SECRET).unwrap()),
        Alg::HS512 => Box::new(HS512.verifier_from_bytes(SECRET).unwrap()),
    }
}

/// The other library's signer, from the private key we store.
fn foreign_signer(algorithm: SignatureAlgorithm) -> Box<dyn JwsSigner> {
    use SignatureAlgorithm as Alg;
    let pkcs8 = || signing_key(algorithm).pkcs8().unwrap().to_vec();
    match algorithm {
        Alg::RS256 => Box::new(RS256.signer_from_der(pkcs8()).unwrap()),
        Alg::RS384 => Box::new(RS384.signer_from_der(pkcs8()).unwrap()),
        Alg::RS512 => Box::new(RS512.signer_from_der(pkcs8()).unwrap()),
        Alg::PS256 => Box::new(PS256.signer_from_der(pkcs8()).unwrap()),
        Alg::PS384 => Box::new(PS384.signer_from_der(pkcs8()).unwrap()),
        Alg::PS512 => Box::new(PS512.signer_from_der(pkcs8()).unwrap()),
        Alg::ES256 => Box::new(ES256.signer_from_der(pkcs8()).unwrap()),
        Alg::ES384 => Box::new(ES384.signer_from_der(pkcs8()).unwrap()),
        Alg::ES512 => Box::new(ES512.signer_from_der(pkcs8()).unwrap()),
        Alg::EdDSA | Alg::Ed25519 => Box::new(EdDSA.signer_from_der(pkcs8()).unwrap()),
        Alg::HS256 => Box::new(HS256.signer_from_bytes(SECRET).unwrap()),
        Alg::HS384 => Box::new(HS384.signer_from_bytes(SECRET).unwrap()),
        Alg::HS512 => Box::new(HS512.signer_from_bytes(SECRET).unwrap()),
    }
}

fn verify_here(token: &str, algorithm: SignatureAlgorithm) -> VerifiedClaims {
    let profile = VerificationProfile {
        typ: TypeRule::AbsentOrOneOf(&["JWT"]),
        algorithms: &[algorithm],
        audience: AudienceRule::Unchecked,
        required: &["sub", "exp"],
        ..VerificationProfile::id_token_hint("https://issuer.example", &[])
    };
    verify(UnverifiedToken::parse(token).unwrap(), &[verifying_key(algorithm)], &profile, UnixTime(1000)).unwrap()
}

#[test]
fn rfc7518_3_1_what_we_sign_the_other_library_verifies() {
    for algorithm in SignatureAlgorithm::ALL {
        let claims = json!({ "iss": "https://issuer.example", "sub": "user", "exp": 2000 });
        let token = sign(&signing_key(algorithm), Some("JWT"), &claims).unwrap();
        let verifier = foreign_verifier(algorithm);
        if algorithm == SignatureAlgorithm::Ed25519 {
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = signet_jose::base64url::decode(signature).unwrap();
            verifier.verify(message.as_bytes(), &signature).unwrap();
        } else {
            let (payload, header) = jwt::decode_with_verifier(&token, verifier.as_ref()).unwrap();
            assert_eq!(payload.subject(), Some("user"));
            assert_eq!(header.token_type(), Some("JWT"));
        }
    }
}

#[test]
fn rfc7518_3_1_what_the_other_library_signs_we_verify() {
    for algorithm in SignatureAlgorithm::ALL.into_iter().filter(|alg| *alg != SignatureAlgorithm::Ed25519) {
        let mut payload = JwtPayload::new();
        payload.set_issuer("https://issuer.example");
        payload.set_subject("user");
        payload.set_claim("exp", Some(json!(2000.5))).unwrap();
        let token = jwt::encode_with_signer(&payload, &JwsHeader::new(), foreign_signer(algorithm).as_ref()).unwrap();
        let claims = verify_here(&token, algorithm);
        assert_eq!((claims.subject(), claims.expires_at()), (Some("user"), Some(UnixTime(2000))), "{algorithm}");
    }
}

#[test]
fn rfc9864_2_2_a_foreign_ed25519_signature_verifies_under_its_full_name() {
    let algorithm = SignatureAlgorithm::Ed25519;
    let signature = foreign_signer(algorithm).sign(b"message").unwrap();
    assert!(verifying_key(algorithm).verifies(algorithm, b"message", &signature));
    assert!(!verifying_key(algorithm).verifies(SignatureAlgorithm::EdDSA, b"message", &signature));
}

#[test]
fn rfc7638_3_thumbprints_agree_with_a_second_computation() {
    for algorithm in SignatureAlgorithm::ASYMMETRIC {
        let key = signing_key(*algorithm);
        let published = serde_json::to_value(key.public_jwk().unwrap()).unwrap();
        let members = ["crv", "e", "kty", "n", "x", "y"];
        let canonical: Vec<String> =
            members.iter().filter_map(|name| published.get(name).map(|value| format!("\"{name}\":{value}"))).collect();
        let hash = openssl::sha::sha256(format!("{{{}}}", canonical.join(",")).as_bytes());
        let expected = signet_jose::base64url::encode(hash);
        assert_eq!(key.public_jwk().unwrap().thumbprint().unwrap(), expected);
        assert_eq!(key.key_id(), Some(expected.as_str()));
    }
}
