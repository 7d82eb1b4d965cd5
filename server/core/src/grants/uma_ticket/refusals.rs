//! Refusals of the grant (UMA Grant section 3.3.6): what would help, who is asked, and what is denied.

use serde_json::{Map, Value, json};
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::uma_grant;

use super::assessed::Assessed;
use super::claim_token::{ID_TOKEN_FORMAT, believed_issuers};
use super::invalid_grant;
use crate::binding::replayed;
use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::model::{UmaPermission, UmaRequest, UmaRequestState, UmaTicket, UmaWait};
use crate::ports::{TicketOutcome, TicketUse};
use crate::uma::{self, MOST_WAITING, NewTicket, Submission};

/// What a poll that comes too early costs, in seconds (as RFC 8628 section 3.5 has it).
const EARLY_SECONDS: i64 = 5;
/// Longest time between two polls, in seconds.
const LONGEST_INTERVAL: i64 = 3_600;

impl Assessed<'_> {
    /// Whether the requesting party can be asked in the browser: the client has registered where to send it back.
    pub(super) fn can_gather(&self) -> bool {
        !self.request.client.client().metadata.claims_redirect_uris.is_empty()
    }

    /// The refusal of what no policy allows: where it is not known who the requesting party is, with what would help;
    /// where the owner wants to be asked, with that. Otherwise it is denied.
    pub(super) async fn refuse(&self, asks: bool, wanted: &[UmaPermission]) -> Result<Failure, Failure> {
        if self.user().is_none() {
            return self.need_info(true).await;
        }
        if asks { self.submit(wanted).await } else { self.deny().await }
    }

    /// Says what would help, with a ticket to go on with. What was found out before is not carried on.
    pub(super) async fn need_info(&self, by_token: bool) -> Result<Failure, Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let client_id = &self.request.client.client().client_id;
        let NewTicket { text, kept } = NewTicket::after((serving, realm), (self.ticket, client_id));
        let usage = TicketUse { next: Some(kept), ..self.usage() };
        self.use_ticket(usage, None).await?;
        let mut members = Map::from_iter([("ticket".to_owned(), Value::from(text))]);
        if by_token {
            let required = json!([{
                "claim_token_format": [ID_TOKEN_FORMAT],
                "issuer": believed_issuers(self.request),
                "name": "sub",
                "friendly_name": "the requesting party, by an ID token for this client",
            }]);
            members.insert("required_claims".to_owned(), required);
        }
        if self.can_gather() {
            members.insert("redirect_user".to_owned(), realm.urls.of(Endpoint::ClaimsInteraction).into());
        }
        let reason = "it is not known who the requesting party is, or more is wanted of it";
        Ok(ErrorCode::NeedInfo.because(reason).per(uma_grant("3.3.6")).with_members(members).into())
    }

    /// The refusal of what is not allowed. There is nothing to go on with.
    pub(super) async fn deny(&self) -> Result<Failure, Failure> {
        self.use_ticket(self.usage(), None).await?;
        let reason = "the owner does not allow this to the requesting party";
        Ok(ErrorCode::RequestDenied.because(reason).per(uma_grant("3.3.6")).into())
    }

    /// Puts the request before the owner, where it is not there yet.
    async fn submit(&self, wanted: &[UmaPermission]) -> Result<Failure, Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let (Some((user_id, _)), Some(owner)) = (self.user(), self.ticket.keeper.owner) else {
            return self.deny().await;
        };
        let client_id = &self.request.client.client().client_id;
        let about = (&self.ticket.keeper, owner, wanted);
        let (request, is_new) = match uma::request_for(serving, realm, about, (user_id, client_id)).await? {
            Submission::Waiting(request) => (request, false),
            Submission::New(request) => (request, true),
            Submission::Refused => return self.deny().await,
        };
        let interval = realm.realm.settings.uma_poll_interval_seconds;
        let (text, next) = self.waiting_ticket(&request, interval)?;
        let submitted = is_new.then_some((request, MOST_WAITING));
        let usage = TicketUse { next: Some(next), request: submitted, ..self.usage() };
        match self.try_use(usage, None).await? {
            TicketOutcome::Used => Ok(submitted_refusal(text, interval)),
            // As many wait for this owner as anybody can answer.
            TicketOutcome::TooManyRequests => self.deny().await,
            TicketOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
            TicketOutcome::Gone | TicketOutcome::Fallen | TicketOutcome::ClaimsGone => Err(invalid_grant().into()),
        }
    }

    /// The answer to a poll: nothing where the owner allowed it, so that it is assessed anew; otherwise the refusal. Whoever
    /// polls too early learns nothing, and waits longer.
    pub(super) async fn still_waiting(&self) -> Result<Option<Failure>, Failure> {
        let Some(wait) = self.ticket.wait else { return Ok(None) };
        let (serving, realm) = (self.request.serving, self.request.realm);
        if self.user().is_none() {
            return Ok(Some(self.need_info(true).await?));
        }
        let found = serving.store.uma_request(realm.id(), wait.request).await?;
        let Some(request) = found else { return Ok(Some(self.deny().await?)) };
        let is_early = serving.now() < wait.not_before;
        let interval = if is_early { (wait.interval + EARLY_SECONDS).min(LONGEST_INTERVAL) } else { wait.interval };
        match request.state {
            UmaRequestState::Granted if !is_early => Ok(None),
            UmaRequestState::Denied if !is_early => Ok(Some(self.deny().await?)),
            _ => {
                let (text, next) = self.waiting_ticket(&request, interval)?;
                self.use_ticket(TicketUse { next: Some(next), ..self.usage() }, None).await?;
                Ok(Some(submitted_refusal(text, interval)))
            }
        }
    }

    /// The ticket with which the client asks again: as long as the owner can answer, and for whoever asked.
    fn waiting_ticket(&self, request: &UmaRequest, interval: i64) -> Result<(String, UmaTicket), Failure> {
        let (serving, realm) = (self.request.serving, self.request.realm);
        let client_id = &self.request.client.client().client_id;
        let NewTicket { text, kept } = NewTicket::after((serving, realm), (self.ticket, client_id));
        let party =
            self.claims.party().map(|party| uma::sealed_for(serving, realm, (&kept, &party.found))).transpose()?;
        let wait = UmaWait { request: request.id, not_before: serving.now().plus(interval), interval };
        let (expires_at, permissions) = (request.expires_at, request.permissions.clone());
        Ok((text, UmaTicket { party, wait: Some(wait), permissions, expires_at, ..kept }))
    }
}

fn submitted_refusal(ticket: String, interval: i64) -> Failure {
    let members =
        Map::from_iter([("ticket".to_owned(), Value::from(ticket)), ("interval".to_owned(), Value::from(interval))]);
    let reason = "the owner is asked; ask again with the new ticket";
    ErrorCode::RequestSubmitted.because(reason).per(uma_grant("3.3.6")).with_members(members).into()
}
