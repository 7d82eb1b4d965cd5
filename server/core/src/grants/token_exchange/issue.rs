//! The token that comes of an exchange (RFC 8693 section 2.2.1). It ends when the subject token does, and dies with it.

use serde_json::Value;
use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::Lineage;
use signet_protocol::names::{GrantType, TokenType};
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc6749;
use signet_protocol::standard_claims::DEVICE_SSO_SCOPE;

use super::decision::Left;
use super::native_sso::session_is_over;
use super::presented::Presented;
use super::{Exchange, invalid};
use crate::events::{Event, Fact, Parties};
use crate::failure::Failure;
use crate::grants::decision::{Permitted, Planned, decide};
use crate::grants::redeem::{Redeemed, Use, redeem};
use crate::grants::user_tokens::is_refreshable;
use crate::grants::{GrantRequest, aim_grant};
use crate::model::{Exchanged, Purpose, RefreshFamily, TokenBasis, UsedRecord, User};
use crate::ports::{Redeemable, Standing, StandingQuery};
use crate::realm::REFRESH_KEY_VERSION;
use crate::tokens::{ClientToken, Lifetimes, UserTokens, issue_client_token, issue_id_token_alone, issue_user_tokens};

/// What a response has where the token is no access token (section 2.2.1).
const NO_ACCESS_TOKEN: &str = "N_A";

/// What is about to be made.
struct Making<'a> {
    /// Nobody where the subject is a client.
    user: Option<&'a User>,
    subject: &'a str,
    lineage: Lineage,
    basis: TokenBasis,
    permitted: Permitted,
    lifetimes: Lifetimes,
}

pub(super) async fn issue(
    request: &GrantRequest<'_>,
    exchange: &Exchange<'_>,
    left: Left,
    act: Option<Value>,
) -> Result<TokenResponse, Failure> {
    let making = prepare(request, exchange, left, (act, exchange.wanted == TokenType::RefreshToken)).await?;
    let response = match exchange.wanted {
        TokenType::RefreshToken => refresh_token(request, exchange, &making).await,
        TokenType::IdToken => id_token(request, &making).await,
        // The others are made elsewhere, or not at all.
        TokenType::AccessToken | TokenType::Jwt | TokenType::TxnToken | TokenType::IdJag | TokenType::DeviceSecret => {
            access_token(request, &making).await
        }
    }?;
    Ok(TokenResponse { issued_token_type: Some(exchange.wanted), ..response })
}

/// Issues what an app gets for a login that another one shares (Native SSO for Mobile Apps 4.4): an ordinary answer, with
/// an ID token, and a refresh token where the scope has offline access. All of it ends with the session.
pub(super) async fn issue_shared(
    request: &GrantRequest<'_>,
    exchange: &Exchange<'_>,
    left: Left,
    ds_hash: String,
) -> Result<TokenResponse, Failure> {
    let refreshes = is_refreshable(request.client.client(), &left.scope);
    let making = prepare(request, exchange, left, (None, refreshes)).await?;
    let user = user_of(&making)?;
    let family = making.permitted.refresh_token.then(|| new_family(request, exchange, &making, user));
    let tokens = UserTokens {
        refresh_token: family.as_ref().map(|_| request.realm.refresh_token_key.token(making.lineage.0, 1)),
        // The app may hand the login on itself.
        ds_hash: making.basis.scope.contains(DEVICE_SSO_SCOPE).then_some(ds_hash),
        ..tokens(request, &making, user)
    };
    let response = issue_user_tokens(request.serving, request.realm, tokens).await?;
    let generation = family.as_ref().map(|family| family.generation);
    record(request, &making, family, (response.id_token.is_some(), generation)).await?;
    Ok(TokenResponse { issued_token_type: Some(TokenType::AccessToken), ..response })
}

/// Asks the hooks of every grant, and checks that everything still stands.
async fn prepare<'a>(
    request: &GrantRequest<'_>,
    exchange: &Exchange<'a>,
    left: Left,
    (act, refreshes): (Option<Value>, bool),
) -> Result<Making<'a>, Failure> {
    let subject = exchange.subject;
    let user = subject.user.as_ref();
    let grant_type = GrantType::TokenExchange;
    let aimed = aim_grant(request, (grant_type, user), &left.scope, (left.resources, Vec::new())).await?;
    let exchanged = subject.basis.exchanged.clone().unwrap_or_default();
    let basis = TokenBasis {
        scope: aimed.scope,
        resources: aimed.resources,
        exchanged: Some(Exchanged { act, ..exchanged }),
        ..subject.basis.clone()
    };
    let planned = Planned {
        grant_type,
        scope: &basis.scope,
        resources: &basis.resources,
        user: user.map(|user| (user, &basis)),
        refresh_token: refreshes,
    };
    let permitted = decide(request, &planned).await?;
    let seconds = Some(subject.expires_at.since(request.serving.now()));
    let lifetimes = permitted.lifetimes.at_most(aimed.lifetimes).at_most(left.lifetimes);
    let lifetimes = lifetimes.at_most(Lifetimes { access_token: seconds, id_token: seconds });
    let basis = TokenBasis { scope: permitted.scope.clone(), ..basis };
    let lineage = Lineage(random::random_bytes(&*request.serving.random));
    Ok(Making { user, subject: &subject.subject, lineage, basis, permitted, lifetimes })
}

