//! What owners protect here, and what is asked for of it (User-Managed Access 2.0).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signet_protocol::identifiers::{ClientId, RealmId, SessionId, UmaRequestId, UmaResourceId, UserId};
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
    /// The scopes that were made of its patterns, some of which may have ended.
    pub spontaneous_scopes: Vec<SpontaneousScope>,
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
    /// What else the resource server may make up, each a regular expression. Nothing is ever granted for a pattern. An
    /// extension.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope_patterns: Vec<String>,
    /// Which of them must be allowed together; all that are asked for, where there is none. An extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_expression: Option<ScopeExpression>,
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
    /// When nothing of it is granted any more. An extension.
    #[serde(default, rename = "exp", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
}

/// A scope that was made of a pattern (an extension that other servers have, too).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpontaneousScope {
    /// The scope.
    pub scope: String,
    /// The pattern.
    pub pattern: String,
    /// When the resource does not have it any more.
    pub expires_at: UnixTime,
}

impl ResourceDescription {
    /// The description as the resource server registered it: its patterns are among its scopes.
    #[must_use]
    pub fn as_registered(&self) -> Self {
        let scopes = self.resource_scopes.iter().chain(&self.scope_patterns).cloned();
        Self { resource_scopes: scopes.collect(), scope_patterns: Vec::new(), ..self.clone() }
    }
}

impl UmaResource {
    /// Whether it is still there to be granted.
    pub fn is_current(&self, now: UnixTime) -> bool {
        self.description.expires_at.is_none_or(|end| now < end)
    }

    /// The scopes that it has: those that are registered, and those that were made of its patterns and have not ended.
    pub fn scopes(&self, now: UnixTime) -> impl Iterator<Item = &str> {
        let registered = &self.description.resource_scopes;
        let made = self.spontaneous_scopes.iter().filter(move |made| now < made.expires_at);
        let made = made.map(|made| &made.scope).filter(|scope| !registered.contains(scope));
        registered.iter().chain(made).map(String::as_str)
    }

    /// When the first of these scopes ends; nothing where all of them are registered.
    pub fn first_end(&self, scopes: &[String]) -> Option<UnixTime> {
        let is_registered = |scope: &String| self.description.resource_scopes.contains(scope);
        let made = self.spontaneous_scopes.iter().filter(|made| scopes.contains(&made.scope));
        made.filter(|made| !is_registered(&made.scope)).map(|made| made.expires_at).min()
    }
}

/// Which scopes of a resource must be allowed together (an extension that other servers have, too).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeExpression {
    /// What must hold.
    pub rule: ScopeRule,
    /// The scopes that it is about.
    pub data: Vec<String>,
}

/// A rule of a scope expression, in the form of JsonLogic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeRule {
    /// All of them hold.
    And(Vec<ScopeRule>),
    /// One of them holds.
    Or(Vec<ScopeRule>),
    /// The scope at this place of the data is allowed.
    Var(usize),
}

impl ScopeExpression {
    /// Whether it holds where these scopes are allowed.
    pub fn holds(&self, allowed: impl Fn(&str) -> bool) -> bool {
        self.rule.holds(&|place| self.data.get(place).is_some_and(|scope| allowed(scope)))
    }
}

impl ScopeRule {
    fn holds(&self, allowed: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::And(rules) => rules.iter().all(|rule| rule.holds(allowed)),
            Self::Or(rules) => rules.iter().any(|rule| rule.holds(allowed)),
            Self::Var(place) => allowed(*place),
        }
    }

    /// Whether every place is one of so many, and nothing is empty: an empty rule would hold by itself.
    pub fn is_about(&self, scopes: usize) -> bool {
        match self {
            Self::And(rules) | Self::Or(rules) => !rules.is_empty() && rules.iter().all(|rule| rule.is_about(scopes)),
            Self::Var(place) => *place < scopes,
        }
    }

    /// How many parts it has.
    pub fn size(&self) -> usize {
        match self {
            Self::And(rules) | Self::Or(rules) => 1 + rules.iter().map(Self::size).sum::<usize>(),
            Self::Var(_) => 1,
        }
    }
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
    /// Whom it is for. Where neither the owner nor anybody is named, by identifier or claims, it is for whoever uses one of
    /// the clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// What must be known of whoever it is for: for each of these claims, one of these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, Vec<Value>>,
    /// Whether the owner is asked rather than that it is allowed. Where it names nobody, whoever has logged in may ask.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
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
    /// What the resource server says of the attempt at a resource, such as its method. Only scripts are told. An extension.
    pub params: BTreeMap<UmaResourceId, BTreeMap<String, String>>,
    /// The only client that may go on with it; any, until one has begun.
    pub client_id: Option<ClientId>,
    /// What is known of the requesting party ([`UmaParty`]), encrypted under the realm's data key, in base64url.
    pub party: Option<String>,
    /// The owner's answer that it waits for.
    pub wait: Option<UmaWait>,
    /// The realm's epoch when it was made; nothing of a node of the version before, while nodes are replaced.
    pub realm_epoch: Option<super::Epoch>,
    /// Whether it was used: then it is of no use any more.
    pub used: bool,
    /// Until when it may be used.
    pub expires_at: UnixTime,
}

