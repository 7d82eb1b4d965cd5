//! What a client sends to an endpoint that it authenticates at.

use std::sync::Arc;

use poem::{Body, Response};
use signet_core::client_auth::CertificateChain;
use signet_core::endpoints::Endpoint;
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::grants::ClientRequest;
use signet_core::protocol::parameters::Parameters;

use crate::call::Call;
use crate::render;

/// A form body, with the certificates of the connection it came over.
pub(crate) struct ClientForm {
    pub(crate) parameters: Parameters,
    certificate: Option<Arc<CertificateChain>>,
}

impl ClientForm {
    /// Reads the body, or refuses it.
    pub(crate) async fn read(call: &Call, body: Body, endpoint: Endpoint) -> Result<Self, Box<Response>> {
        let read = call.head.form(body).await.map_err(Failure::from);
        match call.serving().conclude(&call.realm, read, (RefusedAt::Endpoint(endpoint), None)).await {
            Ok(parameters) => Ok(Self { parameters, certificate: call.head.certificate() }),
            Err(failure) => Err(Box::new(render::failure(&failure))),
        }
    }

    /// The request as core takes it.
    pub(crate) fn request<'a>(&'a self, call: &'a Call) -> ClientRequest<'a> {
        ClientRequest {
            authorization: call.head.authorization(),
            parameters: &self.parameters,
            certificate: self.certificate.as_ref(),
            dpop: call.head.dpop(),
            address: call.head.address,
        }
    }
}
