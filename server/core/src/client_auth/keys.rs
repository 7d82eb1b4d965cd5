//! The public keys a client is registered with, by value or by reference.

use signet_jose::{JwkSet, UnverifiedToken, VerificationError, VerificationProfile, VerifiedClaims, verify};
use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc7591;
use url::Url;

use crate::failure::{Failure, Fault};
use crate::model::Client;
use crate::ports::outbound::{Accept, Freshness};
use crate::provider::Provider;

/// Longest key set that is read, in bytes.
const MAXIMUM_BYTES: usize = 64 * 1024;

/// Why the keys of a client cannot be had.
pub(crate) enum NoKeys {
    /// The client is registered without any, or does not serve them as it should; why is for the log.
    Unavailable(String),
    /// This server failed.
    Fault(Fault),
}

/// The keys of a client, to check what it sent. With [`Freshness::Newer`], a set by reference is fetched again.
///
/// # Errors
/// `invalid_client` if the client has no keys or they cannot be had now.
pub(crate) async fn client_keys(provider: &Provider, client: &Client, freshness: Freshness) -> Result<JwkSet, Failure> {
    registered_keys(provider, client, freshness).await.map_err(|error| match error {
        NoKeys::Fault(fault) => fault.into(),
        NoKeys::Unavailable(detail) => {
            let refusal = ErrorCode::InvalidClient.because("the client's public keys are not available");
            refusal.per(rfc7591("2")).detail(detail).into()
        }
    })
}

/// The keys a client is registered with, by value or by reference.
pub(crate) async fn registered_keys(
    provider: &Provider,
    client: &Client,
    freshness: Freshness,
) -> Result<JwkSet, NoKeys> {
    if let Some(jwks) = &client.metadata.jwks {
        let text = serde_json::to_vec(jwks)
            .map_err(|error| NoKeys::Fault(Fault::internal("a stored key set does not serialise", error)))?;
        return JwkSet::parse(&text)
            .map_err(|error| NoKeys::Fault(Fault::internal("a stored key set does not read back", error)));
    }
    let Some(jwks_uri) = &client.metadata.jwks_uri else {
        return Err(NoKeys::Unavailable("no jwks and no jwks_uri".to_owned()));
    };
    let url = Url::parse(jwks_uri).map_err(|error| NoKeys::Unavailable(error.to_string()))?;
    let accept =
        Accept { media_types: &["application/jwk-set+json", "application/json"], max_bytes: MAXIMUM_BYTES, freshness };
    let response = provider.outbound.get(&url, accept).await.map_err(|error| NoKeys::Unavailable(error.to_string()))?;
    JwkSet::parse(&response.body).map_err(|error| NoKeys::Unavailable(error.to_string()))
}

/// Verifies a token that a client signed with its private key. A token that no key could make good costs no fetch.
///
/// # Errors
/// As [`client_keys`]; within, what is wrong with the token.
pub(crate) async fn verified_by_client_keys(
    provider: &Provider,
    client: &Client,
    token: &str,
    profile: &VerificationProfile<'_>,
) -> Result<Result<VerifiedClaims, VerificationError>, Failure> {
    let parsed = match UnverifiedToken::parse(token) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Err(error.into())),
    };
    if !profile.algorithms.contains(&parsed.algorithm()) {
        return Ok(Err(VerificationError::AlgorithmNotAllowed));
    }
    let keys = client_keys(provider, client, Freshness::Cached).await?;
    match verify(parsed.clone(), keys.keys(), profile, provider.now()) {
        // The client may have rotated its keys since its set was fetched.
        Err(VerificationError::UnknownKey | VerificationError::WrongSignature) if client.metadata.jwks.is_none() => {
            let keys = client_keys(provider, client, Freshness::Newer).await?;
            Ok(verify(parsed, keys.keys(), profile, provider.now()))
        }
        other => Ok(other),
    }
}
