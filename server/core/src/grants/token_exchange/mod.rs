//! Token exchange (RFC 8693): a client brings a token of a user, and perhaps one of an actor, and gets another token with
//! less in it. What may be brought and asked for is the client's policy; without one there is no exchange.

mod decision;
mod delegation;
mod id_token;
mod identity_assertion;
mod issue;
mod native_sso;
mod presented;
mod transaction;
mod transaction_decision;
mod transaction_subject;

pub(super) use delegation::is_acceptable as is_acceptable_act;
use presented::{Presented, actor_token, subject_token};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantType, TokenType};
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc6749, rfc8693, rfc8707};
use signet_protocol::standard_claims::{DEVICE_SSO_SCOPE, STANDARD_SCOPES};

use super::{GrantRequest, requested_resources, resources_are_allowed};
use crate::endpoints::{GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE};
use crate::failure::Failure;
use crate::model::{Client, TokenBasis, TokenExchangePolicy};
use crate::registry::{ADMIN_READ_SCOPE, ADMIN_SCOPE};

/// Why a scope is refused that is not within what can be exchanged.
const WIDER: &str = "the scope is wider than what the subject token and the client's policy have together";

/// What is asked for and permitted, before scripts are.
pub(super) struct Exchange<'a> {
    pub(super) wanted: TokenType,
    pub(super) subject: &'a Presented,
    pub(super) actor: Option<&'a Presented>,
    pub(super) scope: Scope,
    pub(super) resources: Vec<String>,
}

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    if request.parameters.get("authorization_details").is_some() {
        let reason = "authorization details are not exchanged";
        return Err(ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc8693("2.1")).into());
    }
    if native_sso::is_asked(request.parameters) {
        return Box::pin(native_sso::exchange(request)).await;
    }
    let policy = policy_of(request.client.client())?;
    let wanted = wanted(request, policy)?;
    let subject = subject_token(request, policy, wanted).await?;
    request.serving.passed("subject_token");
    // On the heap, so that the futures of all the other grants need not have room for these.
    match wanted {
        TokenType::TxnToken => return Box::pin(transaction::exchange(request, policy, subject)).await,
        TokenType::IdJag => return Box::pin(identity_assertion::exchange(request, policy, subject)).await,
        TokenType::AccessToken
        | TokenType::RefreshToken
        | TokenType::IdToken
        | TokenType::Jwt
        | TokenType::DeviceSecret => {}
    }
    let actor = actor_token(request).await?;
    let act = delegation::act(request, policy, (&subject, actor.as_ref()))?;
    request.serving.passed("actor_token");
    let scope = scope(request, policy, &subject)?;
    request.serving.passed("scope");
    let resources = audience(request, policy, wanted)?;
    request.serving.passed("resource");
    let exchange = Exchange { wanted, subject: &subject, actor: actor.as_ref(), scope, resources };
    let left = decision::decide(request, &exchange).await?;
    issue::issue(request, &exchange, left, act).await
}

/// RFC 8693 section 2.2.2: a token that is not acceptable, for whatever reason, makes the request invalid.
fn invalid(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(rfc8693("2.2.2"))
}

fn policy_of(client: &Client) -> Result<&TokenExchangePolicy, Refusal> {
    let policy = client.settings.token_exchange.as_deref().filter(|_| client.metadata.is_confidential());
    policy.ok_or_else(|| {
        ErrorCode::UnauthorizedClient.because("the client has no policy for token exchange").per(rfc6749("5.2"))
    })
}

/// Whether what a refresh token of an exchange stands for is still the client's to have.
pub(super) fn still_permitted(request: &GrantRequest<'_>, basis: &TokenBasis) -> Result<(), Refusal> {
    let client = request.client.client();
    let Some(exchanged) = &basis.exchanged else { return Ok(()) };
    let has_grant = client.metadata.grant_types().contains(&GrantType::TokenExchange);
    if has_grant && exchanged.group.is_some() && exchanged.group.as_deref() == request.realm.native_sso_group(client) {
        return Ok(());
    }
    let policy = policy_of(client).ok().filter(|policy| {
        has_grant
            && exchanged.group.is_none()
            && policy.issued_token_types.contains(&TokenType::RefreshToken)
            && basis.scope.is_within(&policy.scope)
            && basis.resources.iter().all(|resource| policy.audiences.contains(resource))
    });
    policy.map(drop).ok_or_else(|| {
        ErrorCode::InvalidGrant.because("the client may not exchange tokens for this any more").per(rfc6749("5.2"))
    })
}

/// The kind of token that is asked for (section 2.1); an access token where the request does not say.
fn wanted(request: &GrantRequest<'_>, policy: &TokenExchangePolicy) -> Result<TokenType, Refusal> {
    let text = request.parameters.get("requested_token_type");
    let wanted = text.map_or(Ok(TokenType::AccessToken), str::parse);
    let wanted = wanted.ok().filter(|wanted| policy.issued_token_types.contains(wanted));
    let wanted = wanted.ok_or_else(|| invalid("requested_token_type is not open to the client"))?;
    let refreshes = request.client.client().metadata.grant_types().contains(&GrantType::RefreshToken);
    if wanted == TokenType::RefreshToken && !refreshes {
        return Err(invalid("a refresh token needs a client that is registered for the grant refresh_token"));
    }
    Ok(wanted)
}

/// Scope values that no exchange hands on: those of this server itself, and what outlives a session.
pub(super) fn is_delegable(value: &str) -> bool {
    !is_of_this_server(value) && !STANDARD_SCOPES.contains(&value) && value != DEVICE_SSO_SCOPE
}

/// Scope values of this server's own resources.
fn is_of_this_server(value: &str) -> bool {
    [ADMIN_SCOPE, ADMIN_READ_SCOPE, GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE].contains(&value)
}

/// What the subject token has, the client is registered for and its policy names; of that, what the request asks for.
fn scope(request: &GrantRequest<'_>, policy: &TokenExchangePolicy, subject: &Presented) -> Result<Scope, Refusal> {
    let registered = request.realm.scope_of(request.client.client());
    let of_subject = |value: &str| subject.scope.as_ref().is_none_or(|scope| scope.contains(value));
    let most = policy.scope.filtered(|value| registered.contains(value) && of_subject(value) && is_delegable(value));
    request.scope_within(most, (WIDER, rfc8693("2.1")))
}

/// The resource servers of the token: those that `resource` and `audience` name (section 2.1), all of the policy's where
/// they name none. Those of this server itself are never among them.
fn audience(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    wanted: TokenType,
) -> Result<Vec<String>, Refusal> {
    let invalid_target = |reason: &'static str| ErrorCode::InvalidTarget.because(reason).per(rfc8707("2"));
    let mut named = requested_resources(request.parameters);
    for audience in request.parameters.all("audience") {
        if !named.iter().any(|known| known == audience) {
            named.push(audience.to_owned());
        }
    }
    if wanted == TokenType::IdToken {
        let reason = "an ID token is for the client itself; name no resource and no audience";
        return if named.is_empty() { Ok(named) } else { Err(invalid_target(reason)) };
    }
    let resources = if named.is_empty() { policy.audiences.clone() } else { named };
    let is_open = |resource: &String| {
        policy.audiences.contains(resource)
            && request.realm.resource_server(resource).is_some()
            && !request.realm.is_own_resource(resource)
    };
    if resources.is_empty() || !resources.iter().all(is_open) {
        return Err(invalid_target("a resource or audience is not open to the client's exchanges"));
    }
    resources_are_allowed(request.realm, request.client.client(), &resources)?;
    Ok(resources)
}
