//! Recorded runs of scripts.

use std::collections::BTreeMap;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::protocol::identifiers::{RealmName, ScriptName, ScriptRecordingId};
use signet_core::protocol::rfc3339;
use signet_core::protocol::time::UnixTime;
use signet_core::registry::{self, RecordedRun, ReplayedRun, WithVersion};

use crate::administrator::Administrator;
use crate::answer::{Answered, Shown};
use crate::body::New;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::script_documents::version_of;
use crate::timestamp::Timestamp;

/// A run that was recorded, without what went in and came out.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptRecording {
    /// Unique in the realm; later ones are greater.
    id: String,
    /// When it ran.
    recorded_at: Timestamp,
    /// When it is no longer kept.
    expires_at: Timestamp,
    /// The name of the package.
    package: String,
    /// The version that ran.
    version: String,
    /// The hook.
    hook: String,
    /// The client, where the request had one.
    client_id: Option<String>,
    /// The decision in short: what it is, and the names of what it sets; where there is none, the kind of failure. Absent
    /// where another version of the hook API wrote the recording.
    decision: Option<String>,
}

impl ScriptRecording {
    pub(crate) fn of(recorded: &RecordedRun) -> Self {
        let stored = &recorded.stored;
        Self {
            id: stored.id.to_string(),
            recorded_at: Timestamp(stored.recorded_at),
            expires_at: Timestamp(stored.expires_at),
            package: stored.package.to_string(),
            version: stored.version.to_string(),
            hook: stored.hook.clone(),
            client_id: stored.client_id.as_ref().map(ToString::to_string),
            decision: recorded.decision(),
        }
    }
}

/// A run that was recorded, with what went in and came out. Names, secrets and addresses are placeholders.
#[derive(Object)]
pub(crate) struct RecordedScriptRun {
    /// What every recording has.
    summary: ScriptRecording,
    /// `ctx` and the second parameter, answers of the host, decision, log, operations.
    recording: Value,
}

/// How a recorded run is to be done again.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptReplay {
    /// The stored version, or at least its first 12 digits; the newest where neither this nor `files` is there.
    version: Option<String>,
    /// The text of each file of a version that is not stored.
    files: Option<BTreeMap<String, String>>,
    /// The time that the script is told (RFC 3339); that of the recording where absent.
    at: Option<String>,
}

impl ScriptReplay {
    fn wanted(self) -> Result<(WithVersion, Option<UnixTime>), Problem> {
        let with = match (self.version, self.files) {
            (Some(_), Some(_)) => return Err(Problem::invalid("files", "name a version or give files, not both")),
            (Some(version), None) => WithVersion::Stored(version_of(&version)?),
            (None, Some(files)) => WithVersion::Files(files),
            (None, None) => WithVersion::Newest,
        };
        let at = self.at.as_deref().map(rfc3339::read).transpose();
        let at = at.map_err(|error| Problem::invalid("at", error.to_string()))?;
        Ok((with, at.map(|at| UnixTime(at.0.div_euclid(1000)))))
    }
}

/// What came of doing a recorded run again.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ReplayedScriptRun {
    /// The version it was done with.
    version: String,
    /// The decision; absent where the script failed.
    decision: Option<Value>,
    /// Why there is no decision.
    failure: Option<Value>,
    /// Where decision and `vars` differ from the recorded ones; empty if nowhere.
    differences: Vec<ScriptRunDifference>,
    /// What the script logged.
    log: Value,
    /// How many operations it used.
    operations: u64,
}

/// A place where two runs differ.
#[derive(Object)]
pub(crate) struct ScriptRunDifference {
    /// The place, as a JSON Pointer (RFC 6901).
    path: String,
    /// What was there before; `null` if nothing.
    before: Value,
    /// What is there now; `null` if nothing.
    after: Value,
}

impl ReplayedScriptRun {
    fn of(replayed: ReplayedRun) -> Self {
        let run = replayed.replay.run;
        let differences = replayed.replay.differences.into_iter();
        let (decision, failure) = match run.outcome {
            Ok(decision) => (Some(decision), None),
            Err(failure) => (None, serde_json::to_value(failure).ok()),
        };
        Self {
            version: replayed.version.to_string(),
            decision,
            failure,
            differences: differences
                .map(|one| ScriptRunDifference { path: one.path, before: one.before, after: one.after })
                .collect(),
            log: serde_json::to_value(run.log).unwrap_or_default(),
            operations: run.operations,
        }
    }
}

/// The operations on recorded runs.
pub(crate) struct ScriptRecordings;

#[OpenApi(tag = "Tag::Scripts")]
impl ScriptRecordings {
    /// Lists the recorded runs of a package, newest first.
    #[oai(path = "/realms/:realm/scripts/:name/recordings", method = "get", operation_id = "listScriptRecordings")]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path, query and body")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<ScriptRecordingId>,
    ) -> Result<Answered<Page<ScriptRecording>>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let wanted = paging::wanted(&limit, &cursor);
        let page = registry::list_script_recordings(provider, &realm, &name.0, &wanted).await?;
        Ok(Answered::Answer(Json(Page::of(page, |recorded| Ok(ScriptRecording::of(&recorded)))?)))
    }

    /// Shows a recorded run.
    #[oai(
        path = "/realms/:realm/scripts/:name/recordings/:recording",
        method = "get",
        operation_id = "showScriptRecording"
    )]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        recording: Path<ScriptRecordingId>,
    ) -> Result<Shown<RecordedScriptRun>, Problem> {
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let found = registry::find_script_recording(provider, &realm, (Some(&name.0), recording.0)).await?;
        let summary = ScriptRecording::of(&found);
        let recording = serde_json::from_str(&found.stored.recording).unwrap_or_default();
        Ok(Shown::of(RecordedScriptRun { summary, recording }))
    }

    /// Does a recorded run again with another version, and says where the outcome differs. Nothing decides by it, and
    /// nothing is asked of other servers.
    #[oai(
        path = "/realms/:realm/scripts/:name/recordings/:recording/replay",
        method = "post",
        operation_id = "replayScriptRecording"
    )]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path, query and body")]
    async fn replay(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        name: Path<ScriptName>,
        recording: Path<ScriptRecordingId>,
        replay: New<ScriptReplay>,
    ) -> Result<Answered<ReplayedScriptRun>, Problem> {
        let wanted = replay.read()?.wanted()?;
        let (provider, realm) = (administrator.provider(), administrator.realm(&realm.0).await?);
        let found = registry::find_script_recording(provider, &realm, (Some(&name.0), recording.0)).await?;
        let replayed = registry::replay_script_recording(provider, &realm, found, wanted).await?;
        Ok(Answered::Answer(Json(ReplayedScriptRun::of(replayed))))
    }
}
