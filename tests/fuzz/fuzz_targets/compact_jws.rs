//! Compact tokens: as they come, and with valid signatures over arbitrary headers and claims, so that the checks behind
//! the signature are reached too.

#![no_main]

use std::sync::LazyLock;

use signet_jose::{
    AudienceRule, JwkSet, SignatureAlgorithm, SigningKey, TypeRule, UnverifiedToken, VerificationProfile, VerifyingKey,
    base64url, verify,
};
use signet_protocol::time::UnixTime;

/// Public keys of RFC 7515 appendix A and RFC 8037 appendix A, without `kid`.
const PUBLIC_KEYS: &[u8] = include_bytes!("../seeds/jwks/specification_keys.json");
const SECRET: &[u8] = b"a secret that is long enough for HMAC with SHA-512: at least sixty-four bytes";

static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    let set = JwkSet::parse(PUBLIC_KEYS).expect("the specification's keys are a set");
    assert!(set.rejected().is_empty(), "the specification's keys are good");
    set.keys().to_vec()
});

static SIGNER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::symmetric(SignatureAlgorithm::HS256, SECRET).expect("the secret is long enough"));

const PROFILE: VerificationProfile<'static> = VerificationProfile {
    typ: TypeRule::AbsentOrOneOf(&["JWT"]),
    algorithms: &SignatureAlgorithm::ALL,
    issuer: None,
    subject: None,
    audience: AudienceRule::AnyOf(&["a"]),
    required: &["exp", "jti"],
    clock_skew: 30,
    furthest_expiry: Some(600),
    oldest_issue: Some(600),
    oldest_beginning: None,
    longest_validity: None,
    expiry_is_exact: false,
    expired_is_accepted: false,
    issue_is_undated: false,
};

const NOW: UnixTime = UnixTime(1_800_000_000);

/// Header and claims are the data before and after the first zero byte; the signature is right.
fn check_signed(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let message = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = SIGNER.sign_bytes(message.as_bytes()).expect("HMAC does not fail");
    let token = format!("{message}.{}", base64url::encode(signature));
    let Ok(parsed) = UnverifiedToken::parse(&token) else { return };
    if let Ok(claims) = verify(parsed, &[VerifyingKey::symmetric(SECRET)], &PROFILE, NOW) {
        let expires_at = claims.expires_at().expect("exp is required");
        assert!(expires_at > NOW.minus(30) && expires_at <= NOW.plus(630));
        assert!(claims.audience().contains(&"a"));
        assert!(!claims.jwt_id().expect("jti is required").is_empty());
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(token) = UnverifiedToken::parse(text)
    {
        assert_eq!(text.matches('.').count(), 2);
        // RFC 7515's own examples expired long ago; nobody else can sign for these keys.
        assert!(verify(token, &KEYS, &PROFILE, NOW).is_err());
    }
    check_signed(data);
});
