//! The port of things that may happen once.

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::{Completion, DeferredState, UsedRecord};
use signet_core::ports::{
    FrontChannelIssue, FrontChannelOutcome, ProofsOutcome, Redeemable, Redemption, RedemptionOutcome, SingleUse,
    Standing, StandingQuery, StoreResult,
};
use signet_protocol::identifiers::{ClientId, RealmId, SessionId};
use signet_protocol::time::UnixTime;

use crate::database::{Database, Place};
use crate::deferred_requests::{is_in_state, redeem_deferred_request};
use crate::failure::Failure;
use crate::pushed_requests::{complete_pushed_request, is_completed};
use crate::refresh_families::insert_refresh_family;
use crate::session::Session;
use crate::sql;
use crate::standing::{TOKEN, deny, standing};
use crate::used_records::{
    Marks, insert_marks, insert_proofs, insert_used_record, insert_used_record_if_standing, is_used,
};
use crate::work::{Ending, Work};

#[async_trait]
impl SingleUse for Database {
    async fn consume(&self, realm_id: RealmId, record: &UsedRecord, events: &[EventRecord]) -> StoreResult<bool> {
        self.write_with(Consume { realm_id, record: *record }, events).await
    }

    async fn complete(&self, realm_id: RealmId, completion: &Completion, events: &[EventRecord]) -> StoreResult<bool> {
        self.write_with(Complete { realm_id, completion: *completion }, events).await
    }

    async fn consume_proofs(
        &self,
        realm_id: RealmId,
        proofs: &[UsedRecord],
        events: &[EventRecord],
    ) -> StoreResult<ProofsOutcome> {
        self.write_with(ConsumeProofs { realm_id, proofs: proofs.to_vec() }, events).await
    }

    fn is_shared(&self) -> bool {
        matches!(self.connections().place, Place::Server(_))
    }

    async fn redeem(
        &self,
        realm_id: RealmId,
        redemption: &Redemption,
        events: &[EventRecord],
    ) -> StoreResult<RedemptionOutcome> {
        self.write_with(Redeem { realm_id, redemption: redemption.clone() }, events).await
    }

    async fn issue_in_front_channel(
        &self,
        realm_id: RealmId,
        issue: &FrontChannelIssue,
        events: &[EventRecord],
    ) -> StoreResult<FrontChannelOutcome> {
        self.write_with(IssueInFrontChannel { realm_id, issue: issue.clone() }, events).await
    }

    async fn standing(&self, realm_id: RealmId, query: &StandingQuery) -> StoreResult<Standing> {
        let session = self.reader();
        self.read(|| standing(&session, realm_id, query)).await
    }

    async fn deny_token(
        &self,
        realm_id: RealmId,
        token: &[u8; 32],
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(DenyToken { realm_id, token: *token, denied_until }, events).await
    }
}

/// Marks a request for authorization as answered; says whether this answer is the first.
pub(crate) async fn complete(
    session: &Session<'_>,
    realm_id: RealmId,
    completion: &Completion,
) -> Result<bool, Failure> {
    match completion {
        Completion::Interaction(record) => insert_used_record(session, realm_id, record).await,
        Completion::Pushed(reference) => complete_pushed_request(session, realm_id, (*reference, None)).await,
    }
}

/// The same if what the answer rests on stands.
async fn complete_if_standing(
    session: &Session<'_>,
    realm_id: RealmId,
    completion: &Completion,
    query: &StandingQuery,
) -> Result<bool, Failure> {
    match completion {
        Completion::Interaction(record) => insert_used_record_if_standing(session, realm_id, record, query).await,
        Completion::Pushed(reference) => complete_pushed_request(session, realm_id, (*reference, Some(query))).await,
    }
}

async fn was_completed(session: &Session<'_>, realm_id: RealmId, completion: &Completion) -> Result<bool, Failure> {
    match completion {
        Completion::Interaction(record) => is_used(session, realm_id, record).await,
        Completion::Pushed(reference) => is_completed(session, realm_id, *reference).await,
    }
}

/// The participant lives as long as the session; where the session is gone, nobody takes part in it. Whoever ends the
/// session at this moment waits, so that no participant is left out of the logout.
async fn insert_participant(
    session: &Session<'_>,
    realm_id: RealmId,
    sid: SessionId,
    client_id: &ClientId,
) -> Result<(), Failure> {
    let realm = || sql::bytes(&realm_id.0);
    let lock = sql::for_share(session.backend());
    let insert = format!(
        "INSERT INTO session_participants (realm_id, sid, client_id, expires_at) \
         SELECT ?, ?, ?, s.expires_at FROM sessions s WHERE s.realm_id = ? AND s.sid = ?{lock}"
    );
    let values = vec![realm(), sql::bytes(&sid.0), client_id.as_str().into(), realm(), sql::bytes(&sid.0)];
    session.insert_once(&insert, values).await.map(drop)
}

