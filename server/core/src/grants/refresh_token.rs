//! The refresh token grant (RFC 6749 section 6, RFC 9700 section 4.14).

use signet_jose::RefreshToken;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc6749, rfc9700};

use super::authorization_code::LONGEST_ACCESS_TOKEN_SECONDS;
use super::decision::{Planned, decide, go_on};
use super::device_secret::NewSecret;
use super::{GrantRequest, aim_grant, details, resources, token_exchange, uma_ticket};
use crate::binding::replayed;
use crate::events::{Event, Fact, Parties};
use crate::failure::Failure;
use crate::model::{PartyPermissions, RefreshFamily, RefreshRotation, TokenBasis, User};
use crate::ports::{Rotation, RotationOutcome, Standing, StandingQuery};
use crate::tokens::{Lifetimes, UserTokens, issue_user_tokens};

/// What a presented token is within its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presented {
    /// The current one.
    Current,
    /// The one before, inside the retry window: the answer to its use may have been lost on the way.
    Retried,
    /// An older one: somebody has a copy.
    Reused,
}

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let token = read_token(request)?;
    let lineage = Lineage(token.family());
    let generation = i64::try_from(token.generation()).map_err(|_| invalid("generation out of range"))?;
    let family = live_family(request, lineage).await?;
    request.serving.passed("refresh_token");
    if presented(request, &family, generation) != Presented::Current {
        return retry_or_close(request, &family, generation).await;
    }
    if let Some(response) = use_current(request, &family).await? {
        return Ok(response);
    }
    // Another request was faster; what this one is now depends on what that one left.
    let family = live_family(request, lineage).await?;
    retry_or_close(request, &family, generation).await
}

fn invalid(detail: &'static str) -> Refusal {
    ErrorCode::InvalidGrant.because("the refresh token is not valid for this client").per(rfc6749("5.2")).detail(detail)
}

/// A token that this realm did not make never reaches the database.
fn read_token(request: &GrantRequest<'_>) -> Result<RefreshToken, Refusal> {
    let text = request.parameters.get("refresh_token");
    let text = text.ok_or_else(|| ErrorCode::InvalidRequest.because("refresh_token is missing").per(rfc6749("6")))?;
    let token = RefreshToken::parse(text).map_err(|_| invalid("not a refresh token"))?;
    if token.is_genuine(&request.realm.refresh_token_key) { Ok(token) } else { Err(invalid("forged refresh token")) }
}

async fn live_family(request: &GrantRequest<'_>, lineage: Lineage) -> Result<RefreshFamily, Failure> {
    let family = request
        .serving
        .store
        .refresh_family(request.realm.id(), lineage)
        .await?
        .ok_or_else(|| invalid("unknown family"))?;
    let now = request.serving.now();
    if family.client_id != request.client.client().client_id {
        return Err(invalid("the family belongs to another client").into());
    }
    // RFC 8705 section 4, RFC 9449 section 5: those of a public client are good only with what they are bound to. Those of
    // other clients are bound to the client's credential.
    if family.content.confirmation.is_some() && family.content.confirmation != request.binding.confirmation() {
        return Err(invalid("the request proves another key than the one the family is bound to").into());
    }
    if !family.active || now >= family.idle_expires_at || now >= family.expires_at {
        return Err(invalid("the family has ended").into());
    }
    Ok(family)
}

fn presented(request: &GrantRequest<'_>, family: &RefreshFamily, generation: i64) -> Presented {
    let since_rotation = request.serving.now().since(family.rotated_at);
    if generation == family.generation {
        Presented::Current
    } else if generation == family.generation - 1 && since_rotation < retry_seconds(request) {
        Presented::Retried
    } else {
        Presented::Reused
    }
}

/// For how long the token before a rotation is good: as the realm says, and at least as the profile says.
fn retry_seconds(request: &GrantRequest<'_>) -> i64 {
    let of_profile = request.realm.profile_of(request.client.client()).refresh_retry_seconds;
    request.realm.realm.settings.refresh_retry_window_seconds.max(of_profile)
}

fn standing_query(request: &GrantRequest<'_>, family: &RefreshFamily) -> StandingQuery {
    StandingQuery::of_refresh(family, request.serving.now(), request.realm.realm.settings.session_idle_seconds)
}

