//! [`Protection`] as middleware of poem.
//!
//! An endpoint behind it finds what the token says in the data of the request, as an `Arc` of the check's token: a handler
//! takes `Data<&Arc<AccessToken>>`.

use poem::{Endpoint, Middleware, Request, Response};

use crate::{ProofCheck, Protection, RequestHead, TokenCheck};

/// An endpoint behind a guard.
pub struct Guarded<E, C: TokenCheck, P> {
    endpoint: E,
    protection: Protection<C, P>,
}

impl<E, C, P> Middleware<E> for Protection<C, P>
where
    E: Endpoint,
    C: TokenCheck + 'static,
    C::Token: 'static,
    P: ProofCheck<C::Token, C::Fault> + 'static,
{
    type Output = Guarded<E, C, P>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Guarded { endpoint, protection: self.clone() }
    }
}

impl<E, C, P> Endpoint for Guarded<E, C, P>
where
    E: Endpoint,
    C: TokenCheck + 'static,
    C::Token: 'static,
    P: ProofCheck<C::Token, C::Fault> + 'static,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        // The whole path: routers strip what they have matched.
        let head = RequestHead::new(request.method(), request.original_uri(), request.headers(), request.extensions());
        let admitted = match self.protection.admit(head).await {
            Ok(admitted) => admitted,
            Err(refused) => {
                let (parts, body) = refused.into_parts();
                let mut response = Response::builder().status(parts.status).body(body);
                *response.headers_mut() = parts.headers;
                return Ok(response);
            }
        };
        request.set_data(admitted.token);
        let mut response = self.endpoint.get_response(request).await;
        response.headers_mut().extend(admitted.headers);
        Ok(response)
    }
}
