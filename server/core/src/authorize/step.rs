//! What comes next for a request: a form for the user, or the response to the client.

use std::sync::Arc;

use signet_hooks::Hook;
use signet_hooks::points::on_consent::ConsentTerms;
use signet_hooks::points::on_identify::HintSource;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantType, Prompt};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::oidc_core;

use super::answer::close;
use super::decisions::{self, UsedSession};
use super::interaction::{Interaction, Stage};
use super::{Accepted, AuthorizationRequest, AuthorizationResponse, AuthorizeError, Browser};
use crate::authn::ACR_PASSWORD;
use crate::events::{Event, Fact, Parties, Serving};
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
    /// The parameters of the form's address.
    pub address: Parameters,
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
    /// The parameters of the form's address.
    pub address: Parameters,
    /// The application that asks.
    pub client: Arc<Client>,
    /// The request.
    pub request: AuthorizationRequest,
    /// The user who decides.
    pub username: String,
    /// Single claims asked for beyond the scope, sorted.
    pub claims: Vec<String>,
    /// What scripts want said besides, and in which order.
    pub terms: ConsentTerms,
}

/// Decides what comes next.
pub(super) async fn next(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let used = decisions::used(serving, realm, (accepted, interaction), browser.session.as_ref()).await?;
    let Some(session) = usable_session(serving, realm, (accepted, interaction), &used)? else {
        if accepted.is_silent() {
            return Err(accepted.redirect.refuse(login_is_needed(accepted)));
        }
        return Ok(Step::Login(login_form(serving, realm, accepted, (interaction, used.session.is_some()))?));
    };
    serving.concerns(Parties::user(session.user_id).and_session(Some(session.sid)));
    match consent(serving, realm, accepted, (session, &used)).await? {
        Consent::Given(authorization) => {
            let grant = (session, authorization.as_ref());
            let response = issue_code(serving, realm, accepted, interaction, grant)?;
            let issued = code_issued(accepted, interaction, grant);
            // The address that a log-in leads to may be opened again; it yields one code.
            if interaction.stage == Stage::Begun {
                serving.note(realm, issued);
            } else {
                close(serving, realm, &interaction.response_record(serving), issued).await?;
            }
            Ok(Step::Respond(response))
        }
        Consent::Needed(_) if accepted.is_silent() => {
            let reason = "the user has to consent";
            Err(accepted.redirect.refuse(ErrorCode::ConsentRequired.because(reason).per(oidc_core("3.1.2.6"))))
        }
        Consent::Needed(terms) => {
            let form = consent_form(serving, realm, accepted, interaction, session).await?;
            Ok(Step::Consent(ConsentForm { terms: *terms, ..form }))
        }
    }
}

/// Why nothing can be answered without a form (OpenID Connect Core 3.1.2.6).
fn login_is_needed(accepted: &Accepted) -> Refusal {
    let (code, reason) = if accepted.request.prompts(Prompt::SelectAccount) {
        (ErrorCode::AccountSelectionRequired, "the user has to choose an account")
    } else {
        (ErrorCode::LoginRequired, "the user has to log in")
    };
    code.because(reason).per(oidc_core("3.1.2.6"))
}

/// The session, if it is good enough for the request: by the server's own rules (OpenID Connect Core 3.1.2.1 and
/// 3.1.2.3) and by what scripts demand beyond them.
fn usable_session<'a>(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    used: &'a UsedSession,
) -> Result<Option<&'a BrowserSession>, AuthorizeError> {
    let session = used.session.as_ref();
    let for_this = session.is_some_and(|session| interaction.stage == Stage::LoggedIn(session.sid));
    let is_wanted = session.is_some_and(|session| accepted.request.wants(session.user_id));
    if for_this && !is_wanted {
        let reason = "the user who logged in is not the one the application asked for";
        return Err(accepted.redirect.refuse(ErrorCode::LoginRequired.because(reason).per(oidc_core("3.1.2.1"))));
    }
    let is_fresh = |max_age: Option<i64>| {
        let age = session.map(|session| serving.now().since(session.authenticated_at));
        age.is_some_and(|age| max_age.is_none_or(|max_age| age <= max_age && max_age != 0))
    };
    let request = &accepted.request;
    let asked_again = request.prompts(Prompt::Login) || request.prompts(Prompt::SelectAccount);
    let is_good = is_wanted && is_fresh(request.parts.max_age) && !asked_again && !used.steps_up;
    let is_sufficient = for_this || is_good;
    let max_age = decisions::freshness(serving, realm, accepted, (used, is_sufficient))?;
    Ok(session.filter(|_| is_sufficient && (for_this || is_fresh(max_age))))
}

fn login_form(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (interaction, reauthentication): (&Interaction, bool),
) -> Result<LoginForm, AuthorizeError> {
    let form = interaction.at(Stage::LoginForm);
    let hint = accepted.request.parts.login_hint.as_deref();
    let hint = hint.map(|hint| decisions::identified(serving, realm, accepted, (HintSource::LoginHint, hint)));
    Ok(LoginForm {
        interaction: form.seal(serving, realm)?,
        address: accepted.merged.address().clone(),
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        login_hint: hint.transpose().map_err(|refusal| accepted.redirect.refuse(refusal))?,
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
        address: accepted.merged.address().clone(),
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        username: user.username,
        claims: claims_to_consent(&accepted.request),
        terms: ConsentTerms::default(),
    })
}

/// Whether the user has agreed.
enum Consent {
    /// By a stored authorization, or by the administrator for a first-party application.
    Given(Option<Authorization>),
    /// Not yet, or not to all of it, or somebody wants it asked again; in these words.
    Needed(Box<ConsentTerms>),
}

async fn consent(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (session, used): (&BrowserSession, &UsedSession),
) -> Result<Consent, AuthorizeError> {
    let client = &accepted.client;
    let asked_again = accepted.request.prompts(Prompt::Consent);
    let does_without = client.settings.skip_consent && !asked_again;
    if does_without && realm.hooks.at(Hook::OnConsent, Some(&client.client_id)).is_empty() {
        return Ok(Consent::Given(None));
    }
    let user_id = session.user_id;
    let stored = serving.store.authorization(realm.id(), user_id, &client.client_id, DEFAULT_SLOT).await?;
    let covers = |stored: &Authorization| {
        let claims = claims_to_consent(&accepted.request);
        accepted.request.scope().is_within(&stored.scope)
            && claims.iter().all(|claim| stored.claims.contains(claim))
            && accepted.request.resources().iter().all(|resource| stored.resources.contains(resource))
    };
    let is_needed = !does_without && (asked_again || !stored.as_ref().is_some_and(covers));
    let terms = decisions::agreement(serving, realm, (accepted, used), (stored.as_ref(), is_needed))?;
    if is_needed || decisions::is_asked_again(&terms, stored.as_ref(), serving.now()) {
        return Ok(Consent::Needed(Box::new(terms)));
    }
    Ok(Consent::Given(stored.filter(|_| !does_without)))
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

/// The event of a code that was issued.
pub(super) fn code_issued(
    accepted: &Accepted,
    interaction: &Interaction,
    (session, authorization): (&BrowserSession, Option<&Authorization>),
) -> Event {
    let issued = Fact::CodeIssued {
        lineage: interaction.lineage.into(),
        scope: accepted.request.scope().clone(),
        resources: accepted.request.resources().to_vec(),
        authorization: authorization.map(|authorization| authorization.id),
    };
    let parties = Parties::client(&accepted.client.client_id).and_user(Some(session.user_id));
    issued.concerning(parties.and_session(Some(session.sid)))
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
