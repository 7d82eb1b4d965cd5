//! Ten thousand damaged tokens, read by us and by a second library: whatever we accept, it accepts too, and every way in
//! which we are stricter is listed. Most are signed again after the damage, so that strictness and not the signature
//! decides.

use std::collections::BTreeMap;

use josekit::jwt;
use signet_jose::{
    AudienceRule, SignatureAlgorithm, SigningKey, TypeRule, UnverifiedToken, VerificationProfile, base64url, sign,
    verify,
};
use signet_protocol::time::UnixTime;

use crate::interoperability::foreign_verifier;
use crate::seeded::{Seeded, signing_key, verifying_key};

const TOKENS: usize = 10_000;
const NOW: UnixTime = UnixTime(1_800_000_000);

/// Where we refuse and the other library accepts, with the reason.
const STRICTER: [(&str, &str); 8] = [
    ("TooLong", "we bound the size"),
    ("Extension", "b64 without crit, and an empty crit, are refused: RFC 7515 section 4.1.11, RFC 7797 section 6"),
    ("Header", "duplicate members: RFC 7515 section 4"),
    ("Claims", "duplicate members: RFC 7519 section 4"),
    ("WrongType", "the profile binds typ: RFC 8725 section 3.11"),
    ("UnknownKey", "kid must name the key: RFC 7515 section 4.1.4"),
    ("InvalidClaim", "dates after 9999 and a jti of more than 256 bytes"),
    ("Time", "expired, not yet valid: the other library leaves times to its caller"),
];

/// Where we accept and the other library refuses, with the reason.
const MORE_LENIENT: [(&str, &str); 1] = [(
    "ignored header",
    "header members that we never read may have any type: jku, x5u, x5c, x5t, jwk, cty, nonce, url",
)];

/// The algorithms with fast keys, of every family.
const ALGORITHMS: [SignatureAlgorithm; 7] = [
    SignatureAlgorithm::ES256,
    SignatureAlgorithm::ES384,
    SignatureAlgorithm::ES512,
    SignatureAlgorithm::EdDSA,
    SignatureAlgorithm::HS256,
    SignatureAlgorithm::RS256,
    SignatureAlgorithm::PS256,
];

const HEADER_MEMBERS: [&str; 31] = [
    r#""typ":"JWT""#,
    r#""typ":"jwt""#,
    r#""typ":"at+jwt""#,
    r#""typ":null"#,
    r#""typ":1"#,
    r#""kid":"other""#,
    r#""kid":1"#,
    r#""kid":null"#,
    r#""crit":["exp"]"#,
    r#""crit":[]"#,
    r#""crit":null"#,
    r#""b64":false"#,
    r#""b64":true"#,
    r#""b64":true,"crit":["b64"]"#,
    r#""alg":"none""#,
    r#""alg":"HS256""#,
    r#""alg":null"#,
    r#""alg":"ES256""#,
    r#""a":1,"a":2"#,
    r#""a":{"b":1,"b":2}"#,
    r#""jku":1"#,
    r#""x5u":{}"#,
    r#""x5c":"text""#,
    r#""x5t":"!""#,
    r#""jwk":{"kty":"oct","k":"AAAA"}"#,
    r#""jwk":5"#,
    r#""cty":1"#,
    r#""cty":"JWT""#,
    r#""nonce":2"#,
    r#""url":null"#,
    r#""zip":"DEF""#,
];

const CLAIMS: [&str; 30] = [
    r#""exp":1800000100"#,
    r#""exp":1800000100.5"#,
    r#""exp":"1800000100""#,
    r#""exp":null"#,
    r#""exp":-1"#,
    r#""exp":9223372036854775807"#,
    r#""exp":18446744073709551615"#,
    r#""exp":1e308"#,
    r#""exp":1e999"#,
    r#""exp":8640000000000000"#,
    r#""exp":253402300800"#,
    r#""exp":1799999000"#,
    r#""exp":true"#,
    r#""nbf":1900000000"#,
    r#""nbf":[]"#,
    r#""iat":1900000000"#,
    r#""iat":1799999999.999"#,
    r#""iat":{}"#,
    r#""aud":{}"#,
    r#""aud":[1]"#,
    r#""aud":["a","b"]"#,
    r#""aud":null"#,
    r#""sub":null"#,
    r#""sub":1"#,
    r#""iss":["a"]"#,
    r#""jti":1"#,
    r#""a":1,"a":2"#,
    r#""cnf":{"x":1,"x":1}"#,
    r#""nested":[[[[{"a":[]}]]]]"#,
    r#""name":"\ud83d\ude00é""#,
];

