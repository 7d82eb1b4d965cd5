//! The pages of `signet dev`: where to begin, and what the test client saw.

use std::sync::Arc;

use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use poem::web::Data;
use poem::{EndpointExt as _, Request, Response, Route, get, handler};
use signet_core::failure::Failure;
use signet_core::protocol::parameters::Parameters;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_http::pages::{
    Brand, DevStartPage, Hidden, LanguageWishes, Locale, OwnPath, Page, Pages, Parameter, TestClientPage, Window,
    headers_of,
};
use url::form_urlencoded;

use super::demo;
use super::flow::{Outcome, TestClient};

/// Holds the state of the flow that this browser began: an answer to another one is not taken (RFC 9700 section 4.7).
const STATE_COOKIE: &str = "__Host-signet-dev";

/// What the pages share.
pub(super) struct Dev {
    pub(super) provider: Arc<Provider>,
    pub(super) pages: Arc<Pages>,
    pub(super) test_client: TestClient,
    pub(super) password: String,
    /// A command that administers this provider.
    pub(super) command: String,
}

/// The routes, to be mounted at `/dev`.
pub(super) fn routes(dev: &Arc<Dev>) -> Route {
    Route::new()
        .at("/", get(start.data(Arc::clone(dev))))
        .at("/start", get(begin.data(Arc::clone(dev))))
        .at("/callback", get(callback.data(Arc::clone(dev))))
}

/// The page of the printed link.
#[handler]
async fn start(request: &Request, Data(dev): Data<&Arc<Dev>>) -> Response {
    let realm = match dev.realm().await {
        Ok(realm) => realm,
        Err(response) => return response,
    };
    let discovery = format!("/realms/{}/.well-known/openid-configuration", demo::REALM);
    let page = DevStartPage {
        issuer: realm.issuer().to_owned(),
        discovery: OwnPath::new(&discovery),
        username: demo::USERNAME.to_owned(),
        password: Hidden::new(dev.password.clone()),
        client_id: demo::WEB_CLIENT.to_owned(),
        try_it: OwnPath::new("/dev/start"),
        command: dev.command.clone(),
    };
    dev.render(&Page::DevStart(page), request.headers())
}

/// Sends the browser to the authorization endpoint.
#[handler]
async fn begin(Data(dev): Data<&Arc<Dev>>) -> Response {
    let realm = match dev.realm().await {
        Ok(realm) => realm,
        Err(response) => return response,
    };
    match dev.test_client.begin(&realm, &*dev.provider.random) {
        Ok(flow) => Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(LOCATION, flow.request)
            .header(SET_COOKIE, format!("{STATE_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax", flow.state))
            .header(CACHE_CONTROL, "no-store")
            .finish(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}

/// Takes the answer of the authorization endpoint, and shows what came of it.
#[handler]
async fn callback(request: &Request, Data(dev): Data<&Arc<Dev>>) -> Response {
    let realm = match dev.realm().await {
        Ok(realm) => realm,
        Err(response) => return response,
    };
    let query = request.uri().query().unwrap_or_default();
    let answer = Parameters::parse(query).unwrap_or_default();
    let state = answer.get("state").filter(|state| cookie(request.headers()) == Some(state));
    let flow = state.and_then(|state| dev.test_client.end(state));
    let (sent, outcome) = match flow {
        Some(flow) => {
            let outcome = dev.test_client.finish(&dev.provider, &realm, &flow, &answer).await;
            (flow.request, outcome)
        }
        None => (String::new(), foreign_answer()),
    };
    let response = form_urlencoded::parse(query.as_bytes());
    let response = response.map(|(name, value)| Parameter { name: name.into_owned(), value: Hidden::new(value) });
    let page = TestClientPage {
        request: sent,
        response: response.collect(),
        token_response: outcome.token_response,
        id_token: outcome.id_token,
        access_token: outcome.access_token,
        userinfo: outcome.userinfo,
        problem: outcome.problem,
        again: OwnPath::new("/dev/start"),
        start: OwnPath::new("/dev"),
    };
    dev.render(&Page::TestClient(Box::new(page)), request.headers())
}

fn foreign_answer() -> Outcome {
    let problem = "This answer belongs to no sign-in that this browser began, or to one that is over; begin again.";
    Outcome { problem: Some(problem.to_owned()), ..Outcome::default() }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == STATE_COOKIE).map(|(_, value)| value)
}

impl Dev {
    async fn realm(&self) -> Result<Arc<RealmContext>, Response> {
        let unavailable = |said: String| {
            tracing::error!(error = said, "the demo realm cannot be read");
            Response::from(StatusCode::SERVICE_UNAVAILABLE)
        };
        let name = demo::REALM.parse().map_err(|error| unavailable(format!("{error}")))?;
        self.provider.realm(&name).await.map_err(|failure: Failure| unavailable(failure.to_string()))
    }

    fn render(&self, page: &Page, headers: &HeaderMap) -> Response {
        let accept_language = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let locale = Locale::negotiate(LanguageWishes { ui_locales: None, accept_language });
        match self.pages.render(page, &Brand::default(), locale) {
            Ok(html) => {
                let mut response = Response::builder().body(html);
                response.headers_mut().extend(headers_of(page, Window::Own));
                response
            }
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into()
            }
        }
    }
}
