//! Cookies: the browser's binding and the sign-on session, one pair a realm. `__Host-` makes browsers refuse them from
//! sibling domains and over plain HTTP (RFC 6265bis section 4.1.3.2); because it forces `Path=/`, the realm's identifier
//! is in each name.

use http::HeaderValue;
use http::header::COOKIE;
use signet_core::authn::SessionCookie;
use signet_core::authorize::{Browser, BrowserBinding};

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

/// Removes the sign-on cookie.
pub(crate) fn remove_session(call: &Call) -> Option<HeaderValue> {
    header(&session_name(call), "", Some(0))
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
