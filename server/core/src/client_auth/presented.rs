//! What a client presents to authenticate itself, as presented: nothing is verified here, but there is exactly one
//! method (RFC 6749 section 2.3) and one client identifier.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use signet_jose::{ClientCertificate, UnverifiedToken};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::ClientAuthenticationMethod;
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::{fapi1_baseline, rfc6749, rfc7523};
use zeroize::Zeroizing;

/// The one value of `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client presents.
pub struct Presented {
    client_id: ClientId,
    credential: PresentedCredential,
}

/// The credential among it.
pub enum PresentedCredential {
    /// None: a public client.
    Nothing,
    /// A secret in the `Authorization` header.
    Basic(Zeroizing<String>),
    /// A secret in the body.
    Post(Zeroizing<String>),
    /// A client assertion.
    Assertion(Zeroizing<String>),
    /// A certificate of the TLS connection, where nothing else was presented.
    Certificate(Arc<CertificateChain>),
}

/// The certificates of a TLS connection. The handshake proved possession of the leaf's key, nothing else.
#[derive(Debug)]
pub struct CertificateChain {
    /// The client's own.
    pub leaf: ClientCertificate,
    /// What it sent beside it.
    pub intermediates: Vec<ClientCertificate>,
}

impl CertificateChain {
    /// Reads the certificates of a connection, the client's own first. Nothing if there is none or one does not read.
    pub fn from_der(chain: &[Vec<u8>]) -> Option<Self> {
        let mut certificates = chain.iter().map(|der| ClientCertificate::from_der(der));
        let leaf = certificates.next()?.ok()?;
        Some(Self { leaf, intermediates: certificates.collect::<Result<_, _>>().ok()? })
    }
}

impl Presented {
    /// Collects what a request presents. `authorization` is the `Authorization` header.
    ///
    /// # Errors
    /// `invalid_request` for two methods at once, `invalid_client` for two identifiers that differ, a header that does
    /// not read or no identifier at all.
    pub fn collect(
        authorization: Option<&str>,
        parameters: &Parameters,
        certificate: Option<&Arc<CertificateChain>>,
    ) -> Result<Self, Refusal> {
        let basic = authorization.map(parse_basic).transpose()?;
        let body_secret = parameters.get("client_secret");
        let assertion = assertion(parameters)?;
        let methods = [basic.is_some(), body_secret.is_some(), assertion.is_some()];
        if methods.iter().filter(|present| **present).count() > 1 {
            return Err(ErrorCode::InvalidRequest
                .because("use one client authentication method per request")
                .per(rfc6749("2.3")));
        }
        let body_id = parameters.get("client_id").map(client_id).transpose()?;
        let (own_id, credential) = if let Some((id, secret)) = basic {
            (Some(id), PresentedCredential::Basic(secret))
        } else if let Some((id, token)) = assertion {
            (Some(id), PresentedCredential::Assertion(token))
        } else if let Some(secret) = body_secret {
            (None, PresentedCredential::Post(Zeroizing::new(secret.to_owned())))
        } else {
            (
                None,
                certificate.map_or(PresentedCredential::Nothing, |certificate| {
                    PresentedCredential::Certificate(Arc::clone(certificate))
                }),
            )
        };
        let client_id = match (own_id, body_id) {
            (Some(own), Some(body)) if own != body => {
                return Err(ErrorCode::InvalidClient
                    .because("client_id is not that of the authenticated client")
                    .per(fapi1_baseline("5.2.2-19")));
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => {
                return Err(ErrorCode::InvalidClient.because("the client must say who it is").per(rfc6749("3.2.1")));
            }
        };
        Ok(Self { client_id, credential })
    }

    /// Who the client says it is.
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The secret, if one is presented, and how.
    pub(super) fn secret(&self) -> Option<(ClientAuthenticationMethod, &str)> {
        match &self.credential {
            PresentedCredential::Basic(secret) => Some((ClientAuthenticationMethod::ClientSecretBasic, secret)),
            PresentedCredential::Post(secret) => Some((ClientAuthenticationMethod::ClientSecretPost, secret)),
            _ => None,
        }
    }

    /// The credential.
    pub const fn credential(&self) -> &PresentedCredential {
        &self.credential
    }
}

/// RFC 6749 section 2.3.1: identifier and secret are form-encoded before they go into HTTP Basic (RFC 7617).
fn parse_basic(header: &str) -> Result<(ClientId, Zeroizing<String>), Refusal> {
    let malformed = || {
        ErrorCode::InvalidClient
            .because("the Authorization header is not HTTP Basic with identifier and secret")
            .per(rfc6749("2.3.1"))
    };
    let (scheme, encoded) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| malformed())?);
    let text = std::str::from_utf8(&decoded).map_err(|_| malformed())?;
    let (id, secret) = text.split_once(':').ok_or_else(malformed)?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| malformed())
    };
    let id = decode(id)?.parse().map_err(|_| malformed())?;
    Ok((id, Zeroizing::new(decode(secret)?)))
}

