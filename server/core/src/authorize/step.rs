//! What comes next for a request: a form for the user, or the response to the client.

use std::sync::Arc;

use signet_hooks::Hook;
use signet_hooks::points::on_consent::ConsentTerms;
use signet_hooks::points::on_identify::HintSource;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::Prompt;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::oidc_core;

use super::agreement::{Consent, claims_to_consent, consent};
use super::decisions::{self, UsedSession};
use super::gathering::{self, ClaimsForm};
use super::interaction::{Interaction, Stage};
use super::issue::{Agreed, respond};
use super::{Accepted, AuthorizationRequest, AuthorizationResponse, AuthorizeError, Browser};
use crate::details;
use crate::events::{Parties, Serving};
use crate::hooks::Subject;
use crate::model::{AuthorizationDetail, BrowserSession, Client, User};
use crate::realm::RealmContext;
use crate::tokens::subject_for;

/// What comes next.
pub enum Step {
    /// The answer to the client.
    Respond(AuthorizationResponse),
    /// The user has to log in.
    Login(LoginForm),
    /// The user has to decide.
    Consent(ConsentForm),
    /// The requesting party has to decide, and is asked for claims.
    Claims(ClaimsForm),
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
    /// Whether people can make an account instead.
    pub offers_registration: bool,
    /// Whether that comes first: the client asked for it.
    pub begins_with_registration: bool,
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
    /// Where the answer goes.
    pub redirect_uri: String,
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
    let (session, used) = match standing(serving, realm, (accepted, interaction), browser).await? {
        Standing::Good(session, used) => (session, used),
        Standing::Login(form) => return Ok(Step::Login(*form)),
    };
    serving.concerns(Parties::user(session.user_id).and_session(Some(session.sid)));
    if let Some(reference) = accepted.merged.gathering() {
        let of = (accepted, interaction, reference);
        return Ok(Step::Claims(gathering::next(serving, realm, of, &session).await?));
    }
    match consent(serving, realm, accepted, (&session, &*used)).await? {
        Consent::Given(authorization) => {
            serving.passed("consent");
            let details = granted_details(serving, realm, (accepted, used.user.as_ref()), &session).await?;
            let authorization = authorization.as_deref();
            let agreed = Agreed { accepted, interaction, session: &session, authorization, details: &details };
            // The address that a log-in leads to may be opened again; it yields one response. Tokens leave their mark in
            // any case: it is written only if what they rest on stands. A pushed request is used up by its response.
            let is_marked = interaction.stage != Stage::Begun
                || accepted.request.response_type().returns_tokens()
                || accepted.merged.pushed().is_some();
            let mark = is_marked.then(|| interaction.completion(serving, &accepted.merged));
            Ok(Step::Respond(respond(serving, realm, agreed, mark).await?))
        }
        Consent::Needed(_) if accepted.is_silent() => {
            let reason = "the user has to consent";
            Err(accepted.redirect.refuse(ErrorCode::ConsentRequired.because(reason).per(oidc_core("3.1.2.6"))))
        }
        Consent::Needed(terms) => {
            let form = consent_form(serving, realm, accepted, interaction, &session).await?;
            Ok(Step::Consent(ConsentForm { terms: *terms, ..form }))
        }
    }
}

/// The authorization details of the tokens: those agreed to, with what scripts fill in. `user` is known where a script
/// wanted to know before.
pub(super) async fn granted_details(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, user): (&Accepted, Option<&User>),
    session: &BrowserSession,
) -> Result<Vec<AuthorizationDetail>, AuthorizeError> {
    let (client, details) = (&accepted.client, accepted.request.details().to_vec());
    let is_asked = !details.is_empty() && !realm.hooks.at(Hook::OnRarEnrich, Some(&client.client_id)).is_empty();
    let found = match user {
        None if is_asked => serving.store.user(realm.id(), session.user_id).await?,
        _ => None,
    };
    let subject = Subject::client(client).and_user(user.or(found.as_ref())).and_session(Some(session));
    let enriched = details::enriched(serving, realm, subject, (client, details)).await;
    enriched.map_err(|refusal| accepted.redirect.refuse(refusal))
}

/// Whether a request may be answered for the browser's session.
pub(super) enum Standing {
    /// It may, for this session.
    Good(BrowserSession, Box<UsedSession>),
    /// The user has to log in first.
    Login(Box<LoginForm>),
}

