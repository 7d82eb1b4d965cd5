//! What the user answered: the login form and the consent form. The request is validated anew each time, so that a
//! client or user that was disabled in between gets nothing.

use std::net::IpAddr;

use signet_jose::random;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::AuthorizationId;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc6749;

use super::interaction::{Interaction, Stage};
use super::step::{LoginForm, claims_to_consent, issue_code};
use super::{Accepted, AuthorizationResponse, AuthorizeError, Browser, Entry, INTERACTION_PARAMETER, accept};
use crate::authn::{Attempt, LoginFailure, SessionCookie, check_password, current_session, new_session};
use crate::endpoints::Endpoint;
use crate::model::{Authorization, BrowserSession, DEFAULT_SLOT, UsedRecord, User};
use crate::ports::{Login, LoginOutcome, StoreError};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// An answered login form.
pub struct LoginAnswer<'a> {
    /// The parameters of the authorization request, from the form's address.
    pub parameters: &'a Parameters,
    /// The form's hidden field.
    pub interaction: &'a str,
    /// As typed; nothing if the user cancelled.
    pub credentials: Option<(&'a str, &'a str)>,
    /// The network address it came from.
    pub address: IpAddr,
}

/// An answered consent form.
pub struct ConsentAnswer<'a> {
    /// The parameters of the authorization request, from the form's address.
    pub parameters: &'a Parameters,
    /// The form's hidden field.
    pub interaction: &'a str,
    /// Whether the user agreed.
    pub allowed: bool,
}

/// What becomes of an answer.
pub enum Answered {
    /// The answer to the client.
    Respond(AuthorizationResponse),
    /// Logged in; the browser goes on at this URL with this cookie.
    LoggedIn(String, SessionCookie),
    /// The form again.
    Again(Box<LoginForm>, LoginFailure),
}

/// Takes an answered login form.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_login(
    provider: &Provider,
    realm: &RealmContext,
    answer: LoginAnswer<'_>,
    browser: &Browser,
) -> Result<Answered, AuthorizeError> {
    let parameters = answer.parameters.without(INTERACTION_PARAMETER);
    let interaction = open(provider, realm, answer.interaction, (&parameters, browser))?;
    let accepted = accept(provider, realm, &parameters, Entry::Authorization).await?;
    if interaction.stage != Stage::LoginForm {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    let Some((username, password)) = answer.credentials else {
        return cancel(provider, realm, &accepted, &interaction).await;
    };
    let attempt = Attempt { username, password, address: answer.address, session: browser.session.as_ref() };
    match check_password(provider, realm, attempt).await? {
        Ok(user) => log_in(provider, realm, (&parameters, &interaction), &user, browser).await,
        Err(failure) => {
            let form = LoginForm {
                interaction: answer.interaction.to_owned(),
                client: accepted.client,
                request: accepted.request,
                login_hint: Some(username.to_owned()),
                reauthentication: browser.session.is_some(),
            };
            Ok(Answered::Again(Box::new(form), failure))
        }
    }
}

async fn log_in(
    provider: &Provider,
    realm: &RealmContext,
    (parameters, interaction): (&Parameters, &Interaction),
    user: &User,
    browser: &Browser,
) -> Result<Answered, AuthorizeError> {
    let before = match &browser.session {
        Some(cookie) => provider.store.session(realm.id(), &cookie.hash()).await?,
        None => None,
    };
    let (cookie, session) = new_session(provider, realm, user, before.as_ref());
    let progress = interaction.at(Stage::LoggedIn(session.sid)).seal(provider, realm)?;
    let login = Login {
        form: interaction.login_record(provider),
        session,
        replaces: browser.session.as_ref().map(SessionCookie::hash),
    };
    match provider.store.open_session(&login).await? {
        LoginOutcome::Opened => {
            let query = parameters.clone().with(INTERACTION_PARAMETER, &progress).encode();
            Ok(Answered::LoggedIn(format!("{}?{query}", realm.urls.of(Endpoint::Authorization)), cookie))
        }
        LoginOutcome::FormAlreadyUsed => Err(AuthorizeError::Expired(answered_before())),
        LoginOutcome::UserChanged => Err(AuthorizeError::Page(
            ErrorCode::AccessDenied.because("the account was changed just now; start again at the application"),
        )),
    }
}

/// Takes an answered consent form.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_consent(
    provider: &Provider,
    realm: &RealmContext,
    answer: ConsentAnswer<'_>,
    browser: &Browser,
) -> Result<AuthorizationResponse, AuthorizeError> {
    let parameters = answer.parameters.without(INTERACTION_PARAMETER);
    let interaction = open(provider, realm, answer.interaction, (&parameters, browser))?;
    let accepted = accept(provider, realm, &parameters, Entry::Authorization).await?;
    let session = current_session(provider, realm, browser.session.as_ref()).await?;
    // Whoever agrees is whoever the page was shown to.
    let session = session.filter(|session| interaction.stage == Stage::ConsentForm(session.sid));
    let session = session.ok_or_else(|| {
        AuthorizeError::Expired(
            ErrorCode::InvalidRequest.because("you are no longer signed in; start again at the application"),
        )
    })?;
    if !answer.allowed {
        close(provider, realm, &interaction.response_record(provider)).await?;
        return Err(accepted.redirect.refuse(denied()));
    }
    let wanted = agreed(provider, &accepted, &session).await?;
    let stored = provider.store.record_consent(&interaction.response_record(provider), &wanted).await?;
    let stored = stored.ok_or_else(|| AuthorizeError::Expired(answered_before()))?;
    Ok(issue_code(provider, realm, &accepted, &interaction, (&session, Some(&stored)))?)
}

