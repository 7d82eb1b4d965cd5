//! The introspection endpoint (RFC 7662).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::endpoints::{self, Endpoint};

use super::client_form::ClientForm;
use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn introspect(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::Introspection).await {
        Ok(form) => form,
        Err(response) => return *response,
    };
    match endpoints::introspect(&call.serving(), &call.realm, form.request(&call)).await {
        Ok(answer) => render::json(StatusCode::OK, &answer),
        Err(failure) => render::failure(&failure),
    }
}
