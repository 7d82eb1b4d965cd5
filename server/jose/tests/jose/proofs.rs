//! DPoP proofs (RFC 9449 section 4): the specification's examples, and damaged ones, read by us and by a second library.

use josekit::jwk::Jwk;
use josekit::jws::ES256;
use signet_jose::{
    ExpectedProof, ProofError, ProofKeys, SignatureAlgorithm, SigningKey, UnverifiedProof, VerifiedProof, base64url,
    digest,
};
use signet_protocol::time::UnixTime;

use crate::seeded::{Seeded, signing_key};

/// RFC 9449 section 4.1.
const AT_THE_TOKEN_ENDPOINT: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449 section 7.1.
const AT_A_RESOURCE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const ACCESS_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const NOW: UnixTime = UnixTime(1_562_262_620);

fn expected<'a>(method: &'a str, uris: &'a [String], access_token: Option<&'a str>) -> ExpectedProof<'a> {
    ExpectedProof {
        algorithms: SignatureAlgorithm::ASYMMETRIC,
        method,
        uris,
        access_token,
        clock_skew: 10,
        is_dated_by_nonce: false,
    }
}

fn verified(proof: &str, expected: &ExpectedProof<'_>, now: UnixTime) -> Result<VerifiedProof, ProofError> {
    UnverifiedProof::parse(proof)?.verify(&ProofKeys::default(), expected, now)
}

#[test]
fn rfc9449_4_1_and_7_1_the_examples_prove_their_key() {
    let (token, resource) = (
        ["https://server.example.com/token".to_owned()],
        ["https://resource.example.org/protectedresource".to_owned()],
    );
    let proof = verified(AT_THE_TOKEN_ENDPOINT, &expected("POST", &token, None), NOW).unwrap();
    assert_eq!(base64url::encode(proof.thumbprint), THUMBPRINT);
    assert_eq!((proof.jwt_id.as_str(), proof.issued_at), ("-BwC3ESc6acc2lTc", UnixTime(1_562_262_616)));
    let with_token = expected("GET", &resource, Some(ACCESS_TOKEN));
    let proof = verified(AT_A_RESOURCE, &with_token, NOW).unwrap();
    assert_eq!(base64url::encode(proof.thumbprint), THUMBPRINT);
    for (proof, expected, error) in [
        (AT_THE_TOKEN_ENDPOINT, expected("GET", &token, None), ProofError::WrongMethod),
        (AT_THE_TOKEN_ENDPOINT, expected("POST", &resource, None), ProofError::WrongUri),
        (AT_THE_TOKEN_ENDPOINT, expected("POST", &token, Some(ACCESS_TOKEN)), ProofError::WrongAccessToken),
        (AT_A_RESOURCE, expected("GET", &resource, Some("another")), ProofError::WrongAccessToken),
    ] {
        assert_eq!(verified(proof, &expected, NOW), Err(error));
    }
}

#[test]
fn rfc9449_11_1_a_proof_is_good_for_a_minute_unless_a_nonce_says_when_it_was_made() {
    let uris = ["https://server.example.com/token".to_owned()];
    let issued_at = UnixTime(1_562_262_616);
    for (seconds, is_good) in [(-11, false), (-10, true), (70, true), (71, false), (3_600, false)] {
        let outcome = verified(AT_THE_TOKEN_ENDPOINT, &expected("POST", &uris, None), issued_at.plus(seconds));
        assert_eq!(outcome.is_ok(), is_good, "{seconds}");
        let dated = ExpectedProof { is_dated_by_nonce: true, ..expected("POST", &uris, None) };
        assert!(verified(AT_THE_TOKEN_ENDPOINT, &dated, issued_at.plus(seconds)).is_ok(), "{seconds}");
    }
}

#[test]
fn rfc9449_4_3_only_allowed_algorithms_and_never_symmetric_ones() {
    let uris = ["https://server.example.com/token".to_owned()];
    let others = [SignatureAlgorithm::PS256, SignatureAlgorithm::EdDSA];
    let expected = ExpectedProof { algorithms: &others, ..expected("POST", &uris, None) };
    assert!(verified(AT_THE_TOKEN_ENDPOINT, &expected, NOW).is_err());
    let jwk = r#"{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"}"#;
    let key = SigningKey::symmetric(SignatureAlgorithm::HS256, b"secret-secret-secret-secret-secr").unwrap();
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"HS256","jwk":{jwk}}}"#);
    let proof = signed(&key, &header, &claims(""));
    let everything = ExpectedProof { algorithms: &SignatureAlgorithm::ALL, ..expected };
    assert!(verified(&proof, &everything, NOW).is_err());
}

