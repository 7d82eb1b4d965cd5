//! Recorded runs.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::model::{ScriptRecording, ScriptVersion};
use signet_core::ports::{PageRequest, StoreError};
use signet_protocol::identifiers::{RealmId, ScriptName, ScriptRecordingId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

/// How many recordings a realm keeps; the oldest beyond them go at the next clean-up.
const KEPT: i64 = 1_000;
/// The rules by which recordings are without names and secrets, by number; later rules get a higher one. Only recordings
/// of these rules are read; those of earlier rules, or of none, go at the next clean-up.
const REDACTION: i64 = 1;
const COLUMNS: &str = "realm_id, id, recorded_at, expires_at, package, version, hook, client_id, recording";

/// Where a page begins.
pub(super) fn after(page: &PageRequest) -> Result<Option<ScriptRecordingId>, StoreError> {
    let after = page.after.as_deref().map(str::parse).transpose();
    after.map_err(|_| StoreError::Missing("page"))
}

/// One recording more than a page takes, newest first.
pub(super) async fn newest(
    session: &Session<'_>,
    (realm_id, package): (RealmId, Option<&ScriptName>),
    after: Option<ScriptRecordingId>,
    limit: u64,
) -> Result<Vec<ScriptRecording>, Failure> {
    let mut select = format!("SELECT {COLUMNS} FROM script_recordings WHERE realm_id = ? AND redaction = ?");
    let mut values: Vec<Value> = vec![sql::bytes(&realm_id.0), REDACTION.into()];
    if let Some(after) = after {
        select.push_str(" AND id < ?");
        values.push(sql::bytes(&after.0));
    }
    if let Some(package) = package {
        select.push_str(" AND package = ?");
        values.push(package.as_str().into());
    }
    select.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1).into());
    session.rows(&select, values).await?.iter().map(recording_of).collect()
}

/// One recording.
pub(super) async fn one(
    session: &Session<'_>,
    realm_id: RealmId,
    id: ScriptRecordingId,
) -> Result<Option<ScriptRecording>, Failure> {
    let select = format!("SELECT {COLUMNS} FROM script_recordings WHERE realm_id = ? AND id = ? AND redaction = ?");
    let row = session.row(&select, vec![sql::bytes(&realm_id.0), sql::bytes(&id.0), REDACTION.into()]).await?;
    row.as_ref().map(recording_of).transpose()
}

fn recording_of(row: &Row) -> Result<ScriptRecording, Failure> {
    let client_id: Option<String> = row.get("client_id")?;
    let package: String = row.get("package")?;
    Ok(ScriptRecording {
        realm_id: RealmId(fixed(row.get("realm_id")?, "script_recordings.realm_id")?),
        id: ScriptRecordingId(fixed(row.get("id")?, "script_recordings.id")?),
        recorded_at: UnixTime(row.get("recorded_at")?),
        expires_at: UnixTime(row.get("expires_at")?),
        package: parsed(&package, "script_recordings.package")?,
        version: ScriptVersion(fixed(row.get("version")?, "script_recordings.version")?),
        hook: row.get("hook")?,
        client_id: client_id.map(|text| parsed(&text, "script_recordings.client_id")).transpose()?,
        recording: row.get("recording")?,
    })
}

pub(super) struct Insert {
    pub(super) recordings: Vec<ScriptRecording>,
}

#[async_trait]
impl Work for Insert {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let insert =
            format!("INSERT INTO script_recordings ({COLUMNS}, redaction) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        for recording in &self.recordings {
            let values = vec![
                sql::bytes(&recording.realm_id.0),
                sql::bytes(&recording.id.0),
                recording.recorded_at.0.into(),
                recording.expires_at.0.into(),
                recording.package.as_str().into(),
                sql::bytes(&recording.version.0),
                storable(&recording.hook, 64, "script_recordings.hook")?.into(),
                recording.client_id.as_ref().map(ToString::to_string).into(),
                storable(&recording.recording, usize::MAX, "script_recordings.recording")?.into(),
                REDACTION.into(),
            ];
            session.execute(&insert, values).await?;
        }
        Ok(Ending::Commit(()))
    }
}

/// Deletes recordings of earlier rules of redaction, and what realms have beyond the number that is kept, at most `batch`
/// rows in all; says how many.
pub(crate) struct Trim {
    batch: u64,
}

/// The work of [`Trim`].
pub(crate) const fn trim_recordings(batch: u64) -> Trim {
    Trim { batch }
}

#[async_trait]
impl Work for Trim {
    type Outcome = u64;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<u64>, Failure> {
        let mut deleted = delete_unredacted(session, self.batch).await?;
        let crowded = "SELECT realm_id, COUNT(*) FROM script_recordings GROUP BY realm_id HAVING COUNT(*) > ?";
        let mut left = i64::try_from(self.batch.saturating_sub(deleted)).unwrap_or(i64::MAX);
        for row in session.rows(crowded, vec![KEPT.into()]).await? {
            let (realm_id, count): (Vec<u8>, i64) = (row.at(0)?, row.at(1)?);
            let surplus = (count - KEPT).min(left);
            if surplus == 0 {
                break;
            }
            // The identifier begins with the time, so the first to stay tells which go.
            let first = "SELECT id FROM script_recordings WHERE realm_id = ? ORDER BY id LIMIT 1 OFFSET ?";
            let Some(first) = session.row(first, vec![sql::bytes(&realm_id), surplus.into()]).await? else { continue };
            let first: Vec<u8> = first.at(0)?;
            let delete = "DELETE FROM script_recordings WHERE realm_id = ? AND id < ?";
            deleted += session.execute(delete, vec![sql::bytes(&realm_id), sql::bytes(&first)]).await?;
            left -= surplus;
        }
        Ok(if deleted == 0 { Ending::RollBack(0) } else { Ending::Commit(deleted) })
    }
}

/// Deletes recordings that may hold what people typed.
async fn delete_unredacted(session: &Session<'_>, batch: u64) -> Result<u64, Failure> {
    let select = "SELECT realm_id, id FROM script_recordings WHERE redaction IS NULL OR redaction < ? LIMIT ?";
    let limit = i64::try_from(batch).unwrap_or(i64::MAX);
    let mut deleted = 0;
    for row in session.rows(select, vec![REDACTION.into(), limit.into()]).await? {
        let (realm_id, id): (Vec<u8>, Vec<u8>) = (row.at(0)?, row.at(1)?);
        let delete = "DELETE FROM script_recordings WHERE realm_id = ? AND id = ?";
        deleted += session.execute(delete, vec![realm_id.into(), id.into()]).await?;
    }
    Ok(deleted)
}
