//! From what core answers to what goes over the wire: the only place that turns a failure into a response.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use poem::Response;
use serde::Serialize;
use signet_core::authorize::{AuthorizationRequest, AuthorizationResponse};
use signet_core::endpoints::{ShownError, words_about};
use signet_core::failure::{Failure, Fault};
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::names::ResponseMode;
use signet_core::protocol::responses::ErrorResponse;
use signet_core::realm::RealmContext;
use signet_guard::{INTERACTION_ID, interaction_id};
use signet_resources::{Denial, GuardedResource};

use crate::call::{Call, Head};
use crate::pages::{
    Brand, DisplayText, ErrorPage, ErrorProblem, FormPostPage, FormTarget, Hidden, Page, Parameter, WebUri, Window,
    headers_of,
};
use crate::routes::App;

/// Seconds after which an overloaded server may be asked again.
const RETRY_SECONDS: &str = "2";

/// A JSON body that nobody may keep (RFC 6749 section 5.1).
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "application/json")
            .header(CACHE_CONTROL, "no-store")
            .header("pragma", "no-cache")
            .header("x-content-type-options", "nosniff")
            .body(bytes),
        Err(_) => Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).finish(),
    }
}

/// A failure of an endpoint that clients authenticate at (RFC 6749 section 5.2).
pub(crate) fn failure(failure: &Failure) -> Response {
    log(failure);
    match failure {
        Failure::Refusal(refusal) => {
            let mut response = json(direct_status(refusal.code), &ErrorResponse::from(refusal));
            if refusal.code == ErrorCode::InvalidClient {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"client\""));
            }
            response
        }
        Failure::Fault(fault) => {
            let code = fault.code();
            let body = ErrorResponse {
                error: code.as_str().to_owned(),
                error_description: None,
                members: serde_json::Map::new(),
            };
            let mut response = json(status(code), &body);
            if code == ErrorCode::TemporarilyUnavailable {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
            }
            response
        }
    }
}

/// The token endpoint answers 400 for everything but failed client authentication, also where a code has another
/// status of its own elsewhere (RFC 6749 section 5.2).
fn direct_status(code: ErrorCode) -> StatusCode {
    if code == ErrorCode::AccessDenied { StatusCode::BAD_REQUEST } else { status(code) }
}

fn status(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST)
}

/// The address is there, but not for this method (RFC 9110 section 15.5.6).
pub(crate) fn method_not_allowed(methods: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::METHOD_NOT_ALLOWED)
        .header(ALLOW, methods)
        .header(CACHE_CONTROL, "no-store")
        .finish()
}

/// Tells the client the nonce that its next DPoP proof needs, where it needs one (RFC 9449 section 8.2).
pub(crate) fn give_nonce(response: &mut Response, nonce: Option<String>) {
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
}

/// A resource does not let a request through: a challenge, with the reason for those who sent a token (RFC 6750 section
/// 3), and a nonce where the next proof needs one (RFC 9449 section 9).
pub(crate) fn denied(resource: &GuardedResource<'_>, head: &Head, denial: Denial) -> Response {
    let challenge = resource.challenge(&denial, &head.headers);
    let (status, nonce) = (denial.status(), resource.nonce(&denial));
    let mut response = match denial {
        Denial::NothingPresented => Response::builder().status(StatusCode::UNAUTHORIZED).finish(),
        Denial::Fault(fault) => failure(&Failure::Fault(fault)),
        refused @ (Denial::Refused(_) | Denial::InsufficientUserAuthentication { .. }) => {
            failure(&Failure::Refusal(refused.refusal()))
        }
    };
    if let Some(challenge) = challenge {
        response.set_status(status);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response.headers_mut().extend(nonce.map(|nonce| (HeaderName::from_static("dpop-nonce"), nonce)));
    response
}

/// Gives an answer of a resource the identifier by which the request and what it causes are found again (FAPI 1.0 Part 1
/// section 6.2.1). One that the client sent is in the log beside the request's own.
pub(crate) fn tracked(call: &Call, mut response: Response) -> Response {
    let identifier = interaction_id(&call.head.headers, &*call.app.provider.random);
    if call.head.headers.get(&INTERACTION_ID) == Some(&identifier) {
        tracing::info!(interaction_id = identifier.to_str().unwrap_or_default(), "request to a resource");
    }
    response.headers_mut().insert(INTERACTION_ID, identifier);
    response
}

/// There is no such realm.
pub(crate) fn not_found(refusal: &Refusal) -> Response {
    json(StatusCode::NOT_FOUND, &ErrorResponse::from(refusal))
}

/// One line for each failure, with what the other side does not learn.
pub(crate) fn log(failure: &Failure) {
    match failure {
        Failure::Refusal(refusal) => {
            let spec = refusal.spec.map(|spec| spec.to_string());
            tracing::info!(error = refusal.code.as_str(), reason = %refusal.reason, spec, detail = refusal.detail, "request refused");
        }
        Failure::Fault(fault) => {
            let mut causes = Vec::new();
            let mut cause = std::error::Error::source(fault);
            while let Some(error) = cause {
                causes.push(error.to_string());
                cause = error.source();
            }
            tracing::error!(error = %fault, causes = causes.join(": "), "request failed");
        }
    }
}

/// A page in the name of a realm.
pub(crate) fn page(call: &Call, page: &Page) -> Response {
    render(&call.app, Some(&call.realm), &call.head, (StatusCode::OK, page, &Presentation::default()))
}

/// A page of an interaction: in the language and for the window that the client asked for.
pub(crate) fn interaction_page(call: &Call, page: &Page, request: &AuthorizationRequest) -> Response {
    let window = if request.is_for_popup() { Window::Popup } else { Window::Own };
    let presentation = Presentation { ui_locales: request.ui_locales(), window };
    render(&call.app, Some(&call.realm), &call.head, (StatusCode::OK, page, &presentation))
}

/// A page in the languages that a client asked for.
pub(crate) fn page_in(call: &Call, page: &Page, ui_locales: &[String]) -> Response {
    let presentation = Presentation { ui_locales, window: Window::Own };
    render(&call.app, Some(&call.realm), &call.head, (StatusCode::OK, page, &presentation))
}

/// Turns a page into one that says when to come back.
pub(crate) fn ask_again_later(response: &mut Response, status: StatusCode) {
    response.set_status(status);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
}

/// How a page is shown.
#[derive(Default)]
struct Presentation<'a> {
    /// Languages asked for in the request, before those of the browser.
    ui_locales: &'a [String],
    window: Window,
}

