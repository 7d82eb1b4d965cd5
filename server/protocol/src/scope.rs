//! Scope values (RFC 6749 section 3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not a list of scope tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("scope holds characters that a scope token may not have")]
pub struct InvalidScope;

/// A set of scope tokens in the order they were first named. Order carries no meaning; equality ignores it.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// The set without members.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Whether `token` is a member.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|member| member == token)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether every member of `self` is in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.iter().all(|token| other.contains(token))
    }

    /// The members of `self` for which `keep` holds.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// The members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut members = self.0.clone();
        members.extend(other.iter().filter(|token| !self.contains(token)).map(str::to_owned));
        Self(members)
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.is_within(other)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    /// Reads a space-delimited list; repeated members count once.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut members: Vec<String> = Vec::new();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(InvalidScope);
            }
            if !members.iter().any(|member| member == token) {
                members.push(token.to_owned());
            }
        }
        Ok(Self(members))
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_3_3_order_and_repetition_do_not_matter() {
        let one: Scope = "openid email openid".parse().unwrap();
        let other: Scope = "email  openid".parse().unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_string(), "openid email");
    }

    #[test]
    fn rfc6749_3_3_tokens_keep_to_their_characters() {
        for bad in ["a\"b", "a\\b", "a\tb", "caf\u{e9}"] {
            assert_eq!(bad.parse::<Scope>(), Err(InvalidScope), "{bad}");
        }
    }
}
