//! Token revocation (RFC 7009).

use signet_jose::RefreshToken;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::Lineage;
use signet_protocol::spec::rfc7009;

use super::Endpoint;
use crate::failure::Failure;
use crate::grants::{ClientRequest, LONGEST_ACCESS_TOKEN_SECONDS};
use crate::model::Client;
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::check_access_token;

/// Revokes a token of the client. An unknown or foreign token is no error (section 2.2): the client can do nothing about
/// it, and would only learn what it should not.
///
/// # Errors
/// `invalid_client`, `invalid_request`; a fault if nothing could be written: then nothing is revoked either.
pub async fn revoke(provider: &Provider, realm: &RealmContext, request: ClientRequest<'_>) -> Result<(), Failure> {
    let client = request.authenticate(provider, realm, Endpoint::Revocation).await?;
    client.consume_assertion(provider, realm).await?;
    let token = request.parameters.get("token");
    let token = token.ok_or_else(|| ErrorCode::InvalidRequest.because("token is missing").per(rfc7009("2.1")))?;
    match RefreshToken::parse(token) {
        Ok(token) => revoke_family(provider, realm, client.client(), &token).await,
        Err(_) => revoke_access_token(provider, realm, client.client(), token).await,
    }
}

/// Section 2.1: with a refresh token go all tokens of the same authorization.
async fn revoke_family(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &RefreshToken,
) -> Result<(), Failure> {
    if !token.is_genuine(&realm.refresh_token_key) {
        return Ok(());
    }
    let lineage = Lineage(token.family());
    let family = provider.store.refresh_family(realm.id(), lineage).await?;
    if family.is_some_and(|family| family.client_id == client.client_id) {
        provider.store.close_lineage(realm.id(), lineage, provider.now().plus(LONGEST_ACCESS_TOKEN_SECONDS)).await?;
    }
    Ok(())
}

async fn revoke_access_token(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    token: &str,
) -> Result<(), Failure> {
    let token = check_access_token(provider, realm, token).await?;
    if let Some(token) = token.filter(|token| token.client_id == client.client_id) {
        provider.store.deny_token(realm.id(), &token.jti_hash(), token.expires_at).await?;
    }
    Ok(())
}
