//! Redirect URIs: what may be registered, and which registered one a request names (RFC 6749 3.1.2, RFC 9700 2.1).

use url::Url;

use crate::names::ApplicationType;

/// Why a redirect URI may not be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnacceptableRedirectUri {
    /// Not an absolute URI, or written in a form that parsers read differently.
    #[error("a redirect URI is an absolute URI in plain ASCII without spaces, backslashes or control characters")]
    Malformed,
    /// RFC 6749 section 3.1.2.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// User information in the authority hides the real host from people.
    #[error("a redirect URI has no user name or password")]
    UserInformation,
    /// RFC 9700 section 2.6 and RFC 8252 section 8.3.
    #[error("a web application's redirect URI uses https; http is for loopback addresses of native applications")]
    InsecureScheme,
    /// RFC 8252 section 7.1: a private-use scheme is a reversed domain name; scripts and data are none.
    #[error("a private-use scheme is a domain name in reverse order, like com.example.app")]
    UnusableScheme,
    /// RFC 8252 section 7.1: nobody gives names below a private-use scheme, so that no authority follows it.

    /// Longer than any server needs.
    #[error("a redirect URI has at most 2048 characters")]
    TooLong,
}

/// Checks a redirect URI for registration.
///
/// # Errors
/// Says which rule it breaks.
pub fn check_registration(text: &str, application_type: ApplicationType) -> Result<(), UnacceptableRedirectUri> {
    if text.len() > 2048 {
        return Err(UnacceptableRedirectUri::TooLong);
    }
    if !text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) || text.contains(['\\', '"', '<', '>']) {
        return Err(UnacceptableRedirectUri::Malformed);
    }
    if text.contains('#') {
        return Err(UnacceptableRedirectUri::Fragment);
    }
    let url = Url::parse(text).map_err(|_| UnacceptableRedirectUri::Malformed)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UnacceptableRedirectUri::UserInformation);
    }
    match (url.scheme(), application_type) {
        ("https", _) if text.starts_with("https://") && url.host().is_some() => Ok(()),
        ("http", ApplicationType::Native) if without_loopback_port(text).is_some() => Ok(()),
        ("https", _) => Err(UnacceptableRedirectUri::Malformed),
        ("http", _) | (_, ApplicationType::Web) => Err(UnacceptableRedirectUri::InsecureScheme),
        (scheme, ApplicationType::Native) if is_reversed_domain(scheme) => Ok(()),
        _ => Err(UnacceptableRedirectUri::UnusableScheme),
    }
}

/// Whether a request's redirect URI is the registered one: byte for byte, except that a native application's
/// loopback address may have any port (RFC 8252 section 7.3, RFC 9700 section 2.1).
pub fn matches(registered: &str, requested: &str, application_type: ApplicationType) -> bool {
    if registered == requested {
        return true;
    }
    if application_type != ApplicationType::Native {
        return false;
    }
    match (without_loopback_port(registered), without_loopback_port(requested)) {
        (Some(registered), Some(requested)) => registered == requested,
        _ => false,
    }
}

