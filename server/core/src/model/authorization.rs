//! What a user allowed a client.

use signet_protocol::identifiers::{AuthorizationId, ClientId, RealmId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use super::{AuthorizationDetail, Epoch};

/// The slot of ordinary consent: one per user and client.
pub const DEFAULT_SLOT: &str = "default";

/// A remembered consent as stored; unique by realm, user, client and slot. Revocation deletes the row, so that what
/// was issued under it finds nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorization {
    /// The realm.
    pub realm_id: RealmId,
    /// Unguessable.
    pub id: AuthorizationId,
    /// Who allowed it.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// [`DEFAULT_SLOT`] for ordinary consent; for a grant that the client manages, its `grant_id`, which is `id` as text.
    pub slot: String,
    /// What was allowed.
    pub scope: Scope,
    /// Names of single claims that were allowed beyond the scope (OpenID Connect Core 5.5), sorted.
    pub claims: Vec<String>,
    /// Identifiers of the resource servers it was allowed for (RFC 8707), sorted.
    pub resources: Vec<String>,
    /// The authorization details that were allowed (RFC 9396), as the user was shown them.
    pub details: Vec<AuthorizationDetail>,
    /// Everything issued under an older value is dead.
    pub epoch: Epoch,
    /// When it was first given.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
}

/// What a client has of a user beside consent: refresh tokens that live, or a part in a session that does.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientAccess {
    /// The client.
    pub client_id: ClientId,
    /// What its refresh tokens are good for.
    pub scope: Scope,
    /// At which resource servers (RFC 8707).
    pub resources: Vec<String>,
    /// The first of the logins that it rests on.
    pub since: UnixTime,
}
