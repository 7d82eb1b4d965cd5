//! Chromium with a new profile, driven through `chromedriver`.

use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use futures_util::FutureExt as _;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::http::{HttpClient, Request, decode};
use crate::support::process::{Process, new_folder};
use crate::support::realm::User;
use crate::support::server::free_ports;
use crate::support::wait::until_true;

/// No window, no sandbox (tests may run as root), nothing that Chromium does on its own, and the tests' authority.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
    "--lang=en",
];

/// A browser with one window.
pub(super) struct Chromium {
    client: Client,
}

/// A file that `tests/run` names in this variable.
pub(super) fn provided(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty());
    let path = PathBuf::from(path.unwrap_or_else(|| panic!("{variable} is not set: run tests/run")));
    assert!(path.is_file(), "{variable}: there is no {}: run tests/run", path.display());
    path
}

impl Chromium {
    /// Runs a test with a browser of its own, and ends that browser however the test ends.
    pub(super) async fn with(test: impl AsyncFnOnce(&Self)) {
        let (browser, driver) = (provided("SIGNET_TEST_CHROMIUM"), provided("SIGNET_TEST_CHROMEDRIVER"));
        let folder = new_folder("chromium");
        let [port] = free_ports();
        let mut process = Process::start(&folder, &driver, &[&format!("--port={port}")]);
        let address = format!("http://127.0.0.1:{port}");
        let http = HttpClient::new();
        until_true("the driver answers", async || {
            process.assert_running();
            http.try_send(Request::get(&format!("{address}/status"))).await.is_ok()
        })
        .await;
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let arguments: Vec<&str> = ARGUMENTS.iter().copied().chain([profile.as_str()]).collect();
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": {"binary": browser, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }) else {
            unreachable!("an object")
        };
        let connected = ClientBuilder::native().capabilities(Capabilities::from(capabilities)).connect(&address).await;
        let client = connected.unwrap_or_else(|error| panic!("{error}: {}", process.log()));
        let chromium = Self { client };
        let ended = AssertUnwindSafe(test(&chromium)).catch_unwind().await;
        chromium.client.close().await.unwrap();
        if let Err(panic) = ended {
            resume_unwind(panic);
        }
    }

    pub(super) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits until there is an element with this identifier, which may be a page's main element.
    pub(super) async fn shows(&self, id: &str) {
        self.find(id).await;
    }

    /// Waits until the browser is at the site of a client, and answers the address.
    pub(super) async fn arrives_at(&self, redirect_uri: &str) -> Url {
        self.shows("client-page").await;
        let url = self.client.current_url().await.unwrap();
        assert!(url.as_str().starts_with(redirect_uri), "{url}");
        url
    }

    /// Types into a field in place of what it holds.
    pub(super) async fn fill(&self, id: &str, text: &str) {
        let field = self.find(id).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(super) async fn press(&self, id: &str) {
        self.find(id).await.click().await.unwrap();
    }

    /// Presses the first element that a CSS selector matches.
    pub(super) async fn press_first(&self, selector: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    /// What a person reads in an element.
    pub(super) async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap()
    }

    /// The value of a field.
    pub(super) async fn value(&self, id: &str) -> String {
        self.find(id).await.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Answers the login page.
    pub(super) async fn log_in(&self, user: &User) {
        self.shows("login-page").await;
        self.fill("username", &user.username).await;
        self.fill("password", &user.password).await;
        self.press("login-submit").await;
    }

    /// Runs a script on the page, whatever the policy of the page is.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script that calls the last of its arguments with its result.
    pub(super) async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Sends a command of Chromium's developer tools.
    pub(super) async fn devtools(&self, command: &str, parameters: &Value) {
        self.command("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await;
    }

    /// What the browser reported since it was asked the last time: blocked by a policy, thrown by a script.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().expect("a log").iter().filter(|entry| entry["source"] != "network");
        entries.map(|entry| entry["message"].to_string()).collect()
    }

    async fn find(&self, id: &str) -> Element {
        match self.client.wait().for_element(Locator::Id(id)).await {
            Ok(element) => element,
            Err(error) => panic!("{id}: {error}: {}", self.client.source().await.unwrap_or_default()),
        }
    }

    async fn command(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Vendor { path, body }).await.unwrap()
    }
}

/// The authorization response that an address carries.
pub(super) fn response(url: &Url, request: &AuthorizationRequest) -> AuthorizationResponse {
    received(url.query().unwrap_or_default(), request)
}

/// The authorization response in a form or a query.
pub(super) fn received(parameters: &str, request: &AuthorizationRequest) -> AuthorizationResponse {
    let response = AuthorizationResponse { parameters: decode(parameters).into_iter().collect() };
    assert_eq!(response.get("state"), request.get("state"), "{response:?}");
    assert_eq!(response.get("iss"), Some(request.issuer.as_str()), "{response:?}");
    response
}

/// A command that only this driver knows.
struct Vendor {
    path: &'static str,
    body: Value,
}

impl fmt::Debug for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path)
    }
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
