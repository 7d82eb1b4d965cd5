//! Requests for access that wait for a resource owner's answer (UMA Grant section 3.3.6, `request_submitted`).

use signet_jose::random;
use signet_protocol::identifiers::{ClientId, UmaRequestId, UserId};

use super::policies::MOST_POLICIES;
use crate::events::{Action, Actor, Fact, Object, Parties, Serving};
use crate::failure::{Failure, Fault};
use crate::model::{ResourceKeeper, UmaPermission, UmaPolicy, UmaRequest, UmaRequestState};
use crate::ports::{PolicyEdit, UmaAnswer, UmaRequestFilter};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Most requests that wait for one owner.
pub(crate) const MOST_WAITING: i64 = 100;
/// Most of them of one requesting party.
const MOST_OF_ONE: usize = 10;
/// Most requests of one requesting party that are looked at.
const MOST_LOOKED_AT: u64 = 1_000;

/// The requests that wait for an owner.
///
/// # Errors
/// Faults only.
pub async fn waiting_uma_requests(
    provider: &Provider,
    realm: &RealmContext,
    owner: UserId,
) -> Result<Vec<UmaRequest>, Fault> {
    let filter = UmaRequestFilter { owner: Some(owner), user: None, pending_at: Some(provider.now()) };
    Ok(provider.store.uma_requests(realm.id(), &filter, (None, MOST_WAITING.unsigned_abs())).await?)
}

/// What becomes of a request for access.
pub(crate) enum Submission {
    /// It is before the owner already.
    Waiting(UmaRequest),
    /// It has to be put there.
    New(UmaRequest),
    /// The owner refused the same not long ago, or the requesting party asks too much.
    Refused,
}

/// The request of a requesting party for these permissions. The owner is not asked again for what was refused, as long as
/// the request would have waited.
pub(crate) async fn request_for(
    provider: &Provider,
    realm: &RealmContext,
    (keeper, owner, permissions): (&ResourceKeeper, UserId, &[UmaPermission]),
    (user_id, client_id): (UserId, &ClientId),
) -> Result<Submission, Fault> {
    let now = provider.now();
    let filter = UmaRequestFilter { owner: Some(owner), user: Some(user_id), pending_at: None };
    let mut known = provider.store.uma_requests(realm.id(), &filter, (None, MOST_LOOKED_AT)).await?;
    known.retain(|known| known.state != UmaRequestState::Granted && now < known.expires_at);
    let is_same = |known: &&UmaRequest| {
        known.client_id == *client_id && known.server == keeper.server && known.permissions == permissions
    };
    if let Some(same) = known.iter().find(is_same) {
        let is_waiting = same.state == UmaRequestState::Pending;
        return Ok(if is_waiting { Submission::Waiting(same.clone()) } else { Submission::Refused });
    }
    if known.iter().filter(|known| known.state == UmaRequestState::Pending).count() >= MOST_OF_ONE {
        return Ok(Submission::Refused);
    }
    Ok(Submission::New(UmaRequest {
        realm_id: realm.id(),
        id: UmaRequestId(random::random_bytes(&*provider.random)),
        owner_id: owner,
        server: keeper.server.clone(),
        user_id,
        client_id: client_id.clone(),
        permissions: permissions.to_vec(),
        state: UmaRequestState::Pending,
        created_at: now,
        expires_at: now.plus(realm.realm.settings.uma_request_seconds),
    }))
}

/// Takes an owner's answer. To allow it is a policy at each of the resources, for this requesting party with this client:
/// what the owner takes back later like any other. Says whether the request waited for this owner.
///
/// # Errors
/// Faults only.
pub async fn answer_uma_request(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (owner, id): (UserId, &str),
    allowed: bool,
) -> Result<bool, Failure> {
    let Ok(id) = id.parse::<UmaRequestId>() else { return Ok(false) };
    let found = serving.store.uma_request(realm.id(), id).await?;
    let Some(request) = found.filter(|request| request.owner_id == owner) else { return Ok(false) };
    let edit = |permission: &UmaPermission| {
        let policy = UmaPolicy {
            scopes: permission.resource_scopes.clone(),
            users: vec![request.user_id],
            clients: vec![request.client_id.clone()],
            ..UmaPolicy::default()
        };
        (permission.resource_id, PolicyEdit::Add(policy, MOST_POLICIES))
    };
    let (state, edits) = if allowed {
        (UmaRequestState::Granted, request.permissions.iter().map(edit).collect())
    } else {
        (UmaRequestState::Denied, Vec::new())
    };
    let answer = UmaAnswer { id, owner_id: owner, state, edits, now: serving.now() };
    let fact = Fact::AdministrativeChange {
        actor: Actor::Owner { user_id: owner },
        object: Object::AccessRequest,
        id: id.to_string(),
        action: Action::Updated,
        fields: vec![if allowed { "granted" } else { "denied" }.to_owned()],
    };
    let events = serving.with_event(realm, fact.concerning(Parties::user(owner).and_client(&request.client_id)));
    let answered = serving.store.answer_uma_request(realm.id(), &answer, &events).await?;
    if answered {
        serving.written(&events);
    }
    Ok(answered)
}
