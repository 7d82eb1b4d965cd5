//! What each page shows. Values only: how they look is the templates' business, what they say the messages'.

use serde::{Serialize, Serializer};

use super::headers::PageKind;
use super::permissions::{ClaimView, DetailView, ScopeView};
use super::qr_code::QrCode;
use super::sharing::{ClaimsPage, SharingPage};
use super::values::{
    CalendarDay, DisplayText, FormTarget, FrameUri, Hidden, ImageUri, Json, OwnPath, ReturnTarget, WebUri,
};

/// In whose name the page speaks: a realm, or Signet where the realm is not known.
#[derive(Debug, Clone, Serialize)]
pub struct Brand {
    /// The name over the page and in its title.
    pub name: DisplayText,
    /// A logo beside the name.
    pub logo: Option<ImageUri>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: DisplayText::new("Signet"), logo: None }
    }
}

/// A page and everything on it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Page {
    /// Asks for username and password.
    Login(LoginPage),
    /// Asks for what an account needs.
    SignUp(SignUpPage),
    /// Asks whether a client may have what it asks for.
    Consent(ConsentPage),
    /// Asks for the code of a device.
    Device(DevicePage),
    /// Asks whether it was this person who began at a device.
    DeviceConfirm(DeviceConfirmPage),
    /// Says what became of the request of a device.
    DeviceDone(DeviceDonePage),
    /// Says who is signed in.
    SignedIn(SignedInPage),
    /// Asks whether to sign out.
    SignOut(SignOutPage),
    /// Says that nobody is signed in any more.
    SignedOut,
    /// Says the same while the browser tells clients, and sends it on.
    LoggedOut(LoggedOutPage),
    /// Says what went wrong and what to do.
    Error(ErrorPage),
    /// Sends an authorization response to the client by a form.
    FormPost(FormPostPage),
    /// Lists the clients that a user has allowed something.
    Apps(AppsPage),
    /// Lists what applications ask at another device.
    Requests(RequestsPage),
    /// Asks a requesting party for claims.
    Claims(ClaimsPage),
    /// Lists what an owner has and shares, and who asks.
    Sharing(SharingPage),
    /// The start page of the development provider.
    DevStart(DevStartPage),
    /// What the built-in test client of the development provider sent and got.
    TestClient(Box<TestClientPage>),
}

impl Page {
    /// Which page this is; it decides the template and the headers.
    pub const fn kind(&self) -> PageKind {
        match self {
            Self::Login(_) => PageKind::Login,
            Self::SignUp(_) => PageKind::SignUp,
            Self::Consent(_) => PageKind::Consent,
            Self::Device(_) => PageKind::Device,
            Self::DeviceConfirm(_) => PageKind::DeviceConfirm,
            Self::DeviceDone(_) => PageKind::DeviceDone,
            Self::SignedIn(_) => PageKind::SignedIn,
            Self::SignOut(_) => PageKind::SignOut,
            Self::SignedOut => PageKind::SignedOut,
            Self::LoggedOut(_) => PageKind::LoggedOut,
            Self::Error(_) => PageKind::Error,
            Self::FormPost(_) => PageKind::FormPost,
            Self::Apps(_) => PageKind::Apps,
            Self::Requests(_) => PageKind::Requests,
            Self::Claims(_) => PageKind::Claims,
            Self::Sharing(_) => PageKind::Sharing,
            Self::DevStart(_) => PageKind::DevStart,
            Self::TestClient(_) => PageKind::TestClient,
        }
    }
}

/// What a client tells about itself (RFC 7591 section 2).
#[derive(Debug, Clone, Serialize)]
pub struct ClientView {
    /// `client_name`; for a client without one, its `client_id`.
    pub name: DisplayText,
    /// `logo_uri`. The server never fetches it.
    pub logo: Option<ImageUri>,
    /// `client_uri`.
    pub home: Option<WebUri>,
    /// `policy_uri`.
    pub policy: Option<WebUri>,
    /// `tos_uri`.
    pub terms: Option<WebUri>,
}

/// Where a form of an interaction goes, and what proves that it came from our page in this browser: the sealed
/// interaction is bound to the browser's cookie, so that it guards against cross-site request forgery as well.
#[derive(Debug, Clone, Serialize)]
pub struct InteractionForm {
    /// Where the form is posted.
    pub action: OwnPath,
    /// The field `interaction`.
    pub interaction: Hidden,
}

