//! The token endpoint (RFC 6749 section 3.2).

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::binding::{Audience, fresh_nonce};
use signet_core::endpoints::Endpoint;
use signet_core::events::Serving;
use signet_core::grants;

use super::client_form::ClientForm;
use crate::call::{ApiCall, Call};
use crate::{cors, render};

#[handler]
pub(crate) async fn exchange(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::Token).await {
        Ok(form) => form,
        Err(response) => return cors::open_to_realm(*response, &call).await,
    };
    let serving = call.serving();
    let response = match grants::exchange(&serving, &call.realm, form.request(&call)).await {
        Ok(tokens) => render::json(StatusCode::OK, &tokens),
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &serving, response).await
}

#[handler]
pub(crate) async fn preflight(ApiCall(call): ApiCall) -> Response {
    cors::preflight(&call, "POST").await
}

/// Opens a response to the origins of the client that has authenticated, and gives that the nonce that its next DPoP proof
/// needs. Where none has, it tells of nobody.
pub(crate) async fn opened(call: &Call, serving: &Serving<'_>, mut response: Response) -> Response {
    match serving.authenticated_client() {
        Some(client) => {
            let nonce = fresh_nonce(&call.realm, Some(client), Audience::AuthorizationServer, serving.now());
            render::give_nonce(&mut response, nonce);
            cors::open_to_client(response, call, client)
        }
        None => cors::open_to_realm(response, call).await,
    }
}
