//! Records of what may happen once.

use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::PushedReference;

/// What kind of thing was used. The number is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Purpose {
    /// An authorization code, by lineage.
    AuthorizationCode = 1,
    /// A form of an interaction, by a hash of interaction and stage.
    Interaction = 2,
    /// A client assertion, by a hash of client and `jti` (RFC 7523 section 3).
    ClientAssertion = 3,
    /// A DPoP proof, by a hash of key and `jti` (RFC 9449 section 11.1).
    DpopProof = 4,
    /// An exchange of tokens that writes something, by the lineage of what it issues (RFC 8693).
    TokenExchange = 28,
    /// An assertion that is an authorization grant, by a hash of issuer and `jti` (RFC 7523 section 3).
    AssertionGrant = 29,
    /// One step of an auth session, by a hash of its serial number (First-Party Apps 5.3.1).
    AuthSession = 38,
    /// A software statement that counts once, by a hash of issuer and `jti` (RFC 7591 section 2.3).
    SoftwareStatement = 40,
}

/// A mark that something was used. The first to insert it wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsedRecord {
    /// What kind.
    pub purpose: Purpose,
    /// Which one: 32 bytes, a hash where the natural name is longer.
    pub key: [u8; 32],
    /// When the thing would have expired anyway. The record is kept 15 minutes longer.
    pub expires_at: UnixTime,
}

/// Where a mark stands among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// Whose it is.
    pub realm_id: RealmId,
    /// The number of its purpose, which may be one of another version.
    pub purpose: i64,
    /// Which one.
    pub key: [u8; 32],
}

/// What marks that a request for authorization was answered. The first to set it wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Completion {
    /// A mark of the interaction.
    Interaction(UsedRecord),
    /// The pushed request, however many interactions began with it (RFC 9126 section 7.3).
    Pushed(PushedReference),
}