/// Asks everything that decides whether the session is good enough: before a form, and again before each response,
/// because a form may be open for long.
pub(super) async fn standing(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    browser: &Browser,
) -> Result<Standing, AuthorizeError> {
    let used = decisions::used(serving, realm, (accepted, interaction), browser.session.as_ref()).await?;
    let is_wanted = is_wanted(serving, realm, accepted, used.session.as_ref()).await?;
    let usable = usable_session(serving, realm, (accepted, interaction), (&used, is_wanted)).await?;
    if let Some(session) = usable.cloned() {
        serving.passed("session");
        return Ok(Standing::Good(session, Box::new(used)));
    }
    if accepted.is_silent() {
        return Err(accepted.redirect.refuse(login_is_needed(accepted)));
    }
    let form = login_form(serving, realm, accepted, (interaction, used.session.is_some())).await?;
    Ok(Standing::Login(Box::new(form)))
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

/// Whether there is a session, of a user that the response may be about: by the name that the client knows the user by
/// (OpenID Connect Core 3.1.2.2 and 8.1).
async fn is_wanted(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    session: Option<&BrowserSession>,
) -> Result<bool, AuthorizeError> {
    let Some(session) = session else { return Ok(false) };
    let Some(wanted) = &accepted.request.parts.wanted_subjects else { return Ok(true) };
    let Some(user) = serving.store.user(realm.id(), session.user_id).await? else { return Ok(false) };
    Ok(wanted.contains(&subject_for(realm, &accepted.client, &user)?))
}

/// The session, if it is good enough for the request: by the server's own rules (OpenID Connect Core 3.1.2.1 and
/// 3.1.2.3) and by what scripts demand beyond them.
async fn usable_session<'a>(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    (used, is_wanted): (&'a UsedSession, bool),
) -> Result<Option<&'a BrowserSession>, AuthorizeError> {
    let session = used.session.as_ref();
    let for_this = session.is_some_and(|session| interaction.began(session.sid));
    if for_this && !is_wanted {
        let reason = "the user who logged in is not the one the application asked for";
        return Err(accepted.redirect.refuse(ErrorCode::LoginRequired.because(reason).per(oidc_core("3.1.2.1"))));
    }
    let is_fresh = |max_age: Option<i64>| {
        let age = session.map(|session| serving.now().since(session.authenticated_at));
        age.is_some_and(|age| max_age.is_none_or(|max_age| age <= max_age && max_age != 0))
    };
    let request = &accepted.request;
    let asked_again = [Prompt::Login, Prompt::SelectAccount, Prompt::Create].iter().any(|one| request.prompts(*one));
    let is_good = is_wanted && is_fresh(request.parts.max_age) && !asked_again && !used.steps_up;
    let is_sufficient = for_this || is_good;
    let max_age = decisions::freshness(serving, realm, accepted, (used, is_sufficient)).await?;
    Ok(session.filter(|_| is_sufficient && (for_this || is_fresh(max_age))))
}

async fn login_form(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    (interaction, reauthentication): (&Interaction, bool),
) -> Result<LoginForm, AuthorizeError> {
    let form = interaction.at(Stage::LoginForm);
    let hint = accepted.request.parts.login_hint.as_deref();
    let hint = match hint {
        Some(hint) => Some(decisions::identified(serving, realm, accepted, (HintSource::LoginHint, hint)).await),
        None => None,
    };
    Ok(LoginForm {
        interaction: form.seal(serving, realm)?,
        address: accepted.merged.address().clone(),
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        login_hint: hint.transpose().map_err(|refusal| accepted.redirect.refuse(refusal))?,
        reauthentication,
        offers_registration: realm.realm.settings.self_registration,
        begins_with_registration: accepted.request.prompts(Prompt::Create),
    })
}

async fn consent_form(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
    session: &BrowserSession,
) -> Result<ConsentForm, AuthorizeError> {
    let user = serving.store.user(realm.id(), session.user_id).await?;
    let user =
        user.ok_or_else(|| accepted.redirect.refuse(ErrorCode::LoginRequired.because("the user has to log in")))?;
    let form = interaction.showing(session.sid, accepted.request.details());
    Ok(ConsentForm {
        interaction: form.seal(serving, realm)?,
        address: accepted.merged.address().clone(),
        client: Arc::clone(&accepted.client),
        request: accepted.request.clone(),
        redirect_uri: accepted.redirect.uri().to_owned(),
        username: user.username,
        claims: claims_to_consent(&accepted.request),
        terms: ConsentTerms::default(),
    })
}
