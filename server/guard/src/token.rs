//! What a good access token says.

use std::borrow::Cow;

use serde_json::{Map, Value};
use signet_jose::base64url;
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

/// What an access token is bound to (RFC 7800 section 3.1): SHA-256 thumbprints. Where there are both, both are proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Of the key of the DPoP proof, `jkt` (RFC 9449 section 6.1).
    pub key: Option<[u8; 32]>,
    /// Of the certificate of the connection, `x5t#S256` (RFC 8705 section 3.1).
    pub certificate: Option<[u8; 32]>,
}

impl Confirmation {
    /// Whether the token is bound to anything.
    pub const fn is_bound(&self) -> bool {
        self.key.is_some() || self.certificate.is_some()
    }

    /// Reads the claim `cnf`. Nothing for one that does not read, or names only what nothing here can check: a token that
    /// is bound is never served as one that is not.
    fn read(cnf: &Value) -> Option<Self> {
        let thumbprint = |name: &str| match cnf.get(name) {
            None => Some(None),
            Some(Value::String(text)) => base64url::decode(text).ok()?.try_into().ok().map(Some),
            Some(_) => None,
        };
        let read = Self { key: thumbprint("jkt")?, certificate: thumbprint("x5t#S256")? };
        read.is_bound().then_some(read)
    }
}

/// What a guard asks of an access token. [`AccessToken`] answers it for tokens of any issuer.
pub trait TokenFacts: Send + Sync {
    /// What it may be used for.
    fn scope(&self) -> &Scope;
    /// What it is bound to.
    fn confirmation(&self) -> Confirmation;
    /// How well the user was authenticated, `acr`.
    fn acr(&self) -> Option<&str>;
    /// When the user was authenticated, `auth_time`.
    fn authenticated_at(&self) -> Option<UnixTime>;
    /// What it may be used for in detail (RFC 9396). Each has a member `type`.
    fn authorization_details(&self) -> Vec<Cow<'_, Map<String, Value>>>;
}

/// A good access token, with the claims of the JWT or the members of the introspection response.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    claims: Map<String, Value>,
    audience: Vec<String>,
    scope: Scope,
    confirmation: Confirmation,
    expires_at: Option<UnixTime>,
    authenticated_at: Option<UnixTime>,
}

/// A claim that does not read. What cannot be understood is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token's {0} is not what it should be")]
pub(crate) struct WrongClaim(&'static str);

impl AccessToken {
    /// Reads claims (RFC 9068 section 2.2) or members (RFC 7662 section 2.2), which have the same names.
    pub(crate) fn read(claims: Map<String, Value>) -> Result<Self, WrongClaim> {
        for name in ["iss", "sub", "client_id", "jti", "acr"] {
            if claims.get(name).is_some_and(|value| !value.is_string()) {
                return Err(WrongClaim(name));
            }
        }
        let confirmation = claims.get("cnf").map_or(Some(Confirmation::default()), Confirmation::read);
        if claims.get("authorization_details").is_some_and(|details| !are_details(details)) {
            return Err(WrongClaim("authorization_details"));
        }
        Ok(Self {
            audience: audience(claims.get("aud")).ok_or(WrongClaim("aud"))?,
            scope: scope(claims.get("scope")).ok_or(WrongClaim("scope"))?,
            confirmation: confirmation.ok_or(WrongClaim("cnf"))?,
            expires_at: date(&claims, "exp")?,
            authenticated_at: date(&claims, "auth_time")?,
            claims,
        })
    }

    /// `sub`: the user, or the client where it acts for itself.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `client_id`: whom the token was issued to.
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// The values of `aud`.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// `exp`: when the token ends.
    pub const fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// A claim that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// All claims, or members of the introspection response.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

impl TokenFacts for AccessToken {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn confirmation(&self) -> Confirmation {
        self.confirmation
    }

    fn acr(&self) -> Option<&str> {
        self.text("acr")
    }

    fn authenticated_at(&self) -> Option<UnixTime> {
        self.authenticated_at
    }

    fn authorization_details(&self) -> Vec<Cow<'_, Map<String, Value>>> {
        let details = self.claims.get("authorization_details").and_then(Value::as_array);
        details.into_iter().flatten().filter_map(Value::as_object).map(Cow::Borrowed).collect()
    }
}

/// RFC 9396 section 2: an array of objects with a `type`.
fn are_details(value: &Value) -> bool {
    let has_type =
        |detail: &Value| detail.as_object().is_some_and(|detail| detail.get("type").is_some_and(Value::is_string));
    value.as_array().is_some_and(|details| details.iter().all(has_type))
}

/// RFC 7519 section 4.1.3: a string, or an array of strings.
fn audience(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::String(value)) => Some(vec![value.clone()]),
        Some(Value::Array(values)) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    }
}

