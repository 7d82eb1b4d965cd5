//! The rules about claims and types, each with a token that breaks only that rule.

use serde_json::{Map, Value, json};
use signet_jose::VerificationError as Error;
use signet_jose::{
    AudienceRule, SignatureAlgorithm, UnverifiedToken, VerificationProfile, VerifiedClaims, VerifyingKey, sign, verify,
};
use signet_protocol::time::UnixTime;

use crate::seeded::{signing_key, verifying_key};

const NOW: UnixTime = UnixTime(1_800_000_000);
const ISSUER: &str = "https://issuer.example/realms/a";
pub(crate) const CLIENT: &str = "client-1";
pub(crate) const ES256: SignatureAlgorithm = SignatureAlgorithm::ES256;

pub(crate) fn assertion_profile(audience: AudienceRule<'static>) -> VerificationProfile<'static> {
    VerificationProfile::client_assertion(CLIENT, audience, &[ES256])
}

pub(crate) const ANY_OF: AudienceRule<'static> =
    AudienceRule::AnyOf(&[ISSUER, "https://issuer.example/realms/a/token"]);

pub(crate) fn assertion() -> Map<String, Value> {
    let claims = json!({ "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW.0 + 300, "iat": NOW.0, "jti": "one" });
    serde_json::from_value(claims).unwrap()
}

fn assertion_with(name: &str, value: Value) -> Map<String, Value> {
    let mut claims = assertion();
    claims.insert(name.to_owned(), value);
    claims
}

fn assertion_without(name: &str) -> Map<String, Value> {
    let mut claims = assertion();
    claims.remove(name);
    claims
}

fn check(claims: &Map<String, Value>, profile: &VerificationProfile<'_>) -> Result<VerifiedClaims, Error> {
    check_token(&sign(&signing_key(ES256), None, claims).unwrap(), profile, &[verifying_key(ES256)])
}

pub(crate) fn check_token(
    token: &str,
    profile: &VerificationProfile<'_>,
    keys: &[VerifyingKey],
) -> Result<VerifiedClaims, Error> {
    verify(UnverifiedToken::parse(token).unwrap(), keys, profile, NOW)
}

#[test]
fn rfc7523_3_a_good_assertion_is_accepted() {
    let claims = check(&assertion(), &assertion_profile(ANY_OF)).unwrap();
    assert_eq!((claims.issuer(), claims.subject(), claims.jwt_id()), (Some(CLIENT), Some(CLIENT), Some("one")));
    assert_eq!((claims.expires_at(), claims.issued_at(), claims.not_before()), (Some(NOW.plus(300)), Some(NOW), None));
    assert_eq!(claims.algorithm(), Some(ES256));
}

#[test]
fn rfc7523_3_each_required_claim_is_required() {
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        let refused = check(&assertion_without(name), &assertion_profile(ANY_OF));
        assert_eq!(refused.err(), Some(Error::MissingClaim(name)));
    }
    for (name, empty) in [("jti", json!("")), ("aud", json!([])), ("aud", json!(""))] {
        let refused = check(&assertion_with(name, empty), &assertion_profile(ANY_OF));
        assert_eq!(refused.err(), Some(Error::MissingClaim(name)));
    }
}

#[test]
fn rfc7523_3_issuer_subject_and_audience_are_compared() {
    let refused = |name, value| check(&assertion_with(name, value), &assertion_profile(ANY_OF)).err();
    assert_eq!(refused("iss", json!("client-2")), Some(Error::WrongIssuer));
    assert_eq!(refused("sub", json!("Client-1")), Some(Error::WrongSubject));
    for audience in [json!("https://other.example"), json!([]), json!(["x", "y"]), json!(format!("{ISSUER}/"))] {
        assert!(matches!(refused("aud", audience), Some(Error::WrongAudience | Error::MissingClaim("aud"))));
    }
    assert_eq!(refused("aud", json!(["x", ISSUER])), None);
}

#[test]
fn fapi2_sp_5_3_2_1_an_array_as_audience_is_refused_where_one_string_is_demanded() {
    let profile = assertion_profile(AudienceRule::ExactString(ISSUER));
    assert!(check(&assertion(), &profile).is_ok());
    for audience in [json!([ISSUER]), json!([ISSUER, "x"]), json!("https://issuer.example/realms/a/token")] {
        assert_eq!(check(&assertion_with("aud", audience), &profile).err(), Some(Error::WrongAudience));
    }
}

#[test]
fn rfc7519_4_1_times_are_checked_with_the_skew_and_not_beyond() {
    let result = |name, offset| check(&assertion_with(name, json!(NOW.0 + offset)), &assertion_profile(ANY_OF)).err();
    for (name, offset, expected) in [
        ("exp", -29, None),
        ("exp", -30, Some(Error::Expired)),
        ("exp", -3600, Some(Error::Expired)),
        ("exp", 630, None),
        ("exp", 631, Some(Error::ExpiresTooLate)),
        ("nbf", 8, None),
        ("nbf", 30, None),
        ("nbf", 31, Some(Error::NotYetValid)),
        ("iat", 30, None),
        ("iat", 61, Some(Error::IssuedInFuture)),
        ("iat", -86_400, None),
    ] {
        assert_eq!(result(name, offset), expected, "{name} {offset}");
    }
    let strict = VerificationProfile { oldest_issue: Some(60), ..assertion_profile(ANY_OF) };
    assert_eq!(check(&assertion_with("iat", json!(NOW.0 - 90)), &strict).err(), None);
    assert_eq!(check(&assertion_with("iat", json!(NOW.0 - 91)), &strict).err(), Some(Error::TooOld));
}

#[test]
fn rfc7519_2_hostile_numbers_are_refused_without_a_panic() {
    let hostile = [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(-1e308),
        json!(8.64e15),
        json!("1"),
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(-1),
    ];
    for value in hostile {
        for name in ["exp", "nbf", "iat"] {
            let refused = check(&assertion_with(name, value.clone()), &assertion_profile(ANY_OF));
            assert_eq!(refused.err(), Some(Error::InvalidClaim(name)), "{name} {value}");
        }
    }
    assert!(check(&assertion_with("exp", json!(1_800_000_100.75)), &assertion_profile(ANY_OF)).is_ok());
    for now in [UnixTime(i64::MAX), UnixTime(i64::MIN)] {
        let token = sign(&signing_key(ES256), None, &assertion()).unwrap();
        let parsed = UnverifiedToken::parse(&token).unwrap();
        assert!(verify(parsed, &[verifying_key(ES256)], &assertion_profile(ANY_OF), now).is_err());
    }
}

#[test]
fn rfc8725_3_11_a_token_of_another_type_is_refused() {
    let keys = [verifying_key(ES256)];
    let of_type = |typ| sign(&signing_key(ES256), typ, &assertion()).unwrap();
    for accepted in [None, Some("JWT"), Some("client-authentication+jwt"), Some("application/jwt")] {
        assert!(check_token(&of_type(accepted), &assertion_profile(ANY_OF), &keys).is_ok(), "{accepted:?}");
    }
    for refused in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt", "secevent+jwt", ""] {
        let result = check_token(&of_type(Some(refused)), &assertion_profile(ANY_OF), &keys);
        assert_eq!(result.err(), Some(Error::WrongType), "{refused}");
    }
}

#[test]
fn rfc9068_4_an_access_token_needs_its_type_audience_and_claims() {
    let profile = VerificationProfile::access_token(ISSUER, &["https://api.example"], &[ES256]);
    let claims = json!({
        "iss": ISSUER, "sub": "user", "aud": ["https://api.example", "https://b.example"], "client_id": CLIENT,
        "exp": NOW.0 + 1, "iat": NOW.0, "jti": "one",
    });
    let keys = [verifying_key(ES256)];
    let token = |typ, claims: &Value| sign(&signing_key(ES256), typ, claims).unwrap();
    assert!(check_token(&token(Some("at+jwt"), &claims), &profile, &keys).is_ok());
    assert!(check_token(&token(Some("application/at+jwt"), &claims), &profile, &keys).is_ok());
    for typ in [None, Some("JWT")] {
        assert_eq!(check_token(&token(typ, &claims), &profile, &keys).err(), Some(Error::WrongType));
    }
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        let result = check_token(&token(Some("at+jwt"), &without), &profile, &keys);
        assert_eq!(result.err(), Some(Error::MissingClaim(name)));
    }
    let mut expired = claims.clone();
    expired["exp"] = json!(NOW.0);
    assert_eq!(check_token(&token(Some("at+jwt"), &expired), &profile, &keys).err(), Some(Error::Expired));
    let mut of_a_faster_node = claims.clone();
    of_a_faster_node["iat"] = json!(NOW.0 + 5);
    assert!(check_token(&token(Some("at+jwt"), &of_a_faster_node), &profile, &keys).is_ok());
    let mut elsewhere = claims;
    elsewhere["aud"] = json!("https://b.example");
    assert_eq!(check_token(&token(Some("at+jwt"), &elsewhere), &profile, &keys).err(), Some(Error::WrongAudience));
}

#[test]
fn oidcc_3_1_2_1_an_expired_id_token_is_a_good_hint_and_a_foreign_one_is_not() {
    let profile = VerificationProfile::id_token_hint(ISSUER, &[ES256]);
    let claims = |issuer: &str| json!({ "iss": issuer, "sub": "user", "aud": CLIENT, "exp": 1000, "iat": 900 });
    let keys = [verifying_key(ES256)];
    let token = |typ, issuer| sign(&signing_key(ES256), typ, &claims(issuer)).unwrap();
    assert_eq!(check_token(&token(None, ISSUER), &profile, &keys).unwrap().subject(), Some("user"));
    assert_eq!(check_token(&token(None, "https://x.example"), &profile, &keys).err(), Some(Error::WrongIssuer));
    assert_eq!(check_token(&token(Some("at+jwt"), ISSUER), &profile, &keys).err(), Some(Error::WrongType));
}