fn signed(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = key.sign_bytes(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url::encode(signature))
}

fn claims(more: &str) -> String {
    let UnixTime(now) = NOW;
    format!(r#"{{"jti":"a","htm":"POST","htu":"https://server.example.com/token","iat":{now}{more}}}"#)
}

/// What headers and claims are damaged with, each signed again.
const DAMAGE: [&str; 24] = [
    "",
    r#","typ":"dpop+jwt""#,
    r#","kid":"x""#,
    r#","kid":1"#,
    r#","crit":[]"#,
    r#","b64":false"#,
    r#","jku":"https://a.test""#,
    r#","x5c":["AAAA"]"#,
    r#","jti":"b""#,
    r#","jti":1"#,
    r#","iat":1"#,
    r#","exp":1"#,
    r#","exp":9999999999"#,
    r#","exp":"1""#,
    r#","nbf":9999999999"#,
    r#","aud":["a",1]"#,
    r#","iss":null"#,
    r#","nonce":1"#,
    r#","ath":[]"#,
    r#","a":{"b":1,"b":2}"#,
    r#","a":1e400"#,
    r#","htm":"GET""#,
    r#","sub":"é""#,
    r",}",
];

/// What the members of a key are damaged with.
const KEY_DAMAGE: [&str; 12] = [
    "",
    r#","use":"sig""#,
    r#","use":"enc""#,
    r#","use":1"#,
    r#","key_ops":["verify"]"#,
    r#","key_ops":[]"#,
    r#","alg":"ES256""#,
    r#","alg":"ES384""#,
    r#","d":"AAAA""#,
    r#","kid":"x""#,
    r#","x5c":["AAAA"]"#,
    r#","crv":"P-384""#,
];

#[test]
fn whatever_we_accept_a_second_library_accepts_too() {
    let random = Seeded::new(9_449);
    let key = signing_key(SignatureAlgorithm::ES256);
    let public = serde_json::to_value(key.verifying_key().unwrap().jwk().unwrap()).unwrap();
    let (x, y) = (public["x"].as_str().unwrap(), public["y"].as_str().unwrap());
    let uris = ["https://server.example.com/token".to_owned()];
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"{}}}"#, random.pick(&KEY_DAMAGE));
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{jwk}{}}}"#, random.pick(&DAMAGE));
        let mut proof = signed(&key, &header, &claims(random.pick(&DAMAGE)));
        if random.below(4) == 0 {
            let position = random.below(proof.len());
            proof.replace_range(position..=position, random.pick(&["A", ".", "=", "_", "~"]));
        }
        let Ok(accepted_proof) = verified(&proof, &expected("POST", &uris, None), NOW) else {
            refused += 1;
            continue;
        };
        accepted += 1;
        let (message, signature) = proof.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let header: serde_json::Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
        let mut foreign = Jwk::from_map(header["jwk"].as_object().unwrap().clone()).unwrap();
        for member in ["use", "key_ops", "alg", "kid"] {
            foreign.set_parameter(member, None).unwrap();
        }
        let verifier = ES256.verifier_from_jwk(&foreign).unwrap();
        josekit::jws::JwsVerifier::verify(&verifier, message.as_bytes(), &base64url::decode(signature).unwrap())
            .unwrap();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        assert_eq!(accepted_proof.thumbprint, digest::sha256(canonical.as_bytes()));
    }
    assert!(accepted > 100 && refused > 1_000, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_known_key_is_checked_like_a_new_one() {
    let keys = ProofKeys::default();
    let uris = ["https://server.example.com/token".to_owned()];
    let expected = expected("POST", &uris, None);
    let verify = |proof: &str| UnverifiedProof::parse(proof)?.verify(&keys, &expected, NOW);
    assert!(verify(AT_THE_TOKEN_ENDPOINT).is_ok());
    assert!(verify(AT_THE_TOKEN_ENDPOINT).is_ok());
    // The same key with other members, and with another key's signature.
    let jwk = r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"#;
    let other = signing_key(SignatureAlgorithm::ES256);
    for more in [r#"""#, r#"","d":"AAAA""#, r#"","use":"enc""#, r#"","alg":"ES384""#] {
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{jwk}{more}}}}}"#);
        assert!(verify(&signed(&other, &header, &claims(""))).is_err(), "{more}");
    }
}
