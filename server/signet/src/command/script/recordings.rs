//! `signet script recordings` and `signet script replay`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use signet_core::protocol::identifiers::{ClientId, RealmName, ScriptRecordingId};
use signet_core::protocol::rfc3339;
use signet_core::protocol::time::{UnixMilliseconds, UnixTime};
use signet_core::registry::{self, RecordedRun, ReplayedRun, VersionPrefix, WithVersion};
use signet_hooks::RunFailure;

use super::{NamedPackage, check, folder};
use crate::command::context::{Context, every};
use crate::command::views::{timestamp, without_nulls};
use crate::command::{CommandError, CommandResult, Status};
use crate::output;

pub(super) async fn list(context: &Context, package: &NamedPackage) -> CommandResult {
    let realm = context.realm(&package.place.realm).await?;
    let listed =
        every(async |page| registry::list_script_recordings(context.provider(), &realm, &package.name, &page).await);
    let recordings = listed.await?;
    let row = if context.output.is_json() { summary } else { row };
    let rows: Vec<Value> = recordings.iter().map(row).collect();
    context.output.list(&rows, &["id", "recorded_at", "hook", "version", "client_id", "decision"])
}

/// Which version a recording is replayed with, and when.
pub(super) struct Wanted<'a> {
    pub(super) version: Option<VersionPrefix>,
    pub(super) folder: Option<&'a Path>,
    pub(super) at: Option<UnixMilliseconds>,
}

pub(super) async fn replay(
    context: &Context,
    (realm, id): (&RealmName, ScriptRecordingId),
    wanted: Wanted<'_>,
) -> CommandResult {
    let with = match (wanted.version, wanted.folder) {
        (Some(version), _) => WithVersion::Stored(version),
        (None, Some(from)) => WithVersion::Files(folder::read(from)?),
        (None, None) => WithVersion::Newest,
    };
    let at = wanted.at.map(|at| UnixTime(at.0.div_euclid(1000)));
    let realm = context.realm(realm).await?;
    let recorded = registry::find_script_recording(context.provider(), &realm, (None, id)).await?;
    let replaying = registry::replay_script_recording(context.provider(), &realm, recorded.clone(), (with, at));
    let replayed = replaying.await?;
    if context.output.is_json() {
        output::print_json(&for_programs(&recorded, &replayed))?;
    } else {
        output::print(&for_people(&recorded, &replayed))?;
    }
    match replayed.replay.differences.len() {
        0 => Ok(()),
        many => Err(CommandError::new(Status::Differs, format!("the runs differ in {many} places"))),
    }
}

/// A recording without what went in and came out.
fn summary(recorded: &RecordedRun) -> Value {
    let stored = &recorded.stored;
    without_nulls(json!({
        "id": stored.id.to_string(),
        "recorded_at": timestamp(stored.recorded_at),
        "expires_at": timestamp(stored.expires_at),
        "package": stored.package.as_str(),
        "version": stored.version.to_string(),
        "hook": stored.hook,
        "client_id": stored.client_id.as_ref().map(ClientId::as_str),
        "decision": recorded.decision(),
    }))
}

/// The same for a table: a short version.
fn row(recorded: &RecordedRun) -> Value {
    let mut row = summary(recorded);
    row["version"] = recorded.stored.version.short().into();
    row
}

/// What came of a run: the decision, or why there is none.
fn outcome(outcome: &Result<Value, RunFailure>) -> Value {
    outcome.as_ref().map_or_else(|failure| json!({ "failure": failure }), |decision| json!({ "decision": decision }))
}

fn for_programs(recorded: &RecordedRun, replayed: &ReplayedRun) -> Value {
    let run = &replayed.replay.run;
    let before = recorded.recording.as_ref().map(|recording| outcome(&recording.outcome));
    json!({
        "recording": summary(recorded),
        "version": replayed.version.to_string(),
        "before": before,
        "after": outcome(&run.outcome),
        "differences": replayed.replay.differences,
        "log": run.log,
        "operations": run.operations,
    })
}

/// Both decisions, then each place where they differ.
fn for_people(recorded: &RecordedRun, replayed: &ReplayedRun) -> String {
    let said = |outcome: &Result<Value, RunFailure>| match outcome {
        Ok(decision) => decision.to_string(),
        Err(failure) => check::one_line(&format!("{} [{}]", failure.message, failure.kind)),
    };
    let (stored, run) = (&recorded.stored, &replayed.replay.run);
    let mut text = format!("{} at {}\n", stored.hook, rfc3339::write(UnixMilliseconds(stored.recorded_at.0 * 1000)));
    if let Some(recording) = &recorded.recording {
        let _ = writeln!(text, "{}  {}", stored.version.short(), said(&recording.outcome));
    }
    let _ = writeln!(text, "{}  {}", replayed.version.short(), said(&run.outcome));
    for one in &replayed.replay.differences {
        let _ = writeln!(text, "{}: {} -> {}", check::one_line(&one.path), one.before, one.after);
    }
    if replayed.replay.differences.is_empty() {
        text.push_str("no difference\n");
    }
    text
}
