//! Protected resources.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::model::{ResourceDescription, ResourceKeeper, UmaPolicy, UmaResource};
use signet_core::ports::{PolicyEdit, StoreResult, UmaResourceFilter};
use signet_protocol::identifiers::{ClientId, RealmId, UmaResourceId, UserId};
use signet_protocol::time::UnixTime;

use super::spontaneous_scopes;
use crate::column::{fixed, from_json, parsed, to_json};
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// Longest listing.
const MOST: i64 = 10_000;

const SELECT: &str = "SELECT realm_id, id, resource_server, owner_id, description, policies, created_at, updated_at \
                      FROM uma_resources WHERE realm_id = ?";

/// One resource of a keeper.
#[derive(Debug, Clone)]
pub(super) struct Which {
    pub(super) realm_id: RealmId,
    pub(super) id: UmaResourceId,
    pub(super) keeper: ResourceKeeper,
}

impl Which {
    pub(super) fn new(realm_id: RealmId, (id, keeper): (UmaResourceId, &ResourceKeeper)) -> Self {
        Self { realm_id, id, keeper: keeper.clone() }
    }
}

/// Holds for the resources of a keeper, and for no other.
pub(super) fn kept(keeper: &ResourceKeeper) -> (&'static str, Vec<Value>) {
    let server = keeper.server.as_str().into();
    match &keeper.owner {
        Some(owner) => ("resource_server = ? AND owner_id = ?", vec![server, sql::bytes(&owner.0)]),
        None => ("resource_server = ? AND owner_id IS NULL", vec![server]),
    }
}

pub(super) async fn find(
    session: &Session<'_>,
    realm_id: RealmId,
    id: UmaResourceId,
) -> Result<Option<UmaResource>, Failure> {
    let select = format!("{SELECT} AND id = ?");
    let row = session.row(&select, vec![sql::bytes(&realm_id.0), sql::bytes(&id.0)]).await?;
    let mut found = row.as_ref().map(resource_of).transpose()?;
    spontaneous_scopes::read_into(session, realm_id, found.as_mut_slice()).await?;
    Ok(found)
}

/// Resources by identifier, after one of them where one is named.
pub(super) async fn listed(
    session: &Session<'_>,
    realm_id: RealmId,
    filter: &UmaResourceFilter,
    (after, limit): (Option<UmaResourceId>, u64),
) -> Result<Vec<UmaResource>, Failure> {
    let (mut select, mut values) = (SELECT.to_owned(), vec![sql::bytes(&realm_id.0)]);
    if let Some(owner) = &filter.owner {
        select.push_str(" AND owner_id = ?");
        values.push(sql::bytes(&owner.0));
    }
    if let Some(server) = &filter.server {
        select.push_str(" AND resource_server = ?");
        values.push(server.as_str().into());
    }
    if let Some(after) = after {
        select.push_str(" AND id > ?");
        values.push(sql::bytes(&after.0));
    }
    select.push_str(" ORDER BY id LIMIT ?");
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = session.rows(&select, values).await?;
    let mut found = rows.iter().map(resource_of).collect::<Result<Vec<UmaResource>, Failure>>()?;
    spontaneous_scopes::read_into(session, realm_id, &mut found).await?;
    Ok(found)
}

pub(super) async fn kept_by(
    session: &Session<'_>,
    realm_id: RealmId,
    keeper: &ResourceKeeper,
) -> Result<Vec<UmaResourceId>, Failure> {
    let (condition, of_keeper) = kept(keeper);
    let select = format!("SELECT id FROM uma_resources WHERE realm_id = ? AND {condition} ORDER BY id LIMIT ?");
    let mut values = vec![sql::bytes(&realm_id.0)];
    values.extend(of_keeper);
    values.push(MOST.into());
    let rows = session.rows(&select, values).await?;
    rows.iter().map(|row| Ok(UmaResourceId(fixed(row.get("id")?, "uma_resources.id")?))).collect()
}

fn resource_of(row: &Row) -> Result<UmaResource, Failure> {
    let server: String = row.get("resource_server")?;
    let owner: Option<Vec<u8>> = row.get("owner_id")?;
    let owner = owner.map(|owner| fixed(owner, "uma_resources.owner_id").map(UserId)).transpose()?;
    let (description, policies): (String, String) = (row.get("description")?, row.get("policies")?);
    Ok(UmaResource {
        realm_id: RealmId(fixed(row.get("realm_id")?, "uma_resources.realm_id")?),
        id: UmaResourceId(fixed(row.get("id")?, "uma_resources.id")?),
        keeper: ResourceKeeper { server: parsed::<ClientId>(&server, "uma_resources.resource_server")?, owner },
        description: from_json(&description, "uma_resources.description")?,
        policies: from_json(&policies, "uma_resources.policies")?,
        spontaneous_scopes: Vec::new(),
        created_at: UnixTime(row.get("created_at")?),
        updated_at: UnixTime(row.get("updated_at")?),
    })
}

pub(super) struct InsertResource {
    pub(super) resource: UmaResource,
    pub(super) most: i64,
}

