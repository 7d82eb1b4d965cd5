//! What each page shows, and what several pages have in common. Values only: how they look is the templates' business, what
//! they say the messages'.

mod apps;
mod consent;
mod development;
mod device;
mod error;
mod form_post;
mod login;
mod requests;
mod session;
mod sharing;
mod sign_up;

use serde::Serialize;

pub use apps::{AppView, AppsPage, Removal};
pub use consent::ConsentPage;
pub use development::{DevStartPage, TestClientPage, TokenView};
pub use device::{DeviceConfirmPage, DeviceDonePage, DeviceOutcome, DevicePage, DeviceProblem};
pub use error::{ErrorPage, ErrorProblem};
pub use form_post::FormPostPage;
pub use login::{LoginPage, LoginProblem};
pub use requests::{BlockedView, RequestOutcome, RequestView, RequestsPage};
pub use session::{LoggedOutPage, SignOutPage, SignedInPage};
pub use sharing::{
    AccessRequestView, ChoiceView, ClaimsPage, OptionView, PolicyView, QuestionForm, QuestionView, ResourceView,
    SharingNews, SharingPage, WantedView,
};
pub use sign_up::{SignUpPage, SignUpProblem};

use super::headers::PageKind;
use super::values::{DisplayText, Hidden, ImageUri, OwnPath, WebUri};

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