fn render(
    app: &App,
    realm: Option<&RealmContext>,
    head: &Head,
    (status, page, presentation): (StatusCode, &Page, &Presentation<'_>),
) -> Response {
    let brand = realm
        .map_or_else(Brand::default, |realm| Brand { name: DisplayText::new(&realm.realm.display_name), logo: None });
    match app.pages.render(page, &brand, head.locale(presentation.ui_locales)) {
        Ok(html) => {
            let mut response = Response::builder().status(status).body(html);
            response.headers_mut().extend(headers_of(page, presentation.window));
            response
        }
        Err(error) => {
            tracing::error!(error = %error, "a page could not be rendered");
            Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).finish()
        }
    }
}

/// A refusal that must not be redirected.
pub(crate) fn refusal_page(call: &Call, refusal: Refusal, problem: ErrorProblem) -> Response {
    let reason = DisplayText::new(&refusal.reason);
    let words = Words::about(call, (refusal.code, &refusal.reason), problem);
    log(&Failure::Refusal(refusal));
    let status = if problem == ErrorProblem::Forgery { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    error_page(&call.app, Some(&call.realm), &call.head, (status, problem, Some(reason), words))
}

/// The page of a request that failed.
pub(crate) fn failure_page(call: &Call, failure: Failure, problem: ErrorProblem) -> Response {
    match failure {
        Failure::Fault(fault) => realm_fault_page(call, fault),
        Failure::Refusal(refusal) => refusal_page(call, refusal, problem),
    }
}

/// A fault of ours in a realm.
pub(crate) fn realm_fault_page(call: &Call, fault: Fault) -> Response {
    let words = Words::about(call, (fault.code(), ""), problem_of(&fault));
    fault_response(&call.app, Some(&call.realm), &call.head, (fault, words))
}

/// A fault of ours before the realm was known.
pub(crate) fn fault_page(app: &App, head: &Head, fault: Fault) -> Response {
    fault_response(app, None, head, (fault, Words::default()))
}

fn problem_of(fault: &Fault) -> ErrorProblem {
    if fault.code() == ErrorCode::TemporarilyUnavailable { ErrorProblem::Unavailable } else { ErrorProblem::Internal }
}

fn fault_response(app: &App, realm: Option<&RealmContext>, head: &Head, (fault, words): (Fault, Words)) -> Response {
    let (code, problem) = (fault.code(), problem_of(&fault));
    log(&Failure::Fault(fault));
    let mut response = error_page(app, realm, head, (status(code), problem, None, words));
    if problem == ErrorProblem::Unavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

/// What the realm's scripts say on an error page.
#[derive(Default)]
struct Words {
    message: Option<DisplayText>,
    support: Option<WebUri>,
}

impl Words {
    fn about(call: &Call, (code, reason): (ErrorCode, &str), problem: ErrorProblem) -> Self {
        let shown = ShownError { code, reason, page: problem.key() };
        let said = words_about(&call.serving(), &call.realm, shown);
        let text = said.text.as_ref().map(|text| text.in_language(call.head.locale(&[]).tag()));
        Self {
            message: text.map(DisplayText::passage),
            support: said.support_url.and_then(|address| WebUri::new(address.as_str())),
        }
    }
}

/// There is nothing at this address.
pub(crate) fn not_found_page(app: &App, head: &Head) -> Response {
    error_page(app, None, head, (StatusCode::NOT_FOUND, ErrorProblem::NotFound, None, Words::default()))
}

fn error_page(
    app: &App,
    realm: Option<&RealmContext>,
    head: &Head,
    (status, problem, reason, words): (StatusCode, ErrorProblem, Option<DisplayText>, Words),
) -> Response {
    let support_code = DisplayText::new(head.origin.request_id.as_str());
    let Words { message, support } = words;
    let page = Page::Error(ErrorPage { problem, reason, message, support, support_code });
    render(app, realm, head, (status, &page, &Presentation::default()))
}

/// An authorization response in its mode.
pub(crate) fn authorization_response(call: &Call, client_name: &str, response: &AuthorizationResponse) -> Response {
    if response.place() == ResponseMode::FormPost
        && let Some(action) = FormTarget::new(response.redirect_uri())
    {
        let parameters = response
            .parameters()
            .iter()
            .map(|(name, value)| Parameter { name: (*name).to_owned(), value: Hidden::new(value.clone()) });
        let form = FormPostPage { client: DisplayText::new(client_name), action, parameters: parameters.collect() };
        return page(call, &Page::FormPost(form));
    }
    see_other(&response.location())
}

/// 303: whatever the method was, the browser goes on with GET, and no body is sent again (RFC 9700 section 4.12).
pub(crate) fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).finish();
    };
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(LOCATION, location)
        .header(CACHE_CONTROL, "no-store")
        .header("referrer-policy", "no-referrer")
        .finish()
}

/// Adds cookies.
pub(crate) fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
