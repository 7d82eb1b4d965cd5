//! The login form comes back.

use poem::{Body, Response, handler};
use signet_core::authn::LoginFailure;
use signet_core::authorize::{Answered, LoggedIn, LoginAction, LoginAnswer, answer_login};
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::parameters::Parameters;

use super::authorize::{authorize_error, login_page, respond};
use super::sign_up::{SignUpDraft, sign_up_page};
use crate::call::{Call, PageCall};
use crate::pages::{ErrorProblem, LoginProblem};
use crate::{cookies, cross_site, render};

#[handler]
pub(crate) async fn answer(PageCall(call): PageCall, body: Body) -> Response {
    let (parameters, form) = match request_and_form(&call, body, Endpoint::Login).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let browser = cookies::browser(&call);
    let typed = |name: &str| form.get(name).unwrap_or_default();
    let action = match typed("action") {
        "cancel" => LoginAction::Cancel,
        "sign-up" => LoginAction::SignUp,
        _ => LoginAction::LogIn(typed("username"), typed("password")),
    };
    let answer =
        LoginAnswer { parameters: &parameters, interaction: typed("interaction"), action, address: call.head.address };
    match answer_login(&call.serving(), &call.realm, answer, &browser).await {
        Ok(Answered::Respond(response)) => respond(&call, &parameters, &response),
        Ok(Answered::LoggedIn(logged_in)) => go_on(&call, &logged_in),
        Ok(Answered::SignUp(form)) => sign_up_page(&call, &browser, (*form, SignUpDraft::default())),
        Ok(Answered::Again(form, failure)) => login_page(&call, &browser, (*form, Some(problem(failure)))),
        Err(error) => authorize_error(&call, &parameters, error),
    }
}

/// Sends a browser on with the cookies of its new session.
pub(super) fn go_on(call: &Call, logged_in: &LoggedIn) -> Response {
    let session = &logged_in.session;
    let set = [cookies::set_session(call, session), cookies::set_browser_state(call, session)];
    render::with_cookies(render::see_other(&logged_in.location), set)
}

const fn problem(failure: LoginFailure) -> LoginProblem {
    match failure {
        LoginFailure::WrongCredentials => LoginProblem::Credentials,
        LoginFailure::TooManyAttempts => LoginProblem::Throttled,
        LoginFailure::Busy => LoginProblem::Busy,
    }
}

/// The request from the form's address, and the form itself; refused where it did not come from a page of ours.
pub(crate) async fn request_and_form(
    call: &Call,
    body: Body,
    endpoint: Endpoint,
) -> Result<(Parameters, Parameters), Box<Response>> {
    let place = RefusedAt::Endpoint(endpoint);
    if !cross_site::is_own_form(call) {
        return Err(Box::new(refused(call, place, (foreign_form(), ErrorProblem::Forgery)).await));
    }
    let read = match call.head.query_parameters() {
        Ok(parameters) => call.head.form(body).await.map(|form| (parameters, form)),
        Err(refusal) => Err(refusal),
    };
    match read {
        Ok(both) => Ok(both),
        Err(refusal) => Err(Box::new(refused(call, place, (refusal, ErrorProblem::Request)).await)),
    }
}

/// The page of a form that is refused before the services see it.
pub(super) async fn refused(call: &Call, place: RefusedAt, (refusal, problem): (Refusal, ErrorProblem)) -> Response {
    let failure = call.refused(place, refusal).await;
    render::failure_page(call, failure, problem)
}

pub(crate) fn foreign_form() -> Refusal {
    ErrorCode::AccessDenied.because("the form was not sent from a page of this server")
}
