//! What the user answered: the login form and the consent form. The request is validated anew each time, so that a
//! client or user that was disabled in between gets nothing.

use std::net::IpAddr;

use signet_hooks::points::on_identify::HintSource;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::UserId;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc6749;

use super::agreement::{agreed, claims_to_consent, consent};
use super::decisions::{self, narrow};
use super::interaction::{Interaction, Stage};
use super::issue::{Agreed, respond};
use super::sign_up::{keep, refuse_unless_offered};
use super::step::{LoginForm, Standing, Step, granted_details, standing};
use super::{
    Accepted, Answer, AuthorizationResponse, AuthorizeError, Browser, INTERACTION_PARAMETER, conclude, reopen,
    watchable,
};
use crate::authn::{Attempt, LoginFailure, SessionCookie, check_password, current_session, new_session};
use crate::endpoints::Endpoint;
use crate::events::{Event, Fact, LoginRefusal, Parties, Serving};
use crate::model::{Completion, User};
use crate::ports::{Login, LoginOutcome, NewAccount, StoreError};
use crate::realm::RealmContext;

/// An answered login form.
pub struct LoginAnswer<'a> {
    /// The parameters of the authorization request, from the form's address.
    pub parameters: &'a Parameters,
    /// The form's hidden field.
    pub interaction: &'a str,
    /// What the user did.
    pub action: LoginAction<'a>,
    /// The network address it came from.
    pub address: IpAddr,
}

/// What a user does with a login form.
#[derive(Clone, Copy)]
pub enum LoginAction<'a> {
    /// Logs in, with user name and password as typed.
    LogIn(&'a str, &'a str),
    /// Would rather make an account.
    SignUp,
    /// Gives up.
    Cancel,
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

/// A user who just logged in.
pub struct LoggedIn {
    /// Where the browser goes on.
    pub location: String,
    /// The cookie of the session.
    pub session: SessionCookie,
}

/// What becomes of an answer.
pub enum Answered {
    /// The answer to the client.
    Respond(AuthorizationResponse),
    /// Logged in.
    LoggedIn(LoggedIn),
    /// The form again.
    Again(Box<LoginForm>, LoginFailure),
    /// The form to make an account instead.
    SignUp(Box<LoginForm>),
}

impl Answer for Answered {
    fn response(&mut self) -> Option<&mut AuthorizationResponse> {
        if let Self::Respond(response) = self { Some(response) } else { None }
    }
}

/// Takes an answered login form.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_login(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: LoginAnswer<'_>,
    browser: &Browser,
) -> Result<Answered, AuthorizeError> {
    let outcome = take_login(serving, realm, answer, browser).await;
    conclude(serving, realm, outcome).await
}

