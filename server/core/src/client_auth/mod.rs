//! Client authentication (RFC 6749 section 2.3, RFC 7523, RFC 8705, OpenID Connect Core 9): exactly one method per
//! request, and the one the client is registered for. One method a file.

mod assertion;
mod decision;
mod keys;
mod presented;
mod secret;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use keys::{NoKeys, client_keys, registered_keys, verified_by_client_keys};
pub use presented::{CertificateChain, Presented, PresentedCredential};
pub use secret::SecretFingerprints;
pub(crate) use secret::{is_current as is_current_secret, place as secret_place, recover as recover_secret};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::ClientAuthenticationMethod;
use signet_protocol::spec::rfc6749;
pub(crate) use tls::expected_subject;

use crate::endpoints::Endpoint;
use crate::events::{Parties, Serving};
use crate::failure::Failure;
use crate::model::{Client, UsedRecord};
use crate::profile::conformity::{Observed, ObservedAuthentication};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A client that has proved who it is, or a public one that cannot.
#[derive(Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
    method: ClientAuthenticationMethod,
    assertion: Option<UsedRecord>,
    observed: ObservedAuthentication,
}

impl AuthenticatedClient {
    /// A client that this server calls at an address that it is registered with: nothing has to be proved here.
    pub(crate) fn called(client: &Arc<Client>) -> Self {
        let method = client.metadata.authentication_method();
        let observed = ObservedAuthentication { method, assertion: None };
        Self { client: Arc::clone(client), method, assertion: None, observed }
    }

    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// How it proved it.
    pub const fn method(&self) -> ClientAuthenticationMethod {
        self.method
    }

    /// How it proved it, as demands of profiles are about it.
    pub(crate) const fn observed(&self) -> Observed<'static> {
        Observed::Authentication(self.observed)
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
            Some(record) if !provider.store.consume(realm.id(), record, &[]).await? => {
                Err(assertion::replayed().into())
            }
            _ => Ok(()),
        }
    }
}

/// The refusal of a replayed assertion, for endpoints that learn of it from their transaction.
pub(crate) fn assertion_replayed() -> Refusal {
    assertion::replayed()
}

/// Authenticates a client that asks from a network address.
///
/// # Errors
/// `invalid_client`, in the same words whether the client is unknown, disabled or has failed.
pub async fn authenticate(
    serving: &Serving<'_>,
    realm: &RealmContext,
    presented: &Presented,
    address: IpAddr,
    endpoint: Endpoint,
) -> Result<AuthenticatedClient, Failure> {
    let found = serving.store.client(realm.id(), presented.client_id()).await?;
    if let Some(client) = &found {
        serving.concerns(Parties::client(&client.client_id));
    }
    let mut client = prove(serving, realm, found, (presented, address), endpoint).await?;
    serving.authenticated(client.client());
    serving.passed("client_authentication");
    match decision::tightened(serving, realm, &client, endpoint).await {
        Ok(None) => {}
        // It proves again who it is, by what is demanded now.
        Ok(tightened) => client = prove(serving, realm, tightened, (presented, address), endpoint).await?,
        Err(refusal) => return refuse(serving, realm, &client, refusal).await,
    }
    let decided = match meets_profile(realm, client.client(), endpoint) {
        Ok(()) => decision::decide(serving, realm, &client, (presented, endpoint)).await,
        refused => refused,
    };
    match decided {
        Ok(()) => {
            serving.observe(realm, client.client(), &[client.observed()]);
            Ok(client)
        }
        Err(refusal) => refuse(serving, realm, &client, refusal).await,
    }
}

/// Refuses a client that has proved who it is. The assertion was good: it counts once, also for a client that is refused
/// for another reason.
async fn refuse(
    provider: &Provider,
    realm: &RealmContext,
    client: &AuthenticatedClient,
    refusal: Refusal,
) -> Result<AuthenticatedClient, Failure> {
    client.consume_assertion(provider, realm).await?;
    Err(refusal.into())
}

