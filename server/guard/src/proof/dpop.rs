//! Tokens that are bound to a key (RFC 9449 section 7.1).

use http::{HeaderMap, HeaderValue};
use signet_core::binding::{DpopHeader, ResourceRequest, check_possession};
use signet_core::model::Thumbprint;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::tokens::CheckedAccessToken;

use crate::Denial;

/// The header `DPoP` of a request.
pub fn dpop_header(headers: &HeaderMap) -> DpopHeader<'_> {
    DpopHeader::of(headers.get_all("dpop").iter().map(HeaderValue::as_bytes))
}

/// The proof is good, of the key that the token is bound to, and was not used before.
pub(super) async fn check(
    (provider, realm): (&Provider, &RealmContext),
    token: (&CheckedAccessToken, &str, Thumbprint),
    request: &ResourceRequest<'_>,
) -> Result<(), Denial> {
    Ok(check_possession(provider, realm, token, request).await?)
}
