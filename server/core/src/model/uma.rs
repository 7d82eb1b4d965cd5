//! What owners protect here, and what is asked for of it (User-Managed Access 2.0).

use serde::{Deserialize, Serialize};
use signet_protocol::identifiers::{ClientId, RealmId, UmaResourceId, UserId};
use signet_protocol::time::UnixTime;

/// On whose behalf a resource server protects resources: what a protection API token says (UMA Federated Authorization
/// section 1.3). Nobody else has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceKeeper {
    /// The resource server, by the client that it is.
    pub server: ClientId,
    /// The resource owner; nobody for what is the resource server's own.
    pub owner: Option<UserId>,
}

/// A resource as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct UmaResource {
    /// The realm it is protected in.
    pub realm_id: RealmId,
    /// For ever.
    pub id: UmaResourceId,
    /// Who registered it, for whom.
    pub keeper: ResourceKeeper,
    /// What the resource server says of it.
    pub description: ResourceDescription,
    /// What its owner allows; whatever none of them allows is denied.
    pub policies: Vec<UmaPolicy>,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When description or policies last changed.
    pub updated_at: UnixTime,
}

/// What a resource server says of a resource (UMA Federated Authorization section 3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDescription {
    /// What can be done with it.
    pub resource_scopes: Vec<String>,
    /// At length, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_uri: Option<String>,
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of thing it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What an owner allows. Every condition that is named must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UmaPolicy {
    /// What it allows; scopes that the resource does not have allow nothing.
    pub scopes: Vec<String>,
    /// Whether it is for the owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owner: bool,
    /// Whom it is for. Where neither the owner nor anybody is named, it is for whoever uses one of the clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// The clients that may be used; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientId>,
    /// From when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<UnixTime>,
    /// When it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
}

/// Access to a resource with some scopes: asked for, or granted (UMA Federated Authorization section 1.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UmaPermission {
    /// The resource.
    pub resource_id: UmaResourceId,
    /// The scopes, each once.
    pub resource_scopes: Vec<String>,
}

/// Names a permission ticket: its SHA-256. The ticket itself is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TicketReference(pub [u8; 32]);

/// A permission ticket (UMA Grant section 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UmaTicket {
    /// The realm it was made in.
    pub realm_id: RealmId,
    /// Its name.
    pub reference: TicketReference,
    /// Who asked for it, on whose behalf.
    pub keeper: ResourceKeeper,
    /// What is asked for.
    pub permissions: Vec<UmaPermission>,
    /// The only client that may go on with it; any, until one has begun.
    pub client_id: Option<ClientId>,
    /// Whether it was used: then it is of no use any more.
    pub used: bool,
    /// Until when it may be used.
    pub expires_at: UnixTime,
}
