//! Values in decisions that people or clients get to see, and numbers with bounds: each type takes only what is fit.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Longest description in characters.
const DESCRIPTION_MAXIMUM: usize = 200;

/// Longest text for people in one language, in characters.
const TEXT_MAXIMUM: usize = 400;

/// Most languages of one text.
const LANGUAGES_MAXIMUM: usize = 32;

/// Longest web address in bytes.
const ADDRESS_MAXIMUM: usize = 512;

/// Text that does not fit where it was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnfitText(&'static str);

impl UnfitText {
    /// Says what would fit.
    pub(crate) const fn new(what_fits: &'static str) -> Self {
        Self(what_fits)
    }
}

/// An `error_description` (RFC 6749 section 5.2): 1 to 200 printable ASCII characters without `"` and `\`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = UnfitText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if (1..=DESCRIPTION_MAXIMUM).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(UnfitText("a description has 1 to 200 printable ASCII characters without quotes and backslashes"))
        }
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl JsonSchema for Description {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Description".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": DESCRIPTION_MAXIMUM,
            "pattern": "^[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*$",
        })
    }
}

/// A plain text for people, by language tag (BCP 47); `en` is required and stands in for every other. Pages show it
/// escaped: it holds no markup and no links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct LocalizedText(BTreeMap<String, String>);

impl LocalizedText {
    /// The text in a language, by exact tag, then by its primary language, then English.
    pub fn in_language(&self, tag: &str) -> &str {
        let primary = tag.split('-').next().unwrap_or_default();
        let found = [tag, primary, "en"].into_iter().find_map(|tag| self.0.get(tag));
        found.map(String::as_str).unwrap_or_default()
    }
}

impl TryFrom<BTreeMap<String, String>> for LocalizedText {
    type Error = UnfitText;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        let is_tag = |tag: &String| {
            (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_text =
            |text: &String| (1..=TEXT_MAXIMUM).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if !texts.contains_key("en") || texts.len() > LANGUAGES_MAXIMUM {
            return Err(UnfitText("a text is a map of language tags, at most 32 and en among them"));
        }
        if !texts.keys().all(is_tag) {
            return Err(UnfitText("a language tag is not like de or de-CH"));
        }
        if !texts.values().all(is_text) {
            return Err(UnfitText("a text has 1 to 400 characters, none of them a control character"));
        }
        Ok(Self(texts))
    }
}

impl From<LocalizedText> for BTreeMap<String, String> {
    fn from(text: LocalizedText) -> Self {
        text.0
    }
}

impl JsonSchema for LocalizedText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "LocalizedText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["en"],
            "maxProperties": LANGUAGES_MAXIMUM,
            "propertyNames": { "type": "string", "pattern": "^[A-Za-z0-9-]{2,35}$" },
            "additionalProperties": { "type": "string", "minLength": 1, "maxLength": TEXT_MAXIMUM },
        })
    }
}

/// An absolute `https` address without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(String);

impl WebAddress {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WebAddress {
    type Error = UnfitText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let host_is_plain = host.is_some_and(|host| {
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte))
        });
        let printable = text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x3b | 0x3d | 0x3f..=0x5b | 0x5d..=0x7e));
        if host_is_plain && printable && text.len() <= ADDRESS_MAXIMUM {
            Ok(Self(text))
        } else {
            Err(UnfitText("an address begins with https:// and a host, and has at most 512 printable characters"))
        }
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> Self {
        address.0
    }
}

impl JsonSchema for WebAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WebAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": ADDRESS_MAXIMUM, "pattern": "^https://[A-Za-z0-9.:\\[\\]-]+([/?#].*)?$" })
    }
}

/// A number of seconds within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Seconds<const MINIMUM: i64, const MAXIMUM: i64>(i64);

impl<const MINIMUM: i64, const MAXIMUM: i64> Seconds<MINIMUM, MAXIMUM> {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MINIMUM: i64, const MAXIMUM: i64> TryFrom<i64> for Seconds<MINIMUM, MAXIMUM> {
    type Error = String;

    fn try_from(seconds: i64) -> Result<Self, Self::Error> {
        if (MINIMUM..=MAXIMUM).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(format!("the number of seconds is from {MINIMUM} to {MAXIMUM}"))
        }
    }
}

impl<const MINIMUM: i64, const MAXIMUM: i64> From<Seconds<MINIMUM, MAXIMUM>> for i64 {
    fn from(seconds: Seconds<MINIMUM, MAXIMUM>) -> Self {
        seconds.0
    }
}

impl<const MINIMUM: i64, const MAXIMUM: i64> JsonSchema for Seconds<MINIMUM, MAXIMUM> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Seconds{MINIMUM}To{MAXIMUM}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MINIMUM, "maximum": MAXIMUM })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_5_2_descriptions_keep_to_their_character_set() {
        assert!(Description::try_from("come back tomorrow".to_owned()).is_ok());
        for bad in ["", "say \"no\"", "a\\b", "line\nbreak", "caf\u{e9}", &"x".repeat(201)] {
            assert!(Description::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts_need_english_and_plain_characters() {
        let read = |json: &str| serde_json::from_str::<LocalizedText>(json);
        let text = read(r#"{"en": "Hello", "de": "Hallo"}"#).unwrap();
        assert_eq!((text.in_language("de-CH"), text.in_language("fr")), ("Hallo", "Hello"));
        for bad in [r#"{"de": "Hallo"}"#, r#"{"en": ""}"#, r#"{"en": "a\u0000b"}"#, r#"{"en": "a", "!": "b"}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_https_with_a_plain_host() {
        let read = |text: &str| WebAddress::try_from(text.to_owned());
        assert!(read("https://help.example.com/sign-in?x=1").is_ok());
        for bad in ["http://a.test", "javascript:x", "https://", "https://a@b.test", "https://a.test/<b>", "https:///x"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn seconds_have_bounds() {
        let read = |json: &str| serde_json::from_str::<Seconds<30, 86_400>>(json);
        assert_eq!(read("30").unwrap().get(), 30);
        for bad in ["29", "86401", "-1", "30.5", "\"30\"", "null"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
