//! Where packages decide.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set, Value};
use signet_core::model::{ScriptBinding, ScriptShadow, ScriptTarget, ScriptVersion};
use signet_core::ports::{ScriptDeployment, StoreError};
use signet_protocol::identifiers::{ClientId, RealmId, RealmName, ScriptName};
use signet_protocol::time::UnixTime;

use super::{MOST, packages};
use crate::column::{fixed, parsed, was_changed};
use crate::configuration::note_change;
use crate::entity::script_binding::{ActiveModel, Column, Entity, Model};
use crate::failure::{Failure, corrupt};
use crate::realms::lock_realm;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// The query for every binding of a realm. The empty client of the whole realm comes before every other.
pub(super) fn of_realm(realm_id: RealmId) -> Select<Entity> {
    let bindings = Entity::find().filter(Column::RealmId.eq(realm_id.0.to_vec()));
    let by_client = bindings.order_by_asc(Column::ClientId).order_by_asc(Column::Position);
    by_client.order_by_asc(Column::Package).limit(MOST)
}

/// The enabled realms with a binding.
pub(super) async fn realms(session: &Session<'_>) -> Result<Vec<RealmName>, Failure> {
    let select = "SELECT name FROM realms WHERE enabled = ? \
                  AND realm_id IN (SELECT realm_id FROM script_bindings) ORDER BY name";
    let rows = session.rows(select, vec![true.into()]).await?;
    rows.iter().map(|row| parsed(&row.get::<String>("name")?, "realms.name")).collect()
}

pub(super) fn binding_of(row: Model) -> Result<ScriptBinding, Failure> {
    let shadow = match (row.shadow, row.shadow_percent) {
        (None, None) => None,
        (Some(version), Some(percent)) => Some(ScriptShadow {
            version: ScriptVersion(fixed(version, "script_bindings.shadow")?),
            percent: u8::try_from(percent).map_err(|_| corrupt("script_bindings.shadow_percent"))?,
        }),
        _ => return Err(corrupt("script_bindings.shadow")),
    };
    let previous = row.previous.map(|version| fixed(version, "script_bindings.previous").map(ScriptVersion));
    Ok(ScriptBinding {
        realm_id: RealmId(fixed(row.realm_id, "script_bindings.realm_id")?),
        target: target_of(&row.client_id, &row.package)?,
        active: ScriptVersion(fixed(row.active, "script_bindings.active")?),
        previous: previous.transpose()?,
        shadow,
        position: row.position,
        revision: row.revision,
        updated_at: UnixTime(row.updated_at),
    })
}

/// The columns of a target as a target.
pub(super) fn target_of(client_id: &str, package: &str) -> Result<ScriptTarget, Failure> {
    let client_id = (!client_id.is_empty()).then(|| parsed(client_id, "script_bindings.client_id")).transpose()?;
    Ok(ScriptTarget { client_id, package: parsed(package, "script_bindings.package")? })
}

/// The columns of a target: realm, client, package.
pub(super) fn key(realm_id: RealmId, target: &ScriptTarget) -> Vec<Value> {
    vec![sql::bytes(&realm_id.0), client_column(target).into(), target.package.as_str().into()]
}

/// The client of a target as its column has it.
pub(super) fn client_column(target: &ScriptTarget) -> String {
    target.client_id.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Everything that a change may change.
fn changeable(binding: &ScriptBinding) -> ActiveModel {
    ActiveModel {
        active: Set(binding.active.0.to_vec()),
        previous: Set(binding.previous.map(|version| version.0.to_vec())),
        shadow: Set(binding.shadow.map(|shadow| shadow.version.0.to_vec())),
        shadow_percent: Set(binding.shadow.map(|shadow| shadow.percent.into())),
        position: Set(binding.position),
        revision: Set(binding.revision + 1),
        updated_at: Set(binding.updated_at.0),
        ..ActiveModel::default()
    }
}

/// Stores a binding if its revision is the stored one. The caller holds the realm.
async fn store(session: &Session<'_>, binding: &ScriptBinding) -> Result<(), Failure> {
    if let Some(client_id) = &binding.target.client_id {
        hold_client(session, binding.realm_id, client_id).await?;
    }
    let package = (binding.realm_id, &binding.target.package);
    for version in binding.versions() {
        if !packages::exists(session, package, version).await? {
            return Err(StoreError::Missing("script version").into());
        }
    }
    let mut row = changeable(binding);
    let (realm_id, client_id) = (binding.realm_id.0.to_vec(), client_column(&binding.target));
    let package = binding.target.package.to_string();
    if binding.revision == 0 {
        (row.realm_id, row.client_id, row.package) = (Set(realm_id), Set(client_id), Set(package));
        let inserted = session.change(&Entity::insert(row)).await.map(drop);
        return inserted.map_err(|failure| match failure.naming("script", "realm") {
            Failure::Final(StoreError::Duplicate(what)) => StoreError::Changed(what).into(),
            other => other,
        });
    }
    let update = Entity::update_many()
        .set(row)
        .filter(Column::RealmId.eq(realm_id))
        .filter(Column::ClientId.eq(client_id))
        .filter(Column::Package.eq(package))
        .filter(Column::Revision.eq(binding.revision));
    let updated = session.change(&update).await?;
    was_changed(session, (updated, "script"), (STORED, key(binding.realm_id, &binding.target))).await
}

/// Holds the client's row until the end of the transaction: a client that goes at this moment takes the binding along.
async fn hold_client(session: &Session<'_>, realm_id: RealmId, client_id: &ClientId) -> Result<(), Failure> {
    let lock = sql::for_update(session.backend());
    let select = format!("SELECT epoch FROM clients WHERE realm_id = ? AND client_id = ?{lock}");
    match session.row(&select, vec![sql::bytes(&realm_id.0), client_id.as_str().into()]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::Missing("client").into()),
    }
}

