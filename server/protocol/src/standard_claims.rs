//! The standard claims about users (OpenID Connect Core 5.1) and which scope asks for which (5.4).

use serde_json::{Map, Value};

use crate::scope::Scope;

/// What a standard claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Locale,
    Boolean,
    Address,
}

/// The claims a user record may hold: name, kind, and the scope value that asks for it. `sub` and `updated_at` are the
/// server's own.
const STANDARD: &[(&str, Kind, &str)] = &[
    ("name", Kind::Text, "profile"),
    ("family_name", Kind::Text, "profile"),
    ("given_name", Kind::Text, "profile"),
    ("middle_name", Kind::Text, "profile"),
    ("nickname", Kind::Text, "profile"),
    ("preferred_username", Kind::Text, "profile"),
    ("profile", Kind::Text, "profile"),
    ("picture", Kind::Text, "profile"),
    ("website", Kind::Text, "profile"),
    ("gender", Kind::Text, "profile"),
    ("birthdate", Kind::Text, "profile"),
    ("zoneinfo", Kind::Text, "profile"),
    ("locale", Kind::Locale, "profile"),
    ("email", Kind::Text, "email"),
    ("email_verified", Kind::Boolean, "email"),
    ("address", Kind::Address, "address"),
    ("phone_number", Kind::Text, "phone"),
    ("phone_number_verified", Kind::Boolean, "phone"),
];

/// Members of the `address` claim (OpenID Connect Core 5.1.1).
const ADDRESS: &[&str] = &["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Scope values with a meaning of their own (OpenID Connect Core 3.1.2.1, 5.4 and 11).
pub const STANDARD_SCOPES: &[&str] = &["openid", "profile", "email", "address", "phone", "offline_access"];

/// The scope value by which apps of one vendor share a login (Native SSO for Mobile Apps 3.1).
pub const DEVICE_SSO_SCOPE: &str = "device_sso";

/// Why claims about a user were refused. Names the claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{claim}: {problem}")]
pub struct InvalidClaim {
    /// The claim.
    pub claim: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Every standard claim this server can issue, for `claims_supported`.
pub fn supported() -> impl Iterator<Item = &'static str> {
    ["sub", "updated_at"].into_iter().chain(STANDARD.iter().map(|(name, _, _)| *name))
}

/// The scope value that asks for a claim; language tags do not matter (OpenID Connect Core 5.2).
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let base = base_name(claim);
    if base == "updated_at" {
        return Some("profile");
    }
    STANDARD.iter().find(|(name, _, _)| *name == base).map(|(_, _, scope)| *scope)
}

/// Whether `scope` asks for `claim` (OpenID Connect Core 5.4).
pub fn is_requested_by(scope: &Scope, claim: &str) -> bool {
    scope_of(claim).is_some_and(|value| scope.contains(value))
}

/// A claim name without its language tag: `name` of `name#de` (OpenID Connect Core 5.2).
pub fn base_name(claim: &str) -> &str {
    claim.split_once('#').map_or(claim, |(name, _)| name)
}

/// Checks the claims of a user record.
///
/// # Errors
/// Names the first claim that is unknown, of the wrong type, empty, or badly formed.
pub fn check(claims: &Map<String, Value>) -> Result<(), InvalidClaim> {
    claims.iter().try_for_each(|(name, value)| {
        check_claim(name, value).map_err(|problem| InvalidClaim { claim: name.clone(), problem })
    })
}

fn check_claim(name: &str, value: &Value) -> Result<(), &'static str> {
    let (base, tag) = name.split_once('#').map_or((name, None), |(base, tag)| (base, Some(tag)));
    let kind = STANDARD.iter().find(|(known, _, _)| *known == base).map(|(_, kind, _)| *kind);
    let kind = kind.ok_or("is not a standard claim of OpenID Connect Core 5.1")?;
    if tag.is_some_and(|tag| kind != Kind::Text || !is_language_tag(tag)) {
        return Err("has a language tag that is malformed or makes no sense here");
    }
    match (kind, value) {
        (Kind::Text, Value::String(text)) => check_text(base, text),
        (Kind::Locale, Value::String(text)) if is_language_tag(text) => Ok(()),
        (Kind::Boolean, Value::Bool(_)) => Ok(()),
        (Kind::Address, Value::Object(members)) => check_address(members),
        (Kind::Text, _) => Err("is not a string"),
        (Kind::Locale, _) => Err("is not a language tag like de-CH"),
        (Kind::Boolean, _) => Err("is not true or false"),
        (Kind::Address, _) => Err("is not an object"),
    }
}

