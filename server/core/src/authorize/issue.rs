//! The response to a request that the user agreed to: a code, tokens, both, or nothing but the news (OpenID Connect
//! Core 3, OAuth 2.0 Multiple Response Type Encoding Practices).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantType, ResponseType};
use signet_protocol::scope::Scope;
use signet_protocol::spec::{oidc_core, rfc6749};
use signet_protocol::standard_claims::DEVICE_SSO_SCOPE;

use super::answer::{answered_before, close};
use super::interaction::Interaction;
use super::{Accepted, AuthorizationResponse, AuthorizeError};
use crate::authn::ACR_PASSWORD;
use crate::details::Carried;
use crate::events::{Event, Fact, Parties, Serving};
use crate::failure::{Failure, Fault};
use crate::grants::{Authorized, Planned, aim, decide_for};
use crate::model::{Authorization, AuthorizationDetail, BrowserSession, Completion, TokenBasis, User};
use crate::ports::{FrontChannelIssue, FrontChannelOutcome, StandingQuery};
use crate::realm::RealmContext;
use crate::tokens::{AuthorizationCode, FrontChannelTokens, UserTokens, issue_front_channel_tokens};

/// What a user agreed to, and where.
#[derive(Clone, Copy)]
pub(super) struct Agreed<'a> {
    pub(super) accepted: &'a Accepted,
    pub(super) interaction: &'a Interaction,
    pub(super) session: &'a BrowserSession,
    /// Nothing where no consent is asked for.
    pub(super) authorization: Option<&'a Authorization>,
    /// The authorization details that tokens are good for.
    pub(super) details: &'a [AuthorizationDetail],
}

/// Answers the client. The mark, where there is one, is left before anything goes out: there is no second response.
pub(super) async fn respond(
    serving: &Serving<'_>,
    realm: &RealmContext,
    agreed: Agreed<'_>,
    mark: Option<Completion>,
) -> Result<AuthorizationResponse, AuthorizeError> {
    if let Some(deferred) = agreed.accepted.merged.deferred() {
        super::deferred::approve(serving, realm, agreed, deferred.reference).await?;
        serving.note_client_use(realm, &agreed.accepted.client).await;
        return Ok(agreed.accepted.redirect.respond(Vec::new()));
    }
    let response_type = agreed.accepted.request.response_type();
    let code = if response_type.returns_code() { Some(agreed.code(serving, realm).await?) } else { None };
    let mut parameters = Vec::new();
    if let Some(code) = &code {
        parameters.push(("code", code.clone()));
    }
    if response_type.returns_tokens() {
        parameters.extend(tokens(serving, realm, agreed, (code.as_deref(), mark)).await?);
        serving.note_client_use(realm, &agreed.accepted.client).await;
        return Ok(agreed.accepted.redirect.respond(parameters));
    }
    let issued = agreed.event(response_type);
    match mark {
        Some(mark) => close(serving, realm, &mark, issued).await?,
        None => serving.note(realm, issued),
    }
    serving.note_client_use(realm, &agreed.accepted.client).await;
    Ok(agreed.accepted.redirect.respond(parameters))
}

