//! What all responses of the API have in common: nobody keeps, frames or sniffs them, and every refusal is a problem
//! document, also those of the framework.

use poem::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use poem::http::{HeaderValue, StatusCode};
use poem::{Endpoint, IntoResponse as _, Middleware, PathPattern, Request, Response};

use crate::openapi;
use crate::problem::{MEDIA_TYPE, Problem};

const HEADERS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Puts the last hand to every response.
pub(crate) struct Outermost;

impl<E: Endpoint<Output = Response>> Middleware<E> for Outermost {
    type Output = Finished<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Finished(endpoint)
    }
}

/// An endpoint whose responses are finished.
pub(crate) struct Finished<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for Finished<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = self.0.get_response(request).await;
        let status = response.status();
        if (status.is_client_error() || status.is_server_error()) && response.content_type() != Some(MEDIA_TYPE) {
            let allowed = allowed_methods(&response);
            response = Problem::of_status(status).into_response();
            if let Some(allowed) = allowed.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
                response.headers_mut().insert(ALLOW, allowed);
            }
        }
        let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
        response.headers_mut().extend(headers);
        Ok(response)
    }
}

/// RFC 9110 section 15.5.6: who asks with the wrong method is told the right ones.
fn allowed_methods(response: &Response) -> Option<HeaderValue> {
    let pattern = &response.data::<PathPattern>()?.0;
    let methods = openapi::methods(pattern);
    HeaderValue::try_from(methods.join(", ")).ok().filter(|_| !methods.is_empty())
}
