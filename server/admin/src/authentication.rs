//! Who may use the API: bearers of an access token of the admin realm, for its issuer, with a scope of administration
//! (RFC 6750). The check stands before the routes, so that no operation can be without it.

use std::sync::Arc;

use poem::http::Method;
use poem::{Endpoint, IntoResponse as _, Request, Response};
use signet_core::endpoints::OwnResource;
use signet_core::events::{Actor, Origin, RefusedAt};
use signet_core::failure::{Failure, Fault};
use signet_core::protocol::error::ErrorCode;
use signet_core::provider::Provider;
use signet_core::registry::{ADMIN_READ_SCOPE, ADMIN_REALM, ADMIN_SCOPE};
use signet_core::tokens::CheckedAccessToken;
use signet_guard::{Requirement, ResourceRequest};
use signet_resources::{Denial, GuardedResource};
use tokio::sync::Mutex;

use crate::administrator::Administrator;
use crate::problem::{Kind, Problem};

/// Scope values of which one suffices for a method, the narrowest first.
pub(crate) fn sufficient_scopes(method: &Method) -> &'static [&'static str] {
    if method == Method::GET || method == Method::HEAD { &[ADMIN_READ_SCOPE, ADMIN_SCOPE] } else { &[ADMIN_SCOPE] }
}

/// An endpoint behind the check.
pub(crate) struct Authenticated<E> {
    endpoint: E,
    provider: Arc<Provider>,
    edits: Arc<Mutex<()>>,
}

impl<E> Authenticated<E> {
    pub(crate) fn new(endpoint: E, provider: Arc<Provider>) -> Self {
        Self { endpoint, provider, edits: Arc::default() }
    }

    async fn admit(&self, request: &Request, origin: &Origin) -> Result<CheckedAccessToken, Problem> {
        let unprepared = |cause| Fault::internal("there is no admin realm; run signet migrate up", cause);
        let name = ADMIN_REALM.parse().map_err(|error| Fault::internal("the admin realm's name", error))?;
        let realm = self.provider.realm(&name).await.map_err(|failure| match failure {
            Failure::Refusal(refusal) => unprepared(refusal),
            Failure::Fault(fault) => fault,
        })?;
        let requirement = Requirement::one_of(sufficient_scopes(request.method()).iter().copied());
        let resource = GuardedResource::new((&self.provider, &realm), OwnResource::Administration, requirement);
        let uris = self.uris(request.original_uri().path());
        let asked = ResourceRequest {
            method: request.method().as_str(),
            uris: &uris,
            headers: request.headers(),
            query: request.uri().query().unwrap_or_default(),
            form: None,
            certificate: request.extensions().get(),
        };
        match resource.admit(&asked).await {
            Ok(token) => Ok(token),
            Err(denial) => {
                let serving = self.provider.serving(origin.clone());
                let denial = resource.recorded(&serving, denial, RefusedAt::Administration).await;
                let challenge = resource.challenge(&denial, request.headers());
                let nonce = resource.nonce(&denial);
                Err(problem(denial).challenged(challenge).with_nonce(nonce))
            }
        }
    }

    /// The addresses that a path is served at. The host that a request names does not count.
    fn uris(&self, path: &str) -> Vec<String> {
        let bases = &self.provider.bases;
        [Some(&bases.public), bases.mutual_tls.as_ref()]
            .into_iter()
            .flatten()
            .map(|base| format!("{base}{path}"))
            .collect()
    }
}

fn problem(denial: Denial) -> Problem {
    match denial {
        Denial::NothingPresented => {
            let detail = "send an access token of the realm admin in the Authorization header";
            Problem::new(Kind::Unauthenticated, detail)
        }
        Denial::Fault(fault) => fault.into(),
        refused @ (Denial::Refused(_) | Denial::InsufficientUserAuthentication { .. }) => {
            let refusal = refused.refusal();
            tracing::info!(error = %refusal.code, reason = %refusal.reason, "an administrative request was refused");
            let kind = match refusal.code {
                ErrorCode::InsufficientScope => Kind::InsufficientScope,
                ErrorCode::InvalidToken
                | ErrorCode::InvalidDpopProof
                | ErrorCode::UseDpopNonce
                | ErrorCode::InsufficientUserAuthentication => Kind::Unauthenticated,
                _ => Kind::Malformed,
            };
            Problem::new(kind, refusal.reason)
        }
    }
}

impl<E: Endpoint> Endpoint for Authenticated<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let arrived = request.extensions().get::<Origin>().cloned();
        let origin = arrived.unwrap_or_else(|| self.provider.origin_of(Actor::Server));
        let token = match self.admit(&request, &origin).await {
            Ok(token) => token,
            Err(problem) => return Ok(problem.into_response()),
        };
        let actor = Actor::Administrator { client_id: token.client_id.clone(), subject: token.subject.clone() };
        request.set_data(Administrator::new(&self.provider, &self.edits, Origin { actor, ..origin }));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.endpoint.get_response(request).await;
        if !method.is_safe() {
            let status = response.status().as_u16();
            let (client, subject) = (token.client_id.as_str(), token.subject.as_str());
            tracing::info!(client_id = client, subject, %method, path, status, "administration");
        }
        Ok(response)
    }
}
