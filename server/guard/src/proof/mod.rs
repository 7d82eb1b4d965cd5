//! What a request proves to hold, for tokens that are bound to it: a stolen one is of no use without. One kind of proof a
//! file.

mod dpop;
mod mtls;

use signet_core::binding::ResourceRequest;
use signet_core::model::Confirmation;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::CheckedAccessToken;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;

pub use dpop::dpop_header;
pub use mtls::ConnectionCertificate;

use crate::{Denial, PresentedToken, Scheme};

/// What a request proves to hold beside its access token.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The request that a DPoP proof speaks of, with the proof.
    pub request: ResourceRequest<'a>,
    /// The certificate of its connection.
    pub certificate: Option<&'a ConnectionCertificate>,
}

impl Proof<'_> {
    /// Checks that the request proves to hold what its token is bound to, and presents the token as what it is.
    ///
    /// # Errors
    /// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, or a fault.
    pub(crate) async fn check(
        &self,
        (provider, realm): (&Provider, &RealmContext),
        presented: &PresentedToken,
        token: &CheckedAccessToken,
    ) -> Result<(), Denial> {
        match (token.confirmation, presented.scheme()) {
            (Some(Confirmation::Key(key)), Scheme::Dpop) => {
                dpop::check((provider, realm), (token, presented.as_str(), key), &self.request).await
            }
            (Some(Confirmation::Key(_)), Scheme::Bearer) => {
                Err(refused("the access token is bound to a key; send it with the scheme DPoP and a proof").into())
            }
            (None | Some(Confirmation::Certificate(_)), Scheme::Dpop) => {
                Err(refused("the access token is bound to no key; send it with the scheme Bearer").into())
            }
            (Some(Confirmation::Certificate(bound_to)), Scheme::Bearer) => Ok(mtls::check(bound_to, self.certificate)?),
            (None, Scheme::Bearer) => Ok(()),
        }
    }
}

/// RFC 9449 section 7.2: no token is taken for another kind than it is.
fn refused(reason: &'static str) -> Refusal {
    ErrorCode::InvalidToken.because(reason).per(rfc9449("7.2"))
}
