//! Base64url as JOSE wants it (RFC 7515 section 2): URL-safe alphabet, no padding, no white space, and zero bits at the
//! end. Leniency here would give one token many spellings.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text was not canonical base64url without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not base64url without padding")]
pub struct NotBase64Url;

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub fn encode_onto(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes; anything but the one canonical spelling is refused.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7515_2_only_the_canonical_spelling_decodes() {
        assert_eq!(decode("_-8"), Ok(vec![0xff, 0xef]));
        assert_eq!(decode(""), Ok(Vec::new()));
        for refused in ["_-8=", "/+8", "_-9", "_", "_-8 ", " _-8", "_-\n8", "_-8\u{0}", "A===", "=", "é"] {
            assert_eq!(decode(refused), Err(NotBase64Url), "{refused:?}");
        }
    }
}
