//! Cookies: the browser's binding, the sign-on session, and the browser's state that clients' pages may watch; one of each
//! a realm. `__Host-` makes browsers refuse them from
//! sibling domains and over plain HTTP (RFC 6265bis section 4.1.3.2); because it forces `Path=/`, the realm's identifier
//! is in each name.

use http::HeaderValue;
use http::header::COOKIE;
use signet_core::authn::SessionCookie;
use signet_core::authorize::{Browser, BrowserBinding};
use signet_core::logout::browser_state;

use crate::call::Call;

/// The cookies of the call's realm that the browser sent, with a new binding where there was none.
pub(crate) fn browser(call: &Call) -> Browser {
    let session = value(call, &session_name(call)).and_then(SessionCookie::parse);
    let binding = BrowserBinding::from_cookie(value(call, &binding_name(call)), &*call.app.provider.random);
    Browser { session, binding }
}

/// Sets the sign-on cookie. It lives as long as the browser does; the server decides when it ends.
pub(crate) fn set_session(call: &Call, cookie: &SessionCookie) -> Option<HeaderValue> {
    header(&session_name(call), cookie.value(), None)
}

fn remove_session(call: &Call) -> Option<HeaderValue> {
    header(&session_name(call), "", Some(0))
}

/// What clients' pages may watch of the session (Session Management 3.2): readable by our script, sent within frames of
/// other sites, and good for nothing else. Nothing where the realm does not let them.
pub(crate) fn set_browser_state(call: &Call, cookie: &SessionCookie) -> Option<HeaderValue> {
    let is_watched = call.realm.realm.settings.session_management;
    is_watched.then(|| state_header(call, &browser_state(cookie), None)).flatten()
}

/// The same, unless the browser has it already.
pub(crate) fn renew_browser_state(call: &Call, cookie: &SessionCookie) -> Option<HeaderValue> {
    let has_it = value(call, &state_name(call)) == Some(browser_state(cookie).as_str());
    (!has_it).then(|| set_browser_state(call, cookie)).flatten()
}

/// Removes what goes with a session.
pub(crate) fn remove_all(call: &Call) -> [Option<HeaderValue>; 2] {
    let is_watched = call.realm.realm.settings.session_management || value(call, &state_name(call)).is_some();
    [remove_session(call), is_watched.then(|| state_header(call, "", Some(0))).flatten()]
}

/// Sets the binding cookie, if it is new.
pub(crate) fn set_binding(call: &Call, binding: &BrowserBinding) -> Option<HeaderValue> {
    header(&binding_name(call), binding.new_cookie()?, None)
}

fn session_name(call: &Call) -> String {
    format!("__Host-signet-session-{}", call.realm.id())
}

fn binding_name(call: &Call) -> String {
    format!("__Host-signet-browser-{}", call.realm.id())
}

/// The name of the browser state's cookie.
pub(crate) fn state_name(call: &Call) -> String {
    format!("__Host-signet-state-{}", call.realm.id())
}

fn state_header(call: &Call, value: &str, max_age: Option<i64>) -> Option<HeaderValue> {
    let max_age = max_age.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
    let name = state_name(call);
    HeaderValue::try_from(format!("{name}={value}; Path=/; Secure; SameSite=None{max_age}")).ok()
}

fn header(name: &str, value: &str, max_age: Option<i64>) -> Option<HeaderValue> {
    let max_age = max_age.map_or(String::new(), |seconds| format!("; Max-Age={seconds}"));
    HeaderValue::try_from(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{max_age}")).ok()
}

/// The value of a cookie. Two of one name are none: one of them is not ours, and nothing says which.
fn value<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let headers = call.head.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = headers
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(candidate, _)| *candidate == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}
