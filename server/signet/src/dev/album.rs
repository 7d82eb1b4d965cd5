//! What `signet try uma` plays with: a resource server with an album, and a client that wants to view it.

use serde_json::json;
use signet_core::model::{ResourceDescription, ResourceKeeper, UmaPolicy, UmaResource};
use signet_core::ports::UmaResourceFilter;
use signet_core::protocol::identifiers::{ClientId, UmaResourceId};
use signet_core::protocol::names::GrantType;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{self, RegistryError, create_client};
use signet_jose::random;

use super::demo::{ALBUM_CLIENT, Demo, PRINTS_CLIENT, USERNAME, registration, unnameable};
use crate::command::{CommandError, CommandResult};

/// Sees to it that everything is there.
pub(super) async fn prepare(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    prints_client(provider, realm).await?;
    let server = album_client(provider, realm, demo).await?;
    let filter = UmaResourceFilter { owner: None, server: Some(server.clone()) };
    let known = provider.store.uma_resources(realm.id(), &filter, (None, 1)).await.map_err(failed)?;
    if known.is_empty() {
        provider.store.insert_uma_resource(&album(provider, realm, server), 1, &[]).await.map_err(failed)?;
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> CommandError {
    CommandError::failed(error.to_string())
}

async fn prints_client(provider: &Provider, realm: &RealmContext) -> CommandResult {
    let metadata = json!({
        "client_name": "Demo prints",
        "token_endpoint_auth_method": "none",
        "grant_types": [GrantType::UmaTicket, GrantType::DeviceCode],
        "response_types": [],
        "id_token_signed_response_alg": "ES256",
    });
    let id: ClientId = PRINTS_CLIENT.parse().map_err(unnameable)?;
    match create_client(&provider.serving_itself(), realm, Some(id), registration(metadata)?, None).await {
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn album_client(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult<ClientId> {
    let metadata = json!({
        "client_name": "Demo album",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": [GrantType::ClientCredentials],
        "response_types": [],
        "scope": "uma_protection",
    });
    let id: ClientId = ALBUM_CLIENT.parse().map_err(unnameable)?;
    let serving = provider.serving_itself();
    let issued = match create_client(&serving, realm, Some(id.clone()), registration(metadata)?, None).await {
        Err(RegistryError::Duplicate(_)) if !demo.album_secret.is_empty() => return Ok(id),
        Err(RegistryError::Duplicate(_)) => registry::rotate_client_secret(&serving, realm, &id).await?,
        made => made?,
    };
    if let Some(secret) = issued.secret {
        demo.album_secret.clone_from(&secret);
    }
    Ok(id)
}

/// An album of the resource server itself, that the user may view.
fn album(provider: &Provider, realm: &RealmContext, server: ClientId) -> UmaResource {
    let now = provider.now();
    let policy = UmaPolicy {
        scopes: vec!["view".to_owned()],
        claims: [("preferred_username".to_owned(), vec![USERNAME.into()])].into(),
        ..UmaPolicy::default()
    };
    UmaResource {
        realm_id: realm.id(),
        id: UmaResourceId(random::random_bytes(&*provider.random)),
        keeper: ResourceKeeper { server, owner: None },
        description: ResourceDescription {
            resource_scopes: ["view", "print"].map(str::to_owned).to_vec(),
            name: Some("Album".to_owned()),
            ..ResourceDescription::default()
        },
        policies: vec![policy],
        spontaneous_scopes: Vec::new(),
        created_at: now,
        updated_at: now,
    }
}
