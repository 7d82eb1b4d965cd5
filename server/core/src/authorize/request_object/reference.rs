//! Request objects by reference (OpenID Connect Core 6.2, RFC 9101 section 5.2): the address is one that the client has
//! registered, so that no stranger chooses where this server asks.

use signet_jose::{base64url, digest};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{oidc_core, rfc9101};
use url::Url;

use crate::failure::Failure;
use crate::model::Client;
use crate::ports::outbound::{Accept, Freshness, OutboundResponse};
use crate::provider::Provider;

/// Longest document that is read, in bytes.
const MAXIMUM_BYTES: usize = 64 * 1024;

/// Media types of a request object (RFC 9101 section 10.4.2; `application/jwt` is what clients of OpenID Connect send).
const MEDIA_TYPES: &[&str] = &["application/oauth-authz-req+jwt", "application/jwt"];

/// The request object behind an address.
pub(super) async fn fetch(provider: &Provider, client: &Client, request_uri: &str) -> Result<String, Failure> {
    let registered = &client.metadata.request_uris;
    let is_exact = registered.iter().any(|registered| registered == request_uri);
    if !is_exact && !registered.iter().any(|registered| without_fragment(registered) == without_fragment(request_uri)) {
        return Err(invalid_uri("request_uri is not registered for this application").into());
    }
    let unusable = |_| invalid_uri("request_uri is not a URL");
    let mut url = Url::parse(request_uri).map_err(unusable)?;
    // A fragment names a version of the content, under which it is kept. Versions are the client's to name, by
    // registration: anybody could make up others and have each of them fetched.
    if !is_exact {
        url.set_fragment(None);
    }
    let response = get(provider, &url, Freshness::Cached).await?;
    let fragment = request_uri.split_once('#').map(|(_, fragment)| fragment);
    let is_another_version = |response: &OutboundResponse| {
        fragment.is_some_and(|fragment| fragment != base64url::encode(digest::sha256(&response.body)))
    };
    if !is_exact && is_another_version(&response) {
        return text(&get(provider, &url, Freshness::Newer).await?).map_err(Failure::from);
    }
    Ok(text(&response)?)
}

async fn get(provider: &Provider, url: &Url, freshness: Freshness) -> Result<OutboundResponse, Refusal> {
    let accept = Accept { media_types: MEDIA_TYPES, max_bytes: MAXIMUM_BYTES, freshness };
    let unavailable = |detail: String| invalid_uri("the request object could not be fetched").detail(detail);
    provider.outbound.get(url, accept).await.map_err(|error| unavailable(error.to_string()))
}

/// The text of a document that says it is a request object, or does not say what it is.
fn text(response: &OutboundResponse) -> Result<String, Refusal> {
    let essence = response.content_type.as_deref().map(|text| text.split(';').next().unwrap_or_default().trim());
    let is_expected = |essence: &str| MEDIA_TYPES.iter().any(|expected| expected.eq_ignore_ascii_case(essence));
    if !essence.is_none_or(is_expected) {
        let reason =
            "the document behind request_uri is not of type application/oauth-authz-req+jwt or application/jwt";
        return Err(ErrorCode::InvalidRequestUri.because(reason).per(rfc9101("10.4.2")));
    }
    let text = std::str::from_utf8(&response.body).map(str::trim);
    text.map(str::to_owned).map_err(|_| invalid_uri("the document behind request_uri is not text"))
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(uri, _)| uri)
}

fn invalid_uri(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequestUri.because(reason).per(oidc_core("6.2"))
}
