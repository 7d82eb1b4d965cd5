//! What `signet dev` makes to play with: a realm, a user, clients. What is there already is kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use signet_core::model::{Client, ClientSettings, RealmSettings};
use signet_core::protocol::client_metadata::ClientMetadata;
use signet_core::protocol::identifiers::{ClientId, InvalidIdentifier, RealmName};
use signet_core::protocol::names::GrantType;
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{
    self, ClientRegistration, IssuedSecret, RealmChange, RegistryError, UserChange, create_client, create_realm,
};
use signet_jose::random_token;

use super::album;
use super::folder::Folder;
use super::services;
use crate::command::{CommandError, CommandResult};

/// The realm.
pub(crate) const REALM: &str = "demo";
/// The user.
pub(crate) const USERNAME: &str = "ana";
/// The client that the test page plays: confidential.
pub(super) const WEB_CLIENT: &str = "demo-web";
/// A client for an application on this machine: public.
pub(super) const NATIVE_CLIENT: &str = "demo-app";
/// A client for devices without a browser: public.
pub(crate) const DEVICE_CLIENT: &str = "demo-tv";
/// A client that has users asked at another device: confidential.
pub(crate) const BANK_CLIENT: &str = "demo-bank";
/// A resource server whose album its user may view: confidential.
pub(crate) const ALBUM_CLIENT: &str = "demo-album";
/// A client that wants to view it: public.
pub(crate) const PRINTS_CLIENT: &str = "demo-prints";
/// An application of the operator that asks for passwords itself, and shares its logins: public.
pub(crate) const MAIL_CLIENT: &str = "demo-mail";
/// Another one on the same device, which takes part: public.
pub(crate) const MAPS_CLIENT: &str = "demo-maps";
/// The group of both.
const APPS: &str = "demo-apps";
/// Where the passwords are kept, so that a second start can show them again.
const FILE: &str = "demo.json";
/// Random bytes of the password: 16 characters.
const PASSWORD_BYTES: usize = 12;

/// The secrets of what was made.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Demo {
    /// The user's password.
    pub(crate) password: String,
    /// The web client's secret.
    pub(super) client_secret: String,
    /// The secret of the client that has users asked.
    pub(crate) bank_secret: String,
    /// The secret of the resource server.
    pub(crate) album_secret: String,
    /// The secret of the service that exchanges tokens.
    pub(crate) gateway_secret: String,
    /// The private key of the issuer that vouches for users: PKCS #8, base64url.
    pub(super) partner_key: String,
}

impl Demo {
    /// What was made in a folder before.
    pub(crate) fn kept(folder: &Folder) -> CommandResult<Self> {
        let kept = folder.read(FILE)?;
        Ok(kept.as_deref().map(serde_json::from_str).transpose().unwrap_or_default().unwrap_or_default())
    }

    /// What is kept of it: whether anything is new is seen by it.
    fn secrets(&self) -> [String; 6] {
        let Self { password, client_secret, bank_secret, album_secret, gateway_secret, partner_key } = self;
        [password, client_secret, bank_secret, album_secret, gateway_secret, partner_key].map(Clone::clone)
    }
}

/// Sees to it that everything is there.
pub(super) async fn prepare(folder: &Folder, provider: &Provider) -> CommandResult<Demo> {
    let mut demo = Demo::kept(folder)?;
    let before = demo.secrets();
    let realm = realm(provider).await?;
    user(provider, &realm, &mut demo).await?;
    native_client(provider, &realm).await?;
    device_client(provider, &realm).await?;
    apps(provider, &realm).await?;
    web_client(provider, &realm, &mut demo).await?;
    bank_client(provider, &realm, &mut demo).await?;
    album::prepare(provider, &realm, &mut demo).await?;
    services::prepare(provider, &realm, &mut demo).await?;
    if before != demo.secrets() {
        let text = serde_json::to_string_pretty(&demo).map_err(|error| CommandError::failed(error.to_string()))?;
        folder.write_private(FILE, text.as_bytes())?;
    }
    Ok(demo)
}

async fn realm(provider: &Provider) -> CommandResult<std::sync::Arc<RealmContext>> {
    let name: RealmName = REALM.parse().map_err(unnameable)?;
    match registry::find_realm(provider, &name).await {
        Err(RegistryError::NotFound(_)) => {
            let settings = RealmSettings {
                device_authorization: true,
                backchannel_authentication: true,
                uma: true,
                native_sso: true,
                authorization_challenge: true,
                transaction_trust_domain: services::TRUST_DOMAIN.to_owned(),
                ..RealmSettings::default()
            };
            let change = RealmChange { name, display_name: "Demo".to_owned(), enabled: true, settings };
            Ok(create_realm(&provider.serving_itself(), change).await?)
        }
        found => Ok(found?),
    }
}

pub(super) fn unnameable(error: InvalidIdentifier) -> CommandError {
    CommandError::failed(error.to_string())
}

