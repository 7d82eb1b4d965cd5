//! Where the addresses in client metadata lead: checked when a client is registered or changed, before anybody is asked
//! there on its behalf.

use signet_protocol::client_metadata::ClientMetadata;
use url::Url;

use super::RegistryError;
use super::client_metadata::{AddressUse, addresses};
use crate::model::Client;
use crate::ports::outbound::{Accept, Freshness};
use crate::provider::Provider;

/// Longest document of redirect URIs that is read, in bytes: room for 100 of the longest.
const LONGEST_SECTOR_DOCUMENT: usize = 256 * 1024;

/// Checks where the addresses of a client lead, and asks at its `sector_identifier_uri`. What the server links to may
/// be inside a network for a client that an administrator vouches for, and is never fetched.
pub(super) async fn check(provider: &Provider, client: &Client, before: Option<&Client>) -> Result<(), RegistryError> {
    let metadata = &client.metadata;
    for (field, value, usage) in addresses(metadata) {
        if usage == AddressUse::Shown && !client.settings.dynamically_registered {
            continue;
        }
        let permitted = Url::parse(value).is_ok_and(|url| provider.outbound.check(&url).is_ok());
        if !permitted {
            return Err(RegistryError::invalid(field, "leads to an address that this server does not ask"));
        }
    }
    let sector = |metadata: &ClientMetadata| (metadata.sector_identifier_uri.clone(), metadata.redirect_uris.clone());
    if before.is_some_and(|before| sector(&before.metadata) == sector(metadata)) {
        return Ok(());
    }
    check_sector(provider, metadata).await
}

/// OpenID Connect Registration 5: the document is a JSON array that contains every redirect URI.
async fn check_sector(provider: &Provider, metadata: &ClientMetadata) -> Result<(), RegistryError> {
    let Some(text) = &metadata.sector_identifier_uri else { return Ok(()) };
    let invalid = |problem: &str| RegistryError::invalid("sector_identifier_uri", problem);
    let url = Url::parse(text).map_err(|_| invalid("is no URL"))?;
    let accept = Accept {
        media_types: &["application/json"],
        max_bytes: LONGEST_SECTOR_DOCUMENT,
        freshness: Freshness::Current,
    };
    let response = provider.outbound.get(&url, accept).await.map_err(|error| {
        tracing::info!(%error, "a sector identifier document could not be fetched");
        invalid("could not be fetched: an https server must answer with status 200, soon, and within 256 KiB")
    })?;
    let listed: Vec<String> =
        serde_json::from_slice(&response.body).map_err(|_| invalid("does not lead to a JSON array of strings"))?;
    if metadata.redirect_uris.iter().all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(invalid("leads to a document that lacks a redirect URI of this client"))
    }
}
