//! The login form comes back.

use poem::{Body, Response, handler};
use signet_core::authn::LoginFailure;
use signet_core::authorize::{Answered, LoginAnswer, answer_login};
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::parameters::Parameters;

use super::authorize::{authorize_error, login_page, respond};
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
    let cancelled = form.get("action") == Some("cancel");
    let credentials = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
    let answer = LoginAnswer {
        parameters: &parameters,
        interaction: form.get("interaction").unwrap_or_default(),
        credentials: (!cancelled).then_some(credentials),
        address: call.head.address,
    };
    match answer_login(&call.serving(), &call.realm, answer, &browser).await {
        Ok(Answered::Respond(response)) => respond(&call, &parameters, &response),
        Ok(Answered::LoggedIn(location, session)) => {
            let set = [cookies::set_session(&call, &session), cookies::set_browser_state(&call, &session)];
            render::with_cookies(render::see_other(&location), set)
        }
        Ok(Answered::Again(form, failure)) => login_page(&call, &browser, (*form, Some(problem(failure)))),
        Err(error) => authorize_error(&call, &parameters, error),
    }
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