impl InsertResource {
    /// Whether the keeper has as many resources as it may have. The look ends at the bound.
    async fn is_too_much(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let (condition, of_keeper) = kept(&self.resource.keeper);
        let select = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM uma_resources WHERE realm_id = ? AND {condition} LIMIT ?) AS kept"
        );
        let mut values = vec![sql::bytes(&self.resource.realm_id.0)];
        values.extend(of_keeper);
        values.push(self.most.into());
        let count = session.row(&select, values).await?.map(|row| row.at::<i64>(0)).transpose()?;
        Ok(count.is_none_or(|count| count >= self.most))
    }
}

#[async_trait]
impl Work for InsertResource {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        if self.is_too_much(session).await? {
            return Ok(Ending::RollBack(false));
        }
        let resource = &self.resource;
        let insert = "INSERT INTO uma_resources \
                      (realm_id, id, resource_server, owner_id, description, policies, created_at, updated_at) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let values = vec![
            sql::bytes(&resource.realm_id.0),
            sql::bytes(&resource.id.0),
            resource.keeper.server.as_str().into(),
            resource.keeper.owner.map(|owner| owner.0.to_vec()).into(),
            to_json(&resource.description, "uma_resources.description")?.into(),
            to_json(&resource.policies, "uma_resources.policies")?.into(),
            resource.created_at.0.into(),
            resource.updated_at.0.into(),
        ];
        let inserted = session.execute(insert, values).await;
        inserted.map_err(|failure| failure.naming("protected resource", "resource owner"))?;
        Ok(Ending::Commit(true))
    }
}

/// One statement about one resource of a keeper.
pub(super) struct ChangeResource {
    which: Which,
    change: &'static str,
    values: Vec<Value>,
}

impl ChangeResource {
    pub(super) fn allowing(which: Which, policies: &[UmaPolicy], now: UnixTime) -> StoreResult<Self> {
        let json = to_json(&policies, "uma_resources.policies").map_err(Failure::into_store_error)?;
        let change = "UPDATE uma_resources SET policies = ?, updated_at = ?";
        Ok(Self { which, change, values: vec![json.into(), now.0.into()] })
    }

    pub(super) const fn deleting(which: Which) -> Self {
        Self { which, change: "DELETE FROM uma_resources", values: Vec::new() }
    }
}

#[async_trait]
impl Work for ChangeResource {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let changed = change(session, &self.which, (self.change, self.values.clone())).await?;
        Ok(if changed { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

/// Runs a statement on a resource of a keeper; says whether there is such a resource.
async fn change(
    session: &Session<'_>,
    which: &Which,
    (change, mut values): (&str, Vec<Value>),
) -> Result<bool, Failure> {
    let (condition, of_keeper) = kept(&which.keeper);
    let statement = format!("{change} WHERE realm_id = ? AND id = ? AND {condition}");
    values.extend([sql::bytes(&which.realm_id.0), sql::bytes(&which.id.0)]);
    values.extend(of_keeper);
    Ok(session.execute(&statement, values).await? > 0)
}

/// Puts another description in the place of a resource's, with which scopes end that were made of patterns.
pub(super) struct DescribeResource {
    pub(super) which: Which,
    pub(super) description: ResourceDescription,
    pub(super) now: UnixTime,
}

#[async_trait]
impl Work for DescribeResource {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let Self { which, description, now } = self;
        let json = to_json(description, "uma_resources.description")?;
        let update = "UPDATE uma_resources SET description = ?, updated_at = ?";
        if !change(session, which, (update, vec![json.into(), now.0.into()])).await? {
            return Ok(Ending::RollBack(false));
        }
        spontaneous_scopes::end_others(session, (which.realm_id, which.id), &description.scope_patterns).await?;
        Ok(Ending::Commit(true))
    }
}

/// Changes one policy of a resource, and leaves the others.
pub(super) struct EditPolicies {
    pub(super) which: Which,
    pub(super) edit: PolicyEdit,
    pub(super) now: UnixTime,
}

#[async_trait]
impl Work for EditPolicies {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let edited = edit_policies(session, &self.which, (&self.edit, self.now)).await?;
        Ok(if edited { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

/// Says whether there is such a resource, and room. The row is held from before it is read, so that no other change is
/// lost.
pub(super) async fn edit_policies(
    session: &Session<'_>,
    which: &Which,
    (edit, now): (&PolicyEdit, UnixTime),
) -> Result<bool, Failure> {
    let (condition, of_keeper) = kept(&which.keeper);
    let condition = format!("WHERE realm_id = ? AND id = ? AND {condition}");
    let mut key = vec![sql::bytes(&which.realm_id.0), sql::bytes(&which.id.0)];
    key.extend(of_keeper);
    let held = sql::for_update(session.backend());
    let select = format!("SELECT policies FROM uma_resources {condition}{held}");
    let Some(row) = session.row(&select, key.clone()).await? else { return Ok(false) };
    let mut policies: Vec<UmaPolicy> = from_json(&row.get::<String>("policies")?, "uma_resources.policies")?;
    match edit {
        PolicyEdit::Add(policy, _) if policies.contains(policy) => return Ok(true),
        PolicyEdit::Add(_, most) if policies.len() >= *most => return Ok(false),
        PolicyEdit::Add(policy, _) => policies.push(policy.clone()),
        PolicyEdit::Remove(policy) => policies.retain(|known| known != policy),
    }
    let update = format!("UPDATE uma_resources SET policies = ?, updated_at = ? {condition}");
    let mut values = vec![to_json(&policies, "uma_resources.policies")?.into(), now.0.into()];
    values.extend(key);
    session.execute(&update, values).await?;
    Ok(true)
}
