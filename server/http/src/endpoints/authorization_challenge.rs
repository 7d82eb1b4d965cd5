//! The authorization challenge endpoint (OAuth 2.0 for First-Party Applications 4.1). No page of a browser may read what it
//! answers: it is for applications that are none.

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::authorize::{self, Challenged};
use signet_core::binding::{Audience, fresh_nonce};
use signet_core::endpoints::Endpoint;

use super::client_form::ClientForm;
use crate::call::ApiCall;
use crate::render;

#[handler]
pub(crate) async fn challenge(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::AuthorizationChallenge).await {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let serving = call.serving();
    let mut response = match authorize::challenge(&serving, &call.realm, form.request(&call)).await {
        Ok(Challenged::Code(code)) => render::json(StatusCode::OK, &code),
        Ok(Challenged::More(refusal)) => render::failure(&refusal.into()),
        Err(failure) => render::failure(&failure),
    };
    if let Some(client) = serving.authenticated_client() {
        let nonce = fresh_nonce(&call.realm, Some(client), Audience::AuthorizationServer, serving.now());
        render::give_nonce(&mut response, nonce);
    }
    response
}