fn tokens<'a>(request: &'a GrantRequest<'_>, making: &'a Making<'a>, user: &'a User) -> UserTokens<'a> {
    UserTokens {
        client: request.client.client(),
        user,
        lineage: making.lineage,
        basis: &making.basis,
        scope: &making.basis.scope,
        resources: &making.basis.resources,
        details: &[],
        lifetimes: making.lifetimes,
        confirmation: request.binding.confirmation(),
        nonce: None,
        state: None,
        sid: making.basis.sid,
        refresh_token: None,
        auth_req_id: None,
        ds_hash: None,
    }
}

/// Whom the tokens concern, and what was issued.
fn issued(request: &GrantRequest<'_>, making: &Making<'_>, (id_token, refresh): (bool, Option<i64>)) -> Event {
    let parties = Parties::client(&request.client.client().client_id);
    let parties = parties.and_user(making.user.map(|user| user.id)).and_session(making.basis.sid);
    let fact = Fact::TokenIssued {
        grant: GrantType::TokenExchange,
        lineage: making.lineage.into(),
        scope: making.basis.scope.clone(),
        resources: making.basis.resources.clone(),
        id_token,
        refresh_generation: refresh,
    };
    fact.concerning(parties)
}

fn revoked() -> Refusal {
    invalid("what the subject token rests on was revoked")
}

fn fallen(making: &Making<'_>) -> Refusal {
    let is_shared = making.basis.exchanged.as_ref().is_some_and(|exchanged| exchanged.group.is_some());
    if is_shared { session_is_over() } else { revoked() }
}

fn standing(request: &GrantRequest<'_>, making: &Making<'_>) -> StandingQuery {
    StandingQuery::of_basis(
        &making.basis,
        (making.lineage, &request.client.client().client_id, making.user.map(|user| user.id)),
    )
}

/// The user of tokens that only users have.
fn user_of<'a>(making: &Making<'a>) -> Result<&'a User, Refusal> {
    making.user.ok_or_else(|| invalid("the subject token is of no user"))
}

/// A token whose subject is a client: the one that the subject token names.
async fn client_token(request: &GrantRequest<'_>, making: &Making<'_>) -> Result<TokenResponse, Failure> {
    let token = ClientToken {
        client: request.client.client(),
        exchanged: making.basis.exchanged.as_ref().map(|exchanged| (making.subject, exchanged)),
        lineage: making.lineage,
        scope: &making.basis.scope,
        resources: &making.basis.resources,
        details: &[],
        lifetimes: making.lifetimes,
        confirmation: request.binding.confirmation(),
    };
    issue_client_token(request.serving, request.realm, &token).await
}

async fn access_token(request: &GrantRequest<'_>, making: &Making<'_>) -> Result<TokenResponse, Failure> {
    let response = match making.user {
        Some(user) => issue_user_tokens(request.serving, request.realm, tokens(request, making, user)).await?,
        None => client_token(request, making).await?,
    };
    // Last of all, so that nothing that fell meanwhile is overlooked.
    let stands = request.serving.store.standing(request.realm.id(), &standing(request, making)).await?;
    if stands != Standing::Stands {
        return Err(fallen(making).into());
    }
    request.record(issued(request, making, (false, None))).await?;
    Ok(response)
}

/// The client takes part in the session from now on: it is told when that ends.
async fn id_token(request: &GrantRequest<'_>, making: &Making<'_>) -> Result<TokenResponse, Failure> {
    let token =
        issue_id_token_alone(request.serving, request.realm, &tokens(request, making, user_of(making)?)).await?;
    let own = request.realm.realm.settings.id_token_seconds;
    let expires_in = making.lifetimes.id_token.map_or(own, |most| most.min(own));
    record(request, making, None, (true, None)).await?;
    Ok(alone(token, expires_in, &Scope::empty()))
}

