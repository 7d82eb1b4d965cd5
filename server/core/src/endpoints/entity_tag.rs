//! Entity tags of public documents (RFC 9110 section 8.8.3).

use signet_jose::{base64url, digest};

/// The tag of a document: a strong one, the same on every node.
pub fn entity_tag(document: &[u8]) -> String {
    format!("\"{}\"", base64url::encode(&digest::sha256(document)[..16]))
}
