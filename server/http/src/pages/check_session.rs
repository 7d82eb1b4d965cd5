//! The page that clients load in a frame to watch the session (Session Management 3.3). Nobody sees it. It is the one
//! page with a script that anybody may frame: it shows nothing, takes nothing and sends nothing to the server.

use super::values::DisplayText;

/// `ui/assets/check_session.js`.
const SCRIPT: &str = include_str!("../../../../ui/assets/check_session.js");

/// The headers of the page. The policy permits exactly its own script, and does not say who may frame it.
pub const CHECK_SESSION_HEADERS: [(&str, &str); 6] = [
    ("content-type", "text/html; charset=utf-8"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'sha256-cpkP2bBE2zR7Spx8oxvNuGzVmlfAaRLTB1XH3YjE7L4='; base-uri 'none'; form-action 'none'",
    ),
    ("cache-control", "private, max-age=300"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// The page for a realm whose browser state is in the cookie `cookie`, a name of our own making.
pub fn check_session_page(cookie: &str) -> String {
    let cookie = DisplayText::new(cookie);
    let cookie = minijinja::HtmlEscape(cookie.as_str());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Session</title></head>\n\
         <body data-cookie=\"{cookie}\"><script>{SCRIPT}</script></body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_has_the_hash_that_the_policy_names() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(SCRIPT));
        assert!(CHECK_SESSION_HEADERS[1].1.contains(&format!("script-src 'sha256-{hash}'")), "{hash}");
        assert!(check_session_page("a\"b").contains("data-cookie=\"a&quot;b\""));
    }

    #[test]
    fn session_management_3_3_the_page_may_be_framed() {
        for (name, value) in CHECK_SESSION_HEADERS {
            assert!(name != "x-frame-options" && !value.contains("frame-ancestors"), "{name}: {value}");
        }
    }
}
