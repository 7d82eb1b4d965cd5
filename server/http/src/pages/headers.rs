//! The headers of each kind of page: what a browser may load, run, frame, send on and keep.
//!
//! `Strict-Transport-Security` is not here: it belongs to every response of a listener, not to pages.

use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, REFRESH, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use super::Page;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// [`Page::Login`](super::Page::Login)
    Login,
    /// [`Page::SignUp`](super::Page::SignUp)
    SignUp,
    /// [`Page::Consent`](super::Page::Consent)
    Consent,
    /// [`Page::Device`](super::Page::Device)
    Device,
    /// [`Page::DeviceConfirm`](super::Page::DeviceConfirm)
    DeviceConfirm,
    /// [`Page::DeviceDone`](super::Page::DeviceDone)
    DeviceDone,
    /// [`Page::SignedIn`](super::Page::SignedIn)
    SignedIn,
    /// [`Page::SignOut`](super::Page::SignOut)
    SignOut,
    /// [`Page::SignedOut`](super::Page::SignedOut)
    SignedOut,
    /// [`Page::LoggedOut`](super::Page::LoggedOut)
    LoggedOut,
    /// [`Page::Error`](super::Page::Error)
    Error,
    /// [`Page::FormPost`](super::Page::FormPost)
    FormPost,
    /// [`Page::Apps`](super::Page::Apps)
    Apps,
    /// [`Page::Requests`](super::Page::Requests)
    Requests,
    /// [`Page::Claims`](super::Page::Claims)
    Claims,
    /// [`Page::Sharing`](super::Page::Sharing)
    Sharing,
    /// [`Page::DevStart`](super::Page::DevStart)
    DevStart,
    /// [`Page::TestClient`](super::Page::TestClient)
    TestClient,
}

/// How the client opened the page (`display`, OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// In a window of its own: nobody else keeps a handle on it.
    #[default]
    Own,
    /// In a popup (`display=popup`), to which the client's page must keep its handle until the response is there.
    Popup,
}

/// Everything but what a rule below adds: nothing is loaded but our stylesheet and pictures (logos of clients may be
/// anywhere on the web), nothing runs, nobody frames the page.
macro_rules! policy {
    ($more:expr) => {
        concat!(
            "default-src 'none'; style-src 'self'; img-src 'self' https:; base-uri 'none'; frame-ancestors 'none'",
            $more
        )
    };
}

/// The hash of `ui/assets/form_post.js`, the only script that runs on any page that people see.
macro_rules! submit_script_source {
    () => {
        "'sha256-fMyYV9/AsSOHDUsa/LdR6Wb6Wk9UaS3BdEt65bV+i3k='"
    };
}

impl PageKind {
    /// The file in `ui/templates`.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Login => "login.html",
            Self::SignUp => "sign_up.html",
            Self::Consent => "consent.html",
            Self::Device => "device.html",
            Self::DeviceConfirm => "device_confirm.html",
            Self::DeviceDone => "device_done.html",
            Self::SignedIn => "signed_in.html",
            Self::SignOut => "sign_out.html",
            Self::SignedOut => "signed_out.html",
            Self::LoggedOut => "logged_out.html",
            Self::Error => "error.html",
            Self::FormPost => "form_post.html",
            Self::Apps => "apps.html",
            Self::Requests => "requests.html",
            Self::Claims => "claims.html",
            Self::Sharing => "sharing.html",
            Self::DevStart => "dev_start.html",
            Self::TestClient => "test_client.html",
        }
    }

    /// Browsers apply `form-action` to the redirects that follow a submission, too. Where those can end at a client,
    /// on whatever host, the directive is left out; elsewhere forms go to this origin or nowhere.
    const fn content_security_policy(self) -> &'static str {
        match self {
            Self::Login | Self::SignUp | Self::Consent | Self::Claims | Self::SignOut => policy!(""),
            Self::FormPost => policy!(concat!("; script-src ", submit_script_source!())),
            Self::SignedIn | Self::Apps | Self::Requests | Self::Sharing | Self::Device | Self::DeviceConfirm => {
                policy!("; form-action 'self'")
            }
            Self::DeviceDone | Self::SignedOut | Self::LoggedOut | Self::Error | Self::DevStart | Self::TestClient => {
                policy!("; form-action 'none'")
            }
        }
    }

    /// Addresses of pages stay here (RFC 9700 section 4.2). Forms of ours need `same-origin`: under `no-referrer`
    /// browsers send `Origin: null`, which the check against cross-site request forgery refuses. A client that gets
    /// a form may see, and check, whose it is: the origin alone.
    const fn referrer_policy(self) -> &'static str {
        match self {
            Self::Login
            | Self::SignUp
            | Self::Consent
            | Self::Device
            | Self::DeviceConfirm
            | Self::SignedIn
            | Self::SignOut
            | Self::Requests
            | Self::Claims
            | Self::Sharing
            | Self::Apps => "same-origin",
            Self::FormPost => "strict-origin",
            Self::DeviceDone | Self::SignedOut | Self::LoggedOut | Self::Error | Self::DevStart | Self::TestClient => {
                "no-referrer"
            }
        }
    }
}

/// The headers of a page, its content type included.
pub fn page_headers(kind: PageKind, window: Window) -> [(HeaderName, HeaderValue); 9] {
    let opener = match window {
        Window::Own => "same-origin",
        Window::Popup => "unsafe-none",
    };
    [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, kind.content_security_policy()),
        (REFERRER_POLICY, kind.referrer_policy()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), opener),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        ),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

/// Seconds in which clients are told by frames; then the browser goes on, whether they answered or not.
const FRAMES_SECONDS: u32 = 3;

