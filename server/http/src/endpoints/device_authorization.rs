//! The device authorization endpoint (RFC 8628 section 3.1).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize::authorize_device;
use signet_core::endpoints::Endpoint;

use super::kept_request;
use super::token::opened;
use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn authorize(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match kept_request::form(&call, body, Endpoint::DeviceAuthorization).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let serving = call.serving();
    let response = match authorize_device(&serving, &call.realm, form.request(&call)).await {
        Ok(authorized) => render::json(StatusCode::OK, &authorized),
        Err(failure) => kept_request::failure(&failure),
    };
    opened(&call, &serving, response).await
}
