//! Encrypted request objects (RFC 9101 section 6.1, OpenID Connect Core 6.3.1).

use signet_protocol::error::Refusal;
use signet_protocol::spec::rfc9101;

use super::invalid_object;

/// Dots of a JWE in compact form (RFC 7516 section 7.1); a JWS has two.
const DOTS_OF_A_JWE: usize = 4;

/// The object without its encryption: as it came, where it has none.
pub(super) fn decrypted(object: String) -> Result<String, Refusal> {
    if object.bytes().filter(|byte| *byte == b'.').count() == DOTS_OF_A_JWE { decrypt(&object) } else { Ok(object) }
}

/// Decrypts a JWE. The realm has no key that anything could be encrypted to, and discovery lists no algorithm for it.
fn decrypt(_jwe: &str) -> Result<String, Refusal> {
    Err(invalid_object("this server does not take encrypted request objects", rfc9101("6.1")))
}
