//! A user answers: on the account pages, through the approval API, or through the service that reaches the user's device.
//! However it comes, the request is read anew, and whatever decides is asked again.

use std::sync::Arc;

use signet_jose::{base64url, digest, random};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::{AuthorizationId, Lineage, SessionId, UserId};
use signet_protocol::names::{GrantType, TokenDeliveryMode};
use signet_protocol::spec::ciba;
use signet_protocol::time::UnixTime;

use super::super::content::{Content, DeferredAnswer};
use super::super::recall::read;
use super::service::is_approval_token;
use crate::authorize::decisions::narrow;
use crate::authorize::pushed::in_json;
use crate::authorize::{Accepted, AuthorizationRequest, Entry, accept, agreement};
use crate::events::{Event, Fact, Parties, Serving};
use crate::failure::Failure;
use crate::model::{
    Authorization, Client, Completion, DEFAULT_SLOT, DeferredKind, DeferredReference, DeferredRequest, DeferredState,
    Epoch, Notification, Purpose, TokenBasis, UsedRecord, User,
};
use crate::ports::{DeferredApproval, DeferredApprovalOutcome, StandingQuery};
use crate::realm::RealmContext;

/// Most requests that are listed.
const MOST_LISTED: u64 = 50;

/// A request that waits for a user, as the user sees it.
pub struct WaitingRequest {
    /// Its name in forms and in the approval API.
    pub id: String,
    /// The application that asks.
    pub client: Arc<Client>,
    /// What it asks for.
    pub request: AuthorizationRequest,
    /// What the application shows, too.
    pub binding_message: Option<String>,
    /// When it was made.
    pub asked_at: UnixTime,
    /// Until when it can be answered.
    pub expires_at: UnixTime,
}

/// Who answers, and how they proved who they are.
pub struct Approver {
    /// Who.
    pub user_id: UserId,
    /// The epoch that their proof was made under; nothing where a service vouches for them now.
    pub user_epoch: Option<Epoch>,
    /// The session that they are in, if it is one.
    pub sid: Option<SessionId>,
    /// When.
    pub authenticated_at: UnixTime,
    /// The class that this reaches; none where nobody says so.
    pub acr: Option<String>,
    /// How (RFC 8176), space-delimited.
    pub amr: String,
}

/// The requests that wait for a user, those that end first at the head.
///
/// # Errors
/// Faults only.
pub async fn waiting_requests(
    serving: &Serving<'_>,
    realm: &RealmContext,
    user_id: UserId,
) -> Result<Vec<WaitingRequest>, Failure> {
    let mut waiting = Vec::new();
    let stored = serving.store.deferred_requests_of_user(realm.id(), user_id, serving.now(), MOST_LISTED).await?;
    for stored in stored.into_iter().filter(|stored| stored.kind == DeferredKind::Backchannel) {
        // What its client may not ask for any more waits for nobody.
        let Ok(Some((accepted, content))) = accepted(serving, realm, &stored).await else { continue };
        waiting.push(WaitingRequest {
            id: base64url::encode(stored.reference.0),
            client: accepted.client,
            request: accepted.request,
            binding_message: content.backchannel.and_then(|own| own.binding_message),
            asked_at: content.asked_from.at,
            expires_at: stored.expires_at,
        });
    }
    Ok(waiting)
}

/// A stored request, read by every rule anew and narrowed; nothing if it stands no more.
pub(super) async fn accepted(
    serving: &Serving<'_>,
    realm: &RealmContext,
    stored: &DeferredRequest,
) -> Result<Option<(Accepted, Content)>, Failure> {
    let Some((merged, _)) = read(serving, realm, stored).await? else { return Ok(None) };
    let client = serving.store.client(realm.id(), &stored.client_id).await?;
    let Some(client) = client.filter(|client| client.enabled) else { return Ok(None) };
    let mut narrowing = merged.narrowing().cloned().unwrap_or_default();
    let mut accepted = accept(serving, realm, (client, merged), Entry::Backchannel).map_err(in_json)?;
    narrow(serving, realm, &mut accepted, &mut narrowing).await.map_err(in_json)?;
    Ok(Some((accepted, Content::decrypt(realm, stored)?)))
}

