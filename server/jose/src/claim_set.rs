//! Claim sets as this server issues them (RFC 7519 section 4.1), in `biscuit`'s model. Only for writing: strangers'
//! claims are read by [`crate::verify()`].

pub use biscuit::{ClaimsSet, RegisteredClaims, SingleOrMultiple, Timestamp};
use signet_protocol::time::UnixTime;

/// The last second of the year 9999.
pub const LATEST_DATE: i64 = 253_402_300_799;

/// A `NumericDate` for [`RegisteredClaims`], held between 1970 and 9999.
pub fn numeric_date(time: UnixTime) -> Timestamp {
    Timestamp::from(time.0.clamp(0, LATEST_DATE))
}

/// `aud`: one value as a string, several as an array, none as an absent claim (RFC 7519 section 4.1.3).
pub fn audience(mut values: Vec<String>) -> Option<SingleOrMultiple<String>> {
    match values.len() {
        0 => None,
        1 => values.pop().map(SingleOrMultiple::Single),
        _ => Some(SingleOrMultiple::Multiple(values)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7519_4_1_3_one_audience_is_a_string_and_several_are_an_array() {
        let claims = |values: &[&str]| {
            let audience = audience(values.iter().map(ToString::to_string).collect());
            let expiry = Some(numeric_date(UnixTime(i64::MAX)));
            serde_json::to_value(RegisteredClaims { audience, expiry, ..Default::default() }).unwrap()
        };
        assert_eq!(claims(&[]), serde_json::json!({ "exp": LATEST_DATE }));
        assert_eq!(claims(&["a"]), serde_json::json!({ "aud": "a", "exp": LATEST_DATE }));
        assert_eq!(claims(&["a", "b"]), serde_json::json!({ "aud": ["a", "b"], "exp": LATEST_DATE }));
    }
}