/// What is to be remembered: what was agreed to before, and everything asked for now.
async fn agreed(
    provider: &Provider,
    accepted: &Accepted,
    session: &BrowserSession,
) -> Result<Authorization, StoreError> {
    let client_id = &accepted.client.client_id;
    let before = provider.store.authorization(session.realm_id, session.user_id, client_id, DEFAULT_SLOT).await?;
    let before = before.map(|before| (before.scope, before.claims, before.resources));
    let (scope, claims, resources) = before.unwrap_or_default();
    let now = provider.now();
    Ok(Authorization {
        realm_id: session.realm_id,
        id: AuthorizationId(random::random_bytes(&*provider.random)),
        user_id: session.user_id,
        client_id: client_id.clone(),
        slot: DEFAULT_SLOT.to_owned(),
        scope: scope.union(accepted.request.scope()),
        claims: union(claims, claims_to_consent(&accepted.request)),
        resources: union(resources, accepted.request.resources().to_vec()),
        epoch: 0,
        created_at: now,
        updated_at: now,
    })
}

fn union(mut before: Vec<String>, now: Vec<String>) -> Vec<String> {
    before.extend(now);
    before.sort_unstable();
    before.dedup();
    before
}

fn open(
    provider: &Provider,
    realm: &RealmContext,
    text: &str,
    (parameters, browser): (&Parameters, &Browser),
) -> Result<Interaction, AuthorizeError> {
    Interaction::open(provider, realm, text, (parameters, &browser.binding)).map_err(AuthorizeError::Expired)
}

/// The user left the login form: an answer like any other, given once.
async fn cancel(
    provider: &Provider,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
) -> Result<Answered, AuthorizeError> {
    close(provider, realm, &interaction.login_record(provider)).await?;
    Err(accepted.redirect.refuse(denied()))
}

/// Marks a step of an interaction as taken; there is no second time.
pub(super) async fn close(provider: &Provider, realm: &RealmContext, step: &UsedRecord) -> Result<(), AuthorizeError> {
    if provider.store.consume(realm.id(), step).await? {
        Ok(())
    } else {
        Err(AuthorizeError::Expired(answered_before()))
    }
}

fn answered_before() -> Refusal {
    ErrorCode::InvalidRequest.because("this page was answered before; start again at the application")
}

fn denied() -> Refusal {
    ErrorCode::AccessDenied.because("the user refused").per(rfc6749("4.1.2.1"))
}
