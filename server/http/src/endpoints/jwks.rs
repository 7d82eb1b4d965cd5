//! The key set (RFC 7517 section 5).

use http::header::CONTENT_TYPE;
use poem::{Response, handler};

use super::discovery::cacheable;
use crate::call::ApiCall;
use crate::cors;

#[handler]
pub(crate) fn key_set(ApiCall(call): ApiCall) -> Response {
    let body = call.realm.signing_keys.published().to_owned();
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/jwk-set+json")
        .header("x-content-type-options", "nosniff")
        .body(body);
    cors::open(cacheable(response))
}