/// Uses the current token. Nothing is returned if another request used it first.
async fn use_current(request: &GrantRequest<'_>, family: &RefreshFamily) -> Result<Option<TokenResponse>, Failure> {
    let client = request.client.client();
    let rotates = client.settings.refresh_rotation.unwrap_or(request.realm.profile_of(client).refresh_rotation)
        == RefreshRotation::Rotate;
    // RFC 9700 section 2.2.2: a public client's refresh tokens always rotate, whatever is stored.
    let rotates = rotates || !client.metadata.is_confidential();
    let next_generation = if rotates { family.generation + 1 } else { family.generation };
    let response = issue(request, family, next_generation).await?;
    let now = request.serving.now();
    let rotation = Rotation {
        lineage: family.lineage,
        generation: family.generation,
        next_generation,
        rotated_at: now,
        idle_expires_at: now.plus(request.realm.realm.settings.refresh_token_idle_seconds),
        standing: standing_query(request, family),
        proofs: request.proofs(),
    };
    let events = request.serving.with_event(request.realm, issued(family, next_generation, &response));
    match request.serving.store.rotate(request.realm.id(), &rotation, &events).await? {
        RotationOutcome::Rotated => {
            request.serving.written(&events);
            Ok(Some(response.into_response(request).await?))
        }
        RotationOutcome::Superseded => Ok(None),
        RotationOutcome::ProofReplayed(purpose) => Err(replayed(purpose).into()),
    }
}

/// Answers a retried token with the current one, and ends the family for an older one (RFC 9700 section 4.14.2).
async fn retry_or_close(
    request: &GrantRequest<'_>,
    family: &RefreshFamily,
    generation: i64,
) -> Result<TokenResponse, Failure> {
    match presented(request, family, generation) {
        Presented::Retried => {
            request.consume_proofs().await?;
            if request.serving.store.standing(request.realm.id(), &standing_query(request, family)).await?
                != Standing::Stands
            {
                return Err(invalid("what the family rests on does not stand").into());
            }
            let response = issue(request, family, family.generation).await?;
            request.serving.note(request.realm, issued(family, family.generation, &response));
            response.into_response(request).await
        }
        // Unchanged since it was read, and still not usable: what it rests on has fallen.
        Presented::Current => Err(invalid("what the family rests on does not stand").into()),
        Presented::Reused => {
            let denied_until = request.serving.now().plus(LONGEST_ACCESS_TOKEN_SECONDS);
            let reused = Fact::RefreshReuse {
                lineage: family.lineage.into(),
                presented: generation,
                current: family.generation,
            };
            let events = request.serving.with_event(request.realm, reused.concerning(parties(family)));
            request.serving.store.close_lineage(request.realm.id(), family.lineage, denied_until, &events).await?;
            request.serving.written(&events);
            let reason = "the refresh token was used before; everything issued with it is revoked";
            Err(ErrorCode::InvalidGrant.because(reason).per(rfc9700("4.14.2")).into())
        }
    }
}

/// Tokens with what they are good for.
struct Issued {
    tokens: TokenResponse,
    scope: Scope,
    resources: Vec<String>,
    /// What is kept once the tokens are recorded.
    secret: Option<NewSecret>,
}

impl Issued {
    /// The answer to the client.
    async fn into_response(self, request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
        let mut tokens = self.tokens;
        if let Some(secret) = self.secret {
            tokens.device_secret = Some(Box::pin(secret.keep(request)).await?);
        }
        Ok(tokens)
    }
}

/// The event of tokens that were issued for a family.
fn issued(family: &RefreshFamily, generation: i64, issued: &Issued) -> Event {
    let fact = Fact::TokenIssued {
        grant: GrantType::RefreshToken,
        lineage: family.lineage.into(),
        scope: issued.scope.clone(),
        resources: issued.resources.clone(),
        id_token: issued.tokens.id_token.is_some(),
        refresh_generation: Some(generation),
    };
    fact.concerning(parties(family))
}

/// Whom a family concerns.
fn parties(family: &RefreshFamily) -> Parties {
    Parties::client(&family.client_id).and_user(Some(family.user_id)).and_session(family.content.sid)
}

