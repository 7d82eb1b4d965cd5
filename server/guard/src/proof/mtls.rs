//! Tokens that are bound to a client certificate.

use signet_jose::digest;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc8705;

/// SHA-256 over the DER of the certificate whose key the client has proved to hold: in the handshake of its connection,
/// or to a proxy that is believed. In the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionCertificate(pub [u8; 32]);

impl ConnectionCertificate {
    /// That of a certificate in DER, as TLS libraries hand it out.
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(digest::sha256(certificate))
    }
}

/// RFC 8705 section 3: the certificate of the connection is the one that the token is bound to. Neither is a secret:
/// they need no comparison in constant time.
pub(super) fn check(bound_to: [u8; 32], presented: Option<&ConnectionCertificate>) -> Result<(), Refusal> {
    match presented {
        Some(presented) if presented.0 == bound_to => Ok(()),
        Some(_) => Err(refused("the access token is bound to another certificate than the connection's")),
        None => Err(refused("the access token is bound to a certificate, and the connection has none")),
    }
}

fn refused(reason: &'static str) -> Refusal {
    ErrorCode::InvalidToken.because(reason).per(rfc8705("3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8705_3_a_bound_token_needs_the_certificate_it_is_bound_to() {
        let one = [1; 32];
        let checked = |certificate: Option<[u8; 32]>| {
            check(one, certificate.map(ConnectionCertificate).as_ref()).map_err(|refusal| refusal.code)
        };
        assert_eq!(checked(Some(one)), Ok(()));
        let mut almost = one;
        almost[31] = 0;
        for certificate in [None, Some([0; 32]), Some(almost)] {
            assert_eq!(checked(certificate), Err(ErrorCode::InvalidToken), "{certificate:?}");
        }
    }
}
