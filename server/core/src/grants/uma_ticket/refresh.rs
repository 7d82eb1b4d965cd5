//! Refreshing an RPT (UMA Grant section 3.6). Nothing is assessed: what was granted is granted again, without what its
//! owner has taken back since (section 6.1).

use serde_json::{Map, Value};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::uma_grant;

use crate::failure::Failure;
use crate::grants::GrantRequest;
use crate::grants::decision::{Planned, decide};
use crate::model::{PartyPermissions, RefreshFamily, UmaPermission, User};
use crate::tokens::{Lifetimes, RequestingPartyToken, issue_requesting_party_token};
use crate::uma::{self, Asking, StillAllowed, still_allowed};

/// An RPT that was refreshed, and the resource server that it is for.
pub(in crate::grants) struct Refreshed {
    pub(in crate::grants) tokens: TokenResponse,
    pub(in crate::grants) server: String,
}

/// Issues the RPT of a family anew.
///
/// # Errors
/// `invalid_grant` where nothing of it is allowed any more; `invalid_scope` for scopes that it does not have.
pub(in crate::grants) async fn refresh(
    request: &GrantRequest<'_>,
    (family, permitted): (&RefreshFamily, &PartyPermissions),
    (user, refresh_token): (&User, String),
) -> Result<Refreshed, Failure> {
    let client = request.client.client();
    let now = request.serving.now();
    let asking = Asking { client: &client.client_id, user: Some(user.id), party: Some(user), now };
    let left = still_allowed(request.serving, request.realm, (&permitted.permissions, asking)).await?;
    let left: Vec<StillAllowed> = left.into_iter().filter(|left| left.keeper.server == permitted.server).collect();
    let until_end = Lifetimes::until(left.iter().filter_map(|left| left.ends_at).min(), now);
    let left = narrowed(request, left.into_iter().map(|left| left.permission).collect())?;
    if left.is_empty() {
        let reason = "the owner allows nothing of it any more";
        return Err(ErrorCode::InvalidGrant.because(reason).per(uma_grant("3.6")).into());
    }
    let (grant_type, scope, party) = (GrantType::RefreshToken, Scope::empty(), Some((user, &family.content)));
    let planned = Planned { grant_type, scope: &scope, resources: &[], user: party, refresh_token: true };
    let decided = decide(request, &planned).await?;
    let pct_claims = pct_claims(request, (family, permitted)).await?;
    let token = RequestingPartyToken {
        client,
        party,
        server: &permitted.server,
        lineage: family.lineage,
        permissions: &left,
        pct_claims: &pct_claims,
        lifetimes: decided.lifetimes.at_most(until_end),
        confirmation: request.binding.confirmation(),
    };
    let response = issue_requesting_party_token(request.serving, request.realm, &token).await?;
    let tokens = TokenResponse { refresh_token: Some(refresh_token), ..response };
    Ok(Refreshed { tokens, server: permitted.server.to_string() })
}

/// What the resource server may still learn of the requesting party.
async fn pct_claims(
    request: &GrantRequest<'_>,
    (family, permitted): (&RefreshFamily, &PartyPermissions),
) -> Result<Map<String, Value>, Failure> {
    let Some(kept) = &permitted.claims else { return Ok(Map::new()) };
    let claims = uma::claims_kept(request.realm, (family.lineage, kept))?;
    let server = request.serving.store.client(request.realm.id(), &permitted.server).await?;
    Ok(server.map(|server| uma::still_permitted(&server, claims)).unwrap_or_default())
}

/// Section 3.6: the scopes of the permissions may be limited to those of the request.
fn narrowed(request: &GrantRequest<'_>, mut permissions: Vec<UmaPermission>) -> Result<Vec<UmaPermission>, Refusal> {
    let Some(text) = request.parameters.get("scope") else { return Ok(permissions) };
    let invalid = || ErrorCode::InvalidScope.because("a scope is in none of the permissions").per(uma_grant("3.6"));
    let requested: Scope = text.parse().map_err(|_| invalid())?;
    let has = |scope: &str| permissions.iter().any(|one| one.resource_scopes.iter().any(|known| known == scope));
    if requested.is_empty() || !requested.iter().all(has) {
        return Err(invalid());
    }
    permissions.retain_mut(|permission| {
        permission.resource_scopes.retain(|scope| requested.contains(scope));
        !permission.resource_scopes.is_empty()
    });
    Ok(permissions)
}
