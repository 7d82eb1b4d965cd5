//! What proofs cost: CPU time of one thread for a check. `cargo bench -p signet-core --bench proofs` prints a table and
//! fails where a figure is beyond its target.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use signet_core::binding::ReplayWindow;
use signet_core::model::{Purpose, UsedRecord};
use signet_core::protocol::identifiers::RealmId;
use signet_core::protocol::time::UnixTime;
use signet_jose::{
    AudienceRule, ExpectedProof, ProofKeys, SignatureAlgorithm, SigningKey, UnverifiedProof, UnverifiedToken,
    VerificationProfile, base64url, digest, sign, verify,
};

/// Checks of one measurement, and measurements of which the fastest counts.
const CHECKS: usize = 2_000;
const MEASUREMENTS: usize = 7;

const NOW: UnixTime = UnixTime(1_800_000_000);
const ISSUER: &str = "https://op.test/realms/bank";
const TOKEN: &str = "an access token";

/// CPU time of this thread; where the system does not tell, time.
fn cpu_time(started: Instant) -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split_whitespace().next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

/// Milliseconds of CPU time for one check, in the fastest of several measurements. Each has tokens of its own.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn milliseconds(tokens: &[Vec<String>], mut check: impl FnMut(&str)) -> f64 {
    let started = Instant::now();
    let once = |tokens: &Vec<String>| {
        let before = cpu_time(started);
        for token in tokens {
            check(black_box(token));
        }
        cpu_time(started).saturating_sub(before)
    };
    let fastest = tokens.iter().map(once).min().unwrap();
    fastest.as_secs_f64() * 1e3 / f64::from(u32::try_from(CHECKS).unwrap())
}

/// Tokens for all measurements; no two are the same.
fn tokens(make: impl Fn(usize) -> String) -> Vec<Vec<String>> {
    let measurement = |number: usize| (0..CHECKS).map(|token| make(number * CHECKS + token)).collect();
    (0..MEASUREMENTS).map(measurement).collect()
}

fn proof(key: &SigningKey, number: usize) -> String {
    let jwk = key.verifying_key().and_then(|key| key.jwk()).unwrap();
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm(), "jwk": jwk});
    let hash = base64url::encode(digest::sha256(TOKEN.as_bytes()));
    let jti = base64url::encode(digest::sha256(&number.to_be_bytes()));
    let claims = json!({"jti": jti, "htm": "GET", "htu": format!("{ISSUER}/userinfo"), "iat": NOW.0, "ath": hash});
    let message = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()));
    let signature = key.sign_bytes(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url::encode(signature))
}

/// As at a resource: everything that is checked of a proof, and whether it was used before.
fn check_proof(keys: &ProofKeys, window: &ReplayWindow, text: &str) {
    let expected = ExpectedProof {
        algorithms: SignatureAlgorithm::ASYMMETRIC,
        method: "GET",
        uris: &[format!("{ISSUER}/userinfo")],
        access_token: Some(TOKEN),
        clock_skew: 10,
        is_dated_by_nonce: false,
    };
    let verified = UnverifiedProof::parse(text).unwrap().verify(keys, &expected, NOW).unwrap();
    let message = [verified.thumbprint.as_slice(), verified.jwt_id.as_bytes()].concat();
    let record = UsedRecord { purpose: Purpose::DpopProof, key: digest::sha256(&message), expires_at: NOW.plus(70) };
    assert!(window.consume(RealmId([1; 16]), &record, NOW).unwrap());
}

fn check_assertion(key: &SigningKey, text: &str) {
    let profile =
        VerificationProfile::client_assertion("app", AudienceRule::AnyOf(&[ISSUER]), SignatureAlgorithm::ASYMMETRIC);
    let keys = std::slice::from_ref(key.verifying_key().unwrap());
    black_box(verify(UnverifiedToken::parse(text).unwrap(), keys, &profile, NOW).unwrap());
}

fn main() -> ExitCode {
    let key = SigningKey::generate(SignatureAlgorithm::ES256).unwrap();
    let (keys, window) = (ProofKeys::default(), ReplayWindow::default());
    let known = milliseconds(&tokens(|number| proof(&key, number)), |text| check_proof(&keys, &window, text));
    let new = milliseconds(&tokens(|number| proof(&key, number + 1_000_000)), |text| {
        check_proof(&ProofKeys::default(), &window, text);
    });
    let assertion = |number: usize| {
        let claims = json!({"iss": "app", "sub": "app", "aud": ISSUER, "jti": number.to_string(), "exp": NOW.0 + 60});
        sign(&key, Some("JWT"), &claims).unwrap()
    };
    let assertions = milliseconds(&tokens(assertion), |text| check_assertion(&key, text));
    let figures = [
        ("DPoP proof with replay check, known key", known, 0.09),
        ("DPoP proof with replay check, new key", new, 0.19),
        ("client assertion ES256, cached key", assertions, 0.08),
    ];
    for (what, milliseconds, target) in figures {
        println!("{what:42} {milliseconds:.4} ms   target {target:.2} ms");
    }
    if figures.iter().all(|(_, milliseconds, target)| milliseconds <= target) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
