//! What comes next for an application: what is missing, a browser, or the code.

use serde_json::{Map, Value, json};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::Prompt;
use signet_protocol::responses::AuthorizationChallengeResponse;
use signet_protocol::spec::first_party_apps;

use super::auth_session::AuthSession;
use super::{Asked, Challenged, Progress};
use crate::authn::{Attempt, FACTORS, LoginFailure, SessionCookie};
use crate::authorize::answer::{begin_session, check_factor};
use crate::authorize::pushed::{in_json, keep_for_browser};
use crate::authorize::step::{self, Step};
use crate::authorize::{Accepted, AuthorizationResponse, Browser};
use crate::events::{Fact, Parties, Serving, SessionsEndedBecause};
use crate::failure::{Failure, Fault};
use crate::model::User;
use crate::ports::{SessionEnding, WhichSessions};
use crate::realm::RealmContext;

/// Prompts that only a page can show.
const PROMPTS_OF_PAGES: [Prompt; 2] = [Prompt::Consent, Prompt::Create];

pub(super) async fn next(
    serving: &Serving<'_>,
    realm: &RealmContext,
    asked: &Asked<'_>,
    progress: Progress,
) -> Result<Challenged, Failure> {
    if PROMPTS_OF_PAGES.iter().any(|prompt| progress.accepted.request.prompts(*prompt)) {
        return to_web(serving, realm, &progress).await;
    }
    if progress.is_new {
        // What is asked before a login form is shown is asked before a password is looked at.
        let browser = Browser { session: None, binding: progress.binding.clone() };
        let (accepted, interaction) = (&progress.accepted, &progress.interaction);
        let step = step::next(serving, realm, accepted, interaction, &browser).await.map_err(in_json)?;
        if !matches!(step, Step::Login(_)) {
            return Err(unexpected().into());
        }
    }
    let (Some(username), Some(password)) = (asked.form.get("username"), asked.form.get("password")) else {
        return insufficient(serving, realm, asked, (&progress, None));
    };
    let attempt = Attempt { username, password, address: asked.address, session: None };
    let place = (&progress.accepted, &progress.interaction);
    match check_factor(serving, realm, place, attempt).await.map_err(in_json)? {
        Ok(user) => logged_in(serving, realm, progress, &user).await,
        Err(failure) => insufficient(serving, realm, asked, (&progress, Some(failure))),
    }
}

/// The user has proved who they are: a session begins, and what the authorization endpoint would do next decides.
async fn logged_in(
    serving: &Serving<'_>,
    realm: &RealmContext,
    progress: Progress,
    user: &User,
) -> Result<Challenged, Failure> {
    let nobody = Browser { session: None, binding: progress.binding.clone() };
    let place = (&progress.accepted, &progress.interaction);
    let (cookie, interaction) = begin_session(serving, realm, place, (user, None), &nobody).await.map_err(in_json)?;
    let progress = Progress { interaction, ..progress };
    let browser = Browser { session: Some(cookie.clone()), binding: progress.binding.clone() };
    let step = step::next(serving, realm, &progress.accepted, &progress.interaction, &browser).await;
    match step.map_err(in_json) {
        Ok(Step::Respond(response)) => code(&response),
        // Nobody has the cookie; the user logs in again in the browser.
        Ok(Step::Consent(_) | Step::Login(_) | Step::Claims(_)) => {
            end_session(serving, realm, (&progress.accepted, user), &cookie).await?;
            to_web(serving, realm, &progress).await
        }
        Err(failure) => {
            end_session(serving, realm, (&progress.accepted, user), &cookie).await?;
            Err(failure)
        }
    }
}

/// Section 5.2.1.
fn code(response: &AuthorizationResponse) -> Result<Challenged, Failure> {
    let code = response.code().ok_or_else(unexpected)?;
    Ok(Challenged::Code(AuthorizationChallengeResponse { authorization_code: code.to_owned() }))
}

fn unexpected() -> Fault {
    Fault::Internal("a request of an application led to no code", None)
}

async fn end_session(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, user): (&Accepted, &User),
    cookie: &SessionCookie,
) -> Result<(), Failure> {
    let ended = Fact::SessionsEnded { reason: SessionsEndedBecause::NoCodeIssued };
    let parties = Parties::client(&accepted.client.client_id).and_user(Some(user.id));
    let events = serving.with_event(realm, ended.concerning(parties));
    let ending = SessionEnding::of(WhichSessions::OfCookie(cookie.hash()));
    if !serving.store.end_sessions(realm.id(), &ending, &events).await?.is_empty() {
        serving.written(&events);
    }
    Ok(())
}

/// Section 5.2.2: what the user can prove themselves with, and what was wrong with the last try.
fn insufficient(
    serving: &Serving<'_>,
    realm: &RealmContext,
    asked: &Asked<'_>,
    (progress, failed): (&Progress, Option<LoginFailure>),
) -> Result<Challenged, Failure> {
    let mut members = Map::new();
    members.insert("auth_session".to_owned(), AuthSession::issue(serving, realm, progress, asked.key)?.into());
    members.insert("factors".to_owned(), json!(FACTORS));
    members.extend(failed.map(|failure| ("factor_failure".to_owned(), Value::from(word_of(failure)))));
    let (code, reason) = match failed {
        None => (ErrorCode::InsufficientAuthorization, "send username and password with the auth_session"),
        Some(LoginFailure::WrongCredentials) => {
            (ErrorCode::InsufficientAuthorization, "user name and password do not fit together")
        }
        Some(LoginFailure::TooManyAttempts) => {
            (ErrorCode::InsufficientAuthorization, "there were too many attempts; wait a while")
        }
        Some(LoginFailure::Busy) => (ErrorCode::TemporarilyUnavailable, "try again in a moment"),
    };
    Ok(Challenged::More(code.because(reason).per(first_party_apps("5.2.2.1")).with_members(members)))
}

/// The words that scripts are told.
const fn word_of(failure: LoginFailure) -> &'static str {
    match failure {
        LoginFailure::WrongCredentials => "wrong_credentials",
        LoginFailure::TooManyAttempts => "too_many_attempts",
        LoginFailure::Busy => "busy",
    }
}

/// Section 5.2.2.1.1: the user goes on in a browser; by reference, where the application said where it is answered and
/// proves that the code is for it.
async fn to_web(serving: &Serving<'_>, realm: &RealmContext, progress: &Progress) -> Result<Challenged, Failure> {
    let accepted = &progress.accepted;
    let can_be_kept = accepted.request.parts.challenge.is_some() && !accepted.redirect.uri().is_empty();
    let kept = if can_be_kept {
        keep_for_browser(serving, realm, (accepted, &progress.interaction.narrowing)).await?
    } else {
        None
    };
    Ok(Challenged::More(redirect_to_web(kept.map(|kept| (kept.request_uri, kept.expires_in)))))
}

fn redirect_to_web(kept: Option<(String, i64)>) -> Refusal {
    let mut members = Map::new();
    if let Some((request_uri, expires_in)) = kept {
        members.insert("request_uri".to_owned(), request_uri.into());
        members.insert("expires_in".to_owned(), expires_in.into());
    }
    let reason = "send the user to the authorization endpoint in a browser";
    ErrorCode::RedirectToWeb.because(reason).per(first_party_apps("5.2.2.1.1")).with_members(members)
}
