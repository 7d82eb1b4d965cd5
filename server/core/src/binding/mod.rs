//! What the tokens of a request are bound to (RFC 8705 section 3, RFC 9449): step 4 of a token request. A bound token is
//! of no use to whoever steals it.

mod dpop;
mod mtls;
mod nonce;
mod replay;
mod resource;

pub use dpop::{DpopHeader, Proved, authorized_key, proved, signing_algorithms};
pub(crate) use nonce::NonceKey;
pub use nonce::{Audience, fresh_nonce};
pub use replay::ReplayWindow;
pub use resource::{ResourceRequest, check_possession};

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{rfc9449, rfc9700};

use crate::client_auth::{AuthenticatedClient, assertion_replayed};
use crate::endpoints::Endpoint;
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::{Client, Confirmation, Purpose, Thumbprint, UsedRecord};
use crate::profile::conformity::ObservedToken;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What the client of a request has proved to hold beside its own credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    confirmation: Option<Confirmation>,
    proved: Option<Proved>,
}

impl Binding {
    /// Where nothing is proved.
    pub(crate) const fn none() -> Self {
        Self { confirmation: None, proved: None }
    }

    /// Finds what the tokens of a request are bound to.
    ///
    /// # Errors
    /// `invalid_request` or `invalid_dpop_proof` where the client or its profile wants bound tokens and the request has
    /// no proof; `invalid_dpop_proof` and `use_dpop_nonce` for a proof that is not good.
    pub(crate) fn establish(
        provider: &Provider,
        realm: &RealmContext,
        client: &AuthenticatedClient,
        request: &ClientRequest<'_>,
    ) -> Result<Self, Failure> {
        let client = client.client();
        let proved = proved(provider, realm, client, (Endpoint::Token, request.dpop))?;
        let certificate = mtls::confirmation(client, request.certificate)?;
        if certificate.is_some() && proved.is_some() {
            let reason = "the client's tokens are bound to its certificate; send no DPoP proof";
            return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9449("5")).into());
        }
        if proved.is_none() && client.metadata.dpop_bound_access_tokens == Some(true) {
            let reason = "the client's tokens are bound to its key, and the request has no DPoP proof";
            return Err(ErrorCode::InvalidDpopProof.because(reason).per(rfc9449("5.2")).into());
        }
        let confirmation = certificate.or(proved.map(|proved| Confirmation::Key(proved.key)));
        if confirmation.is_none() && realm.profile_of(client).sender_constrained_tokens {
            let reason = "the profile of the client wants tokens that are bound to a certificate or a key";
            return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9700("2.2.1")).into());
        }
        Ok(Self { confirmation, proved })
    }

    /// What the tokens are bound to; nothing for bearer tokens.
    pub(crate) const fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation
    }

    /// What tokens are bound to, as demands of profiles are about it.
    pub(crate) fn observed(&self) -> ObservedToken {
        let proof = self.proved.map(|proved| proved.algorithm);
        ObservedToken { is_bound: self.confirmation.is_some(), proof }
    }

    /// The key that the request proved to hold.
    pub(crate) fn key(&self) -> Option<Thumbprint> {
        self.proved.map(|proved| proved.key)
    }

    /// The mark that the proof leaves, to be written in the endpoint's transaction.
    pub(crate) fn proof(&self) -> Option<UsedRecord> {
        self.proved.map(|proved| proved.record)
    }
}

/// Whether all tokens of the client are bound to something, so that none may be issued where nothing is proved.
pub(crate) fn is_demanded(realm: &RealmContext, client: &Client) -> bool {
    let metadata = &client.metadata;
    metadata.dpop_bound_access_tokens == Some(true)
        || metadata.tls_client_certificate_bound_access_tokens == Some(true)
        || realm.profile_of(client).sender_constrained_tokens
}

/// Proofs count once, also where the request they came with was refused (OpenID Connect Core 9). That one had been used
/// before is no other answer than the one there is already.
pub(crate) async fn conclude<T>(
    provider: &Provider,
    realm: &RealmContext,
    proofs: &[UsedRecord],
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    if let Err(Failure::Refusal(_)) = &outcome {
        for proof in proofs {
            provider.store.consume(realm.id(), proof, &[]).await?;
        }
    }
    outcome
}

/// The refusal of a request whose proof of this kind was used before.
pub(crate) fn replayed(purpose: Purpose) -> Refusal {
    if purpose == Purpose::DpopProof { dpop::replayed() } else { assertion_replayed() }
}
