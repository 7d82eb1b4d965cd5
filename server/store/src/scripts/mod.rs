//! The ports of scripts: packages and bindings (here and in `bindings`), what they may use (`values`), and what comes of
//! runs (`recordings`, `cursors`).
//!
//! Whatever points at a version, and whatever removes one, holds the realm's row: a binding never points at nothing.

mod bindings;
mod cursors;
mod packages;
mod recordings;
mod values;

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::{
    ScriptBinding, ScriptCursor, ScriptPackage, ScriptRecording, ScriptSummary, ScriptTarget, ScriptValue,
    ScriptValueKind, ScriptVersion,
};
use signet_core::ports::{Page, PageRequest, ScriptDeployment, ScriptRuns, Scripts, StoreResult};
use signet_protocol::identifiers::{RealmId, RealmName, ScriptName, ScriptRecordingId};

use crate::database::Database;

pub(crate) use bindings::delete_scripts_of_client;
pub(crate) use recordings::trim_recordings;

/// Most bindings, values and listed versions of a realm.
const MOST: u64 = 1000;

#[async_trait]
impl Scripts for Database {
    async fn deploy_script(&self, deployment: &ScriptDeployment, events: &[EventRecord]) -> StoreResult<bool> {
        self.configure_with(bindings::Deploy { deployment: deployment.clone() }, events).await
    }

    async fn script_bindings(&self, realm_id: RealmId) -> StoreResult<Vec<ScriptBinding>> {
        self.read_all(bindings::of_realm(realm_id), bindings::binding_of).await
    }

    async fn realms_with_scripts(&self) -> StoreResult<Vec<RealmName>> {
        let session = self.reader();
        self.read(|| bindings::realms(&session)).await
    }

    async fn store_script_binding(&self, binding: &ScriptBinding, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(bindings::Store { binding: binding.clone() }, events).await
    }

    async fn delete_script_binding(&self, binding: &ScriptBinding, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(bindings::Delete { binding: binding.clone() }, events).await
    }

    async fn script_versions(&self, realm_id: RealmId, package: &ScriptName) -> StoreResult<Vec<ScriptSummary>> {
        let session = self.reader();
        self.read(|| packages::summaries(&session, realm_id, package)).await
    }

    async fn script_package(&self, realm_id: RealmId, version: ScriptVersion) -> StoreResult<Option<ScriptPackage>> {
        self.read_one(packages::find(realm_id, version), packages::package_of).await
    }

    async fn script_values(&self, realm_id: RealmId) -> StoreResult<Vec<ScriptValue>> {
        self.read_all(values::of_realm(realm_id), values::value_of).await
    }

    async fn store_script_value(&self, value: &ScriptValue, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(values::Store { value: value.clone() }, events).await
    }

    async fn delete_script_value(
        &self,
        realm_id: RealmId,
        (kind, name): (ScriptValueKind, &ScriptName),
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(values::Delete { realm_id, kind, name: name.clone() }, events).await
    }
}

#[async_trait]
impl ScriptRuns for Database {
    async fn insert_script_recordings(&self, recordings: &[ScriptRecording]) -> StoreResult<()> {
        if recordings.is_empty() {
            return Ok(());
        }
        self.write(recordings::Insert { recordings: recordings.to_vec() }).await
    }

    async fn list_script_recordings(
        &self,
        realm_id: RealmId,
        package: Option<&ScriptName>,
        page: &PageRequest,
    ) -> StoreResult<Page<ScriptRecording>> {
        let after = recordings::after(page)?;
        let session = self.reader();
        let rows = self.read(|| recordings::newest(&session, (realm_id, package), after, page.limit)).await?;
        Ok(crate::realms::page_of(rows, page, |recording: &ScriptRecording| recording.id.to_string()))
    }

    async fn script_recording(&self, realm_id: RealmId, id: ScriptRecordingId) -> StoreResult<Option<ScriptRecording>> {
        let session = self.reader();
        self.read(|| recordings::one(&session, realm_id, id)).await
    }

    async fn script_cursor(&self, realm_id: RealmId, target: &ScriptTarget) -> StoreResult<Option<ScriptCursor>> {
        let session = self.reader();
        self.read(|| cursors::find(&session, realm_id, target)).await
    }

    async fn move_script_cursor(&self, before: Option<&ScriptCursor>, after: &ScriptCursor) -> StoreResult<bool> {
        self.write(cursors::Move { before: before.cloned(), after: after.clone() }).await
    }
}
