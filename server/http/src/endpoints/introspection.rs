//! The introspection endpoint (RFC 7662).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::endpoints;
use signet_core::grants::ClientRequest;

use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn introspect(ApiCall(call): ApiCall, body: Body) -> Response {
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
    match endpoints::introspect(&call.app.provider, &call.realm, request).await {
        Ok(answer) => render::json(StatusCode::OK, &answer),
        Err(failure) => render::failure(&failure),
    }
}
