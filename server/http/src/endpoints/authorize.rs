//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 3.1.2.1).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize::{
    self, AuthorizationResponse, AuthorizeError, Browser, ConsentForm, INTERACTION_PARAMETER, LoginForm, Step,
};
use signet_core::details::describe;
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::model::{AuthorizationDetail, Client};
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::scope::Scope;
use signet_core::protocol::spec::rfc6749;

use super::claims::claims_page;
use super::device::done_page;
use super::sign_up::{SignUpDraft, sign_up_page};
use crate::call::{Call, PageCall};
use crate::pages::{
    ClaimView, ClientView, ConsentPage, DetailView, DisplayText, ErrorProblem, Hidden, ImageUri, InteractionForm,
    LoginPage, LoginProblem, OwnPath, Page, ScopeView, WebUri,
};
use crate::{cookies, render};

/// Longest request in bytes, encoded. It comes back in the addresses of our own forms and redirects, with the sealed
/// progress beside it, and every server and browser takes those up to 8,000 (RFC 9110 section 4.1).
const LONGEST_REQUEST: usize = 6_400;

#[handler]
pub(crate) async fn by_query(PageCall(call): PageCall) -> Response {
    let parameters = match call.head.query_parameters().and_then(fits_an_address) {
        Ok(parameters) => parameters,
        Err(refusal) => return unreadable(&call, refusal).await,
    };
    let browser = cookies::browser(&call);
    match authorize::authorize(&call.serving(), &call.realm, &parameters, &browser).await {
        Ok(step) => step_response(&call, &parameters, &browser, step),
        Err(error) => authorize_error(&call, &parameters, error),
    }
}

/// What comes next, as the browser gets it.
pub(crate) fn step_response(call: &Call, parameters: &Parameters, browser: &Browser, step: Step) -> Response {
    match step {
        Step::Respond(response) => {
            // Who is signed in since before the realm let clients watch gets the cookie now.
            let session = browser.session.as_ref().filter(|_| response.has_session_state());
            let state = session.and_then(|session| cookies::renew_browser_state(call, session));
            render::with_cookies(respond(call, parameters, &response), [state])
        }
        Step::Login(form) if form.begins_with_registration => {
            sign_up_page(call, browser, (form, SignUpDraft::default()))
        }
        Step::Login(form) => login_page(call, browser, (form, None)),
        Step::Consent(form) => consent_page(call, browser, form),
        Step::Claims(form) => claims_page(call, browser, form),
    }
}

/// A form from another site comes without our SameSite cookies; a GET of our own has them (design section 9).
#[handler]
pub(crate) async fn by_form(PageCall(call): PageCall, body: Body) -> Response {
    match call.head.form(body).await.and_then(fits_an_address) {
        Ok(parameters) => {
            let query = parameters.without(INTERACTION_PARAMETER).encode();
            render::see_other(&format!("{}?{query}", call.realm.urls.of(Endpoint::Authorization)))
        }
        Err(refusal) => unreadable(&call, refusal).await,
    }
}

async fn unreadable(call: &Call, refusal: Refusal) -> Response {
    let failure = call.refused(RefusedAt::Endpoint(Endpoint::Authorization), refusal).await;
    render::failure_page(call, failure, ErrorProblem::Request)
}

pub(super) fn fits_an_address(parameters: Parameters) -> Result<Parameters, Refusal> {
    if parameters.without(INTERACTION_PARAMETER).encode().len() <= LONGEST_REQUEST {
        return Ok(parameters);
    }
    Err(ErrorCode::InvalidRequest.because("the parameters have more than 6400 bytes together").per(rfc6749("3.1")))
}

/// The response to the client, whatever way it takes.
pub(crate) fn respond(call: &Call, parameters: &Parameters, response: &AuthorizationResponse) -> Response {
    if response.is_shown_here() {
        return done_page(call, response);
    }
    render::authorization_response(call, parameters.get("client_id").unwrap_or_default(), response)
}

/// The one mapping of what may go wrong here.
pub(crate) fn authorize_error(call: &Call, parameters: &Parameters, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Page(refusal) => render::refusal_page(call, refusal, ErrorProblem::Request),
        AuthorizeError::Expired(refusal) => render::refusal_page(call, refusal, ErrorProblem::Expired),
        AuthorizeError::Redirect(response, refusal) => {
            render::log(&Failure::Refusal(refusal));
            respond(call, parameters, &response)
        }
        AuthorizeError::Fault(fault) => render::realm_fault_page(call, fault),
    }
}

pub(crate) fn login_page(
    call: &Call,
    browser: &Browser,
    (form, problem): (LoginForm, Option<LoginProblem>),
) -> Response {
    let page = Page::Login(LoginPage {
        client: client_view(&form.client, call.head.locale(form.request.ui_locales()).tag()),
        form: interaction_form(call, &form.address, Endpoint::Login, form.interaction),
        username: form.login_hint.unwrap_or_default(),
        problem,
        reauthentication: form.reauthentication,
        sign_up: form.offers_registration,
    });
    let mut response = render::interaction_page(call, &page, &form.request);
    match problem {
        Some(LoginProblem::Busy) => render::ask_again_later(&mut response, StatusCode::SERVICE_UNAVAILABLE),
        Some(LoginProblem::Throttled) => render::ask_again_later(&mut response, StatusCode::TOO_MANY_REQUESTS),
        Some(LoginProblem::Credentials) | None => {}
    }
    render::with_cookies(response, [cookies::set_binding(call, &browser.binding)])
}

