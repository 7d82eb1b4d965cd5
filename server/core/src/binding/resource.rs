//! Access tokens that are bound to a key, at the resources of this server (RFC 9449 section 7).

use signet_protocol::error::ErrorCode;
use signet_protocol::spec::rfc9449;

use super::dpop::{self, Asked, DpopHeader};
use super::nonce::Audience;
use crate::failure::Failure;
use crate::model::{ReplayScope, Thumbprint, UsedRecord};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// A request to a resource, as far as a proof speaks of it.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRequest<'a> {
    /// The header `DPoP`.
    pub dpop: DpopHeader<'a>,
    /// The HTTP method.
    pub method: &'a str,
    /// The addresses that the resource is reached at, by configuration.
    pub uris: &'a [String],
}

/// Checks that whoever presents a token holds the key that it is bound to.
///
/// # Errors
/// `invalid_dpop_proof` without a proof, and for one that is not good or was used before; `use_dpop_nonce`;
/// `invalid_token` for another key's proof.
pub async fn check_possession(
    provider: &Provider,
    realm: &RealmContext,
    (token, text, key): (&CheckedAccessToken, &str, Thumbprint),
    request: &ResourceRequest<'_>,
) -> Result<(), Failure> {
    let client = provider.store.client(realm.id(), &token.client_id).await?;
    let gone = || ErrorCode::InvalidToken.because("the access token is not valid here").per(rfc9449("7.1"));
    let client = client.ok_or_else(gone)?;
    let ResourceRequest { dpop: header, method, uris } = *request;
    let asked = Asked { header, method, uris, access_token: Some(text), audience: Audience::Resource };
    let proved = dpop::check(provider, realm, &client, &asked)?
        .ok_or_else(|| dpop::invalid("the request has no DPoP proof", "7.1"))?;
    if proved.key != key {
        let reason = "the access token is bound to another key than that of the DPoP proof";
        return Err(ErrorCode::InvalidToken.because(reason).per(rfc9449("7.1")).into());
    }
    if is_first(provider, realm, &proved.record).await? { Ok(()) } else { Err(dpop::replayed().into()) }
}

/// Whether a proof is used for the first time: by the memory of this node, where it serves alone or the realm is content
/// with that; by the database otherwise.
async fn is_first(provider: &Provider, realm: &RealmContext, record: &UsedRecord) -> Result<bool, Failure> {
    if provider.store.is_shared() && realm.realm.settings.replay == ReplayScope::Shared {
        return Ok(provider.store.consume(realm.id(), record, &[]).await?);
    }
    Ok(provider.used_proofs.consume(realm.id(), record, provider.now())?)
}