/// Takes the answer of a service that reaches the user: whoever has the token of the request.
///
/// # Errors
/// `invalid_token` where the token is not the one of the request; see [`answer_request`].
pub async fn answer_with_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (id, token): (&str, &str),
    allowed: bool,
) -> Result<(), Failure> {
    let reference = reference_of(id).filter(|reference| is_approval_token(realm, *reference, token));
    let Some(reference) = reference else {
        let reason = "the token is not the one of this request";
        return Err(ErrorCode::InvalidToken.because(reason).per(ciba("8")).into());
    };
    let stored = waiting(serving, realm, reference).await?;
    let user_id = stored.user_id.ok_or_else(gone)?;
    let service = realm.realm.settings.backchannel_device_service.as_ref().ok_or_else(gone)?;
    let by = Approver {
        user_id,
        user_epoch: None,
        sid: None,
        authenticated_at: serving.now(),
        acr: service.acr.clone(),
        amr: service.amr.clone(),
    };
    answer(serving, realm, (&stored, &by), allowed).await
}

/// Takes a user's answer to a request.
///
/// # Errors
/// `invalid_request` where no such request waits for this user; `access_denied` where what it rests on was revoked.
pub async fn answer_request(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (id, by): (&str, &Approver),
    allowed: bool,
) -> Result<(), Failure> {
    let stored = waiting(serving, realm, reference_of(id).ok_or_else(gone)?).await?;
    if stored.user_id != Some(by.user_id) {
        return Err(gone().detail("it waits for another user").into());
    }
    answer(serving, realm, (&stored, by), allowed).await
}

/// Refuses a request, and lets its client ask this user no more.
///
/// # Errors
/// See [`answer_request`].
pub async fn block_client_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (id, by): (&str, &Approver),
) -> Result<(), Failure> {
    let stored = waiting(serving, realm, reference_of(id).ok_or_else(gone)?).await?;
    if stored.user_id != Some(by.user_id) {
        return Err(gone().detail("it waits for another user").into());
    }
    serving.store.block_client(realm.id(), (by.user_id, &stored.client_id), serving.now()).await?;
    answer(serving, realm, (&stored, by), false).await
}

/// Lets a client ask a user again.
///
/// # Errors
/// Faults only; a client that is not blocked stays as it is.
pub async fn unblock_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (user_id, client): (UserId, &str),
) -> Result<(), Failure> {
    match client.parse() {
        Ok(client_id) => Ok(serving.store.unblock_client(realm.id(), (user_id, &client_id)).await?),
        Err(_) => Ok(()),
    }
}

/// The clients that may not ask a user, as far as they are still there.
///
/// # Errors
/// Faults only.
pub async fn blocked_clients(
    serving: &Serving<'_>,
    realm: &RealmContext,
    user_id: UserId,
) -> Result<Vec<Arc<Client>>, Failure> {
    let mut clients = Vec::new();
    for client_id in serving.store.blocked_clients(realm.id(), user_id).await? {
        clients.extend(serving.store.client(realm.id(), &client_id).await?);
    }
    Ok(clients)
}

fn reference_of(id: &str) -> Option<DeferredReference> {
    base64url::decode(id).ok()?.try_into().ok().map(DeferredReference)
}

/// One answer for requests that are not there, were answered, or have expired.
fn gone() -> Refusal {
    ErrorCode::InvalidRequest.because("no such request waits any more").per(ciba("8"))
}

