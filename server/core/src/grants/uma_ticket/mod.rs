//! The UMA grant (UMA 2.0 Grant section 3.3): a permission ticket, and what policies say of who asks, for an RPT.

mod assessed;
mod claim_token;
mod grant;
mod refresh;
mod refusals;
mod upgrade;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::uma_grant;
use signet_protocol::time::UnixTime;

use super::GrantRequest;
use crate::failure::Failure;
use crate::model::{UmaPermission, UmaResource, UmaTicket};
use crate::uma::{Asking, Claims, Decided, claims_of, find_ticket, granted_scopes, is_asked, reference_of};
use assessed::Assessed;
use claim_token::pushed_claims;
pub(super) use refresh::refresh;
use upgrade::upgrade;

/// The only error for a ticket that is not good, whatever the reason.
fn invalid_grant() -> Refusal {
    let reason = "the permission ticket is unknown, used, expired or another client's";
    ErrorCode::InvalidGrant.because(reason).per(uma_grant("3.3.6"))
}

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let ticket = good_ticket(request).await?;
    let client = request.client.client();
    let pushed = (pushed_claims(request).await?, request.parameters.get("pct"));
    let claims = claims_of(request.serving, request.realm, (client, &ticket), pushed).await?;
    request.serving.passed("ticket");
    let assessed = Assessed { request, ticket: &ticket, claims: &claims };
    if let Some(refusal) = assessed.still_waiting().await? {
        return Err(refusal);
    }
    let resources = resources(request, &ticket).await?;
    let wanted = wanted(request, &resources)?;
    request.serving.passed("scope");
    let user = claims.party().map(|party| &party.user);
    let asking =
        Asking { client: &client.client_id, user: user.map(|user| user.id), party: user, now: request.serving.now() };
    if matches!(claims, Claims::NotGood) {
        return Err(assessed.need_info(true).await?);
    }
    let (mut granted, mut refused) = (Vec::new(), Vec::new());
    for ((resource, _), wanted) in resources.iter().zip(&wanted) {
        match granted_scopes(resource, &wanted.resource_scopes, asking) {
            Some(resource_scopes) => granted.push(UmaPermission { resource_id: resource.id, resource_scopes }),
            None => refused.push((resource, wanted)),
        }
    }
    if !refused.is_empty() {
        let asks = refused.iter().all(|(resource, wanted)| is_asked(resource, &wanted.resource_scopes, asking));
        return Err(assessed.refuse(asks, &wanted).await?);
    }
    request.serving.passed("policies");
    let resources: Vec<UmaResource> = resources.into_iter().map(|(resource, _)| resource).collect();
    let permitted = match assessed.decide(&resources, granted).await? {
        Decided::Permitted(permitted) => permitted,
        Decided::Gather if assessed.can_gather() => return Err(assessed.need_info(false).await?),
        Decided::Gather | Decided::Nothing => return Err(assessed.deny().await?),
    };
    let ends_at = first_end(&resources, &permitted.permissions);
    let upgrade = upgrade(request, (&ticket.keeper, asking), (permitted.permissions, ends_at)).await?;
    assessed.grant(upgrade, permitted.lifetimes).await
}

/// When the first of the scopes ends that were made of patterns.
fn first_end(resources: &[UmaResource], granted: &[UmaPermission]) -> Option<UnixTime> {
    let ends = granted.iter().filter_map(|permission| {
        let resource = resources.iter().find(|resource| resource.id == permission.resource_id)?;
        resource.first_end(&permission.resource_scopes)
    });
    ends.min()
}

/// The ticket of a request, if this client may go on with it.
async fn good_ticket(request: &GrantRequest<'_>) -> Result<UmaTicket, Failure> {
    let text = request.parameters.get("ticket");
    let text = text.ok_or_else(|| ErrorCode::InvalidRequest.because("ticket is missing").per(uma_grant("3.3.1")))?;
    let now = request.serving.now();
    let found = find_ticket(request.serving, request.realm, reference_of(text)).await?;
    let is_good = |ticket: &UmaTicket| {
        let client_id = &request.client.client().client_id;
        let is_the_clients = ticket.client_id.as_ref().is_none_or(|of| of == client_id);
        is_the_clients && !ticket.used && now < ticket.expires_at
    };
    Ok(found.filter(is_good).ok_or_else(invalid_grant)?)
}

/// The resources of a ticket, with the scopes that it has of each. One that is not protected any more is no reason to
/// grant the others.
async fn resources<'a>(
    request: &GrantRequest<'_>,
    ticket: &'a UmaTicket,
) -> Result<Vec<(UmaResource, &'a [String])>, Failure> {
    let mut resources = Vec::with_capacity(ticket.permissions.len());
    for permission in &ticket.permissions {
        let found = request.serving.store.uma_resource(request.realm.id(), permission.resource_id).await?;
        let now = request.serving.now();
        let found = found.filter(|resource| resource.keeper == ticket.keeper && resource.is_current(now));
        let resource = found.ok_or_else(invalid_grant)?;
        resources.push((resource, permission.resource_scopes.as_slice()));
    }
    Ok(resources)
}

/// What is assessed (section 3.3.4): the scopes of the ticket, and those of the request that the client is registered for,
/// at each resource that has them.
fn wanted(request: &GrantRequest<'_>, resources: &[(UmaResource, &[String])]) -> Result<Vec<UmaPermission>, Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(uma_grant("3.3.6"));
    let requested: Scope = request
        .parameters
        .get("scope")
        .unwrap_or_default()
        .parse()
        .map_err(|_| invalid("scope has characters that a scope token may not have"))?;
    let now = request.serving.now();
    let has = |resource: &UmaResource, scope: &str| resource.scopes(now).any(|known| known == scope);
    let registered = request.realm.scope_of(request.client.client());
    for scope in requested.iter() {
        if !registered.contains(scope) || !resources.iter().any(|(resource, _)| has(resource, scope)) {
            return Err(invalid("a scope is not registered for the client, or for none of the resources"));
        }
    }
    let wanted = resources.iter().map(|(resource, scopes)| {
        let mut scopes = scopes.to_vec();
        let more = requested.iter().filter(|scope| has(resource, scope)).map(str::to_owned);
        scopes.extend(more.filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>());
        UmaPermission { resource_id: resource.id, resource_scopes: scopes }
    });
    Ok(wanted.collect())
}
