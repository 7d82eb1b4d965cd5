//! The endpoint for pushed authorization requests (RFC 9126 section 2).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize;
use signet_core::endpoints::Endpoint;

use super::kept_request;
use super::token::opened;
use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn push(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match kept_request::form(&call, body, Endpoint::PushedAuthorizationRequest).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let serving = call.serving();
    let response = match authorize::push(&serving, &call.realm, form.request(&call)).await {
        Ok(pushed) => render::json(StatusCode::CREATED, &pushed),
        Err(failure) => kept_request::failure(&failure),
    };
    opened(&call, &serving, response).await
}
