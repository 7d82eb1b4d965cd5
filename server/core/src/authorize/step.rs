//! What comes next for a request: a form for the user, or the response to the client.

use std::sync::Arc;

use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::UserId;
use signet_protocol::names::{GrantType, Prompt};
use signet_protocol::spec::oidc_core;

use super::answer::close;
use super::interaction::{Interaction, Stage};
use super::request::WantedUser;
use super::{Accepted, AuthorizationRequest, AuthorizationResponse, AuthorizeError, Browser};
use crate::authn::{ACR_PASSWORD, current_session};
use crate::failure::Fault;
use crate::model::{Authorization, BrowserSession, Client, DEFAULT_SLOT, TokenBasis};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{AuthorizationCode, SERVER_CLAIMS};

/// What comes next.
pub enum Step {
    /// The answer to the client.
    Respond(AuthorizationResponse),
    /// The user has to log in.
    Login(LoginForm),
    /// The user has to decide.
    Consent(ConsentForm),
}

/// What a login page needs.
pub struct LoginForm {
    /// Goes along with the answer.
    pub interaction: String,
    /// The application that asks.
    pub client: Arc<Client>,
    /// The request.
    pub request: AuthorizationRequest,
    /// The user name to fill in.
    pub login_hint: Option<String>,
    /// Whether a user is logged in already and has to prove it again.
    pub reauthentication: bool,
}

/// What a consent page needs.
pub struct ConsentForm {
    /// Goes along with the answer.
    pub interaction: String,
    /// The application that asks.
    pub client: Arc<Client>,
    /// The request.
    pub request: AuthorizationRequest,
    /// The user who decides.
    pub username: String,
    /// Single claims asked for beyond the scope, sorted.
    pub claims: Vec<String>,
}

/// Decides what comes next.
pub(super) async fn next(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let session = current_session(provider, realm, browser.session.as_ref()).await?;
    let silent = accepted.request.prompts(Prompt::None);
    let Some(session) = usable_session(provider, accepted, interaction, session.as_ref())? else {
        if silent {
            let reason = "the user has to log in";
            return Err(accepted.redirect.refuse(ErrorCode::LoginRequired.because(reason).per(oidc_core("3.1.2.6"))));
        }
        return Ok(Step::Login(login_form(provider, realm, accepted, (interaction, session.is_some()))?));
    };
    let consent = consent(provider, realm, accepted, session.user_id).await?;
    match consent {
        Consent::Given(authorization) => {
            // The address that a log-in leads to may be opened again; it yields one code.
            if interaction.stage != Stage::Begun {
                close(provider, realm, &interaction.response_record(provider)).await?;
            }
            let grant = (session, authorization.as_ref());
            Ok(Step::Respond(issue_code(provider, realm, accepted, interaction, grant)?))
        }
        Consent::Needed if silent => {
            let reason = "the user has to consent";
            Err(accepted.redirect.refuse(ErrorCode::ConsentRequired.because(reason).per(oidc_core("3.1.2.6"))))
        }
        Consent::Needed => Ok(Step::Consent(consent_form(provider, realm, accepted, interaction, session).await?)),
    }
}

/// The session, if it is good enough for the request (OpenID Connect Core 3.1.2.1 and 3.1.2.3).
fn usable_session<'a>(
    provider: &Provider,
    accepted: &Accepted,
    interaction: &Interaction,
    session: Option<&'a BrowserSession>,
) -> Result<Option<&'a BrowserSession>, AuthorizeError> {
    let Some(session) = session else { return Ok(None) };
    let request = &accepted.request;
    let logged_in_for_this = interaction.stage == Stage::LoggedIn(session.sid);
    let is_wanted = match request.parts.wanted_user {
        None => true,
        Some(WantedUser::Known(user_id)) => user_id == session.user_id,
        Some(WantedUser::Nobody) => false,
    };
    if logged_in_for_this {
        if is_wanted {
            return Ok(Some(session));
        }
        let reason = "the user who logged in is not the one the application asked for";
        return Err(accepted.redirect.refuse(ErrorCode::LoginRequired.because(reason).per(oidc_core("3.1.2.1"))));
    }
    let age = provider.now().since(session.authenticated_at);
    let too_old = request.parts.max_age.is_some_and(|max_age| age > max_age || max_age == 0);
    let asked_again = request.prompts(Prompt::Login) || request.prompts(Prompt::SelectAccount);
    Ok((is_wanted && !too_old && !asked_again).then_some(session))
}

