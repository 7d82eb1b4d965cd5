//! [`Protection`] as a layer of tower: before axum's routers and handlers, before hyper, before everything that is a
//! service over [`http::Request`].
//!
//! A service behind it finds what the token says in the extensions of the request, as an `Arc` of the check's token:
//! `request.extensions().get::<Arc<AccessToken>>()`. It must see the path as the client sent it: the layer stands before
//! routers that strip prefixes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::{ProofCheck, Protection, RequestHead, TokenCheck};

/// A service behind a guard.
pub struct Guarded<S, C: TokenCheck, P> {
    inner: S,
    protection: Protection<C, P>,
}

impl<S: Clone, C: TokenCheck, P> Clone for Guarded<S, C, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), protection: self.protection.clone() }
    }
}

impl<S, C: TokenCheck, P> Layer<S> for Protection<C, P> {
    type Service = Guarded<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, protection: self.clone() }
    }
}

impl<S, C, P, B, R> Service<Request<B>> for Guarded<S, C, P>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    C: TokenCheck + 'static,
    C::Token: 'static,
    P: ProofCheck<C::Token, C::Fault> + 'static,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let protection = self.protection.clone();
        // The one that is ready is used; its clone takes its place.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let admitted = match protection.admit(RequestHead::of(&parts)).await {
                Ok(admitted) => admitted,
                Err(refused) => return Ok(refused.map(R::from)),
            };
            parts.extensions.insert(admitted.token);
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            response.headers_mut().extend(admitted.headers);
            Ok(response)
        })
    }
}
