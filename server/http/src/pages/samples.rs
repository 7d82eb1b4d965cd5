//! One of each page, full and bare: what replaced templates are tried on when the server starts, and what tests show
//! to a browser. Nothing here is ever sent to a user.

mod sharing;

use serde_json::json;
use signet_core::details::Described;

use super::{
    AppView, AppsPage, BlockedView, CalendarDay, ClaimView, ClientView, ConsentPage, DetailView, DevStartPage,
    DeviceConfirmPage, DeviceDonePage, DeviceOutcome, DevicePage, DeviceProblem, DisplayText, ErrorPage, ErrorProblem,
    FormPostPage, FormTarget, FrameUri, Hidden, ImageUri, InteractionForm, Json, LoggedOutPage, LoginPage,
    LoginProblem, OwnPath, Page, Parameter, QrCode, Removal, RequestOutcome, RequestView, RequestsPage, ReturnTarget,
    ScopeView, SessionForm, SignOutPage, SignUpPage, SignUpProblem, SignedInPage, TestClientPage, TokenView, WebUri,
};

/// Every page with a name of its own: those that have optional parts once with and once without them.
pub fn all() -> Vec<(&'static str, Page)> {
    let mut pages = sign_in();
    pages.extend(devices());
    pages.extend(requests());
    pages.extend(sharing::claims());
    pages.extend(sharing::owners());
    pages.extend(session());
    pages.extend(errors());
    pages.extend(form_post().map(|page| ("form-post", page)));
    pages.extend(development());
    pages
}

fn full_client() -> ClientView {
    ClientView {
        name: DisplayText::new("Harbour Savings"),
        logo: ImageUri::new("https://client.example/logo.svg"),
        home: WebUri::new("https://client.example/"),
        policy: WebUri::new("https://client.example/privacy"),
        terms: WebUri::new("https://client.example/terms"),
    }
}

fn bare_client() -> ClientView {
    ClientView { name: DisplayText::new("Budget planner"), logo: None, home: None, policy: None, terms: None }
}

fn interaction(step: &str) -> InteractionForm {
    InteractionForm {
        action: OwnPath::new(&format!("/realms/sample/{step}")),
        interaction: Hidden::new("sample-interaction"),
    }
}

fn session_form(step: &str) -> SessionForm {
    SessionForm { action: OwnPath::new(&format!("/realms/sample/{step}")), csrf: Hidden::new("sample-csrf") }
}

fn user() -> DisplayText {
    DisplayText::new("maria.lindqvist@example.com")
}

fn scopes() -> Vec<ScopeView> {
    vec![
        ScopeView::named("openid"),
        ScopeView::named("profile"),
        ScopeView::named("email"),
        ScopeView::named("payments").described("start payments from your current account").at("Payments"),
        ScopeView::named("urn:example:statements:read"),
    ]
}

fn requests() -> Vec<(&'static str, Page)> {
    let request = RequestView {
        id: Hidden::new("sample-request"),
        client: full_client(),
        binding_message: Some(DisplayText::new("W4SCT")),
        minutes_ago: 1,
        details: details(),
        scopes: scopes(),
    };
    let bare = RequestView {
        client: bare_client(),
        binding_message: None,
        minutes_ago: 0,
        details: Vec::new(),
        scopes: Vec::new(),
        ..request.clone()
    };
    let page = RequestsPage {
        user: user(),
        requests: vec![request, bare],
        blocked: vec![BlockedView { name: DisplayText::new("Budget planner"), client: Hidden::new("sample-client") }],
        form: session_form("account/requests"),
        has_user_code: Some(true),
        outcome: Some(RequestOutcome::Denied),
    };
    let empty = RequestsPage {
        requests: Vec::new(),
        blocked: Vec::new(),
        outcome: None,
        has_user_code: Some(false),
        ..page.clone()
    };
    vec![("requests", Page::Requests(page)), ("requests-none", Page::Requests(empty))]
}

