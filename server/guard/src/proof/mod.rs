//! What a request proves to hold, for tokens that are bound to it: a stolen one is of no use without. One kind of proof a
//! file.

mod mtls;

use http::Extensions;
use signet_core::model::Confirmation;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc6750;

pub use mtls::ConnectionCertificate;

/// What a request proves to hold beside its access token.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof<'a> {
    /// The certificate of its connection.
    pub certificate: Option<&'a ConnectionCertificate>,
}

impl<'a> Proof<'a> {
    /// What the listener has found out about the connection of a request.
    pub fn of(extensions: &'a Extensions) -> Self {
        Self { certificate: extensions.get() }
    }

    /// Checks that the request proves to hold what its token is bound to.
    pub(crate) fn check(self, confirmation: Option<Confirmation>) -> Result<(), Refusal> {
        match confirmation {
            None => Ok(()),
            Some(Confirmation::Certificate(bound_to)) => mtls::check(bound_to, self.certificate),
            Some(Confirmation::Key(_)) => Err(unproven_key()),
        }
    }
}

/// A token that is bound to a key is none of a bearer.
fn unproven_key() -> Refusal {
    let reason = "the access token is bound to a key, and the request does not prove to hold it";
    ErrorCode::InvalidToken.because(reason).per(rfc6750("3.1"))
}

#[cfg(test)]
mod tests {
    use signet_core::model::Thumbprint;

    use super::*;

    const ONE: [u8; 32] = [1; 32];

    fn checked(confirmation: Option<Confirmation>, certificate: Option<[u8; 32]>) -> Result<(), ErrorCode> {
        let mut extensions = Extensions::new();
        if let Some(hash) = certificate {
            extensions.insert(ConnectionCertificate(hash));
        }
        Proof::of(&extensions).check(confirmation).map_err(|refusal| refusal.code)
    }

    #[test]
    fn rfc8705_3_a_bound_token_needs_the_certificate_it_is_bound_to() {
        let bound = Some(Confirmation::Certificate(Thumbprint(ONE)));
        assert_eq!(checked(bound, Some(ONE)), Ok(()));
        let mut almost = ONE;
        almost[31] = 0;
        for certificate in [None, Some([0; 32]), Some(almost)] {
            assert_eq!(checked(bound, certificate), Err(ErrorCode::InvalidToken), "{certificate:?}");
        }
    }

    #[test]
    fn rfc8705_3_a_token_that_is_not_bound_needs_no_certificate_and_is_served_with_any() {
        assert_eq!(checked(None, None), Ok(()));
        assert_eq!(checked(None, Some(ONE)), Ok(()));
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_never_served_to_a_bearer() {
        let bound = Some(Confirmation::Key(Thumbprint(ONE)));
        assert_eq!(checked(bound, None), Err(ErrorCode::InvalidToken));
        assert_eq!(checked(bound, Some(ONE)), Err(ErrorCode::InvalidToken));
    }
}
