//! What a user has to agree to, has agreed to, and what of it is remembered.

use signet_hooks::Hook;
use signet_hooks::points::on_consent::ConsentTerms;
use signet_jose::random;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::AuthorizationId;
use signet_protocol::names::{GrantManagementAction, Prompt};
use signet_protocol::spec::grant_management;

use super::decisions::{self, UsedSession};
use super::rules::grant_management::unknown_grant;
use super::{Accepted, AuthorizationRequest, AuthorizeError};
use crate::details::is_within;
use crate::events::Serving;
use crate::model::{Authorization, AuthorizationDetail, BrowserSession, DEFAULT_SLOT};
use crate::realm::RealmContext;
use crate::tokens::SERVER_CLAIMS;

/// Most authorization details that a consent remembers.
const MOST_REMEMBERED: usize = 32;

/// Whether the user has agreed.
pub(super) enum Consent {
    /// By a stored authorization, or by the administrator for a first-party application.
    Given(Option<Box<Authorization>>),
    /// Not yet, or not to all of it, or somebody wants it asked again; in these words.
    Needed(Box<ConsentTerms>),
}

/// Asks whether the user has to agree, and in which words.
pub(super) async fn consent(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (session, used): (&BrowserSession, &UsedSession),
) -> Result<Consent, AuthorizeError> {
    let client = &accepted.client;
    let asked_again = accepted.request.prompts(Prompt::Consent);
    let is_for_once = |detail: &AuthorizationDetail| {
        realm.details_types.find(detail.name_of_type()).is_none_or(|kind| !kind.stored.definition.remembered)
    };
    let grant = accepted.request.grant();
    let is_new = grant.is_some_and(|grant| grant.action != GrantManagementAction::Merge);
    let asked_again = asked_again || is_new || accepted.request.details().iter().any(is_for_once);
    // What a client manages has a row, and the row an answer that made it.
    // FAPI 1.0 Part 1 section 5.2.2-12.
    let may_be_given = client.settings.skip_consent && !realm.profile_of(client).consent_is_always_asked;
    let does_without = may_be_given && !asked_again && grant.is_none();
    if does_without && realm.hooks.at(Hook::OnConsent, Some(&client.client_id)).is_empty() {
        return Ok(Consent::Given(None));
    }
    let stored = stored_consent(serving, accepted, session).await?;
    let covers = |stored: &Authorization| {
        let claims = claims_to_consent(&accepted.request);
        accepted.request.scope().is_within(&stored.scope)
            && claims.iter().all(|claim| stored.claims.contains(claim))
            && accepted.request.resources().iter().all(|resource| stored.resources.contains(resource))
            && accepted.request.details().iter().all(|detail| is_agreed_to(realm, detail, &stored.details))
    };
    let is_needed = !does_without && (asked_again || !stored.as_ref().is_some_and(covers));
    let terms = decisions::agreement(serving, realm, (accepted, used), (stored.as_ref(), is_needed)).await?;
    if is_needed || decisions::is_asked_again(&terms, stored.as_ref(), serving.now()) {
        return Ok(Consent::Needed(Box::new(terms)));
    }
    Ok(Consent::Given(stored.filter(|_| !does_without).map(Box::new)))
}

/// What the user agreed to before: in the grant that the request is about, or in general; nothing for a new grant.
///
/// # Errors
/// `invalid_grant_id` for a grant that is not there, or not of this user for this client (Grant Management 5.4).
async fn stored_consent(
    serving: &Serving<'_>,
    accepted: &Accepted,
    session: &BrowserSession,
) -> Result<Option<Authorization>, AuthorizeError> {
    let grant = accepted.request.grant();
    let slot = match grant.map(|grant| grant.id) {
        None => DEFAULT_SLOT.to_owned(),
        Some(None) => return Ok(None),
        Some(Some(id)) => id.to_string(),
    };
    let (realm_id, client_id) = (session.realm_id, &accepted.client.client_id);
    let stored = serving.store.authorization(realm_id, session.user_id, client_id, &slot).await?;
    match stored {
        None if grant.is_some() => Err(accepted.redirect.refuse(unknown_grant())),
        stored => Ok(stored),
    }
}

