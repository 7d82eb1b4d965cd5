//! The registration endpoint (RFC 7591 section 3) and the client configuration endpoint (RFC 7592 section 2).

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use poem::web::Path;
use poem::{Body, Response, handler};
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::responses::ErrorResponse;
use signet_core::protocol::spec::{rfc6750, rfc7591};
use signet_core::registration::{self, ClientInformation, RegistrationRequest};
use signet_guard::{BearerToken, Challenge, NoToken, Scheme, bearer_token};
use signet_resources::Denial;

use crate::call::{ApiCall, Call};
use crate::render;

/// Longest body in bytes: room for a key set, a software statement and 100 of the longest redirect URIs. Above it the
/// listener answers 413 without reading on.
pub(crate) const MAXIMUM_BODY_BYTES: usize = 512 * 1024;

#[handler]
pub(crate) async fn register(ApiCall(call): ApiCall, body: Body) -> Response {
    let (token, document) = match received(&call, body).await {
        Ok(received) => received,
        Err(response) => return *response,
    };
    let request = request(&call, token.as_ref(), &document);
    let outcome = registration::register(&call.serving(), &call.realm, request).await;
    informed(&call, StatusCode::CREATED, token.is_some(), outcome)
}

#[handler]
pub(crate) async fn read(ApiCall(call): ApiCall, Path((_, client_id)): Path<(String, String)>) -> Response {
    let token = match presented(&call).await {
        Ok(token) => token,
        Err(response) => return *response,
    };
    let (serving, bearer) = (call.serving(), token.as_ref().map(BearerToken::as_str));
    let outcome = registration::read_registration(&serving, &call.realm, &client_id, bearer).await;
    informed(&call, StatusCode::OK, token.is_some(), outcome)
}

#[handler]
pub(crate) async fn update(
    ApiCall(call): ApiCall,
    Path((_, client_id)): Path<(String, String)>,
    body: Body,
) -> Response {
    let (token, document) = match received(&call, body).await {
        Ok(received) => received,
        Err(response) => return *response,
    };
    let request = request(&call, token.as_ref(), &document);
    let outcome = registration::update_registration(&call.serving(), &call.realm, &client_id, request).await;
    informed(&call, StatusCode::OK, token.is_some(), outcome)
}

#[handler]
pub(crate) async fn delete(ApiCall(call): ApiCall, Path((_, client_id)): Path<(String, String)>) -> Response {
    let token = match presented(&call).await {
        Ok(token) => token,
        Err(response) => return *response,
    };
    let (serving, bearer) = (call.serving(), token.as_ref().map(BearerToken::as_str));
    match registration::delete_registration(&serving, &call.realm, &client_id, bearer).await {
        Ok(()) => {
            let mut response = render::json(StatusCode::NO_CONTENT, &());
            response.headers_mut().remove(CONTENT_TYPE);
            response.set_body(());
            response
        }
        Err(failure) => refused(&call, token.is_some(), &failure),
    }
}

fn request<'a>(call: &Call, token: Option<&'a BearerToken>, document: &'a [u8]) -> RegistrationRequest<'a> {
    RegistrationRequest { token: token.map(BearerToken::as_str), document, address: call.head.address }
}

/// The token of a request, if it has one. Where the endpoint is off, there is nothing here.
async fn presented(call: &Call) -> Result<Option<BearerToken>, Box<Response>> {
    if !call.realm.realm.settings.registration.is_on() {
        let refusal = ErrorCode::InvalidRequest.because("clients do not register themselves in this realm");
        return Err(Box::new(render::not_found(&refusal)));
    }
    match bearer_token(&call.head.headers, &call.head.query, None) {
        Ok(token) => Ok(Some(token)),
        Err(NoToken::NothingPresented) => Ok(None),
        Err(NoToken::Refused(malformed)) => {
            // Whatever is wrong with the header, it is no token.
            let refusal = ErrorCode::InvalidToken.because(malformed.reason).per(rfc6750("2.1"));
            let failure = call.refused(RefusedAt::Endpoint(Endpoint::Registration), refusal).await;
            Err(Box::new(refused(call, true, &failure)))
        }
    }
}

/// The answer to a body that does not read.
async fn wrong(call: &Call, has_token: bool, reason: &'static str) -> Response {
    let refusal = ErrorCode::InvalidClientMetadata.because(reason).per(rfc7591("3.1"));
    let failure = call.refused(RefusedAt::Endpoint(Endpoint::Registration), refusal).await;
    refused(call, has_token, &failure)
}

/// The token and the body of a request.
async fn received(call: &Call, body: Body) -> Result<(Option<BearerToken>, Vec<u8>), Box<Response>> {
    let token = presented(call).await?;
    let has_token = token.is_some();
    let content_type = call.head.header(&CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Box::new(wrong(call, has_token, "the body must be application/json").await));
    }
    if let Ok(bytes) = body.into_bytes_limit(MAXIMUM_BODY_BYTES).await {
        return Ok((token, bytes.to_vec()));
    }
    let reason = "the body could not be read, or has more than 524288 bytes";
    Err(Box::new(wrong(call, has_token, reason).await))
}

fn informed(call: &Call, status: StatusCode, had_token: bool, outcome: Result<ClientInformation, Failure>) -> Response {
    match outcome {
        Ok(information) => render::json(status, information.members()),
        Err(failure) => refused(call, had_token, &failure),
    }
}

/// RFC 6750 section 3 for tokens, RFC 7591 section 3.2.2 for metadata, RFC 6585 section 4 for too many requests.
fn refused(call: &Call, had_token: bool, failure: &Failure) -> Response {
    let Failure::Refusal(refusal) = failure else { return render::failure(failure) };
    render::log(failure);
    let status = match refusal.code {
        ErrorCode::TemporarilyUnavailable => StatusCode::TOO_MANY_REQUESTS,
        code => StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST),
    };
    let mut response = render::json(status, &ErrorResponse::from(refusal));
    let headers = response.headers_mut();
    if status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(RETRY_AFTER, call.realm.realm.settings.registration.attempt_window_seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.extend(challenge(call, had_token, refusal).map(|value| (WWW_AUTHENTICATE, value)));
    }
    response
}

fn challenge(call: &Call, had_token: bool, refusal: &Refusal) -> Option<HeaderValue> {
    let denial = if had_token { Denial::Refused(refusal.clone()) } else { Denial::NothingPresented };
    let challenge = Challenge { realm: Some(call.realm.realm.name.as_str()), ..Challenge::default() };
    challenge.header(&denial, Scheme::Bearer)
}
