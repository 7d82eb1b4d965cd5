//! The identifier by which a request and what it causes are found again (FAPI 1.0 Part 1 section 6.2.1).

use http::{HeaderMap, HeaderName, HeaderValue};
use signet_jose::Random;
use signet_jose::random::random_bytes;

/// The header of requests and responses.
pub const INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// Positions of the hyphens in a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const LENGTH: usize = 36;

/// What the response says: the identifier that the request has, or a new UUID (RFC 9562) where it has none, or more than
/// one, or what is none. It belongs into the log too.
pub fn interaction_id(headers: &HeaderMap, random: &dyn Random) -> HeaderValue {
    let mut values = headers.get_all(&INTERACTION_ID).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if is_uuid(value.as_bytes()) => value.clone(),
        _ => new_uuid(random),
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let fits = |(position, byte): (usize, &u8)| {
        if HYPHENS.contains(&position) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    text.len() == LENGTH && text.iter().enumerate().all(fits)
}

/// RFC 9562 section 5.4.
fn new_uuid(random: &dyn Random) -> HeaderValue {
    let mut bytes: [u8; 16] = random_bytes(random);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = Vec::with_capacity(LENGTH);
    for byte in bytes {
        if HYPHENS.contains(&text.len()) {
            text.push(b'-');
        }
        text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn answered(values: &[&'static str]) -> String {
        let headers = values.iter().map(|value| (INTERACTION_ID, HeaderValue::from_static(value))).collect();
        interaction_id(&headers, &Fixed(0xff)).to_str().unwrap().to_owned()
    }

    #[test]
    fn fapi1_baseline_6_2_1_the_identifier_comes_back() {
        for own in ["c770aef3-6784-41f7-8e0e-ff5f97bddb3a", "C770AEF3-6784-41F7-8E0E-FF5F97BDDB3A"] {
            assert_eq!(answered(&[own]), own);
        }
    }

    #[test]
    fn fapi1_baseline_6_2_1_and_rfc9562_5_4_without_one_there_is_a_new_one() {
        let own = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
        for values in [
            &[][..],
            &[""],
            &["c770aef3-6784-41f7-8e0e-ff5f97bddb3"],
            &["c770aef3-6784-41f7-8e0e-ff5f97bddb3g"],
            &["c770aef3x6784-41f7-8e0e-ff5f97bddb3a"],
            &["c770aef3-6784-41f7-8e0e-ff5f97bddb3a, x"],
            &[own, own],
        ] {
            assert_eq!(answered(values), "ffffffff-ffff-4fff-bfff-ffffffffffff", "{values:?}");
        }
    }
}
