//! Things that may happen once, and whether what a token rests on still stands.

use async_trait::async_trait;
use signet_protocol::identifiers::{AuthorizationId, ClientId, Lineage, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{
    Completion, DeferredReference, Epoch, ExchangeOrigin, Purpose, RefreshFamily, TokenBasis, UsedRecord,
};

/// What an artefact rests on, with the epochs it was issued under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingQuery {
    /// Epoch of the realm.
    pub realm_epoch: Epoch,
    /// The client and its epoch.
    pub client: (ClientId, Epoch),
    /// The user and the user's epoch; nothing for a client's own token.
    pub user: Option<(UserId, Epoch)>,
    /// The stored consent and its epoch; nothing where consent was skipped.
    pub authorization: Option<(AuthorizationId, Epoch)>,
    /// The browser session that must be alive; nothing where the artefact outlives it.
    pub session: Option<SessionId>,
    /// The limits that session must still be within; nothing where it is enough that nobody ended it.
    pub session_limits: Option<SessionLimits>,
    /// The lineage that must not be denied.
    pub lineage: Option<Lineage>,
    /// The single token that must not be denied: SHA-256 of its `jti`.
    pub token: Option<[u8; 32]>,
    /// What it was exchanged from, all of which must still stand (RFC 8693).
    pub origins: Vec<ExchangeOrigin>,
}

/// When a browser session has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Its end must be later than this: now.
    pub now: UnixTime,
    /// Its last use must be later than this: the idle limit before now.
    pub unused_since: UnixTime,
}

impl StandingQuery {
    /// What a refresh token family rests on.
    fn of_family(family: &RefreshFamily) -> Self {
        Self::of_basis(&family.content, (family.lineage, &family.client_id, Some(family.user_id)))
    }

    /// What a refresh token rests on when it is used: a session that it is bound to must not have run out.
    pub fn of_refresh(family: &RefreshFamily, now: UnixTime, session_idle_seconds: i64) -> Self {
        let unused_since = now.plus(-session_idle_seconds);
        Self { session_limits: Some(SessionLimits { now, unused_since }), ..Self::of_family(family) }
    }

    /// What tokens of a lineage, issued to a client for a user or for nobody, rest on.
    pub fn of_basis(basis: &TokenBasis, (lineage, client_id, user_id): (Lineage, &ClientId, Option<UserId>)) -> Self {
        Self {
            realm_epoch: basis.realm_epoch,
            client: (client_id.clone(), basis.client_epoch),
            user: user_id.map(|user_id| (user_id, basis.user_epoch)),
            authorization: basis.authorization_id.map(|id| (id, basis.authorization_epoch)),
            session: basis.sid,
            session_limits: None,
            lineage: Some(lineage),
            token: None,
            origins: basis.exchanged.as_ref().map(|exchanged| exchanged.origins.clone()).unwrap_or_default(),
        }
    }
}

/// Whether what an artefact rests on still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All of it.
    Stands,
    /// The realm, client, user, consent or session is gone, disabled or has a newer epoch.
    Fallen,
    /// The lineage or the token is on the deny list.
    Denied,
}

/// What tokens are issued for, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemable {
    /// A code, an assertion or an exchange, by its used-record.
    Code(UsedRecord),
    /// A request that a person approved elsewhere.
    Deferred(DeferredReference),
}

/// What is to be redeemed.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// What tokens are issued for.
    pub redeemable: Redeemable,
    /// What must still stand.
    pub standing: StandingQuery,
    /// The refresh family to open, if the client gets a refresh token.
    pub refresh_family: Option<RefreshFamily>,
    /// The client becomes a participant of this session (for logout).
    pub participant: Option<(SessionId, ClientId)>,
    /// What came along to prove something, and counts once: the client assertion, the proof of possession.
    pub proofs: Vec<UsedRecord>,
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionOutcome {
    /// First and only.
    Redeemed,
    /// It had been redeemed before; nothing changed. For a code the caller closes the lineage.
    AlreadyUsed,
    /// What it rests on does not stand; nothing changed.
    Fallen,
    /// A proof of this kind had been used before; nothing changed.
    ProofReplayed(Purpose),
}

/// What became of proofs that count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofsOutcome {
    /// Each was new, and is marked.
    First,
    /// One of this kind had been used before; nothing changed.
    Replayed(Purpose),
}

/// Tokens that leave through the browser.
#[derive(Debug, Clone)]
pub struct FrontChannelIssue {
    /// The mark of the response; nothing where an answered form left it.
    pub response: Option<Completion>,
    /// What must still stand.
    pub standing: StandingQuery,
    /// The client becomes a participant of this session (for logout).
    pub participant: Option<(SessionId, ClientId)>,
}

/// What became of tokens that were to leave through the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontChannelOutcome {
    /// Recorded.
    Issued,
    /// The request was answered before; nothing changed.
    AlreadyAnswered,
    /// What they rest on does not stand; nothing changed.
    Fallen,
}

/// The answer to closing a form without any other change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedInteraction {
    /// This answer was first.
    First,
    /// It had been answered before.
    AlreadyUsed,
}

/// Things that may happen once.
#[async_trait]
pub trait SingleUse: Send + Sync {
    /// Whether this use is the first. Decided by the database: the row count of one conditional insert.
    async fn consume(&self, realm_id: RealmId, record: &UsedRecord, events: &[EventRecord]) -> StoreResult<bool>;

    /// Whether this answer to a request for authorization is the first: one conditional statement.
    async fn complete(&self, realm_id: RealmId, completion: &Completion, events: &[EventRecord]) -> StoreResult<bool>;

    /// Marks proofs as used, all or none, in one transaction.
    async fn consume_proofs(
        &self,
        realm_id: RealmId,
        proofs: &[UsedRecord],
        events: &[EventRecord],
    ) -> StoreResult<ProofsOutcome>;

    /// Whether other nodes may serve from the same database, so that what one remembers is not what happened.
    fn is_shared(&self) -> bool;

    /// Redeems a code or what was approved: standing checked, it and the proofs marked, family and participant inserted, in one transaction.
    async fn redeem(
        &self,
        realm_id: RealmId,
        redemption: &Redemption,
        events: &[EventRecord],
    ) -> StoreResult<RedemptionOutcome>;

    /// Records tokens that leave through the browser: standing checked, response marked, participant inserted, in one
    /// transaction.
    async fn issue_in_front_channel(
        &self,
        realm_id: RealmId,
        issue: &FrontChannelIssue,
        events: &[EventRecord],
    ) -> StoreResult<FrontChannelOutcome>;

    /// Whether what a token rests on still stands.
    async fn standing(&self, realm_id: RealmId, query: &StandingQuery) -> StoreResult<Standing>;

    /// Puts a single token (SHA-256 of its `jti`) on the deny list until it expires.
    async fn deny_token(
        &self,
        realm_id: RealmId,
        token: &[u8; 32],
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}