async fn issue(request: &GrantRequest<'_>, family: &RefreshFamily, generation: i64) -> Result<Issued, Failure> {
    let client = request.client.client();
    token_exchange::still_permitted(request, &family.content)?;
    if let Some(permitted) = &family.content.permitted {
        return refresh_permissions(request, (family, permitted), generation).await;
    }
    let scope = narrowed_scope(request, &family.content)?;
    request.serving.passed("scope");
    let resources = resources::narrowed(request, &family.content.resources)?;
    request.serving.passed("resource");
    let details = details::narrowed(request, &family.content.details)?;
    let user = live_user(request, family).await?;
    go_on(request, &family.content)?;
    let grant_type = GrantType::RefreshToken;
    let aimed = aim_grant(request, (grant_type, Some(&user)), &scope, (resources, details)).await?;
    let planned = Planned {
        grant_type,
        scope: &aimed.scope,
        resources: &aimed.resources,
        user: Some((&user, &family.content)),
        refresh_token: true,
    };
    let permitted = decide(request, &planned).await?;
    let whose = (family.lineage, family.user_id, family.content.sid);
    let secret = Box::pin(NewSecret::prepare(request, &permitted.scope, whose)).await?;
    let tokens = UserTokens {
        client,
        user: &user,
        lineage: family.lineage,
        basis: &family.content,
        scope: &permitted.scope,
        resources: &aimed.resources,
        details: &aimed.details,
        lifetimes: permitted.lifetimes.at_most(aimed.lifetimes).at_most(exchanged_lifetimes(request, family)),
        confirmation: request.binding.confirmation(),
        nonce: None,
        state: None,
        sid: family.content.sid,
        refresh_token: Some(text_of(request, family, generation)),
        auth_req_id: None,
        ds_hash: secret.as_ref().map(NewSecret::ds_hash),
    };
    let tokens = issue_user_tokens(request.serving, request.realm, tokens).await?;
    Ok(Issued { tokens, scope: permitted.scope, resources: aimed.resources, secret })
}

fn text_of(request: &GrantRequest<'_>, family: &RefreshFamily, generation: i64) -> String {
    request.realm.refresh_token_key.token(family.lineage.0, generation.unsigned_abs())
}

async fn live_user(request: &GrantRequest<'_>, family: &RefreshFamily) -> Result<User, Failure> {
    let user = request.serving.store.user(request.realm.id(), family.user_id).await?;
    let user = user
        .filter(|user| user.enabled && user.epoch == family.content.user_epoch)
        .ok_or_else(|| invalid("the user is gone or changed"))?;
    request.serving.passed("user");
    Ok(user)
}

/// A requesting party token with its permissions (UMA Grant section 3.6).
async fn refresh_permissions(
    request: &GrantRequest<'_>,
    of: (&RefreshFamily, &PartyPermissions),
    generation: i64,
) -> Result<Issued, Failure> {
    let user = live_user(request, of.0).await?;
    go_on(request, &of.0.content)?;
    let refreshed = uma_ticket::refresh(request, of, (&user, text_of(request, of.0, generation))).await?;
    Ok(Issued { tokens: refreshed.tokens, scope: Scope::empty(), resources: vec![refreshed.server], secret: None })
}

/// What came of an exchange ends with what was exchanged.
fn exchanged_lifetimes(request: &GrantRequest<'_>, family: &RefreshFamily) -> Lifetimes {
    let left = family.expires_at.since(request.serving.now());
    let left = family.content.exchanged.as_ref().map(|_| left);
    Lifetimes { access_token: left, id_token: left }
}

/// RFC 6749 section 6: the same scope or less. What the client may no longer have is gone as well.
fn narrowed_scope(request: &GrantRequest<'_>, basis: &TokenBasis) -> Result<Scope, Refusal> {
    let allowed = request.realm.scope_of(request.client.client());
    if basis.scope.contains("offline_access") && !allowed.contains("offline_access") {
        return Err(invalid("offline access was taken from the client"));
    }
    let granted = super::user_tokens::open_scope(request, basis, rfc6749("6"))?;
    request.scope_within(granted, ("the scope is wider than what was granted", rfc6749("6")))
}
