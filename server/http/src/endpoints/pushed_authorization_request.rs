//! The endpoint for pushed authorization requests (RFC 9126 section 2).

use http::StatusCode;
use http::header::RETRY_AFTER;
use poem::{Body, Response, handler};
use signet_core::authorize;
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::spec::rfc9126;

use super::client_form::ClientForm;
use super::token::opened;
use crate::call::{ApiCall, Call};
use crate::{cors, render};

/// Longest body in bytes: more than twice of what an address could carry.
const MAXIMUM_BODY_BYTES: usize = 16 * 1024;

/// Seconds after which some of the client's requests have expired.
pub(super) const RETRY_SECONDS: u64 = 10;

#[handler]
pub(crate) async fn push(ApiCall(call): ApiCall, body: Body) -> Response {
    let body = match sized_body(&call, body, Endpoint::PushedAuthorizationRequest).await {
        Ok(body) => body,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let form = match ClientForm::read(&call, body, Endpoint::PushedAuthorizationRequest).await {
        Ok(form) => form,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let serving = call.serving();
    let response = match authorize::push(&serving, &call.realm, form.request(&call)).await {
        Ok(pushed) => render::json(StatusCode::CREATED, &pushed),
        Err(Failure::Refusal(refusal)) if refusal.code == ErrorCode::TemporarilyUnavailable => {
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, &Failure::Refusal(refusal));
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
            response
        }
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &serving, response).await
}

/// A body that is no longer than a request may be which is kept.
pub(super) async fn sized_body(call: &Call, body: Body, endpoint: Endpoint) -> Result<Body, Box<Response>> {
    if let Ok(bytes) = body.into_bytes_limit(MAXIMUM_BODY_BYTES).await {
        return Ok(bytes.into());
    }
    let refusal = ErrorCode::InvalidRequest.because("the body has more than 16384 bytes").per(rfc9126("2.3"));
    let failure = call.refused(RefusedAt::Endpoint(endpoint), refusal).await;
    Err(Box::new(refused(StatusCode::PAYLOAD_TOO_LARGE, &failure)))
}

/// RFC 9126 section 2.3: refusals with a status of their own.
pub(super) fn refused(status: StatusCode, failure: &Failure) -> Response {
    let mut response = render::failure(failure);
    if matches!(failure, Failure::Refusal(_)) {
        response.set_status(status);
    }
    response
}