fn login_form(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    (interaction, reauthentication): (&Interaction, bool),
) -> Result<LoginForm, Fault> {
    let form = interaction.at(Stage::LoginForm);
    Ok(LoginForm {
        interaction: form.seal(provider, realm)?,
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        login_hint: accepted.request.parts.login_hint.clone(),
        reauthentication,
    })
}

async fn consent_form(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
    session: &BrowserSession,
) -> Result<ConsentForm, AuthorizeError> {
    let user = provider.store.user(realm.id(), session.user_id).await?;
    let user =
        user.ok_or_else(|| accepted.redirect.refuse(ErrorCode::LoginRequired.because("the user has to log in")))?;
    let form = interaction.at(Stage::ConsentForm(session.sid));
    Ok(ConsentForm {
        interaction: form.seal(provider, realm)?,
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        username: user.username,
        claims: claims_to_consent(&accepted.request),
    })
}

/// Whether the user has agreed.
enum Consent {
    /// By a stored authorization, or by the administrator for a first-party application.
    Given(Option<Authorization>),
    /// Not yet, or not to all of it, or the client wants it asked again.
    Needed,
}

async fn consent(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    user_id: UserId,
) -> Result<Consent, Fault> {
    let asked_again = accepted.request.prompts(Prompt::Consent);
    if accepted.client.settings.skip_consent && !asked_again {
        return Ok(Consent::Given(None));
    }
    let stored = provider.store.authorization(realm.id(), user_id, &accepted.client.client_id, DEFAULT_SLOT).await?;
    let covers = |stored: &Authorization| {
        let claims = claims_to_consent(&accepted.request);
        accepted.request.scope().is_within(&stored.scope)
            && claims.iter().all(|claim| stored.claims.contains(claim))
            && accepted.request.resources().iter().all(|resource| stored.resources.contains(resource))
    };
    Ok(match stored {
        Some(stored) if !asked_again && covers(&stored) => Consent::Given(Some(stored)),
        _ => Consent::Needed,
    })
}

/// Single claims that need the user's agreement: those about the user that the scope does not bring along.
pub(super) fn claims_to_consent(request: &AuthorizationRequest) -> Vec<String> {
    let names = request.parts.claims.names().into_iter();
    names
        .filter(|name| !SERVER_CLAIMS.contains(&name.as_str()))
        .filter(|name| {
            signet_protocol::standard_claims::scope_of(name).is_some_and(|scope| !request.scope().contains(scope))
        })
        .collect()
}

/// Issues a code for what the session's user agreed to.
pub(super) fn issue_code(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
    (session, authorization): (&BrowserSession, Option<&Authorization>),
) -> Result<AuthorizationResponse, Fault> {
    let parts = &accepted.request.parts;
    // Offline access outlives the session through a refresh token; a client that gets none has none.
    let refreshable = accepted.client.metadata.grant_types().contains(&GrantType::RefreshToken);
    let offline = refreshable && parts.scope.contains("offline_access");
    let code = AuthorizationCode {
        lineage: interaction.lineage,
        client_id: accepted.client.client_id.clone(),
        user_id: session.user_id,
        redirect_uri: accepted.redirect.uri().to_owned(),
        challenge: parts.challenge.clone(),
        nonce: parts.nonce.clone(),
        sid: session.sid,
        basis: TokenBasis {
            scope: parts.scope.clone(),
            resources: parts.resources.clone(),
            claims_request: parts.claims_text.clone(),
            claims_locales: parts.claims_locales.clone(),
            authenticated_at: session.authenticated_at,
            acr: parts.acr_requested.then(|| ACR_PASSWORD.to_owned()),
            amr: session.amr.clone(),
            authorization_id: authorization.map(|authorization| authorization.id),
            authorization_epoch: authorization.map_or(0, |authorization| authorization.epoch),
            sid: (!offline).then_some(session.sid),
            realm_epoch: realm.realm.epoch,
            client_epoch: accepted.client.epoch,
            user_epoch: session.user_epoch,
        },
    };
    Ok(accepted.redirect.respond(vec![("code", code.seal(provider, realm)?)]))
}