async fn waiting(
    serving: &Serving<'_>,
    realm: &RealmContext,
    reference: DeferredReference,
) -> Result<DeferredRequest, Failure> {
    let stored = serving.store.deferred_request(realm.id(), reference).await?;
    let waits = |stored: &DeferredRequest| {
        let is_pending = stored.kind == DeferredKind::Backchannel && stored.state == DeferredState::Pending;
        is_pending && serving.now() < stored.expires_at
    };
    Ok(stored.filter(waits).ok_or_else(gone)?)
}

async fn answer(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (stored, by): (&DeferredRequest, &Approver),
    allowed: bool,
) -> Result<(), Failure> {
    let parties = Parties::client(&stored.client_id).and_user(Some(by.user_id)).and_session(by.sid);
    serving.concerns(parties.clone());
    let client = serving.store.client(realm.id(), &stored.client_id).await?.ok_or_else(gone)?;
    let notification = notification_of(&client);
    if !allowed {
        let events = serving.with_event(realm, Fact::BackchannelDenied {}.concerning(parties));
        let denied = serving.store.deny_deferred_request(realm.id(), stored.reference, notification, &events).await?;
        return finish(serving, &events, denied);
    }
    let user = live_user(serving, realm, by).await?;
    let (accepted, _) = accepted(serving, realm, stored).await?.ok_or_else(gone)?;
    let approval = approval(serving, realm, (&accepted, stored), (by, &user)).await?;
    let approved = serving.store.approve_deferred_request(realm.id(), &approval.0, &approval.1).await?;
    match approved {
        DeferredApprovalOutcome::Approved => finish(serving, &approval.1, true),
        DeferredApprovalOutcome::NotPending => Err(gone().into()),
        DeferredApprovalOutcome::Fallen => Err(fallen().into()),
    }
}

fn finish(serving: &Serving<'_>, events: &[crate::events::EventRecord], is_first: bool) -> Result<(), Failure> {
    if !is_first {
        return Err(gone().into());
    }
    serving.written(events);
    serving.notifications.notify_one();
    Ok(())
}

/// What the client is sent once there is an answer (CIBA Core 10.2 and 10.3).
pub(super) fn notification_of(client: &Client) -> Option<Notification> {
    match client.metadata.backchannel_token_delivery_mode {
        Some(TokenDeliveryMode::Ping) => Some(Notification::Ping),
        Some(TokenDeliveryMode::Push) => Some(Notification::Push),
        Some(TokenDeliveryMode::Poll) | None => None,
    }
}

async fn live_user(serving: &Serving<'_>, realm: &RealmContext, by: &Approver) -> Result<User, Failure> {
    let user = serving.store.user(realm.id(), by.user_id).await?;
    let stands = |user: &User| user.enabled && by.user_epoch.is_none_or(|epoch| epoch == user.epoch);
    Ok(user.filter(stands).ok_or_else(fallen)?)
}

fn fallen() -> Refusal {
    let reason = "what the tokens would rest on was revoked just now";
    ErrorCode::AccessDenied.because(reason).per(ciba("11"))
}

/// What is kept for the client, with the events of it. The consent is kept first: an answer is given once, and one that
/// is lost on the way is a consent without tokens.
async fn approval(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, stored): (&Accepted, &DeferredRequest),
    (by, user): (&Approver, &User),
) -> Result<(DeferredApproval, Vec<crate::events::EventRecord>), Failure> {
    let client = &accepted.client;
    let authorization = consented(serving, realm, (accepted, stored), by).await?;
    let basis = basis(serving, realm, accepted, (by, user), authorization.as_ref());
    let lineage = Lineage(random::random_bytes(&*serving.random));
    let standing = StandingQuery {
        session: by.sid,
        ..StandingQuery::of_basis(&basis, (lineage, &client.client_id, Some(by.user_id)))
    };
    let event = approved(accepted, by, (lineage, &basis));
    let answer = DeferredAnswer {
        lineage,
        user_id: by.user_id,
        sid: by.sid,
        nonce: None,
        key: accepted.request.parts.key,
        basis,
    };
    let approval = DeferredApproval {
        reference: stored.reference,
        user_id: by.user_id,
        answer: answer.encrypt(serving, realm, stored.reference)?,
        standing,
        now: serving.now(),
        notification: notification_of(client),
    };
    Ok((approval, serving.with_event(realm, event)))
}

