//! Encrypted request objects (RFC 9101 section 6.1, OpenID Connect Core 6.3.1).

use signet_jose::EncryptedToken;
use signet_protocol::error::Refusal;
use signet_protocol::spec::rfc9101;

use super::invalid_object;
use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::{NotDecrypted, RealmContext};
use crate::tokens::RegisteredEncryption;

/// A request object without its encryption.
pub(super) struct Opened {
    pub(super) text: String,
    /// Whether it had one. What was inside is verified like any other; whoever only encrypts has proved nothing.
    pub(super) was_encrypted: bool,
}

/// The object without its encryption: as it came, where it has none.
pub(super) fn decrypted(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    object: String,
) -> Result<Opened, Failure> {
    if !EncryptedToken::is_meant(&object) {
        return Ok(Opened { text: object, was_encrypted: false });
    }
    check_registration(client, &object)?;
    let decrypted = match realm.decrypt_from_client(client, &object, &*provider.random) {
        Ok(decrypted) => decrypted,
        Err(NotDecrypted::Refused(error)) => return Err(unreadable().detail(error.to_string()).into()),
        Err(NotDecrypted::Fault(fault)) => return Err(fault.into()),
    };
    let inside = std::str::from_utf8(decrypted.plaintext());
    let text = inside.map_err(|_| unreadable().detail("the plaintext is no text"))?.to_owned();
    Ok(Opened { text, was_encrypted: true })
}

/// OpenID Connect Registration 2: whoever encrypts with the secret has declared how; to a key of the realm anybody may
/// encrypt, whatever was declared.
fn check_registration(client: &Client, object: &str) -> Result<(), Failure> {
    let token = EncryptedToken::parse(object).map_err(|error| unreadable().detail(error.to_string()))?;
    let declared = RegisteredEncryption::of_request_objects(&client.metadata)
        .map_err(|error| Fault::internal("the client is registered with an unknown algorithm", error))?;
    let used = RegisteredEncryption { algorithm: token.algorithm(), content: token.content() };
    if used.algorithm.is_symmetric() && declared != Some(used) {
        return Err(unreadable().detail("the client is not registered to encrypt with its secret like this").into());
    }
    Ok(())
}

/// One answer to everything that does not decrypt.
fn unreadable() -> Refusal {
    invalid_object("the request object does not decrypt", rfc9101("6.1"))
}
