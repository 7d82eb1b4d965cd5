//! `on_client_policy` and `on_client_authenticated`: what the realm's scripts say of a client that has proved who it is.
//! They can demand more of it, and refuse; of a failed authentication they never hear.

use std::sync::Arc;

use signet_hooks::NoFacts;
use signet_hooks::points::OnClientAuthenticated;
use signet_hooks::points::on_client_authenticated::{ClientAuthentication, ClientDecision, ClientEndpoint};
use signet_hooks::points::on_client_policy::PolicyEndpoint;
use signet_protocol::error::Refusal;
use signet_protocol::names::ClientAuthenticationMethod;

use super::{AuthenticatedClient, Presented, PresentedCredential};
use crate::endpoints::Endpoint;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::Client;
use crate::profile;
use crate::realm::RealmContext;

/// The client as scripts want it to be for this request; nothing where they do not.
///
/// # Errors
/// See [`profile::tightened`].
pub(super) async fn tightened(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &AuthenticatedClient,
    endpoint: Endpoint,
) -> Result<Option<Arc<Client>>, Refusal> {
    let Some(endpoint) = client_endpoint(endpoint) else { return Ok(None) };
    let endpoint = match endpoint {
        ClientEndpoint::PushedAuthorizationRequest => PolicyEndpoint::PushedAuthorizationRequest,
        ClientEndpoint::AuthorizationChallenge => PolicyEndpoint::AuthorizationChallenge,
        ClientEndpoint::Token => PolicyEndpoint::Token,
        ClientEndpoint::DeviceAuthorization => PolicyEndpoint::DeviceAuthorization,
        ClientEndpoint::BackchannelAuthentication => PolicyEndpoint::BackchannelAuthentication,
        ClientEndpoint::Introspection => PolicyEndpoint::Introspection,
        ClientEndpoint::Revocation => PolicyEndpoint::Revocation,
    };
    profile::tightened(serving, realm, client.client(), (endpoint, || None)).await
}

/// Asks about an authenticated client.
///
/// # Errors
/// The first refusal.
pub(super) async fn decide(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &AuthenticatedClient,
    (presented, endpoint): (&Presented, Endpoint),
) -> Result<(), Refusal> {
    let Some(endpoint) = client_endpoint(endpoint) else { return Ok(()) };
    let authentication = || ClientAuthentication {
        endpoint,
        method: client.method().as_str().to_owned(),
        cert_thumbprint: thumbprint(client, presented),
    };
    let subject = Subject::client(client.client());
    for answer in serving.ask::<OnClientAuthenticated>(realm, subject, || (NoFacts {}, authentication())).await? {
        match answer.decision {
            ClientDecision::None {} | ClientDecision::Allow {} => {}
            ClientDecision::Deny(denial) => return Err(denial.refusal()),
        }
    }
    Ok(())
}

/// Of the certificate that the client authenticated with; one that came along for nothing is in `ctx.net`.
fn thumbprint(client: &AuthenticatedClient, presented: &Presented) -> Option<String> {
    match presented.credential() {
        PresentedCredential::Certificate(chain) if client.method() != ClientAuthenticationMethod::None => {
            Some(chain.leaf.confirmation())
        }
        _ => None,
    }
}

/// The endpoints where clients authenticate.
const fn client_endpoint(endpoint: Endpoint) -> Option<ClientEndpoint> {
    match endpoint {
        Endpoint::Token => Some(ClientEndpoint::Token),
        Endpoint::Introspection => Some(ClientEndpoint::Introspection),
        Endpoint::Revocation => Some(ClientEndpoint::Revocation),
        Endpoint::PushedAuthorizationRequest => Some(ClientEndpoint::PushedAuthorizationRequest),
        Endpoint::AuthorizationChallenge => Some(ClientEndpoint::AuthorizationChallenge),
        Endpoint::DeviceAuthorization => Some(ClientEndpoint::DeviceAuthorization),
        Endpoint::BackchannelAuthentication => Some(ClientEndpoint::BackchannelAuthentication),
        Endpoint::Authorization
        | Endpoint::Approvals
        | Endpoint::Device
        | Endpoint::Login
        | Endpoint::SignUp
        | Endpoint::Consent
        | Endpoint::UserInfo
        | Endpoint::Jwks
        | Endpoint::GrantManagement
        | Endpoint::Registration
        | Endpoint::EndSession
        | Endpoint::LogoutConfirmation
        | Endpoint::CheckSession
        | Endpoint::Uma
        | Endpoint::ResourceRegistration
        | Endpoint::Permission
        | Endpoint::ClaimsInteraction
        | Endpoint::ResourcePolicies
        | Endpoint::ScopeDescription => None,
    }
}
