//! The consent form comes back.

use poem::{Body, Response, handler};
use signet_core::authorize::{ConsentAnswer, answer_consent};
use signet_core::endpoints::Endpoint;

use super::authorize::{authorize_error, step_response};
use super::login::request_and_form;
use crate::call::PageCall;
use crate::cookies;

#[handler]
pub(crate) async fn answer(PageCall(call): PageCall, body: Body) -> Response {
    let (parameters, form) = match request_and_form(&call, body, Endpoint::Consent).await {
        Ok(both) => both,
        Err(response) => return *response,
    };
    let browser = cookies::browser(&call);
    let answer = ConsentAnswer {
        parameters: &parameters,
        interaction: form.get("interaction").unwrap_or_default(),
        allowed: form.get("action") == Some("allow"),
    };
    match answer_consent(&call.serving(), &call.realm, answer, &browser).await {
        Ok(step) => step_response(&call, &parameters, &browser, step),
        Err(error) => authorize_error(&call, &parameters, error),
    }
}
