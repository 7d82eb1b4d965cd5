//! What every grant of a user has in common: whatever the user agreed to is asked again, narrowed, issued and used up in
//! one transaction.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::{Lineage, SessionId, UserId};
use signet_protocol::names::GrantType;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{SpecRef, rfc6749, rfc9449};

use super::decision::{Planned, decide, go_on};
use super::device_secret::NewSecret;
use super::redeem::{Redeemed, Use, redeem};
use super::{GrantRequest, aim_grant};
use crate::events::{Event, Fact, Parties};
use crate::failure::Failure;
use crate::model::{AuthorizationDetail, Client, RefreshFamily, Thumbprint, TokenBasis, User};
use crate::ports::{Redeemable, StandingQuery};
use crate::realm::REFRESH_KEY_VERSION;
use crate::tokens::{UserTokens, issue_user_tokens};

/// What a user agreed to, and what it is used up by.
pub(super) struct Granted<'a> {
    pub(super) grant_type: GrantType,
    pub(super) redeemable: Redeemable,
    pub(super) lineage: Lineage,
    pub(super) user_id: UserId,
    /// The session that the user agreed in: the agreement ends with it. Nothing where there was none.
    pub(super) sid: Option<SessionId>,
    pub(super) nonce: Option<&'a str>,
    pub(super) basis: &'a TokenBasis,
    /// Where the client is sent the tokens.
    pub(super) pushed: Option<Pushed<'a>>,
}

/// What an ID token has that is sent to the client (CIBA Core 10.3.1).
#[derive(Clone, Copy)]
pub(super) struct Pushed<'a> {
    pub(super) auth_req_id: &'a str,
}

/// Issues the tokens of a grant, for these resources and authorization details; nothing if it was used up before.
///
/// # Errors
/// `invalid_grant` where something that it rests on does not stand any more; whatever scripts refuse.
pub(super) async fn issue(
    request: &GrantRequest<'_>,
    granted: &Granted<'_>,
    (resources, details): (&[String], &[AuthorizationDetail]),
) -> Result<Option<TokenResponse>, Failure> {
    let user = live_user(request, granted).await?;
    request.serving.passed("user");
    go_on(request, granted.basis)?;
    let scope = open_scope(request, granted.basis, rfc6749("5.2"))?;
    let asked = (resources.to_vec(), details.to_vec());
    let aimed = aim_grant(request, (granted.grant_type, Some(&user)), &scope, asked).await?;
    let planned = Planned {
        grant_type: granted.grant_type,
        scope: &aimed.scope,
        resources: &aimed.resources,
        user: Some((&user, granted.basis)),
        refresh_token: is_refreshable(request.client.client(), &scope),
    };
    let permitted = decide(request, &planned).await?;
    let secret = match granted.grant_type {
        GrantType::AuthorizationCode => {
            let whose = (granted.lineage, granted.user_id, granted.sid);
            Box::pin(NewSecret::prepare(request, &permitted.scope, whose)).await?
        }
        _ => None,
    };
    let refresh_family = permitted.refresh_token.then(|| new_family(request, granted));
    let refresh_token = refresh_family
        .as_ref()
        .map(|family| request.realm.refresh_token_key.token(family.lineage.0, family.generation.unsigned_abs()));
    let tokens = UserTokens {
        client: request.client.client(),
        user: &user,
        lineage: granted.lineage,
        basis: granted.basis,
        scope: &permitted.scope,
        resources: &aimed.resources,
        details: &aimed.details,
        lifetimes: permitted.lifetimes.at_most(aimed.lifetimes),
        confirmation: request.binding.confirmation(),
        nonce: granted.nonce,
        state: None,
        sid: granted.sid,
        refresh_token,
        auth_req_id: granted.pushed.map(|pushed| pushed.auth_req_id),
        ds_hash: secret.as_ref().map(NewSecret::ds_hash),
    };
    let mut response = issue_user_tokens(request.serving, request.realm, tokens).await?;
    let issued = issued(granted, (permitted.scope, aimed.resources), (&response, refresh_family.as_ref()));
    let is_first = use_up(request, granted, refresh_family, issued.concerning(granted.parties(request))).await?;
    if let Some(secret) = secret.filter(|_| is_first) {
        response.device_secret = Some(Box::pin(secret.keep(request)).await?);
    }
    Ok(is_first.then_some(response))
}

impl Granted<'_> {
    /// Whom it concerns.
    pub(super) fn parties(&self, request: &GrantRequest<'_>) -> Parties {
        Parties::client(&request.client.client().client_id).and_user(Some(self.user_id)).and_session(self.sid)
    }
}

