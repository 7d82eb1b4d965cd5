//! The JWT bearer grant (RFC 7523 section 2.1): an assertion of a trusted issuer is exchanged for an access token. An
//! identity assertion grant is one of these, with a `typ`, a client and a scope of its own.

use serde_json::Value;
use signet_jose::{UnverifiedToken, VerifiedClaims, digest, random};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{identity_assertion_grant, rfc6749, rfc7521, rfc7523, rfc8707};
use signet_protocol::time::UnixTime;

use super::assertion_decision::{Asserted, decide as decide_on_assertion};
use super::decision::{Planned, decide};
use super::redeem::{Redeemed, Use, redeem};
use super::token_exchange::{is_acceptable_act, is_delegable};
use super::trusted::{self, Vouched};
use super::{GrantRequest, aim_grant, requested_resources, resources_are_allowed};
use crate::events::{Event, Fact, Parties};
use crate::failure::Failure;
use crate::model::{Exchanged, Purpose, TokenBasis, TrustedIssuer, TrustedIssuerUse, UsedRecord, User};
use crate::ports::{Redeemable, StandingQuery};
use crate::tokens::{UserTokens, issue_user_tokens};

/// The `typ` of an identity assertion grant.
const IDENTITY_ASSERTION: &str = "oauth-id-jag+jwt";

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let client = request.client.client();
    let Vouched { trusted, claims } = assertion(request).await?;
    request.serving.passed("assertion");
    let scope = scope(request, &claims)?;
    request.serving.passed("scope");
    let resources = resources(request, &claims)?;
    request.serving.passed("resource");
    let found = trusted::user_of(request, trusted, &claims).await?;
    let asserted = Asserted { trusted, claims: &claims, user: found, scope: &scope, resources: &resources };
    let decided = decide_on_assertion(request, asserted).await?;
    let user = decided.user.ok_or_else(|| invalid().detail("it names no user who may do anything"))?;
    let grant_type = GrantType::JwtBearer;
    let aimed = aim_grant(request, (grant_type, Some(&user)), &decided.scope, (resources, Vec::new())).await?;
    let basis = basis(request, &claims, &user, (aimed.scope, aimed.resources))?;
    let planned = Planned {
        grant_type,
        scope: &basis.scope,
        resources: &basis.resources,
        user: Some((&user, &basis)),
        refresh_token: false,
    };
    let permitted = decide(request, &planned).await?;
    let lifetimes = permitted.lifetimes.at_most(aimed.lifetimes).at_most(decided.lifetimes);
    let basis = TokenBasis { scope: permitted.scope, ..basis };
    let lineage = Lineage(random::random_bytes(&*request.serving.random));
    let tokens = UserTokens {
        client,
        user: &user,
        lineage,
        basis: &basis,
        scope: &basis.scope,
        resources: &basis.resources,
        details: &[],
        lifetimes,
        confirmation: request.binding.confirmation(),
        nonce: None,
        state: None,
        sid: None,
        // RFC 7521 section 4.1: an assertion is no lasting grant.
        refresh_token: None,
        auth_req_id: None,
        ds_hash: None,
    };
    let response = issue_user_tokens(request.serving, request.realm, tokens).await?;
    use_up(request, record(trusted, &claims)?, (lineage, &basis, &user)).await?;
    Ok(response)
}

/// The assertion of the request, verified, and for this client.
async fn assertion<'a>(request: &GrantRequest<'a>) -> Result<Vouched<'a>, Failure> {
    let client = request.client.client();
    if !client.metadata.is_confidential() {
        let reason = "only a client that authenticates itself may use this grant";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("5.2")).into());
    }
    if request.parameters.get("authorization_details").is_some() {
        let reason = "an assertion grants no authorization details";
        return Err(ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc7521("4.1")).into());
    }
    let text = request.parameters.get("assertion");
    let text = text.ok_or_else(|| ErrorCode::InvalidRequest.because("assertion is missing").per(rfc7523("2.1")))?;
    let vouched = trusted::verified(request, text, TrustedIssuerUse::AssertionGrant).await?;
    let vouched = vouched.map_err(|detail| invalid().detail(detail))?;
    check_identity_assertion(request, text, &vouched.claims)?;
    if !trusted::proves_key(request, &vouched.claims) {
        return Err(invalid().detail("it is bound to a key that the request does not prove to hold").into());
    }
    Ok(vouched)
}

/// RFC 7521 section 4.1.1: one answer, whatever is wrong with an assertion.
fn invalid() -> Refusal {
    ErrorCode::InvalidGrant.because("the assertion is not acceptable").per(rfc7523("3.1"))
}

/// An identity assertion grant is for this server alone and for this client (section 4.4.1 there).
fn check_identity_assertion(request: &GrantRequest<'_>, text: &str, claims: &VerifiedClaims) -> Result<(), Refusal> {
    let token = UnverifiedToken::parse(text).map_err(|error| invalid().detail(error.to_string()))?;
    let typ = token.typ().unwrap_or_default().to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != IDENTITY_ASSERTION {
        return Ok(());
    }
    let wrong = |detail: &'static str| invalid().per(identity_assertion_grant("4.4.1")).detail(detail);
    if claims.audience() != [request.realm.issuer()] {
        return Err(wrong("aud is not this issuer alone"));
    }
    if claims.text("client_id") != Some(request.client.client().client_id.as_str()) {
        return Err(wrong("client_id is another client"));
    }
    if claims.issued_at().is_none() {
        return Err(wrong("it lacks the claim iat"));
    }
    Ok(())
}

