//! Recorded runs: what is kept of them, and doing one again with another version.

use std::collections::BTreeMap;
use std::sync::Arc;

use signet_hooks::{Package, Program, Recording, Replay, replay};
use signet_jose::digest;
use signet_protocol::identifiers::{RealmId, RequestId, ScriptName, ScriptRecordingId};
use signet_protocol::time::UnixTime;

use super::rollout::refused;
use super::versions::{VersionPrefix, find_script_version, list_script_versions};
use crate::hooks::{slow_clock, summary};
use crate::model::{ScriptRecording, ScriptVersion};
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::{RealmContext, compile_script};
use crate::registry::RegistryError;

/// Recordings that are looked through at a time.
const RECORDINGS: u64 = 50;

/// A recorded run.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// What every recording has.
    pub stored: ScriptRecording,
    /// Input, answers and outcome; nothing if another version of the hook API wrote them.
    pub recording: Option<Recording>,
}

impl RecordedRun {
    fn of(stored: ScriptRecording) -> Self {
        Self { recording: serde_json::from_str(&stored.recording).ok(), stored }
    }

    /// The decision in short: what it is, and the names of what it sets. A failure by its kind.
    pub fn decision(&self) -> Option<String> {
        let outcome = &self.recording.as_ref()?.outcome;
        Some(outcome.as_ref().map_or_else(|failure| failure.kind.as_str().to_owned(), summary))
    }
}

/// The version that a recorded run is done again with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithVersion {
    /// The newest that is stored.
    Newest,
    /// A stored one.
    Stored(VersionPrefix),
    /// One that is not stored: the text of each file.
    Files(BTreeMap<String, String>),
}

impl WithVersion {
    /// What a request calls it.
    const fn field(&self) -> &'static str {
        match self {
            Self::Newest | Self::Stored(_) => "version",
            Self::Files(_) => "files",
        }
    }
}

/// What came of doing a recorded run again.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayedRun {
    /// The version it was done with.
    pub version: ScriptVersion,
    /// The run, and where it differs from the recorded one.
    pub replay: Replay,
}

/// The recordings of a package, newest first.
///
/// # Errors
/// `NotFound` if the realm has no such package.
pub async fn list_script_recordings(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
    page: &PageRequest,
) -> Result<Page<RecordedRun>, RegistryError> {
    list_script_versions(provider, realm, package).await?;
    let now = provider.now();
    let Page { items, next } = provider.store.list_script_recordings(realm.id(), Some(package), page).await?;
    let kept = items.into_iter().filter(|stored| stored.expires_at > now);
    Ok(Page { items: kept.map(RecordedRun::of).collect(), next })
}

/// The recordings of the runs of a request that was served in this span of seconds, newest first.
///
/// # Errors
/// Faults only.
pub(in crate::registry) async fn script_recordings_of_request(
    provider: &Provider,
    realm_id: RealmId,
    (request, from, to): (&RequestId, UnixTime, UnixTime),
) -> Result<Vec<RecordedRun>, RegistryError> {
    let mut page = PageRequest { after: Some(first_after(to).to_string()), limit: RECORDINGS };
    let mut found = Vec::new();
    loop {
        let Page { items, next } = provider.store.list_script_recordings(realm_id, None, &page).await?;
        let is_past = items.last().is_none_or(|oldest| oldest.recorded_at < from);
        let kept = items.into_iter().filter(|stored| stored.expires_at > provider.now()).map(RecordedRun::of);
        found.extend(kept.filter(|run| {
            run.recording.as_ref().is_some_and(|run| run.context.context.request_id == request.as_str())
        }));
        if is_past || next.is_none() {
            return Ok(found);
        }
        page.after = next;
    }
}

/// An identifier that is later than those of all recordings made up to a time: they begin with their time.
fn first_after(time: UnixTime) -> ScriptRecordingId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&time.plus(1).0.to_be_bytes());
    ScriptRecordingId(id)
}

/// A recording; of this package, where one is named.
///
/// # Errors
/// `NotFound`.
pub async fn find_script_recording(
    provider: &Provider,
    realm: &RealmContext,
    (package, id): (Option<&ScriptName>, ScriptRecordingId),
) -> Result<RecordedRun, RegistryError> {
    let stored = provider.store.script_recording(realm.id(), id).await?;
    let now = provider.now();
    let found = stored.filter(|stored| stored.expires_at > now && package.is_none_or(|name| *name == stored.package));
    found.map(RecordedRun::of).ok_or(RegistryError::NotFound("recording"))
}

/// Does a recorded run again: with that version, and at that time if one is given. Nothing is asked of other servers;
/// what the recording has no answer to makes the run diverge.
///
/// # Errors
/// `NotFound` for the version; `Invalid` if it does not compile or does not have the hook; `Forbidden` for a recording
/// that cannot be read any more.
pub async fn replay_script_recording(
    provider: &Provider,
    realm: &RealmContext,
    recorded: RecordedRun,
    (with, at): (WithVersion, Option<UnixTime>),
) -> Result<ReplayedRun, RegistryError> {
    let mut recording = recorded.recording.ok_or(RegistryError::Forbidden(UNREADABLE))?;
    let field = with.field();
    let program = program(provider, realm, &recorded.stored.package, with).await?;
    let hook = recording.hook;
    if !program.defines(hook) {
        return Err(RegistryError::invalid(field, format!("this version does not have the hook {hook}")));
    }
    if let Some(at) = at {
        let mut context = (*recording.context.context).clone();
        context.now = at.0;
        recording.context.context = Arc::new(context);
    }
    let version = program.version();
    let clock = Arc::clone(&provider.clock);
    let again = move || replay(&*program, &recording, Box::new(slow_clock(clock)));
    Ok(ReplayedRun { version, replay: provider.runs.try_out(realm.id(), again).await? })
}

const UNREADABLE: &str = "another version of the hook API wrote this recording; it cannot be read any more";

/// The version, compiled.
async fn program(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
    with: WithVersion,
) -> Result<Arc<dyn Program>, RegistryError> {
    let version = match with {
        WithVersion::Files(files) => {
            let package = Package::new(files).map_err(|found| refused(&found))?;
            let version = ScriptVersion(digest::sha256(&package.canonical_bytes()));
            return compile_script(provider, package, version).await?.map_err(|found| refused(&found));
        }
        WithVersion::Stored(version) => find_script_version(provider, realm, package, &version).await?.summary.version,
        WithVersion::Newest => {
            let versions = list_script_versions(provider, realm, package).await?;
            versions.first().map(|newest| newest.version).ok_or(RegistryError::NotFound("script version"))?
        }
    };
    let compiled = provider.programs.get(provider, realm.id(), version).await?;
    let compiled = compiled.ok_or(RegistryError::NotFound("script version"))?;
    compiled.program.map_err(|reason| RegistryError::invalid("version", reason.to_string()))
}
