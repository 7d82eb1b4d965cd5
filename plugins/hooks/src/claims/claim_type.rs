//! The types of declared claims, and whether a value is of one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest text within a list or an object, in bytes.
const INNER_TEXT: usize = 1_024;

/// Deepest nesting within an object.
const DEPTH: usize = 4;

/// Whole numbers that every reader of JSON keeps exactly (RFC 8259 section 6).
const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The type of a declared claim, as the manifest writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClaimType {
    /// `string<=64`: a text of at most that many bytes. Bounds up to 2048; `string` alone is `string<=256`.
    Text(usize),
    /// `int`: a whole number.
    Integer,
    /// `bool`.
    Boolean,
    /// `string[]<=16`: a list of at most that many texts. Bounds up to 64; `string[]` alone is `string[]<=16`.
    TextList(usize),
    /// `object<=1024`: an object of at most that many bytes as JSON. Bounds up to 4096; `object` alone is `object<=1024`.
    Object(usize),
}

/// Text that is no claim type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a claim type is string<=1..2048, int, bool, string[]<=1..64 or object<=1..4096")]
pub struct InvalidClaimType;

impl FromStr for ClaimType {
    type Err = InvalidClaimType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, bound) = text.split_once("<=").map_or((text, None), |(name, bound)| (name, Some(bound)));
        let bound = match bound {
            None => None,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| InvalidClaimType)?)
            }
            Some(_) => return Err(InvalidClaimType),
        };
        let within = |default: usize, maximum: usize| {
            let bound = bound.unwrap_or(default);
            (1..=maximum).contains(&bound).then_some(bound).ok_or(InvalidClaimType)
        };
        match name {
            "string" => within(256, 2048).map(Self::Text),
            "string[]" => within(16, 64).map(Self::TextList),
            "object" => within(1024, 4096).map(Self::Object),
            "int" if bound.is_none() => Ok(Self::Integer),
            "bool" if bound.is_none() => Ok(Self::Boolean),
            _ => Err(InvalidClaimType),
        }
    }
}

impl fmt::Display for ClaimType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(bound) => write!(formatter, "string<={bound}"),
            Self::Integer => formatter.write_str("int"),
            Self::Boolean => formatter.write_str("bool"),
            Self::TextList(bound) => write!(formatter, "string[]<={bound}"),
            Self::Object(bound) => write!(formatter, "object<={bound}"),
        }
    }
}

impl TryFrom<String> for ClaimType {
    type Error = InvalidClaimType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClaimType> for String {
    fn from(claim_type: ClaimType) -> Self {
        claim_type.to_string()
    }
}

impl ClaimType {
    /// Whether every value of this type is one of `wider`.
    pub(super) const fn fits_into(self, wider: Self) -> bool {
        match (self, wider) {
            (Self::Text(own), Self::Text(bound))
            | (Self::TextList(own), Self::TextList(bound))
            | (Self::Object(own), Self::Object(bound)) => own <= bound,
            (Self::Boolean, Self::Boolean) | (Self::Integer, Self::Integer) => true,
            _ => false,
        }
    }

    /// Whether a value is of this type. Nothing is null or empty (OpenID Connect Core 5.3.2).
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let wrong = || Err(format!("the value is not of the declared type {self}"));
        match (self, value) {
            (Self::Text(bound), Value::String(text)) if text.len() <= bound => check_content(value, DEPTH),
            (Self::Integer, Value::Number(number)) => match number.as_i64() {
                Some(number) if number.unsigned_abs() <= SAFE_INTEGER.unsigned_abs() => Ok(()),
                _ => wrong(),
            },
            (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::TextList(bound), Value::Array(items))
                if items.len() <= bound && items.iter().all(|item| is_text_within(item, INNER_TEXT)) =>
            {
                check_content(value, DEPTH)
            }
            (Self::Object(bound), Value::Object(_))
                if serde_json::to_vec(value).is_ok_and(|json| json.len() <= bound) =>
            {
                check_content(value, DEPTH)
            }
            _ => wrong(),
        }
    }
}

fn is_text_within(value: &Value, bound: usize) -> bool {
    value.as_str().is_some_and(|text| text.len() <= bound)
}

/// Nothing null, empty, deeply nested, or with control characters, at any depth.
fn check_content(value: &Value, depth: usize) -> Result<(), String> {
    let is_empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if is_empty {
        return Err("nothing in the value is null or empty".to_owned());
    }
    match value {
        Value::String(text) if text.chars().any(char::is_control) => Err("a text has control characters".to_owned()),
        Value::Array(_) | Value::Object(_) if depth == 0 => Err("the value is nested too deeply".to_owned()),
        Value::Array(items) => items.iter().try_for_each(|item| check_content(item, depth - 1)),
        Value::Object(members) => members.values().try_for_each(|member| check_content(member, depth - 1)),
        _ => Ok(()),
    }
}
