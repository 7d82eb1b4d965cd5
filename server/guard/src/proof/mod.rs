//! What a request proves to hold, for tokens that are bound to it: a stolen one is of no use without. One kind of proof a
//! file.

mod dpop;
mod mtls;

use std::future::Future;

use signet_jose::SignatureAlgorithm;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc9449;
use signet_protocol::time::UnixTime;

pub use dpop::{Dpop, MemoryReplayWindow, ReplayWindow};
pub use mtls::ConnectionCertificate;

use crate::{Denial, PresentedToken, ResourceRequest, Scheme, TokenFacts};

/// A request that must prove to hold the key that its token is bound to.
#[derive(Debug)]
pub struct Possession<'a, T> {
    /// The token.
    pub token: &'a T,
    /// The token as it was presented.
    pub text: &'a str,
    /// The SHA-256 thumbprint of the key.
    pub key: [u8; 32],
    /// The request.
    pub request: &'a ResourceRequest<'a>,
    /// When it is.
    pub now: UnixTime,
}

/// Checks DPoP proofs at a resource (RFC 9449 sections 4.3 and 7). [`Dpop`] does for tokens of any issuer. `T` is what is
/// known of tokens, `F` what can go wrong here.
pub trait ProofCheck<T, F>: Send + Sync {
    /// The algorithms that proofs may have.
    fn algorithms(&self) -> &[SignatureAlgorithm];

    /// Checks the proof: good, of the key that the token is bound to, and not used before.
    ///
    /// # Errors
    /// `invalid_dpop_proof`, `use_dpop_nonce`, `invalid_token` for another key's proof, or a fault.
    fn check(&self, possession: Possession<'_, T>) -> impl Future<Output = Result<(), Denial<F>>> + Send;

    /// The nonce that comes along with an answer (section 9): `is_demanded` where the request was refused for want of one.
    fn nonce(&self, is_demanded: bool, now: UnixTime) -> Option<String>;
}

/// Checks that a request proves to hold what its token is bound to, and presents the token as what it is. A certificate
/// first: a proof counts once.
pub(crate) async fn check<T: TokenFacts, F>(
    proofs: &impl ProofCheck<T, F>,
    (token, presented): (&T, &PresentedToken),
    request: &ResourceRequest<'_>,
    now: UnixTime,
) -> Result<(), Denial<F>> {
    let bound_to = token.confirmation();
    match (bound_to.key, presented.scheme()) {
        (Some(_), Scheme::Bearer) => {
            return Err(refused("the access token is bound to a key; send it with the scheme DPoP and a proof").into());
        }
        (None, Scheme::Dpop) => {
            return Err(refused("the access token is bound to no key; send it with the scheme Bearer").into());
        }
        (Some(_), Scheme::Dpop) | (None, Scheme::Bearer) => {}
    }
    if let Some(certificate) = bound_to.certificate {
        mtls::check(certificate, request.certificate)?;
    }
    if let Some(key) = bound_to.key {
        proofs.check(Possession { token, text: presented.as_str(), key, request, now }).await?;
    }
    Ok(())
}

/// RFC 9449 section 7.2: no token is taken for another kind than it is.
fn refused(reason: &'static str) -> Refusal {
    ErrorCode::InvalidToken.because(reason).per(rfc9449("7.2"))
}
