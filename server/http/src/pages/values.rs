//! The values that pages are made of, each safe for the one place where a template puts it.
//!
//! Escaping, which the templates do, keeps text from becoming markup. It does not help against a link that runs a
//! script, a form that is sent elsewhere, or characters that make a name read differently: those end here.

use std::fmt;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use signet_core::protocol::visible_text::is_deceptive;
use url::Url;

/// The most characters that are shown of a text from elsewhere.
const SHOWN_CHARACTERS: usize = 200;
/// The same for a text that an administrator's script wrote for this page.
const PASSAGE_CHARACTERS: usize = 400;

/// Text from someone else (a client's name, a user's name), made fit to be shown.
///
/// Control characters and the invisible ones that reorder or hide text are removed, so that `Bank\u{202e}` cannot
/// turn a sentence around; what is longer than 200 characters is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisplayText(String);

impl DisplayText {
    /// Makes `text` fit to be shown.
    pub fn new(text: &str) -> Self {
        Self::cut(text, SHOWN_CHARACTERS)
    }

    /// The same for a passage of a page, which may be longer.
    pub fn passage(text: &str) -> Self {
        Self::cut(text, PASSAGE_CHARACTERS)
    }

    /// The same for what somebody agrees to, all of which must be seen. How long it may be was decided before.
    pub fn whole(text: &str) -> Self {
        Self::cut(text, usize::MAX)
    }

    fn cut(text: &str, characters: usize) -> Self {
        let mut visible = text.trim().chars().filter(|&character| !is_deceptive(character));
        let mut shown: String = visible.by_ref().take(characters).collect();
        if visible.next().is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    /// The text as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value that a page carries and a log must not: an anti-forgery value, a code, a password.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden(..)")
    }
}

/// An address to which a page may link: `https` or `http`, without credentials.
///
/// Against `javascript:` and its kin in client metadata (`policy_uri`, `tos_uri`), in any spelling: the scheme is
/// read after parsing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebUri(String);

impl WebUri {
    /// The address, when it may be linked to.
    pub fn new(uri: &str) -> Option<Self> {
        let uri = Url::parse(uri).ok()?;
        let plain = uri.username().is_empty() && uri.password().is_none();
        (matches!(uri.scheme(), "https" | "http") && plain).then(|| Self(uri.into()))
    }
}

/// An address of a picture: `https` only, as the content security policy of the pages demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageUri(WebUri);

impl ImageUri {
    /// The address, when a page may show what is there.
    pub fn new(uri: &str) -> Option<Self> {
        WebUri::new(uri).filter(|uri| uri.0.starts_with("https:")).map(Self)
    }
}

/// A path on the origin of the page, for links and form targets of our own.
///
/// Whatever it is made from, it stays on this origin: no `//host`, `/\host` or scheme survives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnPath(String);

