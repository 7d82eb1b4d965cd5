//! The form by which people make an account comes back (Initiating User Registration 1.0).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize::{
    Account, Browser, LoginForm, SignUpAction, SignUpAnswer, SignUpProblem, SignedUp, answer_sign_up,
};
use signet_core::endpoints::Endpoint;

use super::authorize::{authorize_error, client_view, interaction_form, login_page, respond};
use super::login::{go_on, request_and_form};
use crate::call::{Call, PageCall};
use crate::pages::{self, Page, SignUpPage};
use crate::{cookies, render};

/// What the fields hold when the form is shown. Never a password.
#[derive(Default)]
pub(super) struct SignUpDraft<'a> {
    name: &'a str,
    email: &'a str,
    problem: Option<SignUpProblem>,
}

#[handler]
pub(crate) async fn answer(PageCall(call): PageCall, body: Body) -> Response {
    let (parameters, form) = match request_and_form(&call, body, Endpoint::SignUp).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let browser = cookies::browser(&call);
    let typed = |name: &str| form.get(name).unwrap_or_default();
    let action = match typed("action") {
        "cancel" => SignUpAction::Cancel,
        "login" => SignUpAction::LogIn,
        _ => SignUpAction::SignUp(Account {
            username: typed("username"),
            password: typed("password"),
            repeated: typed("repeated"),
            name: typed("name"),
            email: typed("email"),
        }),
    };
    let answer =
        SignUpAnswer { parameters: &parameters, interaction: typed("interaction"), action, address: call.head.address };
    match answer_sign_up(&call.serving(), &call.realm, answer, &browser).await {
        Ok(SignedUp::Respond(response)) => respond(&call, &parameters, &response),
        Ok(SignedUp::LoggedIn(logged_in)) => go_on(&call, &logged_in),
        Ok(SignedUp::LogIn(form)) => login_page(&call, &browser, (*form, None)),
        Ok(SignedUp::Again(again, problem)) => {
            let draft = SignUpDraft { name: typed("name"), email: typed("email"), problem: Some(problem) };
            sign_up_page(&call, &browser, (*again, draft))
        }
        Err(error) => authorize_error(&call, &parameters, error),
    }
}

pub(super) fn sign_up_page(call: &Call, browser: &Browser, (form, draft): (LoginForm, SignUpDraft<'_>)) -> Response {
    let page = Page::SignUp(SignUpPage {
        client: client_view(&form.client, call.head.locale(form.request.ui_locales()).tag()),
        form: interaction_form(call, &form.address, Endpoint::SignUp, form.interaction),
        username: form.login_hint.unwrap_or_default(),
        name: draft.name.to_owned(),
        email: draft.email.to_owned(),
        least_characters: call.realm.realm.settings.password_minimum_length,
        problem: draft.problem.map(message),
    });
    let mut response = render::interaction_page(call, &page, &form.request);
    match draft.problem {
        Some(SignUpProblem::Busy) => render::ask_again_later(&mut response, StatusCode::SERVICE_UNAVAILABLE),
        Some(SignUpProblem::TooManyAttempts) => render::ask_again_later(&mut response, StatusCode::TOO_MANY_REQUESTS),
        _ => {}
    }
    render::with_cookies(response, [cookies::set_binding(call, &browser.binding)])
}

const fn message(problem: SignUpProblem) -> pages::SignUpProblem {
    use pages::SignUpProblem as Shown;
    match problem {
        SignUpProblem::Username => Shown::Username,
        SignUpProblem::UsernameTaken => Shown::UsernameTaken,
        SignUpProblem::Repeated => Shown::Repeated,
        SignUpProblem::PasswordTooShort(_) => Shown::PasswordTooShort,
        SignUpProblem::PasswordTooLong => Shown::PasswordTooLong,
        SignUpProblem::PasswordCommon => Shown::PasswordCommon,
        SignUpProblem::Name => Shown::Name,
        SignUpProblem::Email => Shown::Email,
        SignUpProblem::TooManyAttempts => Shown::Throttled,
        SignUpProblem::Busy => Shown::Busy,
    }
}