/// RFC 7521 section 4.2: type and assertion come together, and the subject is the client.
fn assertion(parameters: &Parameters) -> Result<Option<(ClientId, Zeroizing<String>)>, Refusal> {
    let (token, kind) = match (parameters.get("client_assertion"), parameters.get("client_assertion_type")) {
        (None, None) => return Ok(None),
        (Some(token), Some(kind)) => (token, kind),
        _ => {
            let reason = "client_assertion and client_assertion_type come together";
            return Err(ErrorCode::InvalidRequest.because(reason).per(rfc7523("2.2")));
        }
    };
    if kind != JWT_BEARER {
        return Err(ErrorCode::InvalidClient
            .because("client_assertion_type is not the one for JWTs")
            .per(rfc7523("2.2")));
    }
    let unreadable =
        || ErrorCode::InvalidClient.because("the client assertion is not a signed JWT of a client").per(rfc7523("3"));
    let unverified = UnverifiedToken::parse(token).map_err(|error| unreadable().detail(error.to_string()))?;
    let subject = unverified.unverified_subject().and_then(|subject| subject.parse().ok()).ok_or_else(unreadable)?;
    Ok(Some((subject, Zeroizing::new(token.to_owned()))))
}

fn client_id(text: &str) -> Result<ClientId, Refusal> {
    text.parse().map_err(|_| {
        ErrorCode::InvalidClient
            .because("client authentication failed")
            .per(rfc6749("2.2"))
            .detail("malformed client_id")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(authorization: Option<&str>, body: &str) -> Result<Presented, ErrorCode> {
        Presented::collect(authorization, &Parameters::parse(body).unwrap(), None).map_err(|refusal| refusal.code)
    }

    #[test]
    fn rfc6749_2_3_1_basic_is_form_decoded() {
        // "my app:p+%25" in Basic, whose parts read "my app" and "p %".
        let presented = collect(Some("Basic bXklMjBhcHA6cCslMjU="), "").unwrap();
        assert_eq!(presented.client_id().as_str(), "my app");
        assert!(matches!(presented.credential(), PresentedCredential::Basic(secret) if secret.as_str() == "p %"));
    }

    #[test]
    fn rfc6749_2_3_two_methods_at_once_are_refused() {
        let basic = Some("Basic YTpi");
        assert_eq!(collect(basic, "client_id=a&client_secret=b").err(), Some(ErrorCode::InvalidRequest));
    }

    #[test]
    fn rfc6749_3_2_1_another_client_id_in_the_body_is_refused() {
        assert_eq!(collect(Some("Basic YTpi"), "client_id=c").err(), Some(ErrorCode::InvalidRequest));
        assert!(collect(Some("basic YTpi"), "client_id=a").is_ok());
    }

    #[test]
    fn rfc7617_2_malformed_headers_are_refused_and_never_panic() {
        for bad in
            ["Basic", "Basic ", "Basic !!", "Basic YQ==", "Basic\tYTpi", "Bearer YTpi", "Basic /zpi", "Basic Oi86", ""]
        {
            assert_eq!(collect(Some(bad), "").err(), Some(ErrorCode::InvalidClient), "{bad}");
        }
    }

    #[test]
    fn rfc7523_2_2_assertion_and_type_come_together() {
        assert_eq!(collect(None, "client_assertion=x").err(), Some(ErrorCode::InvalidRequest));
        assert_eq!(collect(None, "client_assertion=x&client_assertion_type=y").err(), Some(ErrorCode::InvalidClient));
    }

    #[test]
    fn rfc6749_3_2_1_a_request_without_client_is_refused() {
        assert_eq!(collect(None, "code=x").err(), Some(ErrorCode::InvalidClient));
    }
}
