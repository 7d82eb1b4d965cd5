//! Cross-origin access for applications in browsers (Fetch Standard, CORS). Public documents are open to everybody; the
//! token, revocation and userinfo endpoints to the origins of registered redirect URIs, decided by what is registered and
//! by what was verified, never by what a request claims. Cookies never count there.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderValue, StatusCode};
use poem::Response;
use signet_core::model::Client;

use crate::call::Call;

/// Opens what everybody may read to every origin.
pub(crate) fn open(response: Response) -> Response {
    opened_to(response, HeaderValue::from_static("*"))
}

/// Opens an answer about a verified client to the origins of that client.
pub(crate) fn open_to_client(response: Response, call: &Call, client: &Client) -> Response {
    let asking = call.head.header(&ORIGIN).filter(|origin| client.web_origins().contains(*origin));
    open_to(response, asking)
}

/// Opens an answer that tells of nobody, a refusal of who is not known, to the origins of every client of the realm.
pub(crate) async fn open_to_realm(response: Response, call: &Call) -> Response {
    let asking = registered(call).await;
    open_to(response, asking)
}

/// Answers a preflight request for what everybody may read.
pub(crate) fn public_preflight(methods: &'static str) -> Response {
    open(permitting(methods))
}

/// Answers a preflight request. It names no client yet: every registered origin of the realm may ask, and nobody else.
pub(crate) async fn preflight(call: &Call, methods: &'static str) -> Response {
    open_to_realm(permitting(methods), call).await
}

fn permitting(methods: &'static str) -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(ACCESS_CONTROL_ALLOW_METHODS, methods)
        .header(ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, DPoP")
        .header(ACCESS_CONTROL_MAX_AGE, "3600")
        .finish()
}

/// The asking origin, if a client of the realm is registered with it. Where the database cannot say, nothing is opened.
async fn registered(call: &Call) -> Option<&str> {
    let origin = call.head.header(&ORIGIN)?;
    match call.app.provider.store.is_client_origin(call.realm.id(), origin).await {
        Ok(is_registered) => is_registered.then_some(origin),
        Err(error) => {
            tracing::warn!(%error, "whether an origin is registered could not be found out");
            None
        }
    }
}

/// Opens a response to one origin, or to none. Caches keep the answers to different origins apart either way.
fn open_to(mut response: Response, origin: Option<&str>) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    match origin.and_then(|origin| HeaderValue::from_str(origin).ok()) {
        Some(origin) => opened_to(response, origin),
        None => response,
    }
}

fn opened_to(mut response: Response, origins: HeaderValue) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origins);
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"));
    response
}
