//! Scripts as they are stored: packages, where they are bound, what they may use, and what was recorded of their runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
/// The hash of a package's content.
pub use signet_hooks::Version as ScriptVersion;
use signet_protocol::identifiers::{ClientId, RealmId, ScriptName, ScriptRecordingId};
use signet_protocol::time::UnixTime;

/// A version of a package: its files, for ever the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptPackage {
    /// The realm.
    pub realm_id: RealmId,
    /// What the manifest said when the version was deployed.
    pub summary: ScriptSummary,
    /// The text of each file.
    pub files: BTreeMap<String, String>,
}

/// A version of a package without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptSummary {
    /// The name of the package.
    pub name: ScriptName,
    /// The hash of its content.
    pub version: ScriptVersion,
    /// What it declares.
    pub declaration: ScriptDeclaration,
    /// When it was deployed for the first time.
    pub created_at: UnixTime,
}

/// What a manifest declares, in a form that every version of Signet reads: a package may outlive the hook API that it
/// was written for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScriptDeclaration {
    /// The version of the hook API.
    pub api: String,
    /// What it is for.
    pub description: String,
    /// The hooks, each with what happens where it fails.
    pub hooks: BTreeMap<String, String>,
    /// Everything it asks for, each as `kind:name`, sorted.
    pub capabilities: Vec<String>,
}

/// Where a package is bound: in the whole realm, or for one client of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScriptTarget {
    /// The client; nothing for the whole realm.
    pub client_id: Option<ClientId>,
    /// The package.
    pub package: ScriptName,
}

/// A package that decides somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptBinding {
    /// The realm.
    pub realm_id: RealmId,
    /// Where, and which package.
    pub target: ScriptTarget,
    /// The version that decides.
    pub active: ScriptVersion,
    /// The version that decided before.
    pub previous: Option<ScriptVersion>,
    /// The version that is tried beside.
    pub shadow: Option<ScriptShadow>,
    /// Its place among those of the same target; equal ones by name.
    pub position: i64,
    /// How often it was changed, from 1 on; whoever changes it names the revision they decided on, 0 for none.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: UnixTime,
}

impl ScriptBinding {
    /// Every version it points at.
    pub fn versions(&self) -> impl Iterator<Item = ScriptVersion> {
        let shadow = self.shadow.map(|shadow| shadow.version);
        [Some(self.active), self.previous, shadow].into_iter().flatten()
    }
}

/// A version that runs beside the active one; its decisions are compared and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptShadow {
    /// Which.
    pub version: ScriptVersion,
    /// In how many of a hundred runs: 1 to 100.
    pub percent: u8,
}

/// What a kind of value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScriptValueKind {
    /// A text that nobody is shown: `ctx.secret(name)`.
    Secret,
    /// A JSON document: `ctx.kv.get(name)`.
    Document,
    /// Another server: `ctx.http(name)`.
    Connection,
}

impl ScriptValueKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Secret, Self::Document, Self::Connection];

    /// The stored text, which manifests and paths use as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Document => "kv",
            Self::Connection => "connection",
        }
    }
}

impl std::str::FromStr for ScriptValueKind {
    type Err = signet_protocol::names::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or(signet_protocol::names::UnknownName("kind of script value"))
    }
}

/// A value that packages of a realm may use where their manifest names it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptValue {
    /// The realm.
    pub realm_id: RealmId,
    /// Unique among those of its kind.
    pub name: ScriptName,
    /// The value.
    pub content: ScriptValueContent,
    /// When it was last set.
    pub updated_at: UnixTime,
}

/// The content of a value.
#[derive(Clone, PartialEq)]
pub enum ScriptValueContent {
    /// A secret, encrypted under the realm's data key.
    Secret(Vec<u8>),
    /// A JSON document.
    Document(serde_json::Value),
    /// Another server.
    Connection(ScriptConnection),
}

impl ScriptValueContent {
    /// Its kind.
    pub const fn kind(&self) -> ScriptValueKind {
        match self {
            Self::Secret(_) => ScriptValueKind::Secret,
            Self::Document(_) => ScriptValueKind::Document,
            Self::Connection(_) => ScriptValueKind::Connection,
        }
    }
}

impl std::fmt::Debug for ScriptValueContent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(_) => formatter.write_str("Secret(..)"),
            Self::Document(document) => formatter.debug_tuple("Document").field(document).finish(),
            Self::Connection(connection) => formatter.debug_tuple("Connection").field(connection).finish(),
        }
    }
}

/// Another server that scripts may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptConnection {
    /// The `https` address that paths are appended to.
    pub base_url: String,
    /// The secret that is sent as bearer token (RFC 6750 section 2.1), by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<ScriptName>,
    /// For how many seconds an answer is used again: 0 to 86400.
    #[serde(default)]
    pub cache_seconds: i64,
}

/// A run as it is kept for replays, without secrets and tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRecording {
    /// The realm.
    pub realm_id: RealmId,
    /// Unique in the realm.
    pub id: ScriptRecordingId,
    /// When it ran.
    pub recorded_at: UnixTime,
    /// When it is no longer kept.
    pub expires_at: UnixTime,
    /// The package.
    pub package: ScriptName,
    /// The version that decided.
    pub version: ScriptVersion,
    /// The hook.
    pub hook: String,
    /// The client, where the request had one.
    pub client_id: Option<ClientId>,
    /// What went in and what came out, as JSON.
    pub recording: String,
}

/// How far the events of a realm were handed to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptCursor {
    /// The realm.
    pub realm_id: RealmId,
    /// The binding.
    pub target: ScriptTarget,
    /// The number of the last sealed event that needs no further run.
    pub sealed: i64,
    /// How often the next one was tried.
    pub attempts: i64,
    /// When it is tried again at the earliest.
    pub next_at: UnixTime,
}