/// The row of a target, as `was_changed` asks for it.
const STORED: &str = "script_bindings WHERE realm_id = ? AND client_id = ? AND package = ?";

/// The versions of a package that bindings of the realm point at, and whether there is a binding.
async fn pointed_at(
    session: &Session<'_>,
    realm_id: RealmId,
    package: &ScriptName,
) -> Result<(Vec<ScriptVersion>, bool), Failure> {
    let bindings = session.all(of_realm(realm_id).filter(Column::Package.eq(package.as_str()))).await?;
    let is_bound = !bindings.is_empty();
    let mut versions = Vec::new();
    for binding in bindings {
        versions.extend(binding_of(binding)?.versions());
    }
    Ok((versions, is_bound))
}

/// Deletes the versions of a package that no binding has any more. The caller holds the realm.
async fn forget_if_unbound(session: &Session<'_>, realm_id: RealmId, package: &ScriptName) -> Result<(), Failure> {
    let (_, is_bound) = pointed_at(session, realm_id, package).await?;
    if !is_bound {
        let delete = "DELETE FROM script_packages WHERE realm_id = ? AND name = ?";
        session.execute(delete, vec![sql::bytes(&realm_id.0), package.as_str().into()]).await?;
    }
    Ok(())
}

pub(super) struct Deploy {
    pub(super) deployment: ScriptDeployment,
}

#[async_trait]
impl Work for Deploy {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let ScriptDeployment { package, binding, keep } = &self.deployment;
        let of = (package.realm_id, &package.summary.name);
        lock_realm(session, package.realm_id).await?;
        let is_new = packages::insert(session, package).await?;
        if let Some(binding) = binding {
            store(session, binding).await?;
        }
        let (mut pointed_at, _) = pointed_at(session, of.0, of.1).await?;
        // Whoever stored it will want it, however old it is.
        pointed_at.push(package.summary.version);
        packages::prune(session, of, (&pointed_at, *keep)).await?;
        note_change(session, package.realm_id).await?;
        Ok(Ending::Commit(is_new))
    }
}

pub(super) struct Store {
    pub(super) binding: ScriptBinding,
}

#[async_trait]
impl Work for Store {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        lock_realm(session, self.binding.realm_id).await?;
        store(session, &self.binding).await?;
        note_change(session, self.binding.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

pub(super) struct Delete {
    pub(super) binding: ScriptBinding,
}

#[async_trait]
impl Work for Delete {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let (realm_id, target) = (self.binding.realm_id, &self.binding.target);
        lock_realm(session, realm_id).await?;
        let mut values = key(realm_id, target);
        values.push(self.binding.revision.into());
        let deleted = session.execute(&format!("DELETE FROM {STORED} AND revision = ?"), values).await?;
        was_changed(session, (deleted, "script"), (STORED, key(realm_id, target))).await?;
        let cursor = "DELETE FROM script_cursors WHERE realm_id = ? AND client_id = ? AND package = ?";
        session.execute(cursor, key(realm_id, target)).await?;
        forget_if_unbound(session, realm_id, &target.package).await?;
        note_change(session, realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

/// Deletes what is bound for a client that goes.
pub(crate) async fn delete_scripts_of_client(
    session: &Session<'_>,
    realm_id: RealmId,
    client_id: &ClientId,
) -> Result<(), Failure> {
    let of_client = of_realm(realm_id).filter(Column::ClientId.eq(client_id.as_str()));
    let bindings = session.all(of_client).await?;
    if bindings.is_empty() {
        return Ok(());
    }
    lock_realm(session, realm_id).await?;
    for table in ["script_bindings", "script_cursors"] {
        let delete = format!("DELETE FROM {table} WHERE realm_id = ? AND client_id = ?");
        session.execute(&delete, vec![sql::bytes(&realm_id.0), client_id.as_str().into()]).await?;
    }
    for binding in bindings {
        forget_if_unbound(session, realm_id, &target_of(&binding.client_id, &binding.package)?.package).await?;
    }
    Ok(())
}
