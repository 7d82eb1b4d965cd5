//! Response types: what the authorization endpoint returns (RFC 6749 section 3.1.1, OAuth 2.0 Multiple Response Type
//! Encoding Practices, OpenID Connect Core 3).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names::{GrantType, ResponseMode, UnknownName};

/// What the authorization endpoint returns. `token` alone is not among them: it identifies nobody and binds nothing
/// (OpenID Connect Core 3.2.2.1, RFC 9700 section 2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResponseType {
    /// An authorization code.
    Code,
    /// An ID token.
    IdToken,
    /// An ID token and an access token.
    IdTokenToken,
    /// A code and an ID token.
    CodeIdToken,
    /// A code and an access token.
    CodeToken,
    /// A code, an ID token and an access token.
    CodeIdTokenToken,
    /// Nothing: the user allows the client something, and the client learns that.
    None,
}

impl ResponseType {
    /// Every value this server knows.
    pub const ALL: &[Self] = &[
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
        Self::None,
    ];

    /// The registered text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
            Self::None => "none",
        }
    }

    /// Whether the response has an authorization code.
    pub const fn returns_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether the response has an ID token.
    pub const fn returns_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Whether the response has an access token.
    pub const fn returns_access_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether a token travels through the browser.
    pub const fn returns_tokens(self) -> bool {
        self.returns_id_token() || self.returns_access_token()
    }

    /// The grant types a client is registered for that uses the response type (OpenID Connect Registration 2).
    pub const fn grant_types(self) -> &'static [GrantType] {
        match self {
            Self::Code => &[GrantType::AuthorizationCode],
            Self::IdToken | Self::IdTokenToken => &[GrantType::Implicit],
            Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken => {
                &[GrantType::AuthorizationCode, GrantType::Implicit]
            }
            Self::None => &[],
        }
    }

    /// The mode of a response to a request that asks for this text and names no mode, whether this server knows the
    /// text or not: whatever asks for a token is answered in the fragment (Multiple Response Types 2.1, 3 and 5).
    pub fn default_mode(text: &str) -> ResponseMode {
        let asks_for_token = text.split(' ').any(|word| matches!(word, "token" | "id_token"));
        if asks_for_token { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for ResponseType {
    type Err = UnknownName;

    /// A list of words in which the order does not matter (RFC 6749 section 3.1.1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sorted = |text: &'_ str| {
            let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let asked = sorted(text);
        let found = Self::ALL.iter().find(|known| sorted(known.as_str()) == asked);
        found.copied().ok_or(UnknownName("response type"))
    }
}

impl Serialize for ResponseType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ResponseType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_3_1_1_the_order_of_words_does_not_matter_and_nothing_else_is_overlooked() {
        for response_type in ResponseType::ALL {
            assert_eq!(response_type.as_str().parse(), Ok(*response_type));
            let json = serde_json::to_string(response_type).unwrap();
            assert_eq!(serde_json::from_str::<ResponseType>(&json).unwrap(), *response_type);
        }
        assert_eq!("token code id_token".parse(), Ok(ResponseType::CodeIdTokenToken));
        assert_eq!("token id_token".parse(), Ok(ResponseType::IdTokenToken));
        assert_eq!(serde_json::from_str::<ResponseType>("\"token code\"").unwrap(), ResponseType::CodeToken);
        for bad in ["Code", " code", "code ", "code  token", "code code", "token", "none code", "code none", ""] {
            assert!(bad.parse::<ResponseType>().is_err(), "{bad}");
        }
    }

    #[test]
    fn openid_registration_2_response_types_and_grant_types_correspond() {
        for response_type in ResponseType::ALL {
            let grants = response_type.grant_types();
            assert_eq!(grants.contains(&GrantType::AuthorizationCode), response_type.returns_code());
            assert_eq!(grants.contains(&GrantType::Implicit), response_type.returns_tokens());
        }
    }

    #[test]
    fn multiple_response_types_3_and_5_whatever_asks_for_a_token_is_answered_in_the_fragment() {
        for response_type in ResponseType::ALL {
            let is_fragment = ResponseType::default_mode(response_type.as_str()) == ResponseMode::Fragment;
            assert_eq!(is_fragment, response_type.returns_tokens(), "{response_type}");
        }
        assert_eq!(ResponseType::default_mode("token"), ResponseMode::Fragment);
        assert_eq!(ResponseType::default_mode("id_token x"), ResponseMode::Fragment);
        assert_eq!(ResponseType::default_mode("x_token"), ResponseMode::Query);
        assert_eq!(ResponseType::default_mode(""), ResponseMode::Query);
    }
}