async fn take_login(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: LoginAnswer<'_>,
    browser: &Browser,
) -> Result<Answered, AuthorizeError> {
    let (parameters, mut interaction, mut accepted) =
        reopen(serving, realm, (answer.parameters, answer.interaction), browser).await?;
    if interaction.stage != Stage::LoginForm {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    let (username, password) = match answer.action {
        LoginAction::LogIn(username, password) => (username, password),
        LoginAction::SignUp => {
            refuse_unless_offered(realm)?;
            let form = form_again(serving, realm, (parameters, accepted, &interaction), (None, browser))?;
            return Ok(Answered::SignUp(Box::new(form)));
        }
        LoginAction::Cancel => return Err(cancel(serving, realm, &accepted, &interaction).await),
    };
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    let attempt = Attempt { username, password, address: answer.address, session: browser.session.as_ref() };
    match check_factor(serving, realm, (&accepted, &interaction), attempt).await? {
        Ok(user) => {
            let logged_in =
                log_in(serving, realm, (&parameters, &accepted, &interaction), (&user, None), browser).await?;
            Ok(Answered::LoggedIn(logged_in))
        }
        Err(failure) => {
            let filled_in = Some(username.to_owned());
            let form = form_again(serving, realm, (parameters, accepted, &interaction), (filled_in, browser))?;
            Ok(Answered::Again(Box::new(form), failure))
        }
    }
}

/// Checks what a user has typed, on a page or in an application, and asks the realm's scripts before and after.
pub(super) async fn check_factor(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    attempt: Attempt<'_>,
) -> Result<Result<User, LoginFailure>, AuthorizeError> {
    let typed = (HintSource::LoginForm, attempt.username);
    let identified = decisions::identified(serving, realm, accepted, typed).await;
    let identified = identified.map_err(|refusal| accepted.redirect.refuse(refusal))?;
    let checked = check_password(serving, realm, Attempt { username: &identified, ..attempt }).await?;
    if let Err(refusal) = decisions::check_result(serving, realm, accepted, &checked).await {
        let user = checked.ok().map(|user| user.id);
        return Err(end(serving, realm, (accepted, interaction), (refusal, user), None).await);
    }
    Ok(checked)
}

/// The form of an interaction that goes on at the same stage.
pub(super) fn form_again(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (address, accepted, interaction): (Parameters, Accepted, &Interaction),
    (username, browser): (Option<String>, &Browser),
) -> Result<LoginForm, AuthorizeError> {
    Ok(LoginForm {
        interaction: interaction.seal(serving, realm)?,
        address,
        client: accepted.client,
        request: accepted.request,
        login_hint: username,
        reauthentication: browser.session.is_some(),
        offers_registration: realm.realm.settings.self_registration,
        begins_with_registration: false,
    })
}

/// Opens a session for a user who has proved who they are, once for a form, and sends the browser on with it. Who had no
/// account has one then.
pub(super) async fn log_in(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (parameters, accepted, interaction): (&Parameters, &Accepted, &Interaction),
    (user, new): (&User, Option<(NewAccount, Event)>),
    browser: &Browser,
) -> Result<LoggedIn, AuthorizeError> {
    let (session, progress) = begin_session(serving, realm, (accepted, interaction), (user, new), browser).await?;
    let progress = progress.seal(serving, realm)?;
    let query = parameters.clone().with(INTERACTION_PARAMETER, &progress).encode();
    Ok(LoggedIn { location: format!("{}?{query}", realm.urls.of(Endpoint::Authorization)), session })
}

/// Opens a session for a user who has proved who they are; answers its cookie, and the interaction that goes on in it.
pub(super) async fn begin_session(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    (user, new): (&User, Option<(NewAccount, Event)>),
    browser: &Browser,
) -> Result<(SessionCookie, Interaction), AuthorizeError> {
    let before = match &browser.session {
        Some(cookie) => serving.store.session(realm.id(), &cookie.hash()).await?,
        None => None,
    };
    let (cookie, mut session) = new_session(serving, realm, user, before.as_ref());
    if let Err(refusal) = decisions::begun(serving, realm, (accepted, user), &mut session).await {
        return Err(end(serving, realm, (accepted, interaction), (refusal, Some(user.id)), new).await);
    }
    let (account, created) = new.unzip();
    let known = account.is_none().then_some(user.id);
    let progress = interaction.at(Stage::LoggedIn(session.sid));
    let login = Login {
        form: interaction.login_record(serving),
        session,
        replaces: browser.session.as_ref().map(SessionCookie::hash),
        account,
    };
    let logged_in = Fact::Login { methods: login.session.amr.clone(), replaced_session: before.is_some() };
    let parties = Parties::user(user.id).and_session(Some(login.session.sid));
    let events = serving.with_events(realm, created.into_iter().chain([logged_in.concerning(parties)]));
    let outcome = match serving.store.open_session(&login, &events).await {
        // Somebody else took the login name of a new account in the same moment.
        Err(StoreError::Duplicate(_)) => LoginOutcome::UserChanged,
        outcome => outcome?,
    };
    match outcome {
        LoginOutcome::Opened => {
            serving.written(&events);
            // The session that this browser had may have been another user's.
            serving.logouts.notify_one();
            Ok((cookie, progress))
        }
        LoginOutcome::FormAlreadyUsed => {
            serving.note(realm, refused(LoginRefusal::FormUsedBefore, known));
            Err(AuthorizeError::Expired(answered_before()))
        }
        LoginOutcome::UserChanged => {
            serving.note(realm, refused(LoginRefusal::UserChanged, known));
            let reason = "the account was changed just now; start again at the application";
            Err(AuthorizeError::Page(ErrorCode::AccessDenied.because(reason)))
        }
    }
}

/// Takes an answered consent form.
///
/// # Errors
/// See [`AuthorizeError`].
pub async fn answer_consent(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: ConsentAnswer<'_>,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let outcome = take_consent(serving, realm, answer, browser).await;
    conclude(serving, realm, outcome).await
}

async fn take_consent(
    serving: &Serving<'_>,
    realm: &RealmContext,
    answer: ConsentAnswer<'_>,
    browser: &Browser,
) -> Result<Step, AuthorizeError> {
    let (_, mut interaction, mut accepted) =
        reopen(serving, realm, (answer.parameters, answer.interaction), browser).await?;
    let session = current_session(serving, realm, browser.session.as_ref()).await?;
    // Whoever agrees is whoever the page was shown to.
    let session = session.filter(|session| interaction.stage == Stage::ConsentForm(session.sid));
    let session = session.ok_or_else(signed_out)?;
    serving.concerns(Parties::user(session.user_id).and_session(Some(session.sid)));
    narrow(serving, realm, &mut accepted, &mut interaction.narrowing).await?;
    if !answer.allowed {
        let refused = Fact::ConsentRefused {}.concerning(Parties::default());
        close(serving, realm, &interaction.completion(serving, &accepted.merged), refused).await?;
        return Err(accepted.redirect.refuse(denied()));
    }
    // The form may have been open for long: whatever decides is asked again, and a login that is demanded only now comes
    // before the agreement counts.
    let (session, used) = match standing(serving, realm, (&accepted, &interaction), browser).await? {
        Standing::Good(session, used) => (session, used),
        Standing::Login(form) => return Ok(Step::Login(*form)),
    };
    if !interaction.showed(accepted.request.details()) {
        let reason = "what the application asks for has changed since; start again at the application";
        return Err(AuthorizeError::Expired(ErrorCode::InvalidRequest.because(reason)));
    }
    // That the user is to be asked needs nothing more; who refuses is heard.
    consent(serving, realm, &accepted, (&session, &*used)).await?;
    let details = granted_details(serving, realm, (&accepted, used.user.as_ref()), &session).await?;
    let wanted = agreed(serving, realm, &accepted, &session).await?;
    let given = Fact::ConsentGiven {
        scope: accepted.request.scope().clone(),
        claims: claims_to_consent(&accepted.request),
        resources: accepted.request.resources().to_vec(),
        details: accepted.request.details().iter().map(|detail| detail.name_of_type().to_owned()).collect(),
    };
    let events = serving.with_event(realm, given.concerning(Parties::default()));
    let completion = interaction.completion(serving, &accepted.merged);
    let stored = serving.store.record_consent(&completion, &wanted, &events).await?;
    let stored = stored.ok_or_else(|| AuthorizeError::Expired(answered_before()))?;
    serving.written(&events);
    let agreed = Agreed {
        accepted: &accepted,
        interaction: &interaction,
        session: &session,
        authorization: Some(&stored),
        details: &details,
    };
    // The answer to the form left the mark already.
    let response = respond(serving, realm, agreed, None).await?;
    Ok(Step::Respond(watchable(serving, realm, (&accepted, browser), response)))
}

/// The user left the form: an answer like any other, given once.
pub(super) async fn cancel(
    serving: &Serving<'_>,
    realm: &RealmContext,
    accepted: &Accepted,
    interaction: &Interaction,
) -> AuthorizeError {
    let cancelled = refused(LoginRefusal::Cancelled, None);
    let step = Completion::Interaction(interaction.login_record(serving));
    match close(serving, realm, &step, cancelled).await {
        Ok(()) => accepted.redirect.refuse(denied()),
        Err(error) => error,
    }
}

/// A script ended the interaction at the form: an answer like any other, given once. A new account stays.
pub(super) async fn end(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, interaction): (&Accepted, &Interaction),
    (refusal, user): (Refusal, Option<UserId>),
    new: Option<(NewAccount, Event)>,
) -> AuthorizeError {
    let ended = refused(LoginRefusal::RefusedByScript, user);
    let step = Completion::Interaction(interaction.login_record(serving));
    if let Err(error) = close(serving, realm, &step, ended).await {
        return error;
    }
    match keep(serving, realm, new).await {
        Ok(()) => accepted.redirect.refuse(refusal),
        Err(fault) => fault.into(),
    }
}

/// Marks a step of an interaction as taken, and records what it was; there is no second time.
pub(super) async fn close(
    serving: &Serving<'_>,
    realm: &RealmContext,
    step: &Completion,
    event: Event,
) -> Result<(), AuthorizeError> {
    let events = serving.with_event(realm, event);
    if !serving.store.complete(realm.id(), step, &events).await? {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    serving.written(&events);
    Ok(())
}

fn refused(reason: LoginRefusal, user: Option<UserId>) -> Event {
    Fact::LoginRefused { reason }.concerning(Parties::default().and_user(user))
}

fn signed_out() -> AuthorizeError {
    let reason = "you are no longer signed in; start again at the application";
    AuthorizeError::Expired(ErrorCode::InvalidRequest.because(reason))
}

pub(super) fn answered_before() -> Refusal {
    ErrorCode::InvalidRequest.because("this page was answered before; start again at the application")
}

fn denied() -> Refusal {
    ErrorCode::AccessDenied.because("the user refused").per(rfc6749("4.1.2.1"))
}
