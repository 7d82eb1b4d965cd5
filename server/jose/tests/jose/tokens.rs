//! The form of tokens: what is not exactly a compact JWS with JSON claims is refused before any key is touched.

use serde_json::json;
use signet_jose::{SignatureAlgorithm, TokenError, UnverifiedToken, base64url, jws, sign};

use crate::seeded::signing_key;

fn with_header(header: &str) -> String {
    format!("{}.{}.{}", base64url::encode(header), base64url::encode("{}"), base64url::encode("signature"))
}

fn with_claims(claims: &str) -> String {
    format!("{}.{}.{}", base64url::encode(r#"{"alg":"ES256"}"#), base64url::encode(claims), base64url::encode("s"))
}

fn error(token: &str) -> Option<TokenError> {
    UnverifiedToken::parse(token).err()
}

#[test]
fn rfc7515_7_1_only_three_parts_of_canonical_base64url() {
    let good = with_header(r#"{"alg":"ES256"}"#);
    assert_eq!(error(&good), None);
    let parts: Vec<&str> = good.split('.').collect();
    let refused = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        parts[0].into(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{}", parts[2]),
        format!("{good}.."),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        good.replacen('.', " .", 1),
        good.replacen('.', "=.", 1),
        good.replacen('.', "..", 1),
        format!("{}.{}.+/+/", parts[0], parts[1]),
        format!("{}.{}.AB", parts[0], parts[1]),
        format!("{}.{}.é", parts[0], parts[1]),
        format!("{good}\u{0}"),
    ];
    for token in refused {
        assert!(matches!(error(&token), Some(TokenError::NotCompact | TokenError::Header)), "{token:?}");
    }
    assert_eq!(
        error(&json!({ "payload": parts[1], "protected": parts[0], "signature": parts[2] }).to_string()),
        Some(TokenError::NotCompact)
    );
}

#[test]
fn rfc7515_4_1_1_an_unknown_or_absent_algorithm_is_refused() {
    for header in [
        "{}",
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":"ES256K"}"#,
        r#"{"alg":"es256"}"#,
        r#"{"alg":"ES256\u0000"}"#,
        r#"{"alg":"RSA-OAEP"}"#,
    ] {
        assert_eq!(error(&with_header(header)), Some(TokenError::Algorithm), "{header}");
    }
    for header in [
        r#"{"alg":null}"#,
        r#"{"alg":1}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","typ":null}"#,
    ] {
        assert_eq!(error(&with_header(header)), Some(TokenError::Header), "{header}");
    }
}

#[test]
fn rfc7515_4_duplicate_header_members_are_refused() {
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}"#,
        r#"{"alg":"ES256"}{}"#,
        r#"["ES256"]"#,
        "",
        "null",
        "{\"alg\":\"ES256\"",
    ] {
        assert_eq!(error(&with_header(header)), Some(TokenError::Header), "{header}");
    }
}

#[test]
fn rfc7515_4_1_11_critical_extensions_are_refused() {
    for header in [
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
        r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"ES256","b64":true}"#,
    ] {
        assert_eq!(error(&with_header(header)), Some(TokenError::Extension), "{header}");
    }
}

#[test]
fn rfc7519_4_claims_are_one_object_with_unique_members() {
    for claims in [
        r#"{"sub":"a","sub":"b"}"#,
        r#"{"cnf":{"jkt":"a","jkt":"b"}}"#,
        "[]",
        "\"text\"",
        "",
        "{}x",
        r#"{"exp":1e999}"#,
    ] {
        assert_eq!(error(&with_claims(claims)), Some(TokenError::Claims), "{claims}");
    }
    assert_eq!(error(&with_claims(&"{\"a\":".repeat(4000))), Some(TokenError::TooLong));
    assert_eq!(error(&with_claims(&"[".repeat(4000))), Some(TokenError::Claims));
}

#[test]
fn rfc8725_3_10_tokens_have_a_largest_size() {
    let filler = |length: usize| with_claims(&format!(r#"{{"a":"{}"}}"#, "x".repeat(length)));
    let longest = (0..20_000).rev().map(filler).find(|token| token.len() <= jws::LONGEST_TOKEN).unwrap();
    assert_eq!(error(&longest), None);
    let one_too_long = format!("{longest}{}", "A".repeat(jws::LONGEST_TOKEN + 1 - longest.len()));
    assert_eq!(error(&one_too_long), Some(TokenError::TooLong));
    assert_eq!(error(&".".repeat(1_000_000)), Some(TokenError::TooLong));
}

#[test]
fn rfc7515_7_1_what_is_signed_here_reads_back() {
    for algorithm in SignatureAlgorithm::ALL {
        let key = signing_key(algorithm);
        for typ in [None, Some("JWT"), Some("at+jwt"), Some("logout+jwt")] {
            let token = sign(&key, typ, &json!({ "iss": "https://issuer.example", "sub": "user" })).unwrap();
            let parsed = UnverifiedToken::parse(&token).unwrap();
            assert_eq!(parsed.algorithm(), algorithm);
            assert_eq!(parsed.key_id(), key.key_id());
            assert_eq!(parsed.typ(), typ);
            assert_eq!(parsed.unverified_issuer(), Some("https://issuer.example"));
            assert_eq!(parsed.unverified_subject(), Some("user"));
        }
    }
}
