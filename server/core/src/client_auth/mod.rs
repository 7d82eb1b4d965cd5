//! Client authentication (RFC 6749 section 2.3, RFC 7523, RFC 8705, OpenID Connect Core 9): exactly one method per
//! request, and the one the client is registered for. One method a file.

mod assertion;
mod keys;
mod presented;
mod secret;
mod tls;

use std::sync::Arc;

pub(crate) use keys::client_keys;
pub use presented::{CertificateChain, Presented, PresentedCredential};
pub use secret::SecretFingerprints;
pub(crate) use secret::{place as secret_place, recover as recover_secret};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ClientAuthenticationMethod;
use signet_protocol::spec::rfc6749;
pub(crate) use tls::expected_subject;

use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::model::{Client, UsedRecord};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A client that has proved who it is, or a public one that cannot.
#[derive(Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
    method: ClientAuthenticationMethod,
    assertion: Option<UsedRecord>,
}

impl AuthenticatedClient {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// How it proved it.
    pub const fn method(&self) -> ClientAuthenticationMethod {
        self.method
    }

    /// The mark that its assertion leaves, to be written in the endpoint's transaction.
    pub const fn assertion(&self) -> Option<UsedRecord> {
        self.assertion
    }

    /// Writes the assertion's mark where the endpoint has no transaction of its own.
    ///
    /// # Errors
    /// `invalid_client` if the assertion was used before.
    pub async fn consume_assertion(&self, provider: &Provider, realm: &RealmContext) -> Result<(), Failure> {
        match &self.assertion {
            Some(record) if !provider.store.consume(realm.id(), record).await? => Err(assertion::replayed().into()),
            _ => Ok(()),
        }
    }
}

/// The refusal of a replayed assertion, for endpoints that learn of it from their transaction.
pub(crate) fn assertion_replayed() -> Refusal {
    assertion::replayed()
}

/// Authenticates a client.
///
/// # Errors
/// `invalid_client`, in the same words whether the client is unknown, disabled or has failed.
pub async fn authenticate(
    provider: &Provider,
    realm: &RealmContext,
    presented: &Presented,
    endpoint: Endpoint,
) -> Result<AuthenticatedClient, Failure> {
    let client = provider.store.client(realm.id(), presented.client_id()).await?.filter(|client| client.enabled);
    let Some(client) = client else {
        return Err(failed("unknown or disabled client").into());
    };
    let method = client.metadata.authentication_method();
    let profile = realm.profile_of(&client);
    if !profile.client_authentication_methods.contains(&method) {
        return Err(failed("the profile does not allow the client's method").into());
    }
    let mut assertion = None;
    match (presented.credential(), method) {
        // A certificate that a connection happens to carry proves nothing about a public client, and harms nothing.
        (PresentedCredential::Nothing | PresentedCredential::Certificate(_), ClientAuthenticationMethod::None) => {}
        (PresentedCredential::Basic(secret), ClientAuthenticationMethod::ClientSecretBasic)
        | (PresentedCredential::Post(secret), ClientAuthenticationMethod::ClientSecretPost) => {
            if !secret::is_right(provider, realm, &client, secret).await? {
                return Err(failed("wrong client secret").into());
            }
        }
        (
            PresentedCredential::Assertion(token),
            ClientAuthenticationMethod::ClientSecretJwt | ClientAuthenticationMethod::PrivateKeyJwt,
        ) => {
            assertion = Some(assertion::check(provider, realm, &client, token, endpoint).await?);
        }
        (PresentedCredential::Certificate(certificate), ClientAuthenticationMethod::TlsClientAuth) => {
            tls::check_issued_certificate(provider, realm, &client, certificate)?;
        }
        (PresentedCredential::Certificate(certificate), ClientAuthenticationMethod::SelfSignedTlsClientAuth) => {
            tls::check_registered_certificate(provider, &client, certificate).await?;
        }
        _ => return Err(failed("another method than the registered one").into()),
    }
    Ok(AuthenticatedClient { client, method, assertion })
}

/// The one refusal of failed client authentication; only the log learns why.
fn failed(detail: &'static str) -> Refusal {
    ErrorCode::InvalidClient.because("client authentication failed").per(rfc6749("5.2")).detail(detail)
}
