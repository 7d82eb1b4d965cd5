//! The device authorization endpoint (RFC 8628 section 3.1).

use http::StatusCode;
use http::header::RETRY_AFTER;
use poem::{Body, Response, handler};
use signet_core::authorize::authorize_device;
use signet_core::endpoints::Endpoint;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;

use super::client_form::ClientForm;
use super::pushed_authorization_request::{RETRY_SECONDS, refused, sized_body};
use super::token::opened;
use crate::call::ApiCall;
use crate::{cors, render};

#[handler]
pub(crate) async fn authorize(ApiCall(call): ApiCall, body: Body) -> Response {
    let body = match sized_body(&call, body, Endpoint::DeviceAuthorization).await {
        Ok(body) => body,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let form = match ClientForm::read(&call, body, Endpoint::DeviceAuthorization).await {
        Ok(form) => form,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let serving = call.serving();
    let response = match authorize_device(&serving, &call.realm, form.request(&call)).await {
        Ok(authorized) => render::json(StatusCode::OK, &authorized),
        Err(Failure::Refusal(refusal)) if refusal.code == ErrorCode::TemporarilyUnavailable => {
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, &Failure::Refusal(refusal));
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
            response
        }
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &serving, response).await
}
