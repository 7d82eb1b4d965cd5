//! Encrypted request objects (RFC 9101 section 6.1, OpenID Connect Core 6.3.1).

use signet_jose::EncryptedToken;
use signet_protocol::error::Refusal;
use signet_protocol::spec::rfc9101;

use super::invalid_object;
use crate::failure::Failure;
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::{NotDecrypted, RealmContext};

/// The object without its encryption: as it came, where it has none. What was inside is verified like any other; whoever
/// only encrypts has proved nothing.
pub(super) fn decrypted(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    object: String,
) -> Result<String, Failure> {
    if !EncryptedToken::is_meant(&object) {
        return Ok(object);
    }
    let decrypted = match realm.decrypt_from_client(client, &object, &*provider.random) {
        Ok(decrypted) => decrypted,
        Err(NotDecrypted::Refused(error)) => return Err(unreadable().detail(error.to_string()).into()),
        Err(NotDecrypted::Fault(fault)) => return Err(fault.into()),
    };
    let inside = std::str::from_utf8(decrypted.plaintext());
    Ok(inside.map(str::to_owned).map_err(|_| unreadable().detail("the plaintext is no text"))?)
}

/// One answer to everything that does not decrypt.
fn unreadable() -> Refusal {
    invalid_object("the request object does not decrypt", rfc9101("6.1"))
}