fn scope(value: Option<&Value>) -> Option<Scope> {
    match value {
        None => Some(Scope::empty()),
        Some(value) => value.as_str()?.parse().ok(),
    }
}

/// RFC 7519 section 2, rounded down.
fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<UnixTime>, WrongClaim> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| value.as_f64().and_then(whole_seconds));
    seconds.filter(|seconds| *seconds >= 0).map(|seconds| Some(UnixTime(seconds))).ok_or(WrongClaim(name))
}

/// The last second of the year 9999, which no date in a token is behind.
const LATEST: f64 = 253_402_300_799.0;

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole_seconds(fractional: f64) -> Option<i64> {
    (0.0..=LATEST).contains(&fractional).then(|| fractional.floor() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value) -> Result<AccessToken, &'static str> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        AccessToken::read(claims).map_err(|WrongClaim(name)| name)
    }

    const THUMBPRINT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn rfc7800_3_1_what_a_token_is_bound_to_is_understood_or_the_token_is_not_served() {
        let bound = |cnf: Value| read(json!({ "cnf": cnf })).map(|token| token.confirmation());
        let zeros = Some([0; 32]);
        assert_eq!(bound(json!({ "jkt": THUMBPRINT })).unwrap(), Confirmation { key: zeros, certificate: None });
        let both = json!({ "jkt": THUMBPRINT, "x5t#S256": THUMBPRINT, "kid": "more" });
        assert_eq!(bound(both).unwrap(), Confirmation { key: zeros, certificate: zeros });
        for wrong in [
            json!(null),
            json!({}),
            json!("jkt"),
            json!([THUMBPRINT]),
            json!({ "kid": "a" }),
            json!({ "jkt": null }),
            json!({ "jkt": "AAAA" }),
            json!({ "jkt": format!("{THUMBPRINT}=") }),
            json!({ "jkt": THUMBPRINT, "x5t#S256": 1 }),
        ] {
            assert_eq!(bound(wrong.clone()), Err("cnf"), "{wrong}");
        }
        assert!(!read(json!({})).unwrap().confirmation().is_bound());
    }

    #[test]
    fn rfc7519_4_1_claims_of_the_wrong_type_are_never_absent() {
        for (name, value) in [
            ("sub", json!(1)),
            ("iss", json!(null)),
            ("client_id", json!(["a"])),
            ("acr", json!(2)),
            ("aud", json!({})),
            ("aud", json!(["a", 1])),
            ("scope", json!(["a"])),
            ("scope", json!("a\"b")),
            ("exp", json!("1")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("auth_time", json!(true)),
            ("authorization_details", json!({ "type": "a" })),
            ("authorization_details", json!([{ "kind": "a" }])),
            ("authorization_details", json!([{ "type": 1 }])),
        ] {
            assert_eq!(read(json!({ name: value })), Err(name), "{name}");
        }
        let token = read(json!({ "sub": "u", "aud": "a", "scope": "b c", "exp": 9.9, "auth_time": 5 })).unwrap();
        assert_eq!((token.subject(), token.audience()), (Some("u"), &["a".to_owned()][..]));
        assert_eq!((token.expires_at(), token.authenticated_at()), (Some(UnixTime(9)), Some(UnixTime(5))));
        assert!(token.scope().contains("c") && token.authorization_details().is_empty());
    }
}
