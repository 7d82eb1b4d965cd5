//! The revocation endpoint (RFC 7009).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::{Body, Response, handler};
use signet_core::endpoints::{self, Endpoint};

use super::client_form::ClientForm;
use super::token::opened;
use crate::call::ApiCall;
use crate::{cors, render};

#[handler]
pub(crate) async fn revoke(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::Revocation).await {
        Ok(form) => form,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let serving = call.serving();
    let response = match endpoints::revoke(&serving, &call.realm, form.request(&call)).await {
        Ok(()) => Response::builder().status(StatusCode::OK).header(CACHE_CONTROL, "no-store").finish(),
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &serving, response).await
}