/// The headers of a page with what follows from its values: which frames it may load, and where the browser goes on.
pub fn headers_of(page: &Page, window: Window) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = page_headers(page.kind(), window).to_vec();
    let Page::LoggedOut(page) = page else { return headers };
    let sources: Vec<String> = page.frames.iter().filter_map(super::FrameUri::source).collect();
    let policy = PageKind::LoggedOut.content_security_policy();
    let frames = format!("{policy}; frame-src {}", sources.join(" "));
    for (name, value) in &mut headers {
        if *name == CONTENT_SECURITY_POLICY && !sources.is_empty() {
            // Nothing but a registered URL is in it; should it not be a header all the same, no frame is loaded.
            *value = HeaderValue::try_from(&frames).unwrap_or_else(|_| HeaderValue::from_static(policy));
        }
    }
    let refresh = page.target.as_ref().map(|target| format!("{FRAMES_SECONDS}; url={}", target.as_str()));
    let refresh = refresh.and_then(|refresh| HeaderValue::try_from(refresh).ok());
    headers.extend(refresh.map(|refresh| (REFRESH, refresh)));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [PageKind; 18] = [
        PageKind::Login,
        PageKind::SignUp,
        PageKind::Consent,
        PageKind::Device,
        PageKind::DeviceConfirm,
        PageKind::DeviceDone,
        PageKind::SignedIn,
        PageKind::SignOut,
        PageKind::SignedOut,
        PageKind::LoggedOut,
        PageKind::Error,
        PageKind::FormPost,
        PageKind::Apps,
        PageKind::Requests,
        PageKind::Claims,
        PageKind::Sharing,
        PageKind::DevStart,
        PageKind::TestClient,
    ];

    fn header(kind: PageKind, window: Window, name: &str) -> String {
        let headers = page_headers(kind, window);
        let (_, value) = headers.iter().find(|(candidate, _)| candidate == name).unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn content_security_policies() {
        let base =
            "default-src 'none'; style-src 'self'; img-src 'self' https:; base-uri 'none'; frame-ancestors 'none'";
        let expected = |kind| match kind {
            PageKind::Login | PageKind::SignUp | PageKind::Consent | PageKind::Claims | PageKind::SignOut => {
                base.to_owned()
            }
            PageKind::FormPost => {
                format!("{base}; script-src 'sha256-fMyYV9/AsSOHDUsa/LdR6Wb6Wk9UaS3BdEt65bV+i3k='")
            }
            PageKind::SignedIn
            | PageKind::Apps
            | PageKind::Requests
            | PageKind::Sharing
            | PageKind::Device
            | PageKind::DeviceConfirm => {
                format!("{base}; form-action 'self'")
            }
            _ => format!("{base}; form-action 'none'"),
        };
        for kind in KINDS {
            assert_eq!(header(kind, Window::Own, "content-security-policy"), expected(kind), "{kind:?}");
        }
    }

    #[test]
    fn form_post_script_has_the_hash_that_the_policy_names() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(include_str!("../../../../ui/assets/form_post.js"));
        let hash = base64::engine::general_purpose::STANDARD.encode(digest);
        assert_eq!(submit_script_source!(), format!("'sha256-{hash}'"));
    }

    #[test]
    fn lo_010_frames_are_limited_to_the_registered_addresses_and_the_time_is_bounded() {
        let page = super::super::LoggedOutPage {
            frames: ["https://a.test/out?sid=1", "https://b.test:444/x;y"]
                .into_iter()
                .filter_map(super::super::FrameUri::new)
                .collect(),
            target: super::super::ReturnTarget::new("https://a.test/bye?state=1"),
            client: super::super::DisplayText::new("A"),
        };
        let headers = headers_of(&Page::LoggedOut(page), Window::Own);
        let header = |name: &str| headers.iter().find(|(candidate, _)| candidate == name).unwrap().1.to_str().unwrap();
        assert!(header("content-security-policy").ends_with("; frame-src https://a.test/out https://b.test:444/x%3By"));
        assert_eq!(header("refresh"), "3; url=https://a.test/bye?state=1");
    }

    #[test]
    fn form_post_2_response_is_never_stored() {
        for kind in KINDS {
            assert_eq!(header(kind, Window::Own, "cache-control"), "no-store", "{kind:?}");
        }
    }

    #[test]
    fn pages_are_never_framed() {
        for kind in KINDS {
            assert_eq!(header(kind, Window::Own, "x-frame-options"), "DENY", "{kind:?}");
            assert!(
                header(kind, Window::Popup, "content-security-policy").contains("frame-ancestors 'none'"),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn rfc9700_4_2_no_address_of_a_page_leaves_the_origin() {
        for kind in KINDS {
            let policy = header(kind, Window::Own, "referrer-policy");
            assert!(["same-origin", "strict-origin", "no-referrer"].contains(&policy.as_str()), "{kind:?}: {policy}");
        }
    }

    #[test]
    fn pages_whose_forms_we_check_send_their_origin() {
        for kind in [
            PageKind::Login,
            PageKind::Consent,
            PageKind::Device,
            PageKind::DeviceConfirm,
            PageKind::SignedIn,
            PageKind::SignOut,
            PageKind::Requests,
            PageKind::Claims,
            PageKind::Sharing,
            PageKind::Apps,
        ] {
            assert_eq!(header(kind, Window::Own, "referrer-policy"), "same-origin", "{kind:?}");
        }
    }

    #[test]
    fn oidcc_3_1_2_1_only_a_popup_keeps_its_opener() {
        assert_eq!(header(PageKind::Login, Window::Own, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(PageKind::Login, Window::Popup, "cross-origin-opener-policy"), "unsafe-none");
    }
}