fn devices() -> Vec<(&'static str, Page)> {
    let enter = |problem| {
        let here = QrCode::of("https://login.example/realms/sample/device");
        Page::Device(DevicePage { action: OwnPath::new("/realms/sample/device"), here, problem })
    };
    let confirm = DeviceConfirmPage {
        client: full_client(),
        user_code: "WDJB-MJHT".to_owned(),
        address: Some(DisplayText::new("198.51.100.23")),
        user_agent: Some(DisplayText::new("ExampleTV/2.1")),
        minutes_ago: 3,
        notice: Some(DisplayText::passage("Harbour Savings never calls you about codes.")),
        details: details(),
        scopes: scopes(),
        form: interaction("device"),
    };
    let bare = DeviceConfirmPage {
        client: bare_client(),
        address: None,
        user_agent: None,
        minutes_ago: 0,
        notice: None,
        details: Vec::new(),
        scopes: Vec::new(),
        ..confirm.clone()
    };
    let done = |client, outcome| Page::DeviceDone(DeviceDonePage { client, outcome });
    vec![
        ("device", enter(None)),
        ("device-problem", enter(Some(DeviceProblem::Code))),
        ("device-throttled", enter(Some(DeviceProblem::Throttled))),
        ("device-confirm", Page::DeviceConfirm(confirm)),
        ("device-confirm-bare", Page::DeviceConfirm(bare)),
        ("device-approved", done(full_client(), DeviceOutcome::Approved)),
        ("device-denied", done(bare_client(), DeviceOutcome::Denied)),
    ]
}

fn sign_in() -> Vec<(&'static str, Page)> {
    let login = LoginPage {
        client: full_client(),
        form: interaction("login"),
        username: String::new(),
        problem: None,
        reauthentication: false,
        sign_up: true,
    };
    let sign_up = SignUpPage {
        client: full_client(),
        form: interaction("sign-up"),
        username: String::new(),
        name: String::new(),
        email: String::new(),
        least_characters: 8,
        problem: None,
    };
    let refused = SignUpPage {
        username: "maria".to_owned(),
        name: "Maria Lindqvist".to_owned(),
        email: "maria@example.com".to_owned(),
        problem: Some(SignUpProblem::UsernameTaken),
        ..sign_up.clone()
    };
    let consent = ConsentPage {
        client: full_client(),
        form: interaction("consent"),
        user: user(),
        notice: Some(DisplayText::passage("Harbour Savings needs this to check your account.")),
        details: details(),
        scopes: scopes(),
        claims: vec![ClaimView::named("birthdate"), ClaimView::named("shoe_size")],
        destination: Some(DisplayText::new("client.example")),
        remembered: true,
    };
    let failed = |problem| LoginPage { username: "maria".to_owned(), problem: Some(problem), ..login.clone() };
    let again = LoginPage { username: "maria".to_owned(), reauthentication: true, ..login.clone() };
    let bare = ConsentPage {
        client: bare_client(),
        notice: None,
        details: Vec::new(),
        scopes: vec![ScopeView::named("openid")],
        claims: Vec::new(),
        destination: None,
        remembered: false,
        ..consent.clone()
    };
    vec![
        ("login-bare", Page::Login(LoginPage { client: bare_client(), sign_up: false, ..login.clone() })),
        ("login-credentials", Page::Login(failed(LoginProblem::Credentials))),
        ("login-throttled", Page::Login(failed(LoginProblem::Throttled))),
        ("login-busy", Page::Login(failed(LoginProblem::Busy))),
        ("login-again", Page::Login(again)),
        ("login", Page::Login(login)),
        ("sign-up", Page::SignUp(sign_up)),
        ("sign-up-refused", Page::SignUp(refused)),
        ("consent", Page::Consent(consent)),
        ("consent-bare", Page::Consent(bare)),
    ]
}

fn details() -> Vec<DetailView> {
    let payment = Described {
        title: "Make one payment".to_owned(),
        lines: ["Amount: 123.50 EUR", "To: Merchant A"].map(str::to_owned).to_vec(),
        others: vec![("remittanceInformation".to_owned(), "Ref 4711".to_owned())],
    };
    vec![DetailView::of(&payment)]
}

fn session() -> Vec<(&'static str, Page)> {
    let sign_out = SignOutPage { user: user(), client: None, form: session_form("sign-out") };
    let by_client = SignOutPage { client: Some(DisplayText::new("Harbour Savings")), ..sign_out.clone() };
    let logged_out = LoggedOutPage {
        frames: ["https://client.example/frontchannel?sid=sample"].into_iter().filter_map(FrameUri::new).collect(),
        target: ReturnTarget::new("https://client.example/signed-out?state=sample-state"),
        client: DisplayText::new("Harbour Savings"),
    };
    let bare = LoggedOutPage { target: None, ..logged_out.clone() };
    let app = |authorization: &str, client, claims| AppView {
        removal: Removal { field: "authorization", value: Hidden::new(authorization) },
        client,
        details: details(),
        scopes: scopes(),
        claims,
        start: WebUri::new("https://client.example/login?iss=https%3A%2F%2Flogin.example"),
        since: CalendarDay::from_unix_seconds(1_793_923_200),
        was_asked: true,
    };
    let unasked = AppView { was_asked: false, scopes: Vec::new(), ..app("sample-3", bare_client(), Vec::new()) };
    let apps = AppsPage {
        user: user(),
        apps: vec![
            app("sample-1", full_client(), vec![ClaimView::named("birthdate")]),
            app("sample-2", bare_client(), Vec::new()),
            unasked,
        ],
        remove: session_form("apps/remove"),
        removed: Some(DisplayText::new("Photo prints")),
    };
    let none = AppsPage { apps: Vec::new(), removed: None, ..apps.clone() };
    let signed_in = SignedInPage {
        user: user(),
        apps: OwnPath::new("/realms/sample/apps"),
        requests: Some(OwnPath::new("/realms/sample/account/requests")),
        sharing: Some(OwnPath::new("/realms/sample/account/sharing")),
        sign_out: session_form("sign-out"),
    };
    vec![
        ("signed-in", Page::SignedIn(signed_in)),
        ("sign-out", Page::SignOut(sign_out)),
        ("sign-out-client", Page::SignOut(by_client)),
        ("signed-out", Page::SignedOut),
        ("logged-out", Page::LoggedOut(logged_out)),
        ("logged-out-bare", Page::LoggedOut(bare)),
        ("apps", Page::Apps(apps)),
        ("apps-none", Page::Apps(none)),
    ]
}

