//! The client credentials grant (RFC 6749 section 4.4).

use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc6749;

use super::decision::{Planned, decide};
use super::{GrantRequest, aim_grant, details, requested_resources, resources_are_allowed};
use crate::events::{Fact, Parties};
use crate::failure::Failure;
use crate::tokens::{ClientToken, issue_client_token};

/// Scope values that speak of a user; a client alone has none.
const USER_SCOPES: &[&str] = &["openid", "profile", "email", "address", "phone", "offline_access"];

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let client = request.client.client();
    if !client.metadata.is_confidential() {
        let reason = "only a client that authenticates itself may use this grant";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("4.4")).into());
    }
    let scope = scope(request)?;
    request.serving.passed("scope");
    let resources = requested_resources(request.parameters);
    resources_are_allowed(request.realm, client, &resources)?;
    request.serving.passed("resource");
    let details = details::of_client(request).await?;
    let lineage = Lineage(random::random_bytes(&*request.serving.random));
    let grant_type = GrantType::ClientCredentials;
    let aimed = aim_grant(request, (grant_type, None), &scope, (resources, details)).await?;
    let planned =
        Planned { grant_type, scope: &aimed.scope, resources: &aimed.resources, user: None, refresh_token: false };
    let permitted = decide(request, &planned).await?;
    let (scope, lifetimes) = (&permitted.scope, permitted.lifetimes.at_most(aimed.lifetimes));
    let confirmation = request.binding.confirmation();
    let (resources, details) = (&aimed.resources, &aimed.details);
    let token = ClientToken { client, exchanged: None, lineage, scope, resources, details, lifetimes, confirmation };
    let response = issue_client_token(request.serving, request.realm, &token).await?;
    let issued = Fact::TokenIssued {
        grant: grant_type,
        lineage: lineage.into(),
        scope: permitted.scope,
        resources: aimed.resources,
        id_token: false,
        refresh_generation: None,
    };
    let event = issued.concerning(Parties::client(&client.client_id));
    request.record(event).await?;
    Ok(response)
}

/// What was asked for, which must all be the client's; all that the client has, if nothing was asked for.
fn scope(request: &GrantRequest<'_>) -> Result<Scope, Refusal> {
    let registered = request.client.client().metadata.scope.clone().unwrap_or_default();
    let own = registered.filtered(|token| !USER_SCOPES.contains(&token));
    request.scope_within(own, ("the client is not registered for all of this scope", rfc6749("4.4.2")))
}
