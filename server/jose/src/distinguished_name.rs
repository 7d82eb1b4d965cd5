//! Distinguished names as certificates hold them and as registrations write them (RFC 4514), compared as
//! `tls_client_auth` needs it (RFC 8705 section 2.1, distinguishedNameMatch).

use std::fmt;
use std::str::FromStr;

use crate::der;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const LONGEST_TEXT: usize = 2048;

/// The short names that are understood and printed: those of RFC 4514 section 3, then the ones found in certificates of
/// open-banking directories.
const SHORT_NAMES: [(&str, &str); 17] = [
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("serialNumber", "2.5.4.5"),
    ("title", "2.5.4.12"),
    ("businessCategory", "2.5.4.15"),
    ("SN", "2.5.4.4"),
    ("givenName", "2.5.4.42"),
    ("organizationIdentifier", "2.5.4.97"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3"),
];

/// The text is not a distinguished name in the form of RFC 4514.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a distinguished name such as CN=client,O=Example,C=DE (RFC 4514)")]
pub struct NotADistinguishedName;

/// A name: relative names from the root down, as in the certificate (the text form runs the other way).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName(Vec<Vec<Attribute>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    object_identifier: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    /// An element that is no string, with tag and length.
    Other(Vec<u8>),
}

impl DistinguishedName {
    /// Reads the DER of a `Name` (RFC 5280 section 4.1.2.4).
    pub(crate) fn from_der(name: &[u8]) -> Result<Self, NotADistinguishedName> {
        read_name(name).map(Self).ok_or(NotADistinguishedName)
    }

    /// Whether two names are the same by distinguishedNameMatch: the same relative names in the same order, the
    /// attributes of one in any order, text without regard to case and to repeated spaces.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(left, right)| comparable(left) == comparable(right))
    }
}

fn comparable(relative_name: &[Attribute]) -> Vec<Attribute> {
    let mut attributes: Vec<Attribute> = relative_name.iter().map(Attribute::comparable).collect();
    attributes.sort();
    attributes
}

impl Attribute {
    fn comparable(&self) -> Self {
        let value = match &self.value {
            Value::Text(text) => Value::Text(text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()),
            other @ Value::Other(_) => other.clone(),
        };
        Self { object_identifier: self.object_identifier.clone(), value }
    }
}

fn read_name(name: &[u8]) -> Option<Vec<Vec<Attribute>>> {
    let mut rest = der::only_element(SEQUENCE, name)?;
    let mut relative_names = Vec::new();
    while !rest.is_empty() {
        let (SET, mut set, after) = der::split_element(rest)? else { return None };
        let mut attributes = Vec::new();
        while !set.is_empty() {
            let (SEQUENCE, attribute, after) = der::split_element(set)? else { return None };
            let (OBJECT_IDENTIFIER, identifier, value) = der::split_element(attribute)? else { return None };
            attributes
                .push(Attribute { object_identifier: der::object_identifier(identifier)?, value: read_value(value)? });
            set = after;
        }
        relative_names.push(attributes);
        rest = after;
    }
    Some(relative_names)
}

fn read_value(element: &[u8]) -> Option<Value> {
    let (tag, content, []) = der::split_element(element)? else { return None };
    Some(der::text(tag, content).map_or_else(|| Value::Other(element.to_vec()), Value::Text))
}

impl FromStr for DistinguishedName {
    type Err = NotADistinguishedName;

    /// Reads the text form. An empty name is refused: it would match every certificate without a subject. A space
    /// after a comma is forgiven, since many tools print it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST_TEXT {
            return Err(NotADistinguishedName);
        }
        let mut relative_names = Vec::new();
        for relative_name in split_unescaped(text, ',') {
            let attributes: Option<Vec<Attribute>> =
                split_unescaped(relative_name, '+').into_iter().map(parse_attribute).collect();
            relative_names.push(attributes.ok_or(NotADistinguishedName)?);
        }
        relative_names.reverse();
        let name = Self(relative_names);
        // A name is kept as it is printed, which is longer where there is something to escape, and read again.
        if name.to_string().len() > LONGEST_TEXT { Err(NotADistinguishedName) } else { Ok(name) }
    }
}

fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (index, character) in text.char_indices() {
        if character == separator && !is_escaped {
            parts.push(&text[start..index]);
            start = index + separator.len_utf8();
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    parts.push(&text[start..]);
    parts
}

fn parse_attribute(text: &str) -> Option<Attribute> {
    let (name, value) = text.trim_start_matches(' ').split_once('=')?;
    let value = match value.strip_prefix('#') {
        Some(hexadecimal) => read_value(&decode_hexadecimal(hexadecimal)?)?,
        None => Value::Text(unescape(value)?),
    };
    if value == Value::Text(String::new()) {
        return None;
    }
    Some(Attribute { object_identifier: identifier_of(name)?, value })
}

fn identifier_of(name: &str) -> Option<String> {
    if let Some((_, identifier)) = SHORT_NAMES.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)) {
        return Some((*identifier).to_owned());
    }
    let is_dotted = name.contains('.')
        && name.split('.').all(|arc| {
            !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
        });
    is_dotted.then(|| name.to_owned())
}

fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// RFC 4514 section 2.4: a backslash before a special character stands for it, before two digits for an octet.
fn unescape(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'\\' => {
                let next = rest.next()?;
                if b" \"#+,;<=>\\".contains(&next) {
                    octets.push(next);
                } else {
                    octets.push(nibble(next)? << 4 | nibble(rest.next()?)?);
                }
            }
            b'"' | b';' | b'<' | b'>' | 0 => return None,
            plain => octets.push(plain),
        }
    }
    String::from_utf8(octets).ok()
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, relative_name) in self.0.iter().rev().enumerate() {
            if position > 0 {
                formatter.write_str(",")?;
            }
            for (position, attribute) in relative_name.iter().enumerate() {
                if position > 0 {
                    formatter.write_str("+")?;
                }
                write_attribute(formatter, attribute)?;
            }
        }
        Ok(())
    }
}

fn write_attribute(formatter: &mut fmt::Formatter<'_>, attribute: &Attribute) -> fmt::Result {
    let known = SHORT_NAMES.iter().find(|(_, identifier)| *identifier == attribute.object_identifier);
    formatter.write_str(known.map_or(attribute.object_identifier.as_str(), |(short, _)| short))?;
    match &attribute.value {
        Value::Text(text) => {
            formatter.write_str("=")?;
            write_escaped(formatter, text)
        }
        Value::Other(element) => {
            formatter.write_str("=#")?;
            element.iter().try_for_each(|octet| write!(formatter, "{octet:02x}"))
        }
    }
}

fn write_escaped(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.len().saturating_sub(1);
    for (index, character) in text.char_indices() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(formatter, "\\{character}")?,
            '#' if index == 0 => formatter.write_str("\\#")?,
            ' ' if index == 0 || index == last => formatter.write_str("\\ ")?,
            // The text form goes to terminals and logs.
            control if control.is_control() => {
                let mut octets = [0; 4];
                control.encode_utf8(&mut octets).bytes().try_for_each(|octet| write!(formatter, "\\{octet:02x}"))?;
            }
            plain => write!(formatter, "{plain}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DistinguishedName {
        text.parse().unwrap()
    }

    #[test]
    fn rfc4514_2_the_text_form_survives_a_round_trip() {
        for text in [
            "CN=client",
            "UID=jsmith,DC=example,DC=net",
            "OU=Sales+CN=J.  Smith,DC=example,DC=net",
            "CN=James \\\"Jim\\\" Smith\\, III,DC=example",
            "CN=Before\\0dAfter,DC=example",
            "1.3.6.1.4.1.1466.0=#04024869",
            "CN=Lučić",
            "CN=\\#x\\ ,O=\\ y",
            "organizationIdentifier=PSDDE-BAFIN-1,serialNumber=1,businessCategory=a",
        ] {
            assert_eq!(name(text).to_string(), text);
        }
        assert_eq!(name("CN=Lu\\C4\\8Di\\C4\\87"), name("CN=Lučić"));
        assert_eq!(name("2.5.4.3=x, o=y"), name("CN=x,O=y"));
        assert_eq!(name("CN=#0c0178"), name("CN=x"));
    }

    #[test]
    fn rfc8705_2_1_names_match_without_regard_to_case_spaces_and_order_inside_one_relative_name() {
        let registered = name("CN=My  Client+O=Example,C=DE");
        assert!(registered.matches(&name("O=EXAMPLE+CN=my client,C=de")));
        for other in [
            "C=DE,CN=My Client+O=Example",
            "CN=My Client,O=Example,C=DE",
            "CN=My Client+O=Example",
            "CN=MyClient+O=Example,C=DE",
            "OU=My Client+O=Example,C=DE",
        ] {
            assert!(!registered.matches(&name(other)), "{other}");
        }
    }

    #[test]
    fn rfc4514_3_malformed_names_are_refused() {
        for refused in [
            "",
            " ",
            ",",
            "CN",
            "CN=",
            "=x",
            "CN=x,",
            ",CN=x",
            "CN=x++O=y",
            "XX=y",
            "1=x",
            "1..2=x",
            "1.02=x",
            "CN=a;O=b",
            "CN=<a>",
            "CN=\"a\"",
            "CN=a\\",
            "CN=a\\4",
            "CN=a\\zz",
            "CN=\\ff",
            "CN=#",
            "CN=#0c",
            "CN=#0c00",
            "CN=#0c01",
            "CN=#0c017800",
            "CN=#zz",
            "CN=a\u{0}",
        ] {
            assert_eq!(refused.parse::<DistinguishedName>(), Err(NotADistinguishedName), "{refused:?}");
        }
        assert!(format!("CN={}", "x".repeat(3000)).parse::<DistinguishedName>().is_err());
        // Short enough as it is written, too long as it is printed.
        assert!(format!("CN={}", "\u{16}".repeat(1000)).parse::<DistinguishedName>().is_err());
    }
}