/// The origin (RFC 6454) of pages that a redirect URI belongs to: `https://host:port`, without the scheme's own port. A
/// URI of a private-use scheme belongs to no page, and a browser's `null` stands for no registered origin.
pub fn web_origin(redirect_uri: &str) -> Option<String> {
    let url = Url::parse(redirect_uri).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// A domain name in reverse order: labels of letters, digits and hyphens, of which the first one is a top-level domain
/// (RFC 8252 section 7.1).
fn is_reversed_domain(scheme: &str) -> bool {
    let is_label = |label: &str| {
        let is_ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(is_ldh) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_top_level = |label: &str| label.len() >= 2 && label.starts_with(|first: char| first.is_ascii_alphabetic());
    scheme.split_once('.').is_some_and(|(first, _)| is_top_level(first)) && scheme.split('.').all(is_label)
}

/// `http://127.0.0.1:5000/cb` as (`http://127.0.0.1`, `/cb`); nothing for other hosts. Works on the text, so that
/// nothing is normalised before it is compared. Loopback by the two literal addresses only (RFC 8252 section 7.3): the
/// name localhost can be made to point elsewhere (section 8.3).
fn without_loopback_port(text: &str) -> Option<(&str, &str)> {
    for prefix in ["http://127.0.0.1", "http://[::1]"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            let Some(after_colon) = rest.strip_prefix(':') else {
                return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((prefix, rest));
            };
            let digits = after_colon.bytes().take_while(u8::is_ascii_digit).count();
            let (port, path) = after_colon.split_at(digits);
            let valid = port.parse::<u16>().is_ok() && (path.is_empty() || path.starts_with(['/', '?']));
            return valid.then_some((prefix, path));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9700_2_1_comparison_is_exact() {
        let registered = "https://rp.test/cb";
        for other in [
            "https://rp.test.evil.test/cb",
            "https://rp.test/cb/",
            "https://rp.test/cb?x=1",
            "https://rp.test/%63b",
            "http://rp.test/cb",
            "https://rp.test@evil.test/cb",
            "https://rp.test:443/cb",
            "https://RP.test/cb",
            "https://rpxtest/cb",
            "https://rp.test/cb#",
        ] {
            assert!(!matches(registered, other, ApplicationType::Web), "{other}");
            assert!(!matches(registered, other, ApplicationType::Native), "{other}");
        }
        assert!(matches(registered, registered, ApplicationType::Web));
    }

    #[test]
    fn rfc8252_7_3_native_loopback_takes_any_port() {
        let registered = "http://127.0.0.1/cb";
        assert!(matches(registered, "http://127.0.0.1:49152/cb", ApplicationType::Native));
        assert!(matches("http://[::1]:1/cb", "http://[::1]:65535/cb", ApplicationType::Native));
        for other in [
            "http://127.0.0.1:49152/cb?x=1",
            "http://localhost:49152/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://127.0.0.1:80@evil.test/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.1/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "https://127.0.0.1:1/cb",
        ] {
            assert!(!matches(registered, other, ApplicationType::Native), "{other}");
        }
        assert!(!matches(registered, "http://127.0.0.1:49152/cb", ApplicationType::Web));
    }

    #[test]
    fn rfc6454_6_2_the_origin_of_a_page_is_scheme_host_and_port() {
        for (uri, origin) in [
            ("https://rp.test/cb?a=b", Some("https://rp.test")),
            ("https://rp.test:443/cb", Some("https://rp.test")),
            ("https://rp.test:8443/cb", Some("https://rp.test:8443")),
            ("http://127.0.0.1:5000/cb", Some("http://127.0.0.1:5000")),
            ("com.example.app:/cb", None),
            ("com.example.app://host/cb", None),
            ("nonsense", None),
        ] {
            assert_eq!(web_origin(uri).as_deref(), origin, "{uri}");
        }
    }

    #[test]
    fn rfc6749_3_1_2_registration_refuses_dangerous_uris() {
        use ApplicationType::{Native, Web};
        use UnacceptableRedirectUri as Why;
        for (text, application_type, expected) in [
            ("https://rp.test/cb?a=b", Web, Ok(())),
            ("https://rp.test/cb#x", Web, Err(Why::Fragment)),
            ("https://user@rp.test/cb", Web, Err(Why::UserInformation)),
            ("http://rp.test/cb", Web, Err(Why::InsecureScheme)),
            ("http://127.0.0.1/cb", Web, Err(Why::InsecureScheme)),
            ("http://127.0.0.1/cb", Native, Ok(())),
            ("http://localhost/cb", Native, Err(Why::InsecureScheme)),
            ("com.example.app:/cb", Native, Ok(())),
            ("com.example.app:/cb", Web, Err(Why::InsecureScheme)),
            ("http://[::1]:5000/cb", Native, Ok(())),
            ("http://127.1/cb", Native, Err(Why::InsecureScheme)),
            ("http://2130706433/cb", Native, Err(Why::InsecureScheme)),
            ("http://127.0.0.1.evil.test/cb", Native, Err(Why::InsecureScheme)),
            ("http://[::ffff:127.0.0.1]/cb", Native, Err(Why::InsecureScheme)),
            ("com.example.my-app:/cb", Native, Ok(())),
            ("app:/cb", Native, Err(Why::UnusableScheme)),
            ("a.:/cb", Native, Err(Why::UnusableScheme)),
            ("com..app:/cb", Native, Err(Why::UnusableScheme)),
            ("com.example+app:/cb", Native, Err(Why::UnusableScheme)),
            ("com.-example:/cb", Native, Err(Why::UnusableScheme)),
            ("c.example:/cb", Native, Err(Why::UnusableScheme)),
            ("javascript:alert(1)", Native, Err(Why::UnusableScheme)),
            ("data:text/html,x", Native, Err(Why::UnusableScheme)),
            ("https:/rp.test/cb", Web, Err(Why::Malformed)),
            ("https:\\\\rp.test\\cb", Web, Err(Why::Malformed)),
            ("/cb", Web, Err(Why::Malformed)),
            ("https://r\u{440}.test/cb", Web, Err(Why::Malformed)),
        ] {
            assert_eq!(check_registration(text, application_type), expected, "{text}");
        }
    }
}