/// A client that is not registered as its profile wants gets nothing more. What it has it may show and revoke.
fn meets_profile(realm: &RealmContext, client: &Client, endpoint: Endpoint) -> Result<(), Refusal> {
    if endpoint != Endpoint::Token {
        return Ok(());
    }
    let Some((requirement, shortfall)) = realm.shortfall_of(client) else { return Ok(()) };
    Err(ErrorCode::UnauthorizedClient
        .because("the client is not registered as its security profile wants")
        .per(rfc6749("5.2"))
        .detail(format!("{}: {}: {}", requirement.name, shortfall.field, shortfall.change)))
}

/// Checks that the client is who it says it is.
async fn prove(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: Option<Arc<Client>>,
    (presented, address): (&Presented, IpAddr),
    endpoint: Endpoint,
) -> Result<AuthenticatedClient, Failure> {
    let client = client.filter(|client| client.enabled);
    if let Some((method, secret)) = presented.secret() {
        return by_secret(serving, realm, (client, method), (presented.client_id(), secret, address)).await;
    }
    let Some(client) = client else {
        return Err(failed("unknown or disabled client").into());
    };
    let method = client.metadata.authentication_method();
    let profile = realm.profile_of(&client);
    if !profile.client_authentication_methods.contains(&method) {
        return Err(failed("the profile does not allow the client's method").into());
    }
    let (mut assertion, mut observed) = (None, ObservedAuthentication { method, assertion: None });
    match (presented.credential(), method) {
        // A certificate that a connection happens to carry proves nothing about a public client, and harms nothing.
        (PresentedCredential::Nothing | PresentedCredential::Certificate(_), ClientAuthenticationMethod::None) => {}
        (
            PresentedCredential::Assertion(token),
            ClientAuthenticationMethod::ClientSecretJwt | ClientAuthenticationMethod::PrivateKeyJwt,
        ) => {
            let (record, seen) = assertion::check(serving, realm, &client, token, endpoint).await?;
            (assertion, observed.assertion) = (Some(record), Some(seen));
        }
        (PresentedCredential::Certificate(certificate), ClientAuthenticationMethod::TlsClientAuth) => {
            tls::check_issued_certificate(serving, realm, &client, certificate)?;
        }
        (PresentedCredential::Certificate(certificate), ClientAuthenticationMethod::SelfSignedTlsClientAuth) => {
            tls::check_registered_certificate(serving, &client, certificate).await?;
        }
        _ => return Err(failed("another method than the registered one").into()),
    }
    Ok(AuthenticatedClient { client, method, assertion, observed })
}

/// Authenticates a client by its secret. However it fails, it takes as long.
async fn by_secret(
    provider: &Provider,
    realm: &RealmContext,
    (client, method): (Option<Arc<Client>>, ClientAuthenticationMethod),
    (client_id, secret, address): (&ClientId, &str, IpAddr),
) -> Result<AuthenticatedClient, Failure> {
    let exists = client.is_some();
    let fitting = client.filter(|client| {
        client.metadata.authentication_method() == method
            && realm.profile_of(client).client_authentication_methods.contains(&method)
    });
    let attempt = secret::SecretAttempt { client_id, client: fitting.as_deref(), secret, address };
    let right = secret::is_right(provider, realm, attempt).await?;
    match fitting {
        Some(client) if right => {
            let observed = ObservedAuthentication { method, assertion: None };
            Ok(AuthenticatedClient { client, method, assertion: None, observed })
        }
        Some(_) => Err(failed("wrong client secret, or too many of them").into()),
        None if exists => Err(failed("another method than the registered one, or none the profile allows").into()),
        None => Err(failed("unknown or disabled client").into()),
    }
}

/// The one refusal of failed client authentication; only the log learns why.
fn failed(detail: &'static str) -> Refusal {
    ErrorCode::InvalidClient.because("client authentication failed").per(rfc6749("5.2")).detail(detail)
}
