//! Request parameters as they arrive: `application/x-www-form-urlencoded` in a query or a body
//! (RFC 6749 sections 3.1, 3.2 and appendix B).

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// Longest list of parameters in bytes, before decoding.
pub const MAXIMUM_BYTES: usize = 32 * 1024;
/// Most parameters in one request.
pub const MAXIMUM_COUNT: usize = 100;

/// The parameters that may be repeated (RFC 8707 section 2, RFC 8693 section 2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Why a list of parameters could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableParameters {
    /// More than [`MAXIMUM_BYTES`] or [`MAXIMUM_COUNT`].
    #[error("the parameters are too long or too many")]
    TooLarge,
    /// Not UTF-8 after decoding, or a NUL character.
    #[error("the parameters are not UTF-8 text")]
    NotText,
}

/// Parameters in the order they arrived. Those without a value count as absent (RFC 6749 section 3.1).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Decodes a query or a form body.
    ///
    /// # Errors
    /// If it is too large or not text.
    pub fn parse(encoded: &str) -> Result<Self, UnreadableParameters> {
        if encoded.len() > MAXIMUM_BYTES {
            return Err(UnreadableParameters::TooLarge);
        }
        let mut pairs = Vec::new();
        for piece in encoded.split('&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == MAXIMUM_COUNT {
                return Err(UnreadableParameters::TooLarge);
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self { pairs })
    }

    /// The value of `name`, unless it is absent, empty or repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(candidate, _)| candidate == name);
        let first = values.next()?;
        if values.next().is_some() || first.1.is_empty() {
            return None;
        }
        Some(&first.1)
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(candidate, value)| candidate == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The name of a parameter that appears more than once and may not.
    pub fn repeated(&self) -> Option<&str> {
        self.pairs.iter().enumerate().find_map(|(position, (name, _))| {
            let again = self.pairs[..position].iter().any(|(earlier, _)| earlier == name);
            (again && !REPEATABLE.contains(&name.as_str())).then_some(name.as_str())
        })
    }

    /// Whether `name` appears more than once.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.pairs.iter().filter(|(candidate, _)| candidate == name).nth(1).is_some()
    }

    /// The same parameters without `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self { pairs: self.pairs.iter().filter(|(candidate, _)| candidate != name).cloned().collect() }
    }

    /// The same parameters without all but `name`.
    #[must_use]
    pub fn only(&self, name: &str) -> Self {
        Self { pairs: self.pairs.iter().filter(|(candidate, _)| candidate == name).cloned().collect() }
    }

    /// These parameters, with `others` in place of those of the same name.
    #[must_use]
    pub fn superseded_by(&self, others: &Self) -> Self {
        let is_superseded = |name: &str| others.pairs.iter().any(|(other, _)| other == name);
        let kept = self.pairs.iter().filter(|(name, _)| !is_superseded(name));
        Self { pairs: kept.chain(&others.pairs).cloned().collect() }
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Whether each of these parameters stands among others with the same value.
    #[must_use]
    pub fn is_within(&self, others: &Self) -> bool {
        self.pairs.iter().all(|pair| others.pairs.contains(pair))
    }

    /// Adds a parameter at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The parameters, encoded again.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }
}

/// Values may be secrets: only the names show.
impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(text: &str) -> Result<String, UnreadableParameters> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| UnreadableParameters::NotText)?;
    if decoded.contains('\0') {
        return Err(UnreadableParameters::NotText);
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_3_1_parameter_without_value_is_absent() {
        let parameters = Parameters::parse("state=&scope=openid").unwrap();
        assert_eq!(parameters.get("state"), None);
        assert_eq!(parameters.get("scope"), Some("openid"));
    }

    #[test]
    fn rfc6749_3_1_repeated_parameter_is_noticed_and_unreadable() {
        let parameters = Parameters::parse("a=1&b=2&a=1").unwrap();
        assert_eq!(parameters.repeated(), Some("a"));
        assert_eq!(parameters.get("a"), None);
        assert!(parameters.is_repeated("a"));
    }

    #[test]
    fn rfc8707_2_resource_may_be_repeated() {
        let parameters = Parameters::parse("resource=https%3A%2F%2Fa.test&resource=https%3A%2F%2Fb.test").unwrap();
        assert_eq!(parameters.repeated(), None);
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["https://a.test", "https://b.test"]);
    }

    #[test]
    fn rfc6749_b_text_is_decoded_once() {
        let parameters = Parameters::parse("a=x+y%2B%2520&b=%C3%A9").unwrap();
        assert_eq!(parameters.get("a"), Some("x y+%20"));
        assert_eq!(parameters.get("b"), Some("\u{e9}"));
        assert_eq!(Parameters::parse(&parameters.encode()).unwrap(), parameters);
    }

    #[test]
    fn rfc6749_b_bad_text_and_sizes_are_refused() {
        assert_eq!(Parameters::parse("a=%ff"), Err(UnreadableParameters::NotText));
        assert_eq!(Parameters::parse("a=%00"), Err(UnreadableParameters::NotText));
        assert_eq!(Parameters::parse(&"a".repeat(MAXIMUM_BYTES + 1)), Err(UnreadableParameters::TooLarge));
        assert_eq!(Parameters::parse(&"a=1&".repeat(MAXIMUM_COUNT + 1)), Err(UnreadableParameters::TooLarge));
    }

    #[test]
    fn oidc_core_6_1_parameters_are_superseded_by_name() {
        let outside = Parameters::parse("scope=openid&state=x&resource=a&resource=b").unwrap();
        let inside = Parameters::parse("scope=openid+email&resource=c&nonce=n").unwrap();
        assert_eq!(outside.superseded_by(&inside).encode(), "state=x&scope=openid+email&resource=c&nonce=n");
        assert_eq!(outside.only("scope").encode(), "scope=openid");
    }

    #[test]
    fn values_do_not_show_in_debug_output() {
        let parameters = Parameters::parse("client_secret=hunter2").unwrap();
        assert!(!format!("{parameters:?}").contains("hunter2"));
    }
}