/// A token and, where only an ignored header member makes it odd, a note of that.
struct Damaged {
    token: String,
    kind: &'static str,
}

fn signed_again(key: &SigningKey, header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = key.sign_bytes(message.as_bytes()).unwrap();
    format!("{message}.{}", base64url::encode(signature))
}

fn header_of(key: &SigningKey) -> String {
    match key.key_id() {
        Some(key_id) => format!(r#"{{"alg":"{}","kid":"{key_id}"}}"#, key.algorithm()),
        None => format!(r#"{{"alg":"{}"}}"#, key.algorithm()),
    }
}

const PLAIN_CLAIMS: &str = r#"{"client_id":"a"}"#;

/// Inserts members at the beginning or the end of an object.
fn insert_members(object: &str, members: &str, random: &Seeded) -> String {
    if random.below(2) == 0 {
        object.replacen('{', &format!("{{{members},"), 1)
    } else {
        format!("{},{members}}}", &object[..object.len() - 1])
    }
}

fn damage_bytes(bytes: &mut Vec<u8>, random: &Seeded) {
    if bytes.is_empty() {
        return;
    }
    let index = random.below(bytes.len());
    match random.below(5) {
        0 => bytes[index] ^= 1 << random.below(8),
        1 => {
            bytes.remove(index);
        }
        2 => bytes.insert(index, random.pick(b".=+/-_ \n\"{}[],:\\A0\0\xff")),
        3 => bytes.truncate(index),
        _ => {
            let other = random.below(bytes.len());
            bytes.swap(index, other);
        }
    }
}

fn damage(key: &SigningKey, random: &Seeded) -> Damaged {
    let header = header_of(key);
    let intact = || sign(key, None, &serde_json::json!({ "iss": "a", "sub": "b", "iat": 1_800_000_000 })).unwrap();
    let damaged = |kind, token| Damaged { token, kind };
    match random.below(9) {
        0 => damaged("intact", intact()),
        1 => {
            let mut bytes = intact().into_bytes();
            (0..=random.below(3)).for_each(|_| damage_bytes(&mut bytes, random));
            damaged("token bytes", String::from_utf8_lossy(&bytes).into_owned())
        }
        2 => {
            let members = random.pick(&HEADER_MEMBERS);
            let kind = if is_ignored(members) { "ignored header" } else { "header member" };
            let damaged_header = insert_members(&header, members, random);
            damaged(kind, signed_again(key, damaged_header.as_bytes(), PLAIN_CLAIMS.as_bytes()))
        }
        3 => {
            let claims = insert_members(PLAIN_CLAIMS, random.pick(&CLAIMS), random);
            damaged("claim", signed_again(key, header.as_bytes(), claims.as_bytes()))
        }
        4 => {
            let claims = insert_members(PLAIN_CLAIMS, random.pick(&CLAIMS), random);
            let claims = insert_members(&claims, random.pick(&CLAIMS), random);
            damaged("two claims", signed_again(key, header.as_bytes(), claims.as_bytes()))
        }
        5 => {
            let mut bytes = header.into_bytes();
            damage_bytes(&mut bytes, random);
            damaged("header bytes", signed_again(key, &bytes, PLAIN_CLAIMS.as_bytes()))
        }
        6 => {
            let mut bytes = PLAIN_CLAIMS.as_bytes().to_vec();
            damage_bytes(&mut bytes, random);
            damaged("claim bytes", signed_again(key, header.as_bytes(), &bytes))
        }
        7 => damaged("signature", with_other_signature(key, &intact(), random)),
        _ => {
            let filler = "x".repeat(random.below(16_000));
            let claims = insert_members(PLAIN_CLAIMS, &format!(r#""jti":"{filler}""#), random);
            damaged("size", signed_again(key, header.as_bytes(), claims.as_bytes()))
        }
    }
}

fn is_ignored(members: &str) -> bool {
    ["jku", "x5u", "x5c", "x5t", "jwk", "cty", "nonce", "url"]
        .iter()
        .any(|name| members.starts_with(&format!("\"{name}\"")))
}

fn with_other_signature(key: &SigningKey, token: &str, random: &Seeded) -> String {
    let (message, encoded) = token.rsplit_once('.').unwrap();
    let mut signature = base64url::decode(encoded).unwrap();
    let half = signature.len() / 2;
    match random.below(8) {
        0 => signature.clear(),
        1 => signature.fill(0),
        2 => signature[..half].fill(0),
        3 => signature[half..].fill(0xff),
        4 => signature.push(0),
        5 => signature.rotate_left(half),
        6 => signature = key.sign_bytes(b"another message").unwrap(),
        _ => return format!("{message}.{encoded}{}", random.pick(&["=", "==", ".", " ", "A", "\n"])),
    }
    format!("{message}.{}", base64url::encode(signature))
}

/// `Ok` or the label of our refusal.
fn ours(token: &str, algorithm: SignatureAlgorithm) -> Result<(), String> {
    let parsed = UnverifiedToken::parse(token).map_err(|error| format!("{error:?}"))?;
    let profile = VerificationProfile {
        typ: TypeRule::AbsentOrOneOf(&["JWT"]),
        algorithms: &[algorithm],
        issuer: None,
        audience: AudienceRule::Unchecked,
        required: &[],
        expired_is_accepted: false,
        ..VerificationProfile::id_token_hint("", &[])
    };
    let verified = verify(parsed, &[verifying_key(algorithm)], &profile, NOW).map_err(|error| format!("{error:?}"))?;
    drop(verified);
    Ok(())
}

fn label(error: &str) -> String {
    match error.split('(').next().unwrap_or_default() {
        "Expired" | "NotYetValid" | "IssuedInFuture" => "Time".to_owned(),
        name => name.to_owned(),
    }
}

#[test]
fn rfc8725_2_whatever_we_accept_a_second_library_accepts() {
    let random = Seeded::new(20_260_101);
    let verifiers: Vec<_> = ALGORITHMS.iter().map(|algorithm| foreign_verifier(*algorithm)).collect();
    let mut both = 0;
    let mut stricter: BTreeMap<String, usize> = BTreeMap::new();
    let mut more_lenient: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..TOKENS {
        // RSA signing is slow without optimisation: one token in sixteen.
        let index = if random.below(16) == 0 { 5 + random.below(2) } else { random.below(5) };
        let algorithm = ALGORITHMS[index];
        let Damaged { token, kind } = damage(&signing_key(algorithm), &random);
        let theirs = jwt::decode_with_verifier(&token, verifiers[index].as_ref()).is_ok();
        match (ours(&token, algorithm), theirs) {
            (Ok(()), true) => both += 1,
            (Ok(()), false) => {
                assert!(MORE_LENIENT.iter().any(|(listed, _)| *listed == kind), "{kind}: {token}");
                *more_lenient.entry(kind).or_default() += 1;
            }
            (Err(error), true) => {
                let label = label(&error);
                assert!(STRICTER.iter().any(|(listed, _)| *listed == label), "{kind}, {error}: {token}");
                *stricter.entry(label).or_default() += 1;
            }
            (Err(_), false) => {}
        }
    }
    println!("both accept {both}; only they {stricter:?}; only we {more_lenient:?}");
    assert!(both > TOKENS / 10, "the damage leaves too few good tokens to compare: {both}");
    for (listed, reason) in STRICTER {
        assert!(stricter.contains_key(listed), "the difference no longer occurs: {listed}, {reason}");
    }
    for (listed, reason) in MORE_LENIENT {
        assert!(more_lenient.contains_key(listed), "the difference no longer occurs: {listed}, {reason}");
    }
}