/// What the client is registered for, and the assertion says if it says anything; of that, what the request asks for.
fn scope(request: &GrantRequest<'_>, claims: &VerifiedClaims) -> Result<Scope, Refusal> {
    let asserted = match claims.get("scope") {
        None => None,
        Some(Value::String(text)) => text.parse::<Scope>().ok(),
        Some(_) => return Err(invalid().detail("its scope is no text")),
    };
    if claims.get("scope").is_some() && asserted.is_none() {
        return Err(invalid().detail("its scope has characters that a scope token may not have"));
    }
    let is_asserted = |value: &str| asserted.as_ref().is_none_or(|scope| scope.contains(value));
    let registered = request.realm.scope_of(request.client.client());
    let most = registered.filtered(|value| is_asserted(value) && is_delegable(value));
    let wider = "the scope is wider than what the assertion and the client's registration have together";
    request.scope_within(most, (wider, rfc7521("4.1")))
}

/// The resources of the token: those that the request names, within those of the assertion if it names some. Those of this
/// server itself are never among them.
fn resources(request: &GrantRequest<'_>, claims: &VerifiedClaims) -> Result<Vec<String>, Refusal> {
    let asserted: Option<Vec<String>> = match claims.get("resource") {
        None => None,
        Some(Value::String(one)) => Some(vec![one.clone()]),
        Some(several) => {
            let several = serde_json::from_value(several.clone());
            Some(several.map_err(|_| invalid().detail("its resource is no text and no list of texts"))?)
        }
    };
    let mut resources = requested_resources(request.parameters);
    if resources.is_empty() {
        resources = asserted.clone().unwrap_or_default();
    }
    let is_open = |resource: &String| {
        asserted.as_ref().is_none_or(|asserted| asserted.contains(resource)) && !request.realm.is_own_resource(resource)
    };
    if !resources.iter().all(is_open) {
        let reason = "a resource is not one that the assertion is for";
        return Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2")));
    }
    resources_are_allowed(request.realm, request.client.client(), &resources)?;
    Ok(resources)
}

fn basis(
    request: &GrantRequest<'_>,
    claims: &VerifiedClaims,
    user: &User,
    (scope, resources): (Scope, Vec<String>),
) -> Result<TokenBasis, Refusal> {
    let act = claims.get("act").cloned();
    if act.as_ref().is_some_and(|act| !is_acceptable_act(act)) {
        return Err(invalid().detail("its act is no actor, or too many"));
    }
    let authenticated_at = claims.get("auth_time").and_then(Value::as_i64).map(UnixTime).or(claims.issued_at());
    // What the other issuer calls a class of authentication is none of this server's: there is no `acr`.
    Ok(TokenBasis {
        scope,
        resources,
        user_epoch: user.epoch,
        exchanged: act.map(|act| Exchanged { act: Some(act), ..Exchanged::default() }),
        ..request.basis(authenticated_at.unwrap_or_else(|| request.serving.now()))
    })
}

/// RFC 7523 section 3, rule 7: a `jti` counts once for as long as the assertion would be accepted.
fn record(trusted: &TrustedIssuer, claims: &VerifiedClaims) -> Result<UsedRecord, Refusal> {
    let named = claims.jwt_id().zip(claims.expires_at());
    let (jwt_id, expires_at) = named.ok_or_else(|| invalid().detail("it lacks jti or exp"))?;
    let mut message = trusted.issuer.as_bytes().to_vec();
    message.push(0);
    message.extend_from_slice(jwt_id.as_bytes());
    // Somewhat longer than clocks may differ: the mark must outlive the assertion.
    Ok(UsedRecord { purpose: Purpose::AssertionGrant, key: digest::sha256(&message), expires_at: expires_at.plus(60) })
}

fn issued(request: &GrantRequest<'_>, (lineage, basis, user): (Lineage, &TokenBasis, &User)) -> Event {
    let fact = Fact::TokenIssued {
        grant: GrantType::JwtBearer,
        lineage: lineage.into(),
        scope: basis.scope.clone(),
        resources: basis.resources.clone(),
        id_token: false,
        refresh_generation: None,
    };
    fact.concerning(Parties::client(&request.client.client().client_id).and_user(Some(user.id)))
}

/// Uses the assertion up, if everything stands at that moment.
async fn use_up(
    request: &GrantRequest<'_>,
    assertion: UsedRecord,
    (lineage, basis, user): (Lineage, &TokenBasis, &User),
) -> Result<(), Failure> {
    let client_id = &request.client.client().client_id;
    let spent = Use {
        redeemable: Redeemable::Code(assertion),
        standing: StandingQuery::of_basis(basis, (lineage, client_id, Some(user.id))),
        refresh_family: None,
        sid: None,
    };
    match redeem(request, spent, issued(request, (lineage, basis, user))).await? {
        Redeemed::Now => Ok(()),
        Redeemed::Before => Err(invalid().detail("it was used before").into()),
        Redeemed::Fallen => Err(invalid().detail("client, user or realm has changed").into()),
    }
}
