//! What `signet dev` makes so that services can be played: one that exchanges tokens, an API that it calls, and an
//! issuer of another organization. What is there already is kept.

use serde_json::{Value, json};
use signet_core::model::{ClientSettings, ResourceScope, SubjectMapping, TrustedIssuerDefinition, TrustedIssuerUse};
use signet_core::protocol::client_metadata::ClientMetadata;
use signet_core::protocol::identifiers::ClientId;
use signet_core::protocol::names::{AccessTokenFormat, GrantType, TokenType};
use signet_core::provider::Provider;
use signet_core::realm::RealmContext;
use signet_core::registry::{
    self, ClientRegistration, RegistryError, ResourceServerChange, TrustedIssuerChange, create_client,
    create_resource_server, create_trusted_issuer,
};
use signet_jose::{SignatureAlgorithm, SigningKey, base64url};

use super::demo::Demo;
use crate::command::{CommandError, CommandResult};

/// A client that exchanges tokens and takes assertions: confidential.
pub(crate) const GATEWAY_CLIENT: &str = "demo-gateway";
/// The API that its tokens are for.
pub(crate) const API: &str = "https://stock.example.com/";
/// What they are good for there.
pub(crate) const SCOPE: &str = "stock";
/// The trust domain of its transaction tokens.
pub(crate) const TRUST_DOMAIN: &str = "demo.example";
/// The issuer that vouches for users.
pub(crate) const PARTNER: &str = "https://login.partner.example";
/// The `kid` of its key.
const PARTNER_KEY: &str = "partner";

/// Sees to it that everything is there.
pub(super) async fn prepare(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    resource_server(provider, realm).await?;
    gateway(provider, realm, demo).await?;
    trusted_issuer(provider, realm, demo).await
}

fn existing<T>(made: Result<T, RegistryError>) -> CommandResult {
    match made {
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn resource_server(provider: &Provider, realm: &RealmContext) -> CommandResult {
    let change = ResourceServerChange {
        identifier: API.to_owned(),
        display_name: "Demo stock".to_owned(),
        scopes: vec![ResourceScope { name: SCOPE.to_owned(), description: "See what is in stock".to_owned() }],
        token_format: AccessTokenFormat::Jwt,
        algorithm: None,
        access_token_seconds: None,
        required_acr_values: Vec::new(),
        max_authentication_age_seconds: None,
    };
    existing(create_resource_server(&provider.serving_itself(), realm, change).await)
}

async fn gateway(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    let metadata = json!({
        "client_name": "Demo gateway",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer],
        "response_types": [],
        "scope": SCOPE,
    });
    let settings = json!({"token_exchange": {
        "audiences": [API],
        "scope": SCOPE,
        "issued_token_types": [TokenType::AccessToken, TokenType::TxnToken],
        "impersonation": true,
        "client_subjects": true,
        "transaction_tokens": {"request_details": ["action", "quantity"], "request_context": ["req_ip"]},
    }});
    let unreadable = |error: serde_json::Error| CommandError::failed(error.to_string());
    let metadata: ClientMetadata = serde_json::from_value(metadata).map_err(unreadable)?;
    let settings: ClientSettings = serde_json::from_value(settings).map_err(unreadable)?;
    let id: ClientId = GATEWAY_CLIENT.parse().map_err(super::demo::unnameable)?;
    let serving = provider.serving_itself();
    let registration = ClientRegistration { metadata, settings, enabled: true };
    let issued = match create_client(&serving, realm, Some(id.clone()), registration, None).await {
        Err(RegistryError::Duplicate(_)) if !demo.gateway_secret.is_empty() => return Ok(()),
        Err(RegistryError::Duplicate(_)) => registry::rotate_client_secret(&serving, realm, &id).await?,
        made => made?,
    };
    if let Some(secret) = issued.secret {
        demo.gateway_secret.clone_from(&secret);
    }
    Ok(())
}

/// An issuer whose private key is in the folder, so that its assertions can be made here.
async fn trusted_issuer(provider: &Provider, realm: &RealmContext, demo: &mut Demo) -> CommandResult {
    let failed = |error: signet_jose::KeyError| CommandError::failed(error.to_string());
    if demo.partner_key.is_empty() {
        let key = SigningKey::generate(SignatureAlgorithm::ES256).map_err(failed)?;
        demo.partner_key = key.pkcs8().map(|key| base64url::encode(key.as_slice())).unwrap_or_default();
    }
    let key = partner_key(demo)?;
    let jwk: Value = serde_json::to_value(key.public_jwk()).map_err(|error| CommandError::failed(error.to_string()))?;
    let definition = TrustedIssuerDefinition {
        jwks: Some(json!({ "keys": [jwk] })),
        uses: vec![TrustedIssuerUse::AssertionGrant],
        clients: vec![GATEWAY_CLIENT.parse().map_err(super::demo::unnameable)?],
        subject_mapping: SubjectMapping::Username,
        ..TrustedIssuerDefinition::default()
    };
    let change = TrustedIssuerChange { issuer: PARTNER.to_owned(), definition };
    existing(create_trusted_issuer(&provider.serving_itself(), realm, change).await)
}

/// The key that the issuer signs with.
pub(crate) fn partner_key(demo: &Demo) -> CommandResult<SigningKey> {
    let key = base64url::decode(&demo.partner_key).map_err(|_| {
        CommandError::failed("the folder has no key of the partner; start signet dev with it once more")
    })?;
    SigningKey::from_pkcs8(PARTNER_KEY, SignatureAlgorithm::ES256, &key)
        .map_err(|error| CommandError::failed(error.to_string()))
}
