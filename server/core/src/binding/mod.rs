//! What the tokens of a request are bound to (RFC 8705 section 3, RFC 9449): step 4 of a token request. A bound token is
//! of no use to whoever steals it.

mod mtls;

use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc9700;

use crate::client_auth::AuthenticatedClient;
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::Confirmation;
use crate::realm::RealmContext;

/// What the client of a request has proved to hold beside its own credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    confirmation: Option<Confirmation>,
}

impl Binding {
    /// Finds what the tokens of a request are bound to.
    ///
    /// # Errors
    /// `invalid_request` where the client or its profile wants bound tokens and the request has no proof.
    pub(crate) fn establish(
        realm: &RealmContext,
        client: &AuthenticatedClient,
        request: &ClientRequest<'_>,
    ) -> Result<Self, Failure> {
        let confirmation = mtls::confirmation(client.client(), request.certificate)?;
        if confirmation.is_none() && realm.profile_of(client.client()).sender_constrained_tokens {
            let reason = "the profile of the client wants tokens that are bound to a certificate or a key";
            return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9700("2.2.1")).into());
        }
        Ok(Self { confirmation })
    }

    /// What the tokens are bound to; nothing for bearer tokens.
    pub(crate) const fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation
    }
}
