//! Identifiers as types, so that two of them are never swapped.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not a well-formed identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidIdentifier(pub &'static str);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 128 bits written as 22 characters of base64url (RFC 4648 section 5, without padding).
fn write_base64url(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(22);
    for chunk in bytes.chunks(3) {
        let mut group = [0u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for position in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * position)) & 0x3f;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

fn read_base64url(text: &str) -> Option<[u8; 16]> {
    if text.len() != 22 {
        return None;
    }
    let mut bits: u128 = 0;
    for (position, character) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|&candidate| candidate == character)? as u128;
        if position == 21 {
            // Two bits of the last character belong to the value; the other four must be zero, or one
            // identifier would have sixteen spellings.
            return (value.trailing_zeros() >= 4).then(|| ((bits << 2) | (value >> 4)).to_be_bytes());
        }
        bits = (bits << 6) | value;
    }
    None
}

macro_rules! identifiers_of_128_bits {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&write_base64url(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), write_base64url(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                read_base64url(text).map(Self).ok_or(InvalidIdentifier("an identifier has 22 base64url characters"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }
    )+};
}

identifiers_of_128_bits! {
    /// A realm, for ever; its name may change.
    RealmId;
    /// A user within a realm. Never used again after deletion, so that a new user of the same name is another one.
    UserId;
    /// One stored permission of a user for a client.
    AuthorizationId;
    /// Minted with an interaction; everything that descends from it carries it.
    Lineage;
    /// The public name of a browser session: the `sid` claim. Not a credential.
    SessionId;
    /// One stored credential of a user.
    CredentialId;
    /// A registered resource server.
    ResourceServerId;
    /// A resource that its owner protects here (UMA 2.0 Federated Authorization section 3).
    UmaResourceId;
    /// A request for access that waits for a resource owner's answer.
    UmaRequestId;
    /// A registered type of authorization details.
    AuthorizationDetailsTypeId;
    /// A registered issuer that a realm trusts.
    TrustedIssuerId;
    /// The public name of an initial access token. Not a credential.
    InitialAccessTokenId;
    /// One recorded run of a script. It begins with the time, so that later runs come after earlier ones.
    ScriptRecordingId;
    /// One recorded event: 48 bits of milliseconds, 64 random bits and a number of 16, so that the identifiers of a realm
    /// are in the order in which its events happened.
    EventId;
}

macro_rules! textual_identifiers {
    ($($(#[$doc:meta])* $name:ident, $check:ident, $message:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text as it was given; compared byte by byte.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                if $check(&text) { Ok(Self(text)) } else { Err(InvalidIdentifier($message)) }
            }
        }

        impl FromStr for $name {
            type Err = InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> { Self::try_from(text.to_owned()) }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self { identifier.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { formatter.write_str(&self.0) }
        }
    )+};
}

/// RFC 6749 appendix A.1 allows VSCHAR; 200 of them fit every database's index.
fn is_client_id(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// A path segment that needs no escaping anywhere.
fn is_realm_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Printable ASCII that a JOSE header carries unescaped.
fn is_key_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

/// What a log line, a header and an error page can carry as it is.
fn is_request_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// What file names, paths and scripts carry as it is.
fn is_script_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
}

textual_identifiers! {
    /// An OAuth client identifier (RFC 6749 section 2.2).
    ClientId, is_client_id, "a client identifier has 1 to 200 printable ASCII characters";
    /// The name of a realm: the path segment in its issuer.
    RealmName, is_realm_name, "a realm name has 1 to 64 lower-case letters, digits, hyphens and underscores, and begins with a letter or digit";
    /// The name of a script package, or of a secret, a document or a connection that scripts use.
    ScriptName, is_script_name, "a name has 1 to 64 lower-case letters, digits, hyphens and underscores, and begins with a letter";
    /// A key identifier (RFC 7517 section 4.5).
    KeyId, is_key_id, "a key identifier has 1 to 128 visible ASCII characters";
    /// The identifier under which one request appears in logs, events, answers and, as support code, on error pages.
    RequestId, is_request_id, "a support code has 1 to 64 ASCII letters, digits, hyphens, underscores and dots";
}

impl From<[u8; 16]> for RequestId {
    /// Writes random bytes as 32 hexadecimal digits.
    fn from(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_has_one_spelling() {
        let id = UserId([0xfb; 16]);
        let text = id.to_string();
        assert_eq!(text.len(), 22);
        assert_eq!(text.parse::<UserId>().unwrap(), id);
        let mut other = text.clone();
        other.pop();
        other.push('x');
        assert!(other.parse::<UserId>().is_err());
        assert!("".parse::<UserId>().is_err());
        assert!(format!("{text}A").parse::<UserId>().is_err());
    }

    #[test]
    fn base64url_agrees_with_a_known_value() {
        assert_eq!(Lineage([0; 16]).to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Lineage([0xff; 16]).to_string(), "_____________________w");
    }

    #[test]
    fn realm_names_are_plain_path_segments() {
        assert!("demo".parse::<RealmName>().is_ok());
        for bad in ["", "Demo", "a/b", "..", "-a", "a b", &"a".repeat(65)] {
            assert!(bad.parse::<RealmName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rfc6749_a_1_client_identifiers_are_printable() {
        assert!("app 1".parse::<ClientId>().is_ok());
        for bad in ["", "caf\u{e9}", "a\n", &"a".repeat(201)] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
    }
}