/// What the client of a ticket waits for (UMA Grant section 3.3.6, `request_submitted`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UmaWait {
    /// The request that is before the owner.
    pub request: UmaRequestId,
    /// When the client may ask again.
    pub not_before: UnixTime,
    /// Seconds between two polls at least.
    pub interval: i64,
}

/// What was found out about a requesting party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UmaParty {
    /// Who it is.
    pub user_id: UserId,
    /// The user's epoch at that time.
    pub user_epoch: super::Epoch,
    /// The epochs of the realm and of the client that it was found out for; nothing of a node of the version before,
    /// while nodes are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<super::Epochs>,
    /// The session in which that was found out; nothing for persisted claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// When the user was authenticated.
    pub authenticated_at: UnixTime,
    /// How well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// What another issuer says, where that says who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted: Option<AssertedClaims>,
    /// What the requesting party answered to scripts' questions.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub answers: Map<String, Value>,
    /// What a resource server learns of the answers, as the requesting party was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<ToldClaims>,
    /// Whether the requesting party lets all this persist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub persists: bool,
}

/// What a requesting party was told that a resource server learns (UMA Grant section 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldClaims {
    /// The resource server, by the client that it is.
    pub server: ClientId,
    /// The names of the answers.
    pub names: Vec<String>,
}

/// What another issuer says of a requesting party (UMA Grant section 3.3.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssertedClaims {
    /// The trusted issuer.
    pub issuer: String,
    /// The claims of its ID token.
    pub claims: Map<String, Value>,
}

/// Names a persisted claims token: its SHA-256. The token itself is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UmaClaimsReference(pub [u8; 32]);

/// Claims that persist (UMA Grant section 3.3.5): what a persisted claims token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UmaClaims {
    /// The realm they were gathered in.
    pub realm_id: RealmId,
    /// The name of the token.
    pub reference: UmaClaimsReference,
    /// What it has in common with the tokens that it came from.
    pub family: [u8; 16],
    /// The only client that may use it.
    pub client_id: ClientId,
    /// Whose claims they are.
    pub user_id: UserId,
    /// The claims ([`UmaParty`]), encrypted under the realm's data key.
    pub content: Vec<u8>,
    /// Whether it was used: another one has taken its place.
    pub used: bool,
    /// When the first of the family was made.
    pub created_at: UnixTime,
    /// Until when it may be used, as all of its family.
    pub expires_at: UnixTime,
}

/// What became of a request for access. The number is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum UmaRequestState {
    /// The owner has not answered.
    Pending = 0,
    /// The owner allowed it, by a policy.
    Granted = 1,
    /// The owner refused.
    Denied = 2,
}

/// A request for access that is before a resource owner (UMA Grant section 3.3.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UmaRequest {
    /// The realm it was made in.
    pub realm_id: RealmId,
    /// Its name.
    pub id: UmaRequestId,
    /// Whose answer it waits for.
    pub owner_id: UserId,
    /// The resource server of what is asked for.
    pub server: ClientId,
    /// The requesting party.
    pub user_id: UserId,
    /// The client that the requesting party uses.
    pub client_id: ClientId,
    /// What is asked for.
    pub permissions: Vec<UmaPermission>,
    /// What became of it.
    pub state: UmaRequestState,
    /// When it was made.
    pub created_at: UnixTime,
    /// Until when it can be answered, and the client asks.
    pub expires_at: UnixTime,
}