/// The same for a form outside an interaction.
#[derive(Debug, Clone, Serialize)]
pub struct SessionForm {
    /// Where the form is posted.
    pub action: OwnPath,
    /// The field `csrf`.
    pub csrf: Hidden,
}

/// Fields `username`, `password`; `action` is `login`, `cancel`, or `sign-up` where that is offered.
#[derive(Debug, Clone, Serialize)]
pub struct LoginPage {
    /// Who asks for the login.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// What the username field holds: from `login_hint`, or from the attempt that failed; may be empty.
    pub username: String,
    /// Why the last attempt failed.
    pub problem: Option<LoginProblem>,
    /// Whether someone with a session must prove again who they are (`prompt=login`, `max_age`).
    pub reauthentication: bool,
    /// Whether people can make an account.
    pub sign_up: bool,
}

/// Fields `username`, `name`, `email`, `password`, `repeated`; `action` is `sign-up`, `login` or `cancel`.
#[derive(Debug, Clone, Serialize)]
pub struct SignUpPage {
    /// Who asks for the account.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// What the fields hold, from the attempt that failed; may be empty.
    pub username: String,
    /// The same.
    pub name: String,
    /// The same.
    pub email: String,
    /// Fewest characters of a password.
    pub least_characters: usize,
    /// Why there is no account yet.
    pub problem: Option<SignUpProblem>,
}

macro_rules! message_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $key)] $variant,)+ }

        impl $name {
            /// Every one, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its key in the messages.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }
        }
    };
}
pub(super) use message_enum;

message_enum! {
    /// Why a login attempt failed. One text for an unknown user and a wrong password.
    LoginProblem {
        /// Username or password is not right.
        Credentials = "login-problem-credentials",
        /// Too many attempts for this account or from this address.
        Throttled = "login-problem-throttled",
        /// The queue for checking passwords is full.
        Busy = "login-problem-busy",
    }
}

message_enum! {
    /// Why there is no account yet.
    SignUpProblem {
        /// The username is empty, too long, or has characters that nobody sees.
        Username = "sign-up-problem-username",
        /// Somebody else has it.
        UsernameTaken = "sign-up-problem-taken",
        /// The two passwords differ.
        Repeated = "sign-up-problem-repeated",
        /// The password is too short.
        PasswordTooShort = "sign-up-problem-short",
        /// The password is too long.
        PasswordTooLong = "sign-up-problem-long",
        /// The password is one that guessers try first.
        PasswordCommon = "sign-up-problem-common",
        /// Not a name.
        Name = "sign-up-problem-name",
        /// Not an e-mail address.
        Email = "sign-up-problem-email",
        /// Too many attempts from this address.
        Throttled = "sign-up-problem-throttled",
        /// The queue for hashing passwords is full.
        Busy = "sign-up-problem-busy",
    }
}

/// `action` is `allow` or `deny`.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentPage {
    /// Who asks.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// Who is asked.
    pub user: DisplayText,
    /// What the realm's scripts say above the list.
    pub notice: Option<DisplayText>,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
    /// The claims asked for by the `claims` parameter (OpenID Connect Core 5.5).
    pub claims: Vec<ClaimView>,
    /// The host of the redirect URI, for clients that nobody vouched for (RFC 9700 section 4.11.2).
    pub destination: Option<DisplayText>,
    /// Whether the answer is remembered, or asked for each time.
    pub remembered: bool,
}

/// Field `user_code`.
#[derive(Debug, Clone, Serialize)]
pub struct DevicePage {
    /// Where the form is posted.
    pub action: OwnPath,
    /// The address of the page, for whoever would rather go on at a phone. It has no code in it.
    pub here: Option<QrCode>,
    /// Why the last code led nowhere.
    pub problem: Option<DeviceProblem>,
}

message_enum! {
    /// Why a code led nowhere. One text for an unknown, an expired and an answered one.
    DeviceProblem {
        /// Nothing waits under this code.
        Code = "device-problem-code",
        /// Too many wrong codes.
        Throttled = "device-problem-throttled",
    }
}

/// `action` is `confirm` or `deny`.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceConfirmPage {
    /// Who asks.
    pub client: ClientView,
    /// The code, to be compared with what the device shows.
    pub user_code: String,
    /// The network address that the device asked from.
    pub address: Option<DisplayText>,
    /// What the device calls itself.
    pub user_agent: Option<DisplayText>,
    /// How long ago it asked, in whole minutes.
    pub minutes_ago: i64,
    /// What the realm's scripts say.
    pub notice: Option<DisplayText>,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
    /// The form.
    pub form: InteractionForm,
}

