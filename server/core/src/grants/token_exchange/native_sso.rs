//! Native SSO (OpenID Connect Native SSO for Mobile Apps 4): an app brings the ID token of another app of the same vendor
//! with the device secret that both share, and gets tokens of its own in the same session. Which apps belong together is
//! what the administrator says of each; without that there is no exchange.

mod consent;

use signet_jose::digest;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::SessionId;
use signet_protocol::names::TokenType;
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::TokenResponse;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{SpecRef, native_sso};
use signet_protocol::time::UnixTime;

use super::super::device_secret::{self, ds_hash};
use super::super::{GrantRequest, requested_resources, resources_are_allowed};
use super::id_token::{id_token_stands, verified_id_token};
use super::issue::issue_shared;
use super::presented::{Presented, live_user, unacceptable};
use super::{Exchange, decision, invalid, is_of_this_server};
use crate::authn::{note_use, session_of_apps};
use crate::authorize::session_taken;
use crate::failure::Failure;
use crate::model::{BrowserSession, Client, DEFAULT_SLOT, DeviceSecret, ExchangeOrigin, Exchanged, TokenBasis, User};
use crate::tokens::{Age, subject_for};

/// Whether a request is one of this profile: its actor is a device (section 4.1).
pub(super) fn is_asked(parameters: &Parameters) -> bool {
    parameters.get("actor_token_type") == Some(TokenType::DeviceSecret.as_str())
}

pub(super) async fn exchange(request: &GrantRequest<'_>) -> Result<TokenResponse, Failure> {
    let group = request.realm.native_sso_group(request.client.client()).ok_or_else(|| {
        let reason = "the client shares its logins with no other application";
        ErrorCode::UnauthorizedClient.because(reason).per(native_sso("4.3"))
    })?;
    check_parameters(request)?;
    let login = permitted(request, shared_login(request, group).await?).await?;
    request.serving.passed("subject_token");
    request.serving.passed("actor_token");
    let scope = scope(request)?;
    request.serving.passed("scope");
    let resources = requested_resources(request.parameters);
    resources_are_allowed(request.realm, request.client.client(), &resources)?;
    request.serving.passed("resource");
    let asked = (&scope, resources.as_slice());
    let consent = consent::given(request, (&login.user, &login.session), asked).await?;
    request.serving.passed("consent");
    let actor = of_device(request, &login);
    let subject = login.subject(request, (group, consent));
    let exchange =
        Exchange { wanted: TokenType::AccessToken, subject: &subject, actor: Some(&actor), scope, resources };
    let left = decision::decide(request, &exchange).await?;
    issue_shared(request, &exchange, left, ds_hash(login.secret.hash)).await
}

/// Section 4.3, rule 4: the one thing that the app cannot mend without its user.
pub(super) fn session_is_over() -> Refusal {
    ErrorCode::InvalidGrant.because("the session is over; the user has to log in again").per(native_sso("4.3"))
}

fn per_profile(reason: &'static str, spec: SpecRef) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(spec)
}

/// Section 4.1.
fn check_parameters(request: &GrantRequest<'_>) -> Result<(), Refusal> {
    let parameters = request.parameters;
    let wrong = |reason: &'static str| Err(per_profile(reason, native_sso("4.1")));
    if !parameters.all("audience").eq([request.realm.issuer()]) {
        return wrong("audience must be the issuer of the ID token");
    }
    if parameters.get("subject_token_type") != Some(TokenType::IdToken.as_str()) {
        return wrong("with a device secret the subject_token is an ID token");
    }
    if parameters.get("requested_token_type").is_some_and(|kind| kind != TokenType::AccessToken.as_str()) {
        return wrong("requested_token_type must be an access token, or be left out");
    }
    Ok(())
}

/// A login that another app shares: everything of it is checked.
struct SharedLogin {
    /// The app that shares it.
    client: std::sync::Arc<Client>,
    session: BrowserSession,
    user: User,
    secret: DeviceSecret,
    authenticated_at: UnixTime,
    acr: Option<String>,
    subject: String,
}

/// Section 4.3, rules 1 to 5. Whatever is wrong with token or secret is one answer.
async fn shared_login(request: &GrantRequest<'_>, group: &str) -> Result<SharedLogin, Failure> {
    let text = request.parameters.get("subject_token").ok_or_else(|| invalid("subject_token is missing"))?;
    let (client, claims) = verified_id_token(request, (text, Age::Any)).await?.ok_or_else(unacceptable)?;
    if request.realm.native_sso_group(&client) != Some(group) {
        return Err(unacceptable().into());
    }
    let sid = claims.text("sid").and_then(|sid| sid.parse::<SessionId>().ok()).ok_or_else(unacceptable)?;
    let session = session_of_apps(request.serving, request.realm, sid).await?.ok_or_else(session_is_over)?;
    let user = live_user(request, session.user_id, session.user_epoch).await?.ok_or_else(session_is_over)?;
    let subject = subject_for(request.realm, &client, &user)?;
    let secret = device_secret::presented(request, "actor_token").await?;
    let is_bound = |secret: &DeviceSecret| {
        let claim = claims.text("ds_hash").unwrap_or_default();
        digest::equal_in_constant_time(claim.as_bytes(), ds_hash(secret.hash).as_bytes())
    };
    let secret = secret.filter(|secret| device_secret::is_good(secret, &session, group) && is_bound(secret));
    let secret = secret.filter(|_| claims.subject() == Some(subject.as_str())).ok_or_else(unacceptable)?;
    let authenticated_at = claims.get("auth_time").and_then(serde_json::Value::as_i64);
    let authenticated_at = authenticated_at.map_or(session.authenticated_at, UnixTime);
    let acr = claims.text("acr").map(str::to_owned);
    let login = SharedLogin { client, session, user, secret, authenticated_at, acr, subject };
    if !login.stands(request).await? {
        return Err(session_is_over().into());
    }
    note_use(request.serving, request.realm, &login.session).await?;
    Ok(login)
}