impl Agreed<'_> {
    /// What tokens rest on. Offline access outlives the session through a refresh token; a client that gets none has
    /// none, and what travels through the browser always ends with the session.
    pub(super) fn basis(&self, serving: &Serving<'_>, realm: &RealmContext, offline: bool) -> TokenBasis {
        let Self { accepted, session, authorization, .. } = *self;
        let parts = &accepted.request.parts;
        TokenBasis {
            scope: parts.scope.clone(),
            resources: parts.resources.clone(),
            // They reach the token endpoint with the code; what leaves through the browser has none.
            details: Vec::new(),
            claims_request: parts.claims_text.clone(),
            claims_locales: parts.claims_locales.clone(),
            authenticated_at: session.authenticated_at,
            acr: parts.acr_requested.then(|| ACR_PASSWORD.to_owned()),
            amr: session.amr.clone(),
            confirmation: None,
            authorization_id: authorization.map(|authorization| authorization.id),
            is_managed: accepted.request.grant().is_some(),
            authorization_epoch: authorization.map_or(0, |authorization| authorization.epoch),
            sid: (!offline).then_some(session.sid),
            realm_epoch: realm.realm.epoch,
            client_epoch: accepted.client.epoch,
            user_epoch: session.user_epoch,
            exchanged: None,
            permitted: None,
            vars: serving.transaction().vars(),
        }
    }

    async fn code(&self, serving: &Serving<'_>, realm: &RealmContext) -> Result<String, Fault> {
        let Self { accepted, interaction, session, .. } = *self;
        let parts = &accepted.request.parts;
        let refreshable = accepted.client.metadata.grant_types().contains(&GrantType::RefreshToken);
        let code = AuthorizationCode {
            lineage: interaction.lineage,
            client_id: accepted.client.client_id.clone(),
            user_id: session.user_id,
            redirect_uri: accepted.redirect.uri().to_owned(),
            challenge: parts.challenge.clone(),
            key: parts.key,
            nonce: parts.nonce.clone(),
            sid: session.sid,
            basis: self.basis(serving, realm, refreshable && outlives_session(&parts.scope)),
            details: Carried::default(),
        };
        code.seal(serving, realm, self.details).await
    }

    pub(super) fn parties(&self) -> Parties {
        let parties = Parties::client(&self.accepted.client.client_id).and_user(Some(self.session.user_id));
        parties.and_session(Some(self.session.sid))
    }

    /// The event of a response without tokens.
    fn event(&self, response_type: ResponseType) -> Event {
        let Self { accepted, interaction, authorization, .. } = *self;
        let (scope, resources) = (accepted.request.scope().clone(), accepted.request.resources().to_vec());
        let authorization = authorization.map(|authorization| authorization.id);
        let lineage = interaction.lineage.into();
        let fact = if response_type.returns_code() {
            Fact::CodeIssued { lineage, scope, resources, authorization }
        } else {
            Fact::AuthorizationConfirmed { scope, resources, authorization }
        };
        fact.concerning(self.parties())
    }
}

/// The tokens of a response, issued and recorded.
async fn tokens(
    serving: &Serving<'_>,
    realm: &RealmContext,
    agreed: Agreed<'_>,
    (code, mark): (Option<&str>, Option<Completion>),
) -> Result<Vec<(&'static str, String)>, AuthorizeError> {
    let Agreed { accepted, interaction, session, .. } = agreed;
    let refuse = |failure: Failure| match failure {
        Failure::Refusal(refusal) => accepted.redirect.refuse(as_response_error(refusal)),
        Failure::Fault(fault) => AuthorizeError::Fault(fault),
    };
    let user = live_user(serving, realm, session).await?.ok_or_else(|| accepted.redirect.refuse(fallen()))?;
    let basis = agreed.basis(serving, realm, false);
    let authorized = Authorized {
        client: &accepted.client,
        user: Some(&user),
        grant_type: Some(GrantType::Implicit),
        scope: &basis.scope,
        resources: basis.resources.clone(),
        details: Vec::new(),
        names_details: false,
    };
    let aimed = aim(serving, realm, authorized).await.map_err(|refusal| refuse(refusal.into()))?;
    let planned = Planned {
        grant_type: GrantType::Implicit,
        scope: &aimed.scope,
        resources: &aimed.resources,
        user: Some((&user, &basis)),
        refresh_token: false,
    };
    let permitted = decide_for(serving, realm, &accepted.client, &planned).await.map_err(refuse)?;
    let tokens = UserTokens {
        client: &accepted.client,
        user: &user,
        lineage: interaction.lineage,
        basis: &basis,
        scope: &permitted.scope,
        resources: &aimed.resources,
        details: &[],
        lifetimes: permitted.lifetimes.at_most(aimed.lifetimes),
        // What leaves through the browser comes without any proof.
        confirmation: None,
        nonce: accepted.request.parts.nonce.as_deref(),
        state: accepted.redirect.state(),
        sid: Some(session.sid),
        refresh_token: None,
        auth_req_id: None,
        ds_hash: None,
    };
    let kind = (accepted.request.response_type(), code);
    let issued = issue_front_channel_tokens(serving, realm, &tokens, kind).await.map_err(refuse)?;
    record(serving, realm, (agreed, &basis, mark), (&issued, &permitted.scope, aimed.resources)).await?;
    Ok(parameters(issued, &permitted.scope))
}

