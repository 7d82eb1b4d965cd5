//! The discovery document (OpenID Connect Discovery 4.2, RFC 8414 section 3.2).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::{Response, handler};
use signet_core::endpoints::provider_metadata;

use crate::call::ApiCall;
use crate::pages::Locale;
use crate::{cors, render};

#[handler]
pub(crate) fn metadata(ApiCall(call): ApiCall) -> Response {
    let languages: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    let response = render::json(StatusCode::OK, &provider_metadata(&call.realm, &languages));
    cors::open(cacheable(response))
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::public_preflight("GET")
}

/// Clients may keep public documents for five minutes; one that meets an unknown `kid` asks again (RFC 7517 section 5).
pub(crate) fn cacheable(mut response: Response) -> Response {
    response.headers_mut().remove("pragma");
    response.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("public, max-age=300"));
    response
}