fn consent_page(call: &Call, browser: &Browser, form: ConsentForm) -> Response {
    let language = call.head.locale(form.request.ui_locales()).tag();
    let terms = &form.terms;
    let page = Page::Consent(ConsentPage {
        client: client_view(&form.client, language),
        notice: terms.notice.as_ref().map(|notice| DisplayText::passage(notice.in_language(language))),
        details: detail_views(call, form.request.details(), language),
        scopes: worded_scopes(call, &form, language),
        claims: form.claims.iter().map(|claim| ClaimView::named(claim)).collect(),
        user: DisplayText::new(&form.username),
        destination: destination(&form.client, &form.redirect_uri),
        // What is asked for each time is kept for the tokens, but answers nothing later.
        remembered: !terms.ask && form.request.details().iter().all(|detail| is_remembered(call, detail)),
        form: interaction_form(call, &form.address, Endpoint::Consent, form.interaction),
    });
    let response = render::interaction_page(call, &page, &form.request);
    render::with_cookies(response, [cookies::set_binding(call, &browser.binding)])
}

/// The scope values of a consent form in the order and the words that scripts want, where they want any. None is left
/// out.
fn worded_scopes(call: &Call, form: &ConsentForm, language: &str) -> Vec<ScopeView> {
    let (scope, terms) = (form.request.scope(), &form.terms);
    let is_first = |name: &str| terms.order.iter().any(|first| first == name);
    let first = terms.order.iter().map(String::as_str).filter(|name| scope.contains(name));
    let others = scope.iter().filter(|name| !is_first(name));
    let mut seen = Vec::new();
    let mut views = Vec::new();
    for name in first.chain(others) {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let words = terms.texts.get(name).map(|words| words.in_language(language));
        let of_name = scope_views(call, &scope.filtered(|one| one == name), form.request.resources());
        views.extend(of_name.into_iter().map(|view| words.map_or(view.clone(), |words| view.worded(words))));
    }
    views
}

fn is_remembered(call: &Call, detail: &AuthorizationDetail) -> bool {
    let kind = call.realm.details_types.find(detail.name_of_type());
    kind.is_some_and(|kind| kind.stored.definition.remembered)
}

/// Authorization details in plain words. Those of a type that is gone are good for nothing any more.
pub(crate) fn detail_views(call: &Call, details: &[AuthorizationDetail], language: &str) -> Vec<DetailView> {
    let view = |detail: &AuthorizationDetail| {
        let kind = call.realm.details_types.find(detail.name_of_type())?;
        Some(DetailView::of(&describe(kind, detail, language)))
    };
    details.iter().filter_map(view).collect()
}

/// The request travels in the address of the form, exactly as the client sent it, or in the sealed field, which belongs
/// to it.
pub(super) fn interaction_form(
    call: &Call,
    address: &Parameters,
    endpoint: Endpoint,
    interaction: String,
) -> InteractionForm {
    let query = address.encode();
    let path = url::Url::parse(&call.realm.urls.of(endpoint)).map(|url| url.path().to_owned()).unwrap_or_default();
    InteractionForm { action: OwnPath::new(&format!("{path}?{query}")), interaction: Hidden::new(interaction) }
}

pub(crate) fn client_view(client: &Client, language: &str) -> ClientView {
    let metadata = &client.metadata;
    let said = |member: &str, plain: &'_ Option<String>| {
        metadata.in_language(member, plain.as_deref(), &[language]).map(str::to_owned)
    };
    let web = |member: &str, uri: &Option<String>| said(member, uri).and_then(|uri| WebUri::new(&uri));
    let name = said("client_name", &metadata.client_name);
    ClientView {
        name: DisplayText::new(name.as_deref().unwrap_or(client.client_id.as_str())),
        logo: said("logo_uri", &metadata.logo_uri).and_then(|uri| ImageUri::new(&uri)),
        home: web("client_uri", &metadata.client_uri),
        policy: web("policy_uri", &metadata.policy_uri),
        terms: web("tos_uri", &metadata.tos_uri),
    }
}

/// RFC 9700 section 4.11.2: where a client registered itself, people see which host they are sent to.
fn destination(client: &Client, redirect_uri: &str) -> Option<DisplayText> {
    if !client.settings.dynamically_registered {
        return None;
    }
    let target = url::Url::parse(redirect_uri).ok()?;
    // An application on the device has no host; its scheme is all there is to see.
    Some(DisplayText::new(target.host_str().unwrap_or_else(|| target.scheme())))
}

/// Scope values in plain words: those of the resource servers that the tokens are for in the words they were registered
/// with. The same value may mean another thing elsewhere.
pub(crate) fn scope_views(call: &Call, scope: &Scope, resources: &[String]) -> Vec<ScopeView> {
    let servers: Vec<_> = resources.iter().filter_map(|resource| call.realm.resource_server(resource)).collect();
    let views_of = |name: &str| -> Vec<ScopeView> {
        let scopes = servers.iter().flat_map(|server| server.scopes.iter().map(move |scope| (server, scope)));
        let meant = scopes.filter(|(_, scope)| scope.name == name);
        meant
            .map(|(server, scope)| ScopeView::named(name).described(&scope.description).at(&server.display_name))
            .collect()
    };
    let views = scope.iter().flat_map(|name| {
        let views = views_of(name);
        if views.is_empty() { vec![ScopeView::named(name)] } else { views }
    });
    views.collect()
}
