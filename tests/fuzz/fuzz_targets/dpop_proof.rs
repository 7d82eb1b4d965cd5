//! DPoP proofs: as they come, and with valid signatures over arbitrary headers and claims, so that the checks behind the
//! signature are reached too.

#![no_main]

use std::sync::LazyLock;

use signet_jose::{ExpectedProof, ProofKeys, SignatureAlgorithm, SigningKey, UnverifiedProof, base64url, digest};
use signet_protocol::time::UnixTime;

static SIGNER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(SignatureAlgorithm::ES256).expect("a key can be made"));
static KEYS: LazyLock<ProofKeys> = LazyLock::new(ProofKeys::default);

const NOW: UnixTime = UnixTime(1_800_000_000);
const TOKEN: &str = "token";

fn check(proof: &str) -> bool {
    let Ok(parsed) = UnverifiedProof::parse(proof) else { return false };
    let expected = ExpectedProof {
        algorithms: SignatureAlgorithm::ASYMMETRIC,
        method: "GET",
        uris: &["https://op.test/userinfo".to_owned()],
        access_token: Some(TOKEN),
        clock_skew: 10,
        is_dated_by_nonce: false,
    };
    let Ok(verified) = parsed.verify(&KEYS, &expected, NOW) else { return false };
    assert!(!verified.jwt_id.is_empty() && verified.jwt_id.len() <= 256);
    assert!(verified.issued_at >= NOW.minus(70) && verified.issued_at <= NOW.plus(10));
    true
}

/// Claims are the data; header and signature are right.
fn check_signed(claims: &[u8]) {
    let jwk = SIGNER.verifying_key().and_then(|key| key.jwk()).expect("the key is asymmetric");
    let jwk = serde_json::to_string(jwk).expect("a JWK is JSON");
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{jwk}}}"#);
    let message = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = SIGNER.sign_bytes(message.as_bytes()).expect("signing does not fail");
    if check(&format!("{message}.{}", base64url::encode(signature))) {
        let hash = base64url::encode(digest::sha256(TOKEN.as_bytes()));
        assert!(String::from_utf8_lossy(claims).contains(&hash));
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
    check_signed(data);
});