async fn refresh_token(
    request: &GrantRequest<'_>,
    exchange: &Exchange<'_>,
    making: &Making<'_>,
) -> Result<TokenResponse, Failure> {
    if !making.permitted.refresh_token {
        let reason = "no refresh token is open to this exchange";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("5.2")).into());
    }
    let family = new_family(request, exchange, making, user_of(making)?);
    let expires_in = family.expires_at.since(request.serving.now());
    record(request, making, Some(family), (false, Some(1))).await?;
    let token = request.realm.refresh_token_key.token(making.lineage.0, 1);
    Ok(alone(token, expires_in, &making.basis.scope))
}

/// A family of refresh tokens that ends when what was exchanged does. Those of a public client are bound to what the
/// request proves (RFC 8705 section 4, RFC 9449 section 5).
fn new_family(request: &GrantRequest<'_>, exchange: &Exchange<'_>, making: &Making<'_>, user: &User) -> RefreshFamily {
    let now = request.serving.now();
    let settings = &request.realm.realm.settings;
    let client = request.client.client();
    let end = |seconds: i64| now.plus(seconds).min(exchange.subject.expires_at);
    let confirmation = request.binding.confirmation().filter(|_| !client.metadata.is_confidential());
    RefreshFamily {
        realm_id: request.realm.id(),
        lineage: making.lineage,
        client_id: client.client_id.clone(),
        user_id: user.id,
        generation: 1,
        rotated_at: now,
        active: true,
        content: TokenBasis { confirmation, ..making.basis.clone() },
        key_version: i64::from(REFRESH_KEY_VERSION),
        idle_expires_at: end(settings.refresh_token_idle_seconds),
        expires_at: end(settings.refresh_token_absolute_seconds),
    }
}

/// Records what is more than an access token, if everything stands at that moment.
async fn record(
    request: &GrantRequest<'_>,
    making: &Making<'_>,
    refresh_family: Option<RefreshFamily>,
    what: (bool, Option<i64>),
) -> Result<(), Failure> {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&making.lineage.0);
    let mark = UsedRecord { purpose: Purpose::TokenExchange, key, expires_at: request.serving.now() };
    let spent = Use {
        redeemable: Redeemable::Code(mark),
        standing: standing(request, making),
        refresh_family,
        sid: making.basis.sid,
    };
    match redeem(request, spent, issued(request, making, what)).await? {
        Redeemed::Now => Ok(()),
        Redeemed::Before | Redeemed::Fallen => Err(fallen(making).into()),
    }
}

/// The answer where what was issued is no access token.
pub(super) fn alone(token: String, expires_in: i64, scope: &Scope) -> TokenResponse {
    TokenResponse {
        access_token: token,
        token_type: NO_ACCESS_TOKEN.to_owned(),
        expires_in,
        refresh_token: None,
        scope: (!scope.is_empty()).then(|| scope.to_string()),
        id_token: None,
        device_secret: None,
        issued_token_type: None,
        authorization_details: None,
        grant_id: None,
        upgraded: None,
        pct: None,
    }
}

/// Asks the hook of every grant about a token that no resource server takes as an access token, so that it has no resource
/// of this realm.
pub(super) async fn permitted(
    request: &GrantRequest<'_>,
    subject: &Presented,
    scope: Scope,
) -> Result<Permitted, Failure> {
    let basis = TokenBasis { scope, ..subject.basis.clone() };
    let planned = Planned {
        grant_type: GrantType::TokenExchange,
        scope: &basis.scope,
        resources: &[],
        user: subject.user.as_ref().map(|user| (user, &basis)),
        refresh_token: false,
    };
    decide(request, &planned).await
}

/// Records that such a token was issued, if everything still stands.
pub(super) async fn finish(
    request: &GrantRequest<'_>,
    subject: &Presented,
    (lineage, scope, audience): (Lineage, Scope, Vec<String>),
) -> Result<(), Failure> {
    let (client_id, user_id) = (&request.client.client().client_id, subject.user.as_ref().map(|user| user.id));
    let query = StandingQuery::of_basis(&subject.basis, (lineage, client_id, user_id));
    // Last of all, so that nothing that fell meanwhile is overlooked.
    if request.serving.store.standing(request.realm.id(), &query).await? != Standing::Stands {
        return Err(revoked().into());
    }
    let fact = Fact::TokenIssued {
        grant: GrantType::TokenExchange,
        lineage: lineage.into(),
        scope,
        resources: audience,
        id_token: false,
        refresh_generation: None,
    };
    let parties = Parties::client(client_id).and_user(user_id).and_session(subject.basis.sid);
    request.record(fact.concerning(parties)).await
}
