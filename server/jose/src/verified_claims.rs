//! Claims whose signature and profile have been checked, and the reading of registered claims (RFC 7519 section 4.1).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signet_protocol::time::UnixTime;

use crate::algorithm::SignatureAlgorithm;
use crate::claim_set::LATEST_DATE;

/// A registered claim has the wrong type or an impossible value. Wrong is never treated as absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongClaim(pub(crate) &'static str);

/// Longest `jti` in bytes: it is stored to notice a second use.
const LONGEST_JWT_ID: usize = 256;

/// The claims of a token that passed [`crate::verify()`].
#[derive(Debug, Clone)]
pub struct VerifiedClaims {
    algorithm: Option<SignatureAlgorithm>,
    claims: Map<String, Value>,
    expires_at: Option<UnixTime>,
    not_before: Option<UnixTime>,
    issued_at: Option<UnixTime>,
}

impl VerifiedClaims {
    /// Checks the types of the registered claims. The caller has checked the signature.
    pub(crate) fn read(algorithm: Option<SignatureAlgorithm>, claims: Map<String, Value>) -> Result<Self, WrongClaim> {
        for name in ["iss", "sub", "jti"] {
            if claims.get(name).is_some_and(|value| !value.is_string()) {
                return Err(WrongClaim(name));
            }
        }
        if claims.get("jti").and_then(Value::as_str).is_some_and(|id| id.len() > LONGEST_JWT_ID) {
            return Err(WrongClaim("jti"));
        }
        if claims.get("aud").is_some_and(|value| !is_audience(value)) {
            return Err(WrongClaim("aud"));
        }
        // Fractions are rounded to the refusing side: an earlier end, a later beginning.
        let expires_at = date(&claims, "exp", f64::floor)?;
        let not_before = date(&claims, "nbf", f64::ceil)?;
        let issued_at = date(&claims, "iat", f64::ceil)?;
        Ok(Self { algorithm, claims, expires_at, not_before, issued_at })
    }

    /// The algorithm of the signature; nothing where nobody signed.
    pub const fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `jti`.
    pub fn jwt_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The values of `aud`, whether it was a string or an array.
    pub fn audience(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(value)) => vec![value],
            _ => Vec::new(),
        }
    }

    /// `exp`, rounded down.
    pub const fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// `nbf`, rounded up.
    pub const fn not_before(&self) -> Option<UnixTime> {
        self.not_before
    }

    /// `iat`, rounded up.
    pub const fn issued_at(&self) -> Option<UnixTime> {
        self.issued_at
    }

    /// Any claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// A claim that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// All claims.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims as a type of the caller's.
    pub fn deserialize<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.claims))
    }
}

/// RFC 7519 section 4.1.3: a string, or an array of strings.
fn is_audience(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(values) => values.iter().all(Value::is_string),
        _ => false,
    }
}

fn date(
    claims: &Map<String, Value>,
    name: &'static str,
    round: fn(f64) -> f64,
) -> Result<Option<UnixTime>, WrongClaim> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    numeric_date(value, round).map(Some).ok_or(WrongClaim(name))
}

/// RFC 7519 section 2: seconds, perhaps with a fraction. Dates before 1970 or after 9999 are refused: they are mistakes
/// or attacks, and nothing later can overflow.
fn numeric_date(value: &Value, round: fn(f64) -> f64) -> Option<UnixTime> {
    let seconds = match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => seconds,
        (None, Some(fractional)) => whole_seconds(fractional, round)?,
        (None, None) => return None,
    };
    (0..=LATEST_DATE).contains(&seconds).then_some(UnixTime(seconds))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range is checked first")]
fn whole_seconds(fractional: f64, round: fn(f64) -> f64) -> Option<i64> {
    (0.0..=LATEST_DATE as f64).contains(&fractional).then(|| round(fractional) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value) -> Result<VerifiedClaims, WrongClaim> {
        VerifiedClaims::read(Some(SignatureAlgorithm::ES256), serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn rfc7519_2_dates_may_have_fractions_and_round_to_the_refusing_side() {
        let claims = read(json!({ "exp": 1000.9, "nbf": 1000.1, "iat": 1000.0 })).unwrap();
        assert_eq!(claims.expires_at(), Some(UnixTime(1000)));
        assert_eq!(claims.not_before(), Some(UnixTime(1001)));
        assert_eq!(claims.issued_at(), Some(UnixTime(1000)));
    }

    #[test]
    fn rfc7519_4_1_dates_of_wrong_type_or_size_are_refused_and_never_absent() {
        let wrong = [
            json!("1"),
            json!(null),
            json!(true),
            json!([1]),
            json!({}),
            json!(-1),
            json!(-0.5),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e308),
            json!(-1e308),
            json!(8.64e15),
            json!(LATEST_DATE + 1),
        ];
        for value in wrong {
            for name in ["exp", "nbf", "iat"] {
                assert!(read(json!({ name: value })).is_err_and(|error| error.0 == name), "{name} {value}");
            }
        }
        assert!(read(json!({ "exp": LATEST_DATE })).is_ok());
    }

    #[test]
    fn rfc7519_4_1_registered_claims_of_the_wrong_type_are_refused() {
        for name in ["iss", "sub", "jti"] {
            for value in [json!(null), json!(1), json!(["a"]), json!({})] {
                assert!(read(json!({ name: value })).is_err(), "{name}");
            }
        }
        for audience in [json!(null), json!({}), json!([1]), json!(["a", null]), json!([["a"]]), json!(1)] {
            assert!(read(json!({ "aud": audience })).is_err());
        }
        assert!(read(json!({ "jti": "x".repeat(257) })).is_err());
        assert_eq!(read(json!({ "aud": ["a", "b"] })).unwrap().audience(), ["a", "b"]);
        assert_eq!(read(json!({ "aud": "a" })).unwrap().audience(), ["a"]);
    }
}
