//! Identity assertion grants (Identity Assertion JWT Authorization Grant section 4.3): the ID token or the refresh token of a
//! user becomes a grant that the client takes to an authorization server of another trust domain.

use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::TokenType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{identity_assertion_grant, rfc8707};

use super::issue::{alone, finish, permitted};
use super::presented::Presented;
use super::{Exchange, WIDER, delegation, invalid};
use crate::failure::Failure;
use crate::grants::{GrantRequest, requested_resources};
use crate::model::{Confirmation, IdentityAssertionPolicy, TokenExchangePolicy, User};
use crate::tokens::{Authentication, IdentityAssertion, Lifetimes, subject_for, user_claims};

/// How long a grant lives, in seconds: it is taken to the other server at once, which remembers it for as long.
const LIFETIME: i64 = 300;

pub(super) async fn exchange(
    request: &GrantRequest<'_>,
    policy: &TokenExchangePolicy,
    subject: Presented,
) -> Result<TokenResponse, Failure> {
    if !request.realm.realm.settings.identity_chaining {
        return Err(invalid("this realm issues no identity assertion grants").into());
    }
    // Section 4.3.3: the subject token was issued to the client that brings it, and to nobody else.
    if subject.issued_to.as_ref() != Some(&request.client.client().client_id) {
        return Err(invalid("the subject token was not issued to the client").into());
    }
    if request.parameters.get("actor_token").is_some() || request.parameters.get("actor_token_type").is_some() {
        return Err(invalid("an identity assertion grant is issued without an actor_token").into());
    }
    let act = delegation::carried(request, &subject)?;
    request.serving.passed("actor_token");
    let entry = entry(request, policy)?;
    request.serving.passed("audience");
    let scope = scope(request, entry, &subject)?;
    request.serving.passed("scope");
    let mut resources = resources(request, entry)?;
    request.serving.passed("resource");
    resources.insert(0, entry.audience.clone());
    let exchange = Exchange { wanted: TokenType::IdJag, subject: &subject, actor: None, scope, resources };
    let left = super::decision::decide(request, &exchange).await?;
    if !left.resources.contains(&entry.audience) {
        return Err(invalid_target("the audience is not open to this exchange").into());
    }
    let permitted = permitted(request, &subject, left.scope).await?;
    let lifetimes = permitted.lifetimes.at_most(left.lifetimes);
    let resources: Vec<String> = left.resources.into_iter().filter(|resource| *resource != entry.audience).collect();
    let scope = permitted.scope;
    issue(request, &subject, entry, Granting { scope, resources, act, lifetimes }).await
}

/// What the grant is to have.
struct Granting {
    scope: Scope,
    resources: Vec<String>,
    act: Option<serde_json::Value>,
    lifetimes: Lifetimes,
}

fn invalid_target(reason: &'static str) -> Refusal {
    ErrorCode::InvalidTarget.because(reason).per(identity_assertion_grant("4.3"))
}

/// What the policy says of the one audience that the request names. This realm is none: it takes no grant of its own
/// (section 8.3).
fn entry<'a>(
    request: &GrantRequest<'_>,
    policy: &'a TokenExchangePolicy,
) -> Result<&'a IdentityAssertionPolicy, Refusal> {
    let audiences: Vec<_> = request.parameters.all("audience").collect();
    let [audience] = audiences.as_slice() else {
        let reason = "an identity assertion grant is for one audience";
        return Err(ErrorCode::InvalidRequest.because(reason).per(identity_assertion_grant("4.3")));
    };
    let entry = policy.identity_assertions.iter().find(|entry| entry.audience == *audience);
    let entry = entry.filter(|entry| entry.audience != request.realm.issuer());
    entry.ok_or_else(|| invalid_target("the audience is not open to the client's exchanges"))
}

/// What the policy names there, or the part of it that the request asks for. A refresh token does not grant more there
/// than it does here (section 4.3.3); an ID token has no scope.
fn scope(request: &GrantRequest<'_>, entry: &IdentityAssertionPolicy, subject: &Presented) -> Result<Scope, Refusal> {
    let most = entry.scope.filtered(|value| subject.scope.as_ref().is_none_or(|scope| scope.contains(value)));
    request.scope_within(most, (WIDER, identity_assertion_grant("4.3.3")))
}

/// The resources that the request names, all of the policy's where it names none.
fn resources(request: &GrantRequest<'_>, entry: &IdentityAssertionPolicy) -> Result<Vec<String>, Refusal> {
    let named = requested_resources(request.parameters);
    if named.is_empty() {
        return Ok(entry.resources.clone());
    }
    if named.iter().all(|resource| entry.resources.contains(resource)) {
        Ok(named)
    } else {
        let reason = "a resource is not open to the client's exchanges for this audience";
        Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2")))
    }
}

async fn issue(
    request: &GrantRequest<'_>,
    subject: &Presented,
    entry: &IdentityAssertionPolicy,
    granting: Granting,
) -> Result<TokenResponse, Failure> {
    let client = request.client.client();
    let user = subject.user.as_ref().ok_or_else(|| invalid("the subject token is of no user"))?;
    let left = subject.expires_at.since(request.serving.now());
    let lifetimes = granting.lifetimes;
    let of_scripts = [lifetimes.access_token, lifetimes.id_token];
    let lifetime_seconds = of_scripts.into_iter().flatten().fold(LIFETIME.min(left), i64::min);
    let assertion = IdentityAssertion {
        client,
        client_id: entry.client_id.as_ref().unwrap_or(&client.client_id),
        audience: &entry.audience,
        subject: subject_there(request, entry, user).await?,
        scope: &granting.scope,
        resources: &granting.resources,
        authentication: Authentication::of_basis(&subject.basis),
        act: granting.act.as_ref(),
        // A certificate is proved on a connection; which one the client has to the other server is not known here.
        confirmation: request.binding.confirmation().filter(|proved| matches!(proved, Confirmation::Key(_))),
        claims: user_claims(user, &Scope::empty(), &entry.claims, &[]),
        lifetime_seconds,
    };
    let token = assertion.issue(request.serving, request.realm)?;
    let lineage = Lineage(random::random_bytes(&*request.serving.random));
    let mut audience = granting.resources;
    audience.insert(0, entry.audience.clone());
    finish(request, subject, (lineage, granting.scope.clone(), audience)).await?;
    let response = alone(token, lifetime_seconds, &granting.scope);
    Ok(TokenResponse { issued_token_type: Some(TokenType::IdJag), ..response })
}

/// How the other server knows the user: as it was told when it had the user log in here (section 3.1, `sub`).
async fn subject_there(
    request: &GrantRequest<'_>,
    entry: &IdentityAssertionPolicy,
    user: &User,
) -> Result<String, Failure> {
    let Some(relying_party) = &entry.relying_party else {
        return Ok(subject_for(request.realm, request.client.client(), user)?);
    };
    let client = request.serving.store.client(request.realm.id(), relying_party).await?;
    let client = client.filter(|client| client.enabled);
    let client = client.ok_or_else(|| invalid_target("the relying party of this audience is no client any more"))?;
    Ok(subject_for(request.realm, &client, user)?)
}