struct Consume {
    realm_id: RealmId,
    record: UsedRecord,
}

#[async_trait]
impl Work for Consume {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let first = insert_used_record(session, self.realm_id, &self.record).await?;
        Ok(if first { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct Complete {
    realm_id: RealmId,
    completion: Completion,
}

#[async_trait]
impl Work for Complete {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let first = complete(session, self.realm_id, &self.completion).await?;
        Ok(if first { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct ConsumeProofs {
    realm_id: RealmId,
    proofs: Vec<UsedRecord>,
}

#[async_trait]
impl Work for ConsumeProofs {
    type Outcome = ProofsOutcome;

    fn is_one_statement(&self) -> bool {
        self.proofs.len() == 1
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<ProofsOutcome>, Failure> {
        Ok(match insert_proofs(session, self.realm_id, &self.proofs).await? {
            Some(replayed) => Ending::RollBack(ProofsOutcome::Replayed(replayed)),
            None => Ending::Commit(ProofsOutcome::First),
        })
    }
}

/// Uses up what tokens are issued for, if what it rests on stands, with what proves who asks.
async fn redeem_if_standing(
    session: &Session<'_>,
    realm_id: RealmId,
    (redeemable, query): (&Redeemable, &StandingQuery),
    proofs: &[UsedRecord],
) -> Result<Marks, Failure> {
    match redeemable {
        Redeemable::Code(record) => insert_marks(session, realm_id, proofs, Some((record, query))).await,
        Redeemable::Deferred(reference) => {
            let replayed = insert_proofs(session, realm_id, proofs).await?;
            let conditional =
                replayed.is_none() && redeem_deferred_request(session, realm_id, *reference, query).await?;
            Ok(Marks { replayed, conditional })
        }
    }
}

/// Whether it cannot be used any more, whatever stands.
async fn was_redeemed(session: &Session<'_>, realm_id: RealmId, redeemable: &Redeemable) -> Result<bool, Failure> {
    match redeemable {
        Redeemable::Code(record) => is_used(session, realm_id, record).await,
        Redeemable::Deferred(reference) => {
            Ok(!is_in_state(session, realm_id, *reference, DeferredState::Approved).await?)
        }
    }
}

struct Redeem {
    realm_id: RealmId,
    redemption: Redemption,
}

#[async_trait]
impl Work for Redeem {
    type Outcome = RedemptionOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<RedemptionOutcome>, Failure> {
        let Redemption { redeemable, standing, refresh_family, participant, proofs } = &self.redemption;
        let marks = redeem_if_standing(session, self.realm_id, (redeemable, standing), proofs).await?;
        // First what authenticates the client: whoever replays a whole request learns nothing about the code and
        // closes no lineage.
        if let Some(replayed) = marks.replayed {
            return Ok(Ending::RollBack(RedemptionOutcome::ProofReplayed(replayed)));
        }
        if !marks.conditional {
            // Which of the two it was is asked only here, where nothing is won by speed.
            let used = was_redeemed(session, self.realm_id, redeemable).await?;
            return Ok(Ending::RollBack(if used { RedemptionOutcome::AlreadyUsed } else { RedemptionOutcome::Fallen }));
        }
        if let Some(family) = refresh_family {
            let began_in = participant.as_ref().map(|(sid, _)| *sid);
            insert_refresh_family(session, family, began_in).await?;
        }
        if let Some((sid, client_id)) = participant {
            insert_participant(session, self.realm_id, *sid, client_id).await?;
        }
        Ok(Ending::Commit(RedemptionOutcome::Redeemed))
    }
}

struct IssueInFrontChannel {
    realm_id: RealmId,
    issue: FrontChannelIssue,
}

#[async_trait]
impl Work for IssueInFrontChannel {
    type Outcome = FrontChannelOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<FrontChannelOutcome>, Failure> {
        let FrontChannelIssue { response, standing: query, participant } = &self.issue;
        let stands = match response {
            Some(response) => complete_if_standing(session, self.realm_id, response, query).await?,
            None => standing(session, self.realm_id, query).await? == Standing::Stands,
        };
        if !stands {
            let answered = match response {
                Some(response) => was_completed(session, self.realm_id, response).await?,
                None => false,
            };
            let outcome = if answered { FrontChannelOutcome::AlreadyAnswered } else { FrontChannelOutcome::Fallen };
            return Ok(Ending::RollBack(outcome));
        }
        if let Some((sid, client_id)) = participant {
            insert_participant(session, self.realm_id, *sid, client_id).await?;
        }
        Ok(Ending::Commit(FrontChannelOutcome::Issued))
    }
}

struct DenyToken {
    realm_id: RealmId,
    token: [u8; 32],
    denied_until: UnixTime,
}

#[async_trait]
impl Work for DenyToken {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        deny(session, self.realm_id, (TOKEN, &self.token), self.denied_until.0).await?;
        Ok(Ending::Commit(()))
    }
}
