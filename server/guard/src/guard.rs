//! Letting a request through to a resource, or not.

use http::{HeaderMap, HeaderValue};
use signet_protocol::error::ErrorCode;
use signet_protocol::parameters::Parameters;
use signet_protocol::time::UnixTime;

use crate::{
    Challenge, ConnectionCertificate, Denial, ProofCheck, Requirement, Scheme, TokenCheck, access_token, proof,
};

/// A request to a resource, as far as it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The addresses that the resource is reached at, by configuration: the host that a request names does not count.
    pub uris: &'a [String],
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The query, empty where there is none.
    pub query: &'a str,
    /// The form body, at a resource that takes tokens there (RFC 6750 section 2.2), and nothing everywhere else.
    pub form: Option<&'a Parameters>,
    /// The client's certificate of the connection.
    pub certificate: Option<&'a ConnectionCertificate>,
}

/// Stands before a resource: lets through who has an access token that is good for it, and proves to hold what the token
/// is bound to.
#[derive(Debug, Clone)]
pub struct Guard<C, P> {
    /// Says whether tokens are good.
    pub tokens: C,
    /// Checks proofs.
    pub proofs: P,
    realm: Option<String>,
    resource_metadata: Option<String>,
}

impl<C: TokenCheck, P: ProofCheck<C::Token, C::Fault>> Guard<C, P> {
    /// Takes tokens that `tokens` finds good, with proofs that `proofs` finds good.
    pub const fn new(tokens: C, proofs: P) -> Self {
        Self { tokens, proofs, realm: None, resource_metadata: None }
    }

    /// Says `realm` in challenges (RFC 6750 section 3).
    #[must_use]
    pub fn realm(mut self, name: impl Into<String>) -> Self {
        self.realm = Some(name.into());
        self
    }

    /// Says in challenges where the metadata of the resource is (RFC 9728 section 5.1).
    #[must_use]
    pub fn resource_metadata(mut self, address: impl Into<String>) -> Self {
        self.resource_metadata = Some(address.into());
        self
    }

    /// Checks the access token of a request, that the request proves to hold what it is bound to, and that it is good for
    /// what `requirement` demands.
    ///
    /// # Errors
    /// [`Denial::NothingPresented`], `invalid_request`, `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`,
    /// `insufficient_scope`, [`Denial::InsufficientUserAuthentication`], or a fault.
    pub async fn admit(
        &self,
        request: &ResourceRequest<'_>,
        requirement: &Requirement,
        now: UnixTime,
    ) -> Result<C::Token, Denial<C::Fault>> {
        let presented = access_token(request.headers, request.query, request.form)?;
        let token = self.tokens.check(presented.as_str(), now).await?;
        proof::check(&self.proofs, (&token, &presented), request, now).await?;
        requirement.check(&token, now)?;
        Ok(token)
    }

    /// The `WWW-Authenticate` header for a request that was not let through; see [`Challenge::header`].
    pub fn challenge(
        &self,
        denial: &Denial<C::Fault>,
        headers: &HeaderMap,
        requirement: &Requirement,
    ) -> Option<HeaderValue> {
        let algorithms: Vec<&str> = self.proofs.algorithms().iter().map(|algorithm| algorithm.as_str()).collect();
        let (scope, algorithms) = (requirement.scope_to_ask_for(), algorithms.join(" "));
        let challenge = Challenge {
            realm: self.realm.as_deref(),
            scope: &scope,
            algorithms: Some(&algorithms),
            resource_metadata: self.resource_metadata.as_deref(),
        };
        challenge.header(denial, Scheme::of(headers))
    }

    /// The header `DPoP-Nonce` for a request that was not let through, where it needs one (RFC 9449 section 9).
    pub fn nonce(&self, denial: &Denial<C::Fault>, now: UnixTime) -> Option<HeaderValue> {
        let is_demanded = denial.code() == Some(ErrorCode::UseDpopNonce);
        HeaderValue::try_from(self.proofs.nonce(is_demanded, now)?).ok()
    }
}