async fn user(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    let known = !demo.password.is_empty();
    if !known {
        demo.password = random_token(&*provider.random, PASSWORD_BYTES);
    }
    match registry::find_user_by_name(provider, realm, USERNAME).await {
        Ok(_) if known => Ok(()),
        Ok(user) => Ok(registry::set_password(&provider.serving_itself(), realm, user.id, &demo.password).await?),
        Err(RegistryError::NotFound(_)) => {
            let claims = json!({
                "name": "Ana Example",
                "given_name": "Ana",
                "family_name": "Example",
                "preferred_username": USERNAME,
                "email": "ana@example.com",
                "email_verified": true,
                "locale": "en",
                "address": { "locality": "Bern", "country": "CH" },
            });
            let claims = claims.as_object().cloned().unwrap_or_default();
            let attributes = serde_json::Map::new();
            let change = UserChange { username: USERNAME.to_owned(), enabled: true, claims, attributes };
            registry::create_user(&provider.serving_itself(), realm, change, Some(&demo.password)).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// RFC 8252: a native application, which listens on any free port of the loopback address.
async fn native_client(provider: &Provider, realm: &RealmContext) -> CommandResult {
    let metadata = json!({
        "client_name": "Demo application",
        "application_type": "native",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]/callback"],
        "id_token_signed_response_alg": "ES256",
    });
    let id: ClientId = NATIVE_CLIENT.parse().map_err(unnameable)?;
    match create_client(&provider.serving_itself(), realm, Some(id), registration(metadata)?, None).await {
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// RFC 8628: a device, which keeps no secret.
async fn device_client(provider: &Provider, realm: &RealmContext) -> CommandResult {
    let metadata = json!({
        "client_name": "Demo television",
        "token_endpoint_auth_method": "none",
        "grant_types": [GrantType::DeviceCode, GrantType::RefreshToken],
        "response_types": [],
        "id_token_signed_response_alg": "ES256",
    });
    let id: ClientId = DEVICE_CLIENT.parse().map_err(unnameable)?;
    match create_client(&provider.serving_itself(), realm, Some(id), registration(metadata)?, None).await {
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Native SSO and First-Party Apps: two apps of one vendor, of which one logs users in.
async fn apps(provider: &Provider, realm: &RealmContext) -> CommandResult {
    for (id, name, asks) in [(MAIL_CLIENT, "Demo mail", true), (MAPS_CLIENT, "Demo maps", false)] {
        let metadata = json!({
            "client_name": name,
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "grant_types": [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::TokenExchange],
            "redirect_uris": [format!("com.example.{}:/callback", id.trim_start_matches("demo-"))],
            "scope": "openid profile offline_access device_sso",
            "id_token_signed_response_alg": "ES256",
        });
        let settings = ClientSettings {
            skip_consent: true,
            native_sso_group: Some(APPS.to_owned()),
            authorization_challenge: asks,
            ..ClientSettings::default()
        };
        let id: ClientId = id.parse().map_err(unnameable)?;
        let registration = ClientRegistration { settings, ..registration(metadata)? };
        match create_client(&provider.serving_itself(), realm, Some(id), registration, None).await {
            Ok(_) | Err(RegistryError::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// CIBA Core: a client that polls.
async fn bank_client(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    let metadata = json!({
        "client_name": "Demo bank",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": [GrantType::Ciba, GrantType::RefreshToken],
        "response_types": [],
        "backchannel_token_delivery_mode": "poll",
        "id_token_signed_response_alg": "ES256",
    });
    let id: ClientId = BANK_CLIENT.parse().map_err(unnameable)?;
    let serving = provider.serving_itself();
    let issued = match create_client(&serving, realm, Some(id.clone()), registration(metadata)?, None).await {
        Err(RegistryError::Duplicate(_)) if !demo.bank_secret.is_empty() => return Ok(()),
        Err(RegistryError::Duplicate(_)) => registry::rotate_client_secret(&serving, realm, &id).await?,
        made => made?,
    };
    if let Some(secret) = issued.secret {
        demo.bank_secret.clone_from(&secret);
    }
    Ok(())
}

/// The client of the test page, whose address changes with the port.
async fn web_client(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    let redirect_uri = redirect_uri(&provider.bases.public);
    let id: ClientId = WEB_CLIENT.parse().map_err(unnameable)?;
    let issued = match registry::client_as_stored(provider, realm, &id).await {
        Err(RegistryError::NotFound(_)) => {
            let metadata = json!({
                "client_name": "Test client",
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_uris": [redirect_uri],
                "id_token_signed_response_alg": "ES256",
            });
            create_client(&provider.serving_itself(), realm, Some(id), registration(metadata)?, None).await?
        }
        found => {
            let mut client = found?;
            if !client.metadata.redirect_uris.contains(&redirect_uri) {
                let mut metadata = client.metadata.clone();
                metadata.redirect_uris.push(redirect_uri);
                let registration =
                    ClientRegistration { metadata, settings: client.settings.clone(), enabled: client.enabled };
                let updated = registry::update_client(&provider.serving_itself(), realm, client, registration).await?;
                client = Client::clone(&updated.client);
            }
            if demo.client_secret.is_empty() {
                registry::rotate_client_secret(&provider.serving_itself(), realm, &id).await?
            } else {
                IssuedSecret { client: Arc::new(client), secret: None }
            }
        }
    };
    if let Some(secret) = issued.secret {
        demo.client_secret.clone_from(&secret);
    }
    Ok(())
}

/// Where the test page takes answers.
pub(super) fn redirect_uri(base: &str) -> String {
    format!("{base}/dev/callback")
}

pub(super) fn registration(metadata: serde_json::Value) -> CommandResult<ClientRegistration> {
    let metadata: ClientMetadata =
        serde_json::from_value(metadata).map_err(|error| CommandError::failed(error.to_string()))?;
    Ok(ClientRegistration { metadata, settings: ClientSettings::default(), enabled: true })
}
