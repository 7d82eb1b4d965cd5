//! Versions of packages.

use sea_orm::{EntityTrait, Select};
use signet_core::model::{ScriptPackage, ScriptSummary, ScriptVersion};
use signet_protocol::identifiers::{RealmId, ScriptName};
use signet_protocol::time::UnixTime;

use super::MOST;
use crate::column::{fixed, from_json, parsed, to_json};
use crate::entity::script_package;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;

/// The query for one version.
pub(super) fn find(realm_id: RealmId, version: ScriptVersion) -> Select<script_package::Entity> {
    script_package::Entity::find_by_id((realm_id.0.to_vec(), version.0.to_vec()))
}

pub(super) fn package_of(row: script_package::Model) -> Result<ScriptPackage, Failure> {
    Ok(ScriptPackage {
        realm_id: RealmId(fixed(row.realm_id, "script_packages.realm_id")?),
        summary: ScriptSummary {
            name: parsed(&row.name, "script_packages.name")?,
            version: ScriptVersion(fixed(row.version, "script_packages.version")?),
            declaration: from_json(&row.declaration, "script_packages.declaration")?,
            created_at: UnixTime(row.created_at),
        },
        files: from_json(&row.files, "script_packages.files")?,
    })
}

/// The versions of a package, newest first, without their files.
pub(super) async fn summaries(
    session: &Session<'_>,
    realm_id: RealmId,
    package: &ScriptName,
) -> Result<Vec<ScriptSummary>, Failure> {
    let select = "SELECT version, declaration, created_at FROM script_packages WHERE realm_id = ? AND name = ? \
                  ORDER BY created_at DESC, version LIMIT ?";
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let rows = session.rows(select, vec![sql::bytes(&realm_id.0), package.as_str().into(), most.into()]).await?;
    rows.iter().map(|row| summary_of(row, package)).collect()
}

fn summary_of(row: &Row, package: &ScriptName) -> Result<ScriptSummary, Failure> {
    let declaration: String = row.get("declaration")?;
    Ok(ScriptSummary {
        name: package.clone(),
        version: ScriptVersion(fixed(row.get("version")?, "script_packages.version")?),
        declaration: from_json(&declaration, "script_packages.declaration")?,
        created_at: UnixTime(row.get("created_at")?),
    })
}

/// Stores a version unless it is there; says whether it is new. The caller holds the realm.
pub(super) async fn insert(session: &Session<'_>, package: &ScriptPackage) -> Result<bool, Failure> {
    let insert = "INSERT INTO script_packages (realm_id, version, name, declaration, files, created_at) \
                  VALUES (?, ?, ?, ?, ?, ?)";
    let summary = &package.summary;
    let values = vec![
        sql::bytes(&package.realm_id.0),
        sql::bytes(&summary.version.0),
        summary.name.as_str().into(),
        to_json(&summary.declaration, "script_packages.declaration")?.into(),
        to_json(&package.files, "script_packages.files")?.into(),
        summary.created_at.0.into(),
    ];
    session.insert_once(insert, values).await
}

/// Whether a package has a version. The caller holds the realm.
pub(super) async fn exists(
    session: &Session<'_>,
    (realm_id, package): (RealmId, &ScriptName),
    version: ScriptVersion,
) -> Result<bool, Failure> {
    let select = "SELECT created_at FROM script_packages WHERE realm_id = ? AND version = ? AND name = ?";
    let values = vec![sql::bytes(&realm_id.0), sql::bytes(&version.0), package.as_str().into()];
    Ok(session.row(select, values).await?.is_some())
}

/// Deletes the oldest versions of a package that nothing points at, so that `keep` are left if that many may go. The
/// caller holds the realm.
pub(super) async fn prune(
    session: &Session<'_>,
    (realm_id, package): (RealmId, &ScriptName),
    (pointed_at, keep): (&[ScriptVersion], u64),
) -> Result<(), Failure> {
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    let versions = summaries(session, realm_id, package).await?;
    for summary in versions.iter().skip(keep).filter(|summary| !pointed_at.contains(&summary.version)) {
        let delete = "DELETE FROM script_packages WHERE realm_id = ? AND version = ?";
        session.execute(delete, vec![sql::bytes(&realm_id.0), sql::bytes(&summary.version.0)]).await?;
    }
    Ok(())
}
