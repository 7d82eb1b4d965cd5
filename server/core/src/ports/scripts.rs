//! Storage of script packages, of where they are bound and what they may use, of recorded runs, and of how far events
//! were delivered.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, RealmName, ScriptName, ScriptRecordingId};

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::{
    ScriptBinding, ScriptCursor, ScriptPackage, ScriptRecording, ScriptSummary, ScriptTarget, ScriptValue,
    ScriptValueKind, ScriptVersion,
};

/// A deployment: a version, and what becomes of a binding with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDeployment {
    /// The version. One that is stored already stays as it is.
    pub package: ScriptPackage,
    /// The binding as it shall be; nothing to store the version only.
    pub binding: Option<ScriptBinding>,
    /// How many versions of the package are kept. The oldest beyond them go, unless a binding points at them.
    pub keep: u64,
}

/// Storage of scripts.
#[async_trait]
pub trait Scripts: Send + Sync {
    /// Stores a version and changes a binding, in one transaction. Says whether the version is new.
    ///
    /// # Errors
    /// `Changed` if the binding is not the one that was decided on; `Missing` without the realm or the client.
    async fn deploy_script(&self, deployment: &ScriptDeployment, events: &[EventRecord]) -> StoreResult<bool>;

    /// Every binding of the realm in the order in which they decide: those of the realm, then those of its clients,
    /// each by position and name. At most 1000.
    async fn script_bindings(&self, realm_id: RealmId) -> StoreResult<Vec<ScriptBinding>>;

    /// The enabled realms with a binding, by name.
    async fn realms_with_scripts(&self) -> StoreResult<Vec<RealmName>>;

    /// Stores a binding if the stored revision is the one given, 0 for none, which then goes up by one.
    ///
    /// # Errors
    /// `Changed` if it is another; `Missing` without the realm, the client, or one of the versions of that
    /// package.
    async fn store_script_binding(&self, binding: &ScriptBinding, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes a binding with its cursor, and the versions of a package that no binding of the realm has any more.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another.
    async fn delete_script_binding(&self, binding: &ScriptBinding, events: &[EventRecord]) -> StoreResult<()>;

    /// The versions of a package, newest first; at most 1000.
    async fn script_versions(&self, realm_id: RealmId, package: &ScriptName) -> StoreResult<Vec<ScriptSummary>>;

    /// A version with its files.
    async fn script_package(&self, realm_id: RealmId, version: ScriptVersion) -> StoreResult<Option<ScriptPackage>>;

    /// Every value that scripts of the realm may use, by kind and name. At most 1000.
    async fn script_values(&self, realm_id: RealmId) -> StoreResult<Vec<ScriptValue>>;

    /// Stores a value, in the place of one of the same kind and name.
    ///
    /// # Errors
    /// `Missing` without the realm; `Needed` if the realm would have more than 1000.
    async fn store_script_value(&self, value: &ScriptValue, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes a value.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_script_value(
        &self,
        realm_id: RealmId,
        value: (ScriptValueKind, &ScriptName),
        events: &[EventRecord],
    ) -> StoreResult<()>;
}

/// Storage of what was recorded of runs, and of how far events were delivered. Nothing here is configuration: it
/// changes with the traffic, and nobody keeps it in memory.
#[async_trait]
pub trait ScriptRuns: Send + Sync {
    /// Stores recordings, in one transaction.
    async fn insert_script_recordings(&self, recordings: &[ScriptRecording]) -> StoreResult<()>;

    /// The recordings of a realm, newest first; of one package where one is named.
    async fn list_script_recordings(
        &self,
        realm_id: RealmId,
        package: Option<&ScriptName>,
        page: &PageRequest,
    ) -> StoreResult<Page<ScriptRecording>>;

    /// A recording.
    async fn script_recording(&self, realm_id: RealmId, id: ScriptRecordingId) -> StoreResult<Option<ScriptRecording>>;

    /// How far the events of a realm were handed to a binding; nothing before the first.
    async fn script_cursor(&self, realm_id: RealmId, target: &ScriptTarget) -> StoreResult<Option<ScriptCursor>>;

    /// Moves a cursor if it still is where `before` says, nothing for one that is not there yet. Says whether it was:
    /// of many nodes that read the same place one wins, and the others leave the event to it.
    async fn move_script_cursor(&self, before: Option<&ScriptCursor>, after: &ScriptCursor) -> StoreResult<bool>;
}