/// The login, if the realm's scripts let the session be used; who uses it is the app that asks.
async fn permitted(request: &GrantRequest<'_>, login: SharedLogin) -> Result<SharedLogin, Failure> {
    let about = (Some(&login.user), login.session.clone());
    match session_taken(request.serving, request.realm, request.client.client(), about).await? {
        Some((session, false)) => Ok(SharedLogin { session, ..login }),
        Some((_, true)) => {
            let reason = "the user has to log in for this application; send an authorization request";
            Err(ErrorCode::InteractionRequired.because(reason).per(native_sso("4.3")).into())
        }
        None => Err(session_is_over().into()),
    }
}

impl SharedLogin {
    /// Whether the app that shares it still may: it takes part in the session, its user agrees, and its tokens were not
    /// revoked.
    async fn stands(&self, request: &GrantRequest<'_>) -> Result<bool, Failure> {
        let (realm_id, client_id) = (request.realm.id(), &self.client.client_id);
        if !request.serving.store.session_participants(realm_id, self.session.sid).await?.contains(client_id) {
            return Ok(false);
        }
        let consent = request.serving.store.authorization(realm_id, self.user.id, client_id, DEFAULT_SLOT).await?;
        if consent.is_none() && !self.client.settings.skip_consent {
            return Ok(false);
        }
        let rests_on = TokenBasis {
            authorization_id: consent.as_ref().map(|consent| consent.id),
            authorization_epoch: consent.as_ref().map_or(0, |consent| consent.epoch),
            sid: Some(self.session.sid),
            user_epoch: self.session.user_epoch,
            ..request.basis(self.authenticated_at)
        };
        id_token_stands(request, &self.client, (&rests_on, &self.user), Some(self.secret.lineage)).await
    }

    /// What is exchanged: the login itself. It ends with the session, whenever the ID token did.
    fn subject(&self, request: &GrantRequest<'_>, (group, consent): (&str, Option<consent::Given>)) -> Presented {
        let origin = ExchangeOrigin {
            client: Some((self.client.client_id.clone(), self.client.epoch)),
            ..ExchangeOrigin::default()
        };
        let exchanged = Exchanged { origins: vec![origin], act: None, group: Some(group.to_owned()) };
        let basis = TokenBasis {
            acr: self.acr.clone(),
            amr: self.session.amr.clone(),
            authorization_id: consent.map(|given| given.id),
            authorization_epoch: consent.map_or(0, |given| given.epoch),
            sid: Some(self.session.sid),
            user_epoch: self.session.user_epoch,
            exchanged: Some(exchanged),
            ..request.basis(self.authenticated_at)
        };
        Presented {
            token_type: TokenType::IdToken,
            issued_to: Some(self.client.client_id.clone()),
            issuer: None,
            subject: self.subject.clone(),
            user: Some(self.user.clone()),
            scope: None,
            expires_at: self.session.expires_at,
            may_act: None,
            confirmation: None,
            audience: Vec::new(),
            replaces: None,
            basis,
        }
    }
}

/// The device, as scripts are told of it: it is nobody.
fn of_device(request: &GrantRequest<'_>, login: &SharedLogin) -> Presented {
    Presented {
        token_type: TokenType::DeviceSecret,
        issued_to: None,
        issuer: None,
        subject: String::new(),
        user: None,
        scope: None,
        expires_at: login.secret.expires_at,
        may_act: None,
        confirmation: None,
        audience: Vec::new(),
        replaces: None,
        basis: request.basis(login.authenticated_at),
    }
}

/// Section 4.1: what the app is registered for, or less; an OpenID Connect request in any case. Nothing of this server
/// itself is among it, as in every exchange.
fn scope(request: &GrantRequest<'_>) -> Result<Scope, Refusal> {
    let invalid_scope = |reason: &'static str| ErrorCode::InvalidScope.because(reason).per(native_sso("4.1"));
    let registered = request.realm.scope_of(request.client.client());
    let most = registered.filtered(|value| !is_of_this_server(value));
    let scope = match request.parameters.get("scope") {
        None => most.clone(),
        Some(text) => {
            text.parse().map_err(|_| invalid_scope("scope has characters that a scope token may not have"))?
        }
    };
    if !scope.contains("openid") {
        return Err(invalid_scope("the scope must have openid"));
    }
    if !scope.is_within(&most) {
        return Err(invalid_scope("the scope is wider than what the client is registered for"));
    }
    Ok(scope)
}
