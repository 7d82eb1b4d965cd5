//! The discovery document (OpenID Connect Discovery 4.2, RFC 8414 section 3.2).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::{Response, handler};
use signet_core::endpoints::provider_metadata;

use crate::call::ApiCall;
use crate::pages::Locale;
use crate::{cors, render};

#[handler]
pub(crate) async fn metadata(ApiCall(call): ApiCall) -> Response {
    let languages: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    match provider_metadata(&call.serving(), &call.realm, &languages).await {
        Ok(metadata) => cors::open(cacheable(render::json(StatusCode::OK, &metadata))),
        Err(failure) => render::failure(&failure),
    }
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::preflight("GET")
}

/// Clients may keep public documents for five minutes; one that meets an unknown `kid` asks again (RFC 7517 section 5).
pub(crate) fn cacheable(mut response: Response) -> Response {
    response.headers_mut().remove("pragma");
    response.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("public, max-age=300"));
    response
}
