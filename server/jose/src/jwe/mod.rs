//! Compact JWE (RFC 7516 section 3.1): what is encrypted to others, and what others encrypt to this server.
//!
//! Reading is as strict as that of signed tokens: form first, then whether algorithm and key fit, and only then is a key
//! used. From there on there is one failure: whoever sends damaged tokens learns nothing from the answer, neither which
//! step failed nor, because a random content key takes the place of one that did not decrypt, from its time
//! (RFC 7516 sections 11.4 and 11.5).

mod agreement;
mod content;
mod decrypt;
mod encrypt;
mod key_wrap;
pub(crate) mod oaep;
mod token;

pub(crate) use agreement::agree;
pub use decrypt::{AllowedEncryption, Decrypted, DecryptionError};
pub use encrypt::{EncryptError, Encryption, Recipient};
pub use token::{EncryptedToken, JweError, LONGEST_TOKEN};
