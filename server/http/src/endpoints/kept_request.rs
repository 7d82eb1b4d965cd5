//! What the endpoints have in common whose requests are kept: their bodies are short, and who has sent too much is told
//! when to come again.

use http::StatusCode;
use http::header::RETRY_AFTER;
use poem::{Body, Response};
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::spec::rfc9126;

use super::client_form::ClientForm;
use crate::call::Call;
use crate::{cors, render};

/// Longest body in bytes: more than twice of what an address could carry.
const MAXIMUM_BODY_BYTES: usize = 16 * 1024;

/// Seconds after which some of the client's requests have expired.
const RETRY_SECONDS: u64 = 10;

/// The form of a request, or its refusal as the client's pages may read it.
pub(super) async fn form(call: &Call, body: Body, endpoint: Endpoint) -> Result<ClientForm, Response> {
    let read = match sized(call, body, endpoint).await {
        Ok(body) => ClientForm::read(call, body, endpoint).await,
        Err(response) => Err(response),
    };
    match read {
        Ok(form) => Ok(form),
        Err(response) => Err(cors::open_to_realm(*response, call).await),
    }
}

async fn sized(call: &Call, body: Body, endpoint: Endpoint) -> Result<Body, Box<Response>> {
    if let Ok(bytes) = body.into_bytes_limit(MAXIMUM_BODY_BYTES).await {
        return Ok(bytes.into());
    }
    let refusal = ErrorCode::InvalidRequest.because("the body has more than 16384 bytes").per(rfc9126("2.3"));
    let failure = call.refused(RefusedAt::Endpoint(endpoint), refusal).await;
    Err(Box::new(refused(StatusCode::PAYLOAD_TOO_LARGE, &failure)))
}

/// A failure, of which having sent too much has a status of its own (RFC 9126 section 2.3).
pub(super) fn failure(failure: &Failure) -> Response {
    match failure {
        Failure::Refusal(refusal) if refusal.code == ErrorCode::TemporarilyUnavailable => {
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, failure);
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
            response
        }
        _ => render::failure(failure),
    }
}

/// A refusal with a status of its own.
pub(super) fn refused(status: StatusCode, failure: &Failure) -> Response {
    let mut response = render::failure(failure);
    if matches!(failure, Failure::Refusal(_)) {
        response.set_status(status);
    }
    response
}
