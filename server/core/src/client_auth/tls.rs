//! `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 section 2).

use signet_jose::certificate::{AlternativeName, ExpectedSubject};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::error::Refusal;
use signet_protocol::spec::rfc8705;

use super::{CertificateChain, client_keys, failed};
use crate::failure::Failure;
use crate::model::Client;
use crate::ports::outbound::Freshness;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// RFC 8705 section 2.1: issued by a trusted authority, and with the one registered name.
pub(super) fn check_issued_certificate(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    chain: &CertificateChain,
) -> Result<(), Refusal> {
    let refused = |detail| failed(detail).per(rfc8705("2.1"));
    let anchors = realm.trust_anchors().ok_or_else(|| refused("the realm trusts no certificate authority"))?;
    anchors
        .verify_client(&chain.leaf, &chain.intermediates, &provider.revocation_lists.load(), provider.now())
        .map_err(|error| refused("the certificate is not trusted").detail(error.to_string()))?;
    let expected = expected_subject(&client.metadata)
        .ok_or_else(|| refused("the client is registered with no certificate name"))?;
    if chain.leaf.has_subject(&expected) { Ok(()) } else { Err(refused("the certificate has another name")) }
}

/// The one name a client is registered with (RFC 8705 section 2.1.2); nothing if it is absent or does not read.
pub(crate) fn expected_subject(metadata: &ClientMetadata) -> Option<ExpectedSubject> {
    let name = |name| Some(ExpectedSubject::AlternativeName(name));
    if let Some(text) = &metadata.tls_client_auth_subject_dn {
        text.parse().ok().map(ExpectedSubject::DistinguishedName)
    } else if let Some(text) = &metadata.tls_client_auth_san_dns {
        name(AlternativeName::Dns(text.clone()))
    } else if let Some(text) = &metadata.tls_client_auth_san_uri {
        name(AlternativeName::Uri(text.clone()))
    } else if let Some(text) = &metadata.tls_client_auth_san_ip {
        text.parse().ok().and_then(|address| name(AlternativeName::Ip(address)))
    } else if let Some(text) = &metadata.tls_client_auth_san_email {
        name(AlternativeName::Email(text.clone()))
    } else {
        None
    }
}

/// RFC 8705 section 2.2: the certificate is among those that the client's keys are registered with. A set by reference
/// that lacks it may be older than the client's rotation and is fetched once more.
pub(super) async fn check_registered_certificate(
    provider: &Provider,
    client: &Client,
    chain: &CertificateChain,
) -> Result<(), Failure> {
    let now = provider.now();
    let (begins, ends) =
        chain.leaf.validity().map_err(|error| failed("the certificate does not read").detail(error.to_string()))?;
    if now < begins || now > ends {
        return Err(failed("the certificate is not valid now").per(rfc8705("2.2")).into());
    }
    if client_keys(provider, client, Freshness::Cached).await?.contains_certificate(chain.leaf.thumbprint()) {
        return Ok(());
    }
    let by_reference = client.metadata.jwks.is_none();
    if by_reference
        && client_keys(provider, client, Freshness::Newer).await?.contains_certificate(chain.leaf.thumbprint())
    {
        return Ok(());
    }
    Err(failed("the certificate is not registered").per(rfc8705("2.2")).into())
}
