//! The token endpoint (RFC 6749 section 3.2).

use std::sync::Arc;

use http::StatusCode;
use poem::{Body, Response, handler};
use signet_core::client_auth::Presented;
use signet_core::endpoints::Endpoint;
use signet_core::failure::Failure;
use signet_core::grants;
use signet_core::model::Client;
use signet_core::protocol::parameters::Parameters;

use super::client_form::ClientForm;
use crate::call::{ApiCall, Call};
use crate::{cors, render};

#[handler]
pub(crate) async fn exchange(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match ClientForm::read(&call, body, Endpoint::Token).await {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let response = match grants::exchange(&call.serving(), &call.realm, form.request(&call)).await {
        Ok(tokens) => render::json(StatusCode::OK, &tokens),
        Err(failure) => render::failure(&failure),
    };
    opened(&call, &form.parameters, response).await
}

#[handler]
pub(crate) fn preflight() -> Response {
    cors::preflight("POST")
}

/// Opens a response to the origins of the client that the request names.
pub(crate) async fn opened(call: &Call, form: &Parameters, response: Response) -> Response {
    if !call.head.headers.contains_key(http::header::ORIGIN) {
        return response;
    }
    let client = named_client(call, form).await.ok().flatten();
    cors::open_to_client(response, &call.head, client.as_deref())
}

async fn named_client(call: &Call, form: &Parameters) -> Result<Option<Arc<Client>>, Failure> {
    let presented = Presented::collect(call.head.authorization(), form, None)?;
    Ok(call.app.provider.store.client(call.realm.id(), presented.client_id()).await?)
}