/// What became of the request of a device.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceDonePage {
    /// Who asked.
    pub client: ClientView,
    /// What became of it.
    #[serde(serialize_with = "title_and_text")]
    pub outcome: DeviceOutcome,
}

message_enum! {
    /// What became of the request of a device; each has a heading (`-title`) and a text (`-text`).
    DeviceOutcome {
        /// The device gets what it asked for.
        Approved = "device-approved",
        /// It does not.
        Denied = "device-denied",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn title_and_text<S: Serializer>(outcome: &DeviceOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    Heading::of(outcome.key()).serialize(serializer)
}

/// What applications ask at another device. Fields `csrf` and `request` with `action` `allow`, `deny` or `block`; `client`
/// with `action` `unblock`; `user_code` with `action` `set-code`, and `action` `remove-code`.
#[derive(Debug, Clone, Serialize)]
pub struct RequestsPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// What waits, the first to end first.
    pub requests: Vec<RequestView>,
    /// Who may not ask.
    pub blocked: Vec<BlockedView>,
    /// The forms.
    pub form: SessionForm,
    /// Whether the person has a user code (CIBA Core 7.1.2), where the realm has any.
    pub has_user_code: Option<bool>,
    /// What became of the last answer.
    pub outcome: Option<RequestOutcome>,
}

/// What an application asks.
#[derive(Debug, Clone, Serialize)]
pub struct RequestView {
    /// The field `request`.
    pub id: Hidden,
    /// Who asks.
    pub client: ClientView,
    /// What the application shows, too.
    pub binding_message: Option<DisplayText>,
    /// How long ago it asked, in whole minutes.
    pub minutes_ago: i64,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
}

/// An application that may not ask.
#[derive(Debug, Clone, Serialize)]
pub struct BlockedView {
    /// Its name.
    pub name: DisplayText,
    /// The field `client`.
    pub client: Hidden,
}

message_enum! {
    /// What became of an answer.
    RequestOutcome {
        /// The application gets what it asked for.
        Allowed = "requests-allowed",
        /// It does not.
        Denied = "requests-denied",
        /// It does not, and may not ask any more.
        Blocked = "requests-blocked-now",
        /// It may ask again.
        Unblocked = "requests-unblocked-now",
        /// Nothing waited any more.
        Gone = "requests-gone",
        /// There is a user code now.
        CodeSet = "requests-code-set",
        /// There is none any more.
        CodeRemoved = "requests-code-removed",
        /// It is no good as a code.
        CodeUnfit = "requests-code-unfit",
    }
}

/// Shown after a login that no client asked for.
#[derive(Debug, Clone, Serialize)]
pub struct SignedInPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// Where the list of apps with access is.
    pub apps: OwnPath,
    /// Where requests are answered that apps made at another device, where there are such.
    pub requests: Option<OwnPath>,
    /// Where people share what they have, where they can.
    pub sharing: Option<OwnPath>,
    /// Signs out.
    pub sign_out: SessionForm,
}

/// `action` is `sign-out`, `everywhere` where no client asks, or `stay`.
#[derive(Debug, Clone, Serialize)]
pub struct SignOutPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// Which client asks for it, if one does.
    pub client: Option<DisplayText>,
    /// The form.
    pub form: SessionForm,
}

/// What a browser shows while it tells clients of the end of the session (Front-Channel Logout 3).
#[derive(Debug, Clone, Serialize)]
pub struct LoggedOutPage {
    /// What it loads in frames.
    pub frames: Vec<FrameUri>,
    /// Where it goes then.
    pub target: Option<ReturnTarget>,
    /// Whose address that is.
    pub client: DisplayText,
}

/// What went wrong, for the person in front of the page and for those who look it up in the log.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    /// What kind of trouble it is.
    #[serde(serialize_with = "heading_and_text")]
    pub problem: ErrorProblem,
    /// The public reason for those who build the client, in English; it never repeats input.
    pub reason: Option<DisplayText>,
    /// What the realm's scripts say about it.
    pub message: Option<DisplayText>,
    /// Where the realm's scripts say that help is found.
    pub support: Option<WebUri>,
    /// Finds the log line of this request.
    pub support_code: DisplayText,
}

