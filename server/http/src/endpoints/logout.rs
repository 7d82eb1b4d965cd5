//! The logout endpoint (RP-Initiated Logout 2), the form that asks, and the page that clients watch the session by.

use poem::{Body, Request, Response, handler};
use signet_core::account::Account;
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::logout::{self, LoggedOut, LogoutRequest, LogoutStep};
use signet_core::protocol::error::Refusal;
use signet_core::protocol::parameters::Parameters;

use super::account::{answered, failed, path};
use super::authorize::{client_view, fits_an_address};
use super::not_found;
use crate::call::{Call, PageCall};
use crate::pages::{
    CHECK_SESSION_HEADERS, DisplayText, ErrorProblem, FrameUri, Hidden, LoggedOutPage, OwnPath, Page, ReturnTarget,
    SessionForm, SignOutPage, check_session_page,
};
use crate::{cookies, render};

#[handler]
pub(crate) async fn by_query(PageCall(call): PageCall) -> Response {
    let parameters = match call.head.query_parameters().and_then(fits_an_address) {
        Ok(parameters) => parameters,
        Err(refusal) => return unreadable(&call, refusal).await,
    };
    let browser = cookies::browser(&call);
    match logout::requested(&call.serving(), &call.realm, &parameters, browser.session.as_ref()).await {
        Ok(LogoutStep::Ask(account, request)) => ask(&call, &parameters, &account, &request),
        Ok(LogoutStep::Done(done)) => logged_out(&call, done),
        Err(failure) => failed(&call, failure),
    }
}

/// A form from another site comes without our SameSite cookies; a GET of our own has them (design section 9).
#[handler]
pub(crate) async fn by_form(PageCall(call): PageCall, body: Body) -> Response {
    match call.head.form(body).await.and_then(fits_an_address) {
        Ok(parameters) => {
            let query = parameters.encode();
            render::see_other(&format!("{}?{query}", call.realm.urls.of(Endpoint::EndSession)))
        }
        Err(refusal) => unreadable(&call, refusal).await,
    }
}

/// The form comes back; the request is in its address, and is read anew.
#[handler]
pub(crate) async fn confirm(PageCall(call): PageCall, body: Body) -> Response {
    let (account, form) = match answered(&call, body).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let parameters = match call.head.query_parameters() {
        Ok(parameters) => parameters,
        Err(refusal) => return unreadable(&call, refusal).await,
    };
    if form.get("action") == Some("stay") {
        return render::see_other(path(&call, "").as_str().trim_end_matches('/'));
    }
    match logout::confirmed(&call.serving(), &call.realm, &parameters, &account).await {
        Ok(done) => logged_out(&call, done),
        Err(failure) => failed(&call, failure),
    }
}

/// The page that clients load in a frame (Session Management 3.3); nothing where the realm has none.
#[handler]
pub(crate) fn check_session(PageCall(call): PageCall, request: &Request) -> Response {
    if !call.realm.realm.settings.session_management {
        return not_found::respond(request);
    }
    let headers = CHECK_SESSION_HEADERS.into_iter();
    let response = headers.fold(Response::builder(), |response, (name, value)| response.header(name, value));
    response.body(check_session_page(&cookies::state_name(&call)))
}

async fn unreadable(call: &Call, refusal: Refusal) -> Response {
    let failure = call.refused(RefusedAt::Endpoint(Endpoint::EndSession), refusal).await;
    render::failure_page(call, failure, ErrorProblem::Request)
}

fn ask(call: &Call, parameters: &Parameters, account: &Account, request: &LogoutRequest) -> Response {
    let to = call.realm.urls.of(Endpoint::LogoutConfirmation);
    let to = url::Url::parse(&to).map(|url| url.path().to_owned()).unwrap_or_default();
    let form = SessionForm {
        action: OwnPath::new(&format!("{to}?{}", parameters.encode())),
        csrf: Hidden::new(account.form_token()),
    };
    let language = call.head.locale(&request.ui_locales).tag();
    let page = SignOutPage {
        user: DisplayText::new(&account.user.username),
        client: request.client.as_ref().map(|client| client_view(client, language).name),
        form,
    };
    render::page_in(call, &Page::SignOut(page), &request.ui_locales)
}

/// The browser forgets the session, tells clients by frames where there are some, and goes on.
pub(super) fn logged_out(call: &Call, done: LoggedOut) -> Response {
    let frames: Vec<FrameUri> = done.frames.iter().filter_map(|frame| FrameUri::new(frame)).collect();
    let response = match (frames.is_empty(), done.redirect) {
        (true, Some(location)) => render::see_other(&location),
        (true, None) => render::page_in(call, &Page::SignedOut, &done.ui_locales),
        (false, redirect) => {
            let page = LoggedOutPage {
                frames,
                target: redirect.as_deref().and_then(ReturnTarget::new),
                client: DisplayText::new(done.client.as_deref().unwrap_or_default()),
            };
            render::page_in(call, &Page::LoggedOut(page), &done.ui_locales)
        }
    };
    render::with_cookies(response, cookies::remove_all(call))
}
