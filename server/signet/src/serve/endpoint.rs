//! The whole of what is served, as one endpoint, with what belongs to every answer.

use std::sync::Arc;

use http::HeaderValue;
use http::header::STRICT_TRANSPORT_SECURITY;
use poem::{Endpoint, IntoEndpoint, Request, Response, Route};
use signet_http::routes::{App, routes};
use tokio::time::Instant;

use super::node::Node;

/// Everything that is served: protocol endpoints and pages, the admin API, and what `dev` adds.
pub(super) fn endpoint(
    app: &Arc<App>,
    node: &Arc<Node>,
    strict_transport_security: Option<HeaderValue>,
    more: Option<Route>,
) -> impl IntoEndpoint<Endpoint: 'static> + use<> {
    let mut routes = routes(app).nest(signet_admin::BASE_PATH, signet_admin::service(Arc::clone(&app.provider)));
    if let Some(more) = more {
        routes = routes.nest("/dev", more);
    }
    Observed { endpoint: routes, node: Arc::clone(node), strict_transport_security }
}

/// An endpoint whose requests are counted.
struct Observed<E> {
    endpoint: E,
    node: Arc<Node>,
    strict_transport_security: Option<HeaderValue>,
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let began = this_moment();
        let path = request.uri().path().to_owned();
        let mut response = self.endpoint.get_response(request).await;
        self.node.requests.count(&path, response.status(), began.elapsed());
        if let Some(value) = &self.strict_transport_security {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, value.clone());
        }
        Ok(response)
    }
}

/// How long an answer took is measured, and decides nothing.
#[expect(clippy::disallowed_methods, reason = "telemetry measures")]
fn this_moment() -> Instant {
    Instant::now()
}