message_enum! {
    /// The kinds of trouble that a person is told about; each has a heading (`-title`) and a text (`-text`).
    ErrorProblem {
        /// The client's request is not valid, and there is no safe way back to it.
        Request = "error-request",
        /// The interaction is over: too old, already answered, or of another browser.
        Expired = "error-expired",
        /// The form failed the check against cross-site request forgery.
        Forgery = "error-forgery",
        /// There is no such page.
        NotFound = "error-not-found",
        /// Too many requests.
        Throttled = "error-throttled",
        /// Overloaded, or a dependency is away.
        Unavailable = "error-unavailable",
        /// The server's own fault.
        Internal = "error-internal",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn heading_and_text<S: Serializer>(problem: &ErrorProblem, serializer: S) -> Result<S::Ok, S::Error> {
    Heading::of(problem.key()).serialize(serializer)
}

/// The keys of a heading and of the text below.
#[derive(Serialize)]
pub(super) struct Heading {
    pub(super) title: String,
    pub(super) text: String,
}

impl Heading {
    pub(super) fn of(key: &str) -> Self {
        Self { title: format!("{key}-title"), text: format!("{key}-text") }
    }
}

/// A name and its value, in a form or in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The value; it may be a code or a token.
    pub value: Hidden,
}

/// An authorization response on its way to the client (Form Post Response Mode 1.0).
#[derive(Debug, Clone, Serialize)]
pub struct FormPostPage {
    /// The name of the client.
    pub client: DisplayText,
    /// The redirect URI.
    pub action: FormTarget,
    /// The response.
    pub parameters: Vec<Parameter>,
}

/// The clients that a user has allowed something; each button posts the field `authorization`.
#[derive(Debug, Clone, Serialize)]
pub struct AppsPage {
    /// Whose account it is.
    pub user: DisplayText,
    /// The clients.
    pub apps: Vec<AppView>,
    /// Where a removal is posted.
    pub remove: SessionForm,
    /// The client that has just lost its access.
    pub removed: Option<DisplayText>,
}

/// A client with access, and what it may do.
#[derive(Debug, Clone, Serialize)]
pub struct AppView {
    /// What is sent when it is to be removed.
    pub removal: Removal,
    /// The client.
    pub client: ClientView,
    /// What it was allowed in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// What it was allowed.
    pub scopes: Vec<ScopeView>,
    /// Which single claims it was allowed.
    pub claims: Vec<ClaimView>,
    /// Starts a login at the client (OpenID Connect Core 4).
    pub start: Option<WebUri>,
    /// When it was allowed, or first logged the user in.
    pub since: CalendarDay,
    /// Whether the user was asked.
    pub was_asked: bool,
}

/// What names a client's access in the form that ends it.
#[derive(Debug, Clone, Serialize)]
pub struct Removal {
    /// The field.
    pub field: &'static str,
    /// The stored consent, or the client.
    pub value: Hidden,
}

/// What `signet dev` made.
#[derive(Debug, Clone, Serialize)]
pub struct DevStartPage {
    /// The issuer of the demonstration realm.
    pub issuer: String,
    /// Its discovery document.
    pub discovery: OwnPath,
    /// The user that was made.
    pub username: String,
    /// That user's password.
    pub password: Hidden,
    /// The client that was made.
    pub client_id: String,
    /// Starts a sign-in with the test client.
    pub try_it: OwnPath,
    /// A command that administers this provider.
    pub command: String,
}

/// What the test client sent and got. Only `signet dev` shows it: it holds tokens.
#[derive(Debug, Clone, Serialize)]
pub struct TestClientPage {
    /// The URL of the authorization request.
    pub request: String,
    /// The parameters of the authorization response.
    pub response: Vec<Parameter>,
    /// The token response.
    pub token_response: Option<Json>,
    /// The ID token, verified and decoded.
    pub id_token: Option<TokenView>,
    /// The access token.
    pub access_token: Option<TokenView>,
    /// The UserInfo response.
    pub userinfo: Option<Json>,
    /// Why the flow did not come to its end, in English.
    pub problem: Option<String>,
    /// Starts the flow again.
    pub again: OwnPath,
    /// The start page.
    pub start: OwnPath,
}

/// A token as a person can read it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "form", rename_all = "lowercase")]
pub enum TokenView {
    /// A JWT.
    Jwt {
        /// The JOSE header.
        header: Json,
        /// The claims.
        claims: Json,
    },
    /// A token that only the provider can read.
    Opaque,
}