async fn live_user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    session: &BrowserSession,
) -> Result<Option<User>, AuthorizeError> {
    let user = serving.store.user(realm.id(), session.user_id).await?;
    Ok(user.filter(|user| user.enabled && user.epoch == session.user_epoch))
}

/// Writes what is issued, if all that it rests on stands, before it goes out.
async fn record(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (agreed, basis, mark): (Agreed<'_>, &TokenBasis, Option<Completion>),
    (issued, scope, resources): (&FrontChannelTokens, &Scope, Vec<String>),
) -> Result<(), AuthorizeError> {
    let Agreed { accepted, interaction, session, .. } = agreed;
    let client_id = &accepted.client.client_id;
    let response_type = accepted.request.response_type();
    let issue = FrontChannelIssue {
        response: mark,
        standing: StandingQuery::of_basis(basis, (interaction.lineage, client_id, Some(session.user_id))),
        participant: issued.id_token.is_some().then(|| (session.sid, client_id.clone())),
    };
    if response_type.returns_code() {
        serving.note(realm, agreed.event(response_type));
    }
    let fact = Fact::TokenIssued {
        grant: GrantType::Implicit,
        lineage: interaction.lineage.into(),
        scope: scope.clone(),
        resources,
        id_token: issued.id_token.is_some(),
        refresh_generation: None,
    };
    let events = serving.with_event(realm, fact.concerning(agreed.parties()));
    match serving.store.issue_in_front_channel(realm.id(), &issue, &events).await? {
        FrontChannelOutcome::Issued => {
            serving.written(&events);
            Ok(())
        }
        FrontChannelOutcome::AlreadyAnswered => Err(AuthorizeError::Expired(answered_before())),
        FrontChannelOutcome::Fallen => Err(accepted.redirect.refuse(fallen())),
    }
}

/// OpenID Connect Core 3.2.2.5, RFC 6749 section 4.2.2.
fn parameters(issued: FrontChannelTokens, scope: &Scope) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    if let Some((access_token, seconds)) = issued.access_token {
        parameters.push(("access_token", access_token));
        parameters.push(("token_type", "Bearer".to_owned()));
        parameters.push(("expires_in", seconds.to_string()));
        parameters.push(("scope", scope.to_string()));
    }
    parameters.extend(issued.id_token.map(|id_token| ("id_token", id_token)));
    parameters
}

/// Offline access does, unless apps share the login: what they share ends with the session (Native SSO for Mobile Apps 4.3).
fn outlives_session(scope: &Scope) -> bool {
    scope.contains("offline_access") && !scope.contains(DEVICE_SSO_SCOPE)
}

fn fallen() -> Refusal {
    let reason = "what the response would rest on was revoked just now; start again at the application";
    ErrorCode::AccessDenied.because(reason).per(oidc_core("3.1.2.6"))
}

/// Scripts that narrow tokens speak the language of the token endpoint; there is no grant here that could be invalid.
fn as_response_error(refusal: Refusal) -> Refusal {
    if refusal.code == ErrorCode::InvalidGrant {
        Refusal { code: ErrorCode::AccessDenied, ..refusal }.per(rfc6749("4.2.2.1"))
    } else {
        refusal
    }
}