fn errors() -> impl Iterator<Item = (&'static str, Page)> {
    ErrorProblem::ALL.iter().map(|&problem| {
        let reason = (problem == ErrorProblem::Request)
            .then(|| DisplayText::new("invalid_request: redirect_uri is not one of the registered redirect URIs"));
        let has_help = problem == ErrorProblem::Internal;
        let page = ErrorPage {
            problem,
            reason,
            message: has_help.then(|| DisplayText::passage("The help desk is open from 8 to 18 o'clock.")),
            support: has_help.then(|| WebUri::new("https://help.example/login")).flatten(),
            support_code: DisplayText::new("7F3K-92QD-M4XA"),
        };
        (problem.key(), Page::Error(page))
    })
}

fn form_post() -> Option<Page> {
    let parameter = |name: &str, value: &str| Parameter { name: name.to_owned(), value: Hidden::new(value) };
    Some(Page::FormPost(FormPostPage {
        client: DisplayText::new("Harbour Savings"),
        action: FormTarget::new("https://client.example/callback")?,
        parameters: vec![
            parameter("code", "sample-code"),
            parameter("state", "sample-state"),
            parameter("iss", "https://localhost:8443/realms/sample"),
        ],
    }))
}

fn development() -> Vec<(&'static str, Page)> {
    let start = DevStartPage {
        issuer: "https://localhost:8443/realms/demo".to_owned(),
        discovery: OwnPath::new("/realms/demo/.well-known/openid-configuration"),
        username: "demo".to_owned(),
        password: Hidden::new("sample-password"),
        client_id: "demo-app".to_owned(),
        try_it: OwnPath::new("/dev/try"),
        command: "signet client list --config .signet/signet.toml --realm demo".to_owned(),
    };
    let failed = TestClientPage {
        request: "https://localhost:8443/realms/demo/authorize?response_type=code&client_id=demo-app&scope=openid\
                  &redirect_uri=https%3A%2F%2Flocalhost%3A8443%2Fdev%2Fcallback&state=sample-state"
            .to_owned(),
        response: vec![Parameter { name: "error".to_owned(), value: Hidden::new("access_denied") }],
        token_response: None,
        id_token: None,
        access_token: None,
        userinfo: None,
        problem: Some("access_denied: the user refused".to_owned()),
        again: OwnPath::new("/dev/try"),
        start: OwnPath::new("/"),
    };
    let header = || Json(json!({"alg": "ES256", "kid": "sample-key", "typ": "JWT"}));
    let claims = json!({"iss": "https://localhost:8443/realms/demo", "sub": "sample-subject", "aud": "demo-app"});
    let complete = TestClientPage {
        response: vec![
            Parameter { name: "code".to_owned(), value: Hidden::new("sample-code".repeat(12)) },
            Parameter { name: "state".to_owned(), value: Hidden::new("sample-state") },
        ],
        token_response: Some(Json(json!({"access_token": "sample", "token_type": "Bearer", "expires_in": 300}))),
        id_token: Some(TokenView::Jwt { header: header(), claims: Json(claims) }),
        access_token: Some(TokenView::Opaque),
        userinfo: Some(Json(json!({"sub": "sample-subject", "name": "Demo User", "email": "demo@example.com"}))),
        problem: None,
        ..failed.clone()
    };
    vec![
        ("dev-start", Page::DevStart(start)),
        ("test-client", Page::TestClient(Box::new(complete))),
        ("test-client-failed", Page::TestClient(Box::new(failed))),
    ]
}
