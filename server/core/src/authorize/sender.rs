//! Who sends a request for authorization beside the browser: pushed (RFC 9126), from a device (RFC 8628), or about a user
//! who is elsewhere (CIBA Core). The client is authenticated, then it proves what its tokens are to be bound to.

use std::sync::Arc;

use crate::binding::{conclude, proved};
use crate::client_auth::AuthenticatedClient;
use crate::endpoints::Endpoint;
use crate::events::Serving;
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::{Client, Thumbprint, UsedRecord};
use crate::realm::RealmContext;

/// The client of such a request.
pub(super) struct Sender {
    client: AuthenticatedClient,
    /// The key that it proved to hold, if it proved any.
    pub(super) key: Option<Thumbprint>,
    /// The marks that its proofs leave, to be written in the transaction that keeps the request.
    pub(super) proofs: Vec<UsedRecord>,
}

impl Sender {
    /// Who sends a request to an endpoint.
    ///
    /// # Errors
    /// Those of client authentication; `invalid_dpop_proof` and `use_dpop_nonce`.
    pub(super) async fn of(
        serving: &Serving<'_>,
        realm: &RealmContext,
        (request, endpoint): (&ClientRequest<'_>, Endpoint),
    ) -> Result<Self, Failure> {
        let client = request.authenticate(serving, realm, endpoint).await?;
        let mut proofs: Vec<UsedRecord> = client.assertion().into_iter().collect();
        match proved(serving, realm, client.client(), (endpoint, request.dpop)) {
            Ok(proved) => {
                proofs.extend(proved.map(|proved| proved.record));
                Ok(Self { client, key: proved.map(|proved| proved.key), proofs })
            }
            Err(refusal) => conclude(serving, realm, &proofs, Err(refusal.into())).await,
        }
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        self.client.client()
    }

    /// Ends the request: its proofs count once, whatever became of it.
    ///
    /// # Errors
    /// Those of `outcome`.
    pub(super) async fn conclude<T>(
        &self,
        serving: &Serving<'_>,
        realm: &RealmContext,
        outcome: Result<T, Failure>,
    ) -> Result<T, Failure> {
        conclude(serving, realm, &self.proofs, outcome).await
    }
}
