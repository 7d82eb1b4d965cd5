//! Cross-origin access for applications in browsers (Fetch Standard, CORS): public documents are open to everybody, the
//! token, revocation and userinfo endpoints to the origins of the client's own redirect URIs. Cookies never count there.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderValue, StatusCode};
use poem::Response;
use signet_core::model::Client;

use crate::call::Head;
use crate::cross_site::origin_of;

/// Opens what everybody may read to every origin.
pub(crate) fn open(mut response: Response) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    response
}

/// Opens a response to the origin that asks, if it is one of the client's.
pub(crate) fn open_to_client(mut response: Response, head: &Head, client: Option<&Client>) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = head.header(&ORIGIN) else { return response };
    let is_registered =
        |client: &Client| client.metadata.redirect_uris.iter().any(|uri| origin_of(uri).as_deref() == Some(origin));
    if client.is_some_and(is_registered)
        && let Ok(value) = HeaderValue::from_str(origin)
    {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    }
    response
}

/// Answers a preflight request. It names no client yet, so every origin may ask; the answer itself is opened only to a
/// registered one.
pub(crate) fn preflight(methods: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .header(ACCESS_CONTROL_ALLOW_METHODS, methods)
        .header(ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type")
        .header(ACCESS_CONTROL_MAX_AGE, "3600")
        .finish()
}