/// Whether the user agreed to an object before, or to one that has more (RFC 9396 section 6.1).
fn is_agreed_to(realm: &RealmContext, detail: &AuthorizationDetail, stored: &[AuthorizationDetail]) -> bool {
    let Some(kind) = realm.details_types.find(detail.name_of_type()) else { return false };
    stored.iter().any(|known| is_within(detail, known, kind))
}

/// Single claims that need the user's agreement: those about the user that the scope does not bring along.
pub(super) fn claims_to_consent(request: &AuthorizationRequest) -> Vec<String> {
    let names = request.parts.claims.names().into_iter();
    names
        .filter(|name| !SERVER_CLAIMS.contains(&name.as_str()))
        .filter(|name| {
            signet_protocol::standard_claims::scope_of(name).is_some_and(|scope| !request.scope().contains(scope))
        })
        .collect()
}

/// What is to be remembered: what was agreed to before, and everything asked for now. A grant that is replaced keeps
/// nothing but its name (Grant Management 5.2).
pub(super) async fn agreed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    session: &BrowserSession,
) -> Result<Authorization, AuthorizeError> {
    let grant = accepted.request.grant();
    let is_replaced = grant.is_some_and(|grant| grant.action == GrantManagementAction::Replace);
    let before = stored_consent(serving, accepted, session).await?.filter(|_| !is_replaced);
    let before = before.map(|before| (before.scope, before.claims, before.resources, before.details));
    let (scope, claims, resources, details) = before.unwrap_or_default();
    let now = serving.now();
    let id = AuthorizationId(random::random_bytes(&*serving.random));
    let id = grant.and_then(|grant| grant.id).unwrap_or(id);
    let asked = accepted.request.details();
    Ok(Authorization {
        realm_id: session.realm_id,
        id,
        user_id: session.user_id,
        client_id: accepted.client.client_id.clone(),
        slot: grant.map_or_else(|| DEFAULT_SLOT.to_owned(), |_| id.to_string()),
        scope: scope.union(accepted.request.scope()),
        claims: union(claims, claims_to_consent(&accepted.request)),
        resources: union(resources, accepted.request.resources().to_vec()),
        details: match grant {
            Some(_) => whole(realm, accepted, details)?,
            None => remembered(realm, details, asked),
        },
        // One that was revoked just now and is agreed to again is beyond every epoch that it had.
        epoch: grant.map_or(0, |_| now.0),
        created_at: now,
        updated_at: now,
    })
}

/// The authorization details of a grant that the client manages: all of them, each once.
fn whole(
    realm: &RealmContext,
    accepted: &Accepted,
    mut details: Vec<AuthorizationDetail>,
) -> Result<Vec<AuthorizationDetail>, AuthorizeError> {
    for detail in accepted.request.details() {
        let kind = realm.details_types.find(detail.name_of_type());
        let is_known = kind.is_some_and(|kind| details.iter().any(|known| is_within(detail, known, kind)));
        if !is_known {
            details.push(detail.clone());
        }
    }
    if details.len() > MOST_REMEMBERED {
        let reason = "the grant would have too many authorization details; create another one";
        let refusal = ErrorCode::InvalidAuthorizationDetails.because(reason).per(grant_management("5.2"));
        return Err(accepted.redirect.refuse(refusal));
    }
    Ok(details)
}

/// Of the authorization details, those that a user is not asked for again: what was agreed to before and what is new,
/// without what another one has as well. The oldest go where there are too many; the user is then asked again.
pub(super) fn remembered(
    realm: &RealmContext,
    before: Vec<AuthorizationDetail>,
    now: &[AuthorizationDetail],
) -> Vec<AuthorizationDetail> {
    let mut kept: Vec<AuthorizationDetail> = Vec::new();
    for detail in now.iter().cloned().chain(before.into_iter().rev()) {
        let Some(kind) = realm.details_types.find(detail.name_of_type()) else { continue };
        let is_known = kept.iter().any(|known| is_within(&detail, known, kind));
        if kind.stored.definition.remembered && !is_known && kept.len() < MOST_REMEMBERED {
            kept.push(detail);
        }
    }
    kept.reverse();
    kept
}

pub(super) fn union(mut before: Vec<String>, now: Vec<String>) -> Vec<String> {
    before.extend(now);
    before.sort_unstable();
    before.dedup();
    before
}