pub(super) fn invalid_grant(reason: &'static str, spec: SpecRef) -> Refusal {
    ErrorCode::InvalidGrant.because(reason).per(spec)
}

/// RFC 9449 section 10: the request proves to hold the key that was named when the user was asked.
pub(super) fn check_key(request: &GrantRequest<'_>, key: Option<Thumbprint>) -> Result<(), Refusal> {
    if key.is_none() || key == request.binding.key() {
        Ok(())
    } else {
        Err(invalid_grant("the code is bound to a key, and the request has no DPoP proof of it", rfc9449("10")))
    }
}

/// What of an agreed scope is still the client's to have: what was taken from it meanwhile is gone.
///
/// # Errors
/// `invalid_scope` where nothing is left.
pub(super) fn open_scope(request: &GrantRequest<'_>, basis: &TokenBasis, spec: SpecRef) -> Result<Scope, Refusal> {
    let allowed = request.realm.scope_of(request.client.client());
    let open = basis.scope.filtered(|token| allowed.contains(token));
    // RFC 9396 section 3: where there never was a scope, the authorization details say it all.
    let is_detailed = basis.scope.is_empty() && !basis.details.is_empty();
    if open.is_empty() && !is_detailed {
        let reason = "nothing of what was granted is open to the client any more";
        return Err(ErrorCode::InvalidScope.because(reason).per(spec));
    }
    Ok(open)
}

async fn live_user(request: &GrantRequest<'_>, granted: &Granted<'_>) -> Result<User, Failure> {
    let user = request.serving.store.user(request.realm.id(), granted.user_id).await?;
    user.filter(|user| user.enabled && user.epoch == granted.basis.user_epoch).ok_or_else(|| fallen().into())
}

fn fallen() -> Refusal {
    invalid_grant("what the code rests on was revoked", rfc6749("5.2"))
}

/// A refresh token needs the client's registration, and offline access where the request was an OpenID Connect one
/// (OpenID Connect Core 11).
pub(super) fn is_refreshable(client: &Client, scope: &Scope) -> bool {
    client.metadata.grant_types().contains(&GrantType::RefreshToken)
        && (scope.contains("offline_access") || !scope.contains("openid"))
}

fn new_family(request: &GrantRequest<'_>, granted: &Granted<'_>) -> RefreshFamily {
    let now = request.serving.now();
    let settings = &request.realm.realm.settings;
    let client = request.client.client();
    let is_public = !client.metadata.is_confidential();
    RefreshFamily {
        realm_id: request.realm.id(),
        lineage: granted.lineage,
        client_id: client.client_id.clone(),
        user_id: granted.user_id,
        generation: 1,
        rotated_at: now,
        active: true,
        content: TokenBasis {
            confirmation: request.binding.confirmation().filter(|_| is_public),
            ..granted.basis.clone()
        },
        key_version: i64::from(REFRESH_KEY_VERSION),
        idle_expires_at: now.plus(settings.refresh_token_idle_seconds),
        expires_at: now.plus(settings.refresh_token_absolute_seconds),
    }
}

fn issued(
    granted: &Granted<'_>,
    (scope, resources): (Scope, Vec<String>),
    (response, family): (&TokenResponse, Option<&RefreshFamily>),
) -> Fact {
    Fact::TokenIssued {
        grant: granted.grant_type,
        lineage: granted.lineage.into(),
        scope,
        resources,
        id_token: response.id_token.is_some(),
        refresh_generation: family.map(|family| family.generation),
    }
}

/// Uses the grant up; says whether it was there to be used.
async fn use_up(
    request: &GrantRequest<'_>,
    granted: &Granted<'_>,
    refresh_family: Option<RefreshFamily>,
    issued: Event,
) -> Result<bool, Failure> {
    let client_id = &request.client.client().client_id;
    let spent = Use {
        redeemable: granted.redeemable,
        // The grant itself ends with the session that the user agreed in, also where the tokens outlive it.
        standing: StandingQuery {
            session: granted.sid,
            ..StandingQuery::of_basis(granted.basis, (granted.lineage, client_id, Some(granted.user_id)))
        },
        refresh_family,
        sid: granted.sid,
    };
    match redeem(request, spent, issued).await? {
        Redeemed::Now => Ok(true),
        Redeemed::Before => Ok(false),
        Redeemed::Fallen => Err(fallen().into()),
    }
}