fn check_text(name: &str, text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > 1000 || text.chars().any(char::is_control) {
        return Err("is empty, longer than 1000 bytes or has control characters");
    }
    match name {
        "profile" | "picture" | "website" => {
            let is_web = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
            is_web.then_some(()).ok_or("is not an http or https URL")
        }
        "birthdate" => is_birthdate(text).then_some(()).ok_or("is not YYYY-MM-DD or YYYY"),
        "email" => is_email(text).then_some(()).ok_or("is not an e-mail address"),
        _ => Ok(()),
    }
}

fn check_address(members: &Map<String, Value>) -> Result<(), &'static str> {
    if members.is_empty() {
        return Err("has no member");
    }
    for (name, value) in members {
        if !ADDRESS.contains(&name.as_str()) {
            return Err("has a member that OpenID Connect Core 5.1.1 does not name");
        }
        if !value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= 1000) {
            return Err("has a member that is not a non-empty string of at most 1000 bytes");
        }
    }
    Ok(())
}

/// `YYYY-MM-DD`, with year `0000` where it is withheld, or `YYYY` alone (OpenID Connect Core 5.1).
fn is_birthdate(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let within = |part: &str, highest: u8| {
        digits(part, 2) && part.parse().is_ok_and(|number: u8| (1..=highest).contains(&number))
    };
    let mut parts = text.split('-');
    let year = parts.next().is_some_and(|year| digits(year, 4));
    match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => year,
        (Some(month), Some(day), None) => year && within(month, 12) && within(day, 31),
        _ => false,
    }
}

/// One `@` with something plain on both sides; deliverability is for a mail to find out.
fn is_email(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.contains([' ', ',', ';', '<', '>', '"', '(', ')', '@']);
    text.split_once('@').is_some_and(|(local, domain)| plain(local) && plain(domain)) && text.len() <= 254
}

/// The shape of a BCP 47 tag: letters and digits in pieces of at most eight.
fn is_language_tag(text: &str) -> bool {
    let mut pieces = text.split('-');
    let first = pieces
        .next()
        .is_some_and(|piece| (2..=8).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_alphabetic()));
    first
        && pieces.all(|piece| (1..=8).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(claims: &Value) -> Result<(), InvalidClaim> {
        check(claims.as_object().unwrap())
    }

    #[test]
    fn oidc_core_5_4_scopes_ask_for_their_claims() {
        let scope: Scope = "openid email".parse().unwrap();
        assert!(is_requested_by(&scope, "email_verified"));
        assert!(!is_requested_by(&scope, "name"));
        let profile: Scope = "profile".parse().unwrap();
        assert_eq!(supported().filter(|claim| is_requested_by(&profile, claim)).count(), 14);
        assert!(is_requested_by(&profile, "name#de"));
    }

    #[test]
    fn oidc_core_5_1_well_formed_claims_pass() {
        let claims = json!({
            "name": "Ana", "name#de-CH": "Anna", "email": "a@b.test", "email_verified": true, "birthdate": "0000-03-22",
            "locale": "de-CH", "website": "https://a.test", "address": {"country": "CH"},
        });
        assert_eq!(checked(&claims), Ok(()));
    }

    #[test]
    fn oidc_core_5_1_malformed_claims_are_named() {
        for bad in [
            json!({"name": ""}),
            json!({"name": null}),
            json!({"name": 1}),
            json!({"email_verified": "true"}),
            json!({"birthdate": "22.3.1970"}),
            json!({"birthdate": "1970-13-01"}),
            json!({"website": "javascript:x"}),
            json!({"address": {}}),
            json!({"address": {"planet": "x"}}),
            json!({"address": {"country": ""}}),
            json!({"sub": "x"}),
            json!({"department": "x"}),
            json!({"locale": "x"}),
            json!({"locale#de": "de"}),
            json!({"name#": "x"}),
            json!({"email": "a@b@c"}),
            json!({"email": "a@b.test, c@d.test"}),
        ] {
            let name = bad.as_object().unwrap().keys().next().unwrap().clone();
            assert_eq!(checked(&bad).unwrap_err().claim, name);
        }
    }
}
