//! The revocation endpoint (RFC 7009).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::{Body, Response, handler};
use signet_core::endpoints;
use signet_core::grants::ClientRequest;

use super::token::opened;
use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn revoke(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match call.head.form(body).await {
        Ok(form) => form,
        Err(refusal) => return render::failure(&refusal.into()),
    };
    let certificate = call.head.certificate();
    let request = ClientRequest {
        authorization: call.head.authorization(),
        parameters: &form,
        certificate: certificate.as_ref(),
    };
    let response = match endpoints::revoke(&call.app.provider, &call.realm, request).await {
        Ok(()) => Response::builder().status(StatusCode::OK).header(CACHE_CONTROL, "no-store").finish(),
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &form, response).await
}