impl OwnPath {
    /// The path, with its query if it has one.
    pub fn new(path: &str) -> Self {
        // Browsers drop tabs and line ends inside an address, which would bring the two slashes together again.
        let path: String = path.chars().filter(|character| !character.is_control()).collect();
        Self(format!("/{}", path.trim_start_matches(['/', '\\', ' '])))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The redirect URI to which a form is posted, byte for byte (Form Post Response Mode 1.0 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormTarget(String);

impl FormTarget {
    /// The target, when a browser can post a form there and nowhere else: `https` or `http`.
    pub fn new(redirect_uri: &str) -> Option<Self> {
        let parsed = Url::parse(redirect_uri).ok()?;
        matches!(parsed.scheme(), "https" | "http").then(|| Self(redirect_uri.to_owned()))
    }
}

/// What a page loads in a frame (Front-Channel Logout 2): `https`, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameUri(String);

impl FrameUri {
    /// The address, when a frame may load it.
    pub fn new(uri: &str) -> Option<Self> {
        WebUri::new(uri).filter(|uri| uri.0.starts_with("https:")).map(|uri| Self(uri.0))
    }

    /// What a content security policy calls it: origin and path. Its query is no matter of the policy, and the two
    /// characters that would end its place there are written otherwise (CSP 3 section 2.3.1).
    pub(super) fn source(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok()?;
        let path = url.path().replace(';', "%3B").replace(',', "%2C");
        Some(format!("{}{path}", url.origin().ascii_serialization()))
    }
}

/// Where a browser goes after a logout: registered, byte for byte (RP-Initiated Logout 3). A native application's own
/// scheme is a reversed domain name; scripts and data are none (RFC 8252 section 7.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnTarget(String);

impl ReturnTarget {
    /// The target, when a browser may be sent there.
    pub fn new(uri: &str) -> Option<Self> {
        let parsed = Url::parse(uri).ok()?;
        let may_be = matches!(parsed.scheme(), "https" | "http") || parsed.scheme().contains('.');
        (may_be && uri.bytes().all(|byte| (0x21..=0x7e).contains(&byte))).then(|| Self(uri.to_owned()))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// JSON to be read by a person: indented.
#[derive(Clone, PartialEq)]
pub struct Json(pub serde_json::Value);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string_pretty(&self.0).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Json(..)")
    }
}

/// A day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarDay {
    year: i32,
    month: u8,
    day: u8,
    date: String,
}

impl CalendarDay {
    /// The day of an instant given in whole seconds since 1970-01-01T00:00:00Z; before 1970 and after 9999, the
    /// nearest day that can be written.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        const LAST: i64 = 253_402_300_799;
        let instant = time::OffsetDateTime::from_unix_timestamp(seconds.clamp(0, LAST));
        let (year, month, day) = instant.unwrap_or(time::OffsetDateTime::UNIX_EPOCH).to_calendar_date();
        let month = u8::from(month);
        Self { year, month, day, date: format!("{year:04}-{month:02}-{day:02}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_text_loses_what_reorders_or_hides_it() {
        assert_eq!(DisplayText::new("Bank\u{202e}knaB\u{2066}\u{200b}\r\n").as_str(), "BankknaB");
        assert_eq!(DisplayText::new(" تطبيق \u{1f469}\u{200d}\u{1f52c} ").as_str(), "تطبيق \u{1f469}\u{200d}\u{1f52c}");
    }

    #[test]
    fn display_text_is_cut_at_a_character() {
        assert_eq!(DisplayText::new(&"é".repeat(200)).as_str(), "é".repeat(200));
        assert_eq!(DisplayText::new(&"é".repeat(201)).as_str(), format!("{}…", "é".repeat(200)));
        assert_eq!(DisplayText::passage(&"é".repeat(401)).as_str(), format!("{}…", "é".repeat(400)));
    }

    #[test]
    fn links_run_no_script_and_show_no_credentials() {
        for hostile in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\u{1}javascript:alert(1)",
            "java\tscript:alert(1)",
            "vbscript:x",
            "data:text/html,x",
            "file:///etc/passwd",
            "https://bank.test@evil.test/",
            "//evil.test/",
            "",
        ] {
            assert_eq!(WebUri::new(hostile), None, "{hostile:?}");
            assert_eq!(ImageUri::new(hostile), None, "{hostile:?}");
        }
        assert_eq!(WebUri::new("http://rp.test/policy?a=\"b\"").unwrap().0, "http://rp.test/policy?a=%22b%22");
        assert_eq!(ImageUri::new("http://rp.test/logo.png"), None);
        assert!(ImageUri::new("https://rp.test/logo.png").is_some());
    }

    #[test]
    fn own_paths_stay_on_this_origin() {
        let base = Url::parse("https://op.test/realms/demo/login").unwrap();
        for hostile in [
            "//evil.test/",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "https://evil.test",
            "javascript:x",
            " //e",
            "",
        ] {
            let resolved = base.join(OwnPath::new(hostile).as_str()).unwrap();
            assert_eq!(resolved.origin(), base.origin(), "{hostile:?}");
        }
        assert_eq!(OwnPath::new("/realms/demo/login?x=1").as_str(), "/realms/demo/login?x=1");
    }

    #[test]
    fn form_post_2_target_is_the_redirect_uri_unchanged() {
        assert_eq!(FormTarget::new("https://RP.test/cb?a=%7e").unwrap().0, "https://RP.test/cb?a=%7e");
        for hostile in ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "/cb", "com.example.app:/cb"]
        {
            assert_eq!(FormTarget::new(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn front_channel_logout_frames_are_https_and_stay_in_their_place_in_the_policy() {
        let frame = FrameUri::new("https://rp.test:444/a;b,c?iss=x;y&sid=1").unwrap();
        assert_eq!(frame.source().unwrap(), "https://rp.test:444/a%3Bb%2Cc");
        for hostile in ["http://rp.test/", "javascript:alert(1)", "https://user@rp.test/", "/own", "data:text/html,x"] {
            assert_eq!(FrameUri::new(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn rp_initiated_logout_3_browsers_are_sent_to_pages_and_applications_only() {
        for good in ["https://rp.test/out?x=%7e", "http://127.0.0.1:5000/out", "com.example.app:/out"] {
            assert_eq!(ReturnTarget::new(good).unwrap().as_str(), good);
        }
        for hostile in
            ["javascript:alert(1)", "data:text/html,x", "/own", "https://rp.test/\r\nx", "https://rp.test/a b"]
        {
            assert_eq!(ReturnTarget::new(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn secrets_do_not_reach_a_log() {
        assert_eq!(format!("{:?}", Hidden::new("s3cret")), "Hidden(..)");
        assert_eq!(format!("{:?}", Json(serde_json::json!({"access_token": "s3cret"}))), "Json(..)");
    }

    #[test]
    fn days_are_calendar_days_in_utc() {
        assert_eq!(CalendarDay::from_unix_seconds(1_709_251_199).date, "2024-02-29");
        assert_eq!(CalendarDay::from_unix_seconds(i64::MIN).date, "1970-01-01");
        assert_eq!(CalendarDay::from_unix_seconds(i64::MAX).date, "9999-12-31");
    }
}
