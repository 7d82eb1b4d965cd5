//! A type of authorization details: what its objects look like, and what people are told of them (RFC 9396 section 2.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use signet_protocol::identifiers::{AuthorizationDetailsTypeId, RealmId};
use signet_protocol::time::UnixTime;

/// A type as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizationDetailsType {
    /// The realm.
    pub realm_id: RealmId,
    /// Key of the row.
    pub id: AuthorizationDetailsTypeId,
    /// The value of the member `type`; unique in the realm.
    pub name: String,
    /// What an administrator decided about it.
    pub definition: DetailsDefinition,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When it last changed.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

/// What an administrator decides about a type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsDefinition {
    /// A JSON Schema of the objects, `type` left out.
    pub schema: Value,
    /// What people are told, by language; `en` is there.
    pub texts: BTreeMap<String, DetailsText>,
    /// Members that are lists of rights: fewer elements are fewer rights.
    #[serde(default)]
    pub additive: Vec<String>,
    /// Members that a client leaves empty and a script fills in after the consent.
    #[serde(default)]
    pub enriched: Vec<String>,
    /// Whether a user who agreed once is not asked again for the same or less.
    #[serde(default)]
    pub remembered: bool,
    /// Whether clients may ask for it for themselves, without a user.
    #[serde(default)]
    pub client_credentials: bool,
}

/// What people are told of an object, in one language. Members stand in braces: `{instructedAmount.amount}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsText {
    /// What it is about.
    pub title: String,
    /// One sentence a line. One that names a member which is not there is left out.
    #[serde(default)]
    pub lines: Vec<String>,
    /// The words for values, by member and value.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}