fn approved(accepted: &Accepted, by: &Approver, (lineage, basis): (Lineage, &TokenBasis)) -> Event {
    let fact = Fact::BackchannelApproved {
        lineage: lineage.into(),
        scope: basis.scope.clone(),
        resources: basis.resources.clone(),
        authorization: basis.authorization_id,
    };
    fact.concerning(Parties::client(&accepted.client.client_id).and_user(Some(by.user_id)).and_session(by.sid))
}

fn basis(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (by, user): (&Approver, &User),
    authorization: Option<&Authorization>,
) -> TokenBasis {
    let (client, parts) = (&accepted.client, &accepted.request.parts);
    let offline =
        client.metadata.grant_types().contains(&GrantType::RefreshToken) && parts.scope.contains("offline_access");
    TokenBasis {
        scope: parts.scope.clone(),
        resources: parts.resources.clone(),
        details: parts.details.clone(),
        claims_request: parts.claims_text.clone(),
        claims_locales: parts.claims_locales.clone(),
        authenticated_at: by.authenticated_at,
        acr: by.acr.clone().filter(|_| parts.acr_requested),
        amr: by.amr.clone(),
        confirmation: None,
        authorization_id: authorization.map(|authorization| authorization.id),
        is_managed: false,
        authorization_epoch: authorization.map_or(0, |authorization| authorization.epoch),
        sid: by.sid.filter(|_| !offline),
        realm_epoch: realm.realm.epoch,
        client_epoch: client.epoch,
        user_epoch: user.epoch,
        exchanged: None,
        permitted: None,
        vars: serving.transaction().vars(),
    }
}

/// Remembers what the user agreed to, so that it can be taken back, unless the client's consent is taken as given.
async fn consented(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, stored): (&Accepted, &DeferredRequest),
    by: &Approver,
) -> Result<Option<Authorization>, Failure> {
    let client = &accepted.client;
    if client.settings.skip_consent && !realm.profile_of(client).consent_is_always_asked {
        return Ok(None);
    }
    let now = serving.now();
    let before = serving.store.authorization(realm.id(), by.user_id, &client.client_id, DEFAULT_SLOT).await?;
    let known = before.map(|before| (before.scope, before.claims, before.resources, before.details));
    let (scope, claims, resources, details) = known.unwrap_or_default();
    let (request, parts) = (&accepted.request, &accepted.request.parts);
    let wanted = Authorization {
        realm_id: realm.id(),
        id: AuthorizationId(random::random_bytes(&*serving.random)),
        user_id: by.user_id,
        client_id: client.client_id.clone(),
        slot: DEFAULT_SLOT.to_owned(),
        scope: scope.union(&parts.scope),
        claims: agreement::union(claims, agreement::claims_to_consent(request)),
        resources: agreement::union(resources, parts.resources.clone()),
        details: agreement::remembered(realm, details, &parts.details),
        epoch: 0,
        created_at: now,
        updated_at: now,
    };
    let given = Fact::ConsentGiven {
        scope: parts.scope.clone(),
        claims: agreement::claims_to_consent(request),
        resources: parts.resources.clone(),
        details: parts.details.iter().map(|detail| detail.name_of_type().to_owned()).collect(),
    };
    let key = digest::sha256(&[stored.reference.0.as_slice(), b"consent"].concat());
    let mark = UsedRecord { purpose: Purpose::Interaction, key, expires_at: stored.expires_at };
    let events = serving.with_event(realm, given.concerning(Parties::default()));
    let kept = serving.store.record_consent(&Completion::Interaction(mark), &wanted, &events).await?;
    let kept = kept.ok_or_else(gone)?;
    serving.written(&events);
    Ok(Some(kept))
}
