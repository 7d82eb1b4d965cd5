//! A ticket that is assessed: what the answer rests on, and its single use.

use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::{Lineage, UserId};

use super::invalid_grant;
use crate::binding::replayed;
use crate::events::{Fact, Parties};
use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::hooks::Subject;
use crate::model::{Epoch, UmaPermission, UmaResource, UmaTicket};
use crate::ports::{StandingQuery, TicketOutcome, TicketUse};
use crate::uma::{self, Claims, Decided};

/// A ticket that was assessed.
pub(super) struct Assessed<'a> {
    pub(super) request: &'a GrantRequest<'a>,
    pub(super) ticket: &'a UmaTicket,
    pub(super) claims: &'a Claims,
}

impl Assessed<'_> {
    /// The requesting party with its epoch.
    pub(super) fn user(&self) -> Option<(UserId, Epoch)> {
        self.claims.party().map(|party| (party.user.id, party.user.epoch))
    }

    /// Everything that the answer rests on.
    pub(super) fn standing(&self, lineage: Option<Lineage>) -> StandingQuery {
        let client = self.request.client.client();
        StandingQuery {
            realm_epoch: self.request.realm.realm.epoch,
            client: (client.client_id.clone(), client.epoch),
            user: self.user(),
            authorization: None,
            session: self.claims.party().and_then(|party| party.found.sid),
            session_limits: None,
            lineage,
            token: None,
            origins: Vec::new(),
        }
    }

    /// Uses the ticket. It is of no more use, whatever the answer is.
    pub(super) async fn use_ticket(&self, usage: TicketUse, issued: Option<Fact>) -> Result<(), Failure> {
        match self.try_use(usage, issued).await? {
            TicketOutcome::Used => Ok(()),
            TicketOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
            TicketOutcome::Gone
            | TicketOutcome::Fallen
            | TicketOutcome::ClaimsGone
            | TicketOutcome::TooManyRequests => Err(invalid_grant().into()),
        }
    }

    pub(super) async fn try_use(&self, usage: TicketUse, issued: Option<Fact>) -> Result<TicketOutcome, Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let client = self.request.client.client();
        let parties = Parties::client(&client.client_id).and_user(self.user().map(|(id, _)| id));
        let events = issued.map(|fact| serving.with_event(realm, fact.concerning(parties))).unwrap_or_default();
        let outcome = serving.store.use_uma_ticket(realm.id(), &usage, &events).await?;
        if outcome == TicketOutcome::Used {
            serving.written(&events);
        }
        Ok(outcome)
    }

    pub(super) fn usage(&self) -> TicketUse {
        TicketUse {
            ticket: self.ticket.reference,
            now: self.request.serving.now(),
            standing: self.standing(None),
            proofs: self.request.proofs(),
            next: None,
            ended_token: None,
            spent_claims: None,
            kept_claims: None,
            request: None,
            refresh_family: None,
        }
    }

    /// What scripts leave of what policies allow.
    pub(super) async fn decide(
        &self,
        resources: &[UmaResource],
        allowed: Vec<UmaPermission>,
    ) -> Result<Decided, Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let party = self.claims.party();
        let subject = Subject::client(self.request.client.client()).and_user(party.map(|party| &party.user));
        let about = (self.ticket, resources, party.map(|party| &party.found));
        match uma::decide((serving, realm), subject, about, allowed).await {
            Ok(decided) => Ok(decided),
            Err(refusal) => {
                if refusal.code == ErrorCode::RequestDenied {
                    self.use_ticket(self.usage(), None).await?;
                }
                Err(refusal.into())
            }
        }
    }
}
