//! Scopes that were made of patterns. They are read with their resource.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::model::{ResourceDescription, ResourceKeeper, SpontaneousScope, UmaResource};
use signet_core::ports::{ScopeLimits, ScopesOfPatterns, ScopesOutcome};
use signet_protocol::identifiers::{RealmId, UmaResourceId};
use signet_protocol::time::UnixTime;

use super::resources::{Which, kept};
use crate::column::{fixed, from_json};
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// Gives resources that have patterns the scopes that were made of them.
pub(super) async fn read_into(
    session: &Session<'_>,
    realm_id: RealmId,
    resources: &mut [UmaResource],
) -> Result<(), Failure> {
    let mut with_patterns: Vec<&mut UmaResource> =
        resources.iter_mut().filter(|resource| !resource.description.scope_patterns.is_empty()).collect();
    if with_patterns.is_empty() {
        return Ok(());
    }
    let places = vec!["?"; with_patterns.len()].join(", ");
    let select = format!(
        "SELECT resource_id, scope, pattern, expires_at FROM uma_spontaneous_scopes \
         WHERE realm_id = ? AND resource_id IN ({places}) ORDER BY resource_id, scope"
    );
    let mut values = vec![sql::bytes(&realm_id.0)];
    values.extend(with_patterns.iter().map(|resource| sql::bytes(&resource.id.0)));
    for row in session.rows(&select, values).await? {
        let of = UmaResourceId(fixed(row.get("resource_id")?, "uma_spontaneous_scopes.resource_id")?);
        let made = SpontaneousScope {
            scope: row.get("scope")?,
            pattern: row.get("pattern")?,
            expires_at: UnixTime(row.get("expires_at")?),
        };
        if let Some(resource) = with_patterns.iter_mut().find(|resource| resource.id == of) {
            resource.spontaneous_scopes.push(made);
        }
    }
    Ok(())
}

/// Ends the scopes of a resource that were made of other patterns than these.
pub(super) async fn end_others(
    session: &Session<'_>,
    (realm_id, id): (RealmId, UmaResourceId),
    patterns: &[String],
) -> Result<(), Failure> {
    let others = match patterns.len() {
        0 => String::new(),
        left => format!("AND pattern NOT IN ({})", vec!["?"; left].join(", ")),
    };
    let delete = format!("DELETE FROM uma_spontaneous_scopes WHERE realm_id = ? AND resource_id = ? {others}");
    let mut values = vec![sql::bytes(&realm_id.0), sql::bytes(&id.0)];
    values.extend(patterns.iter().map(|pattern| pattern.as_str().into()));
    session.execute(&delete, values).await?;
    Ok(())
}

pub(super) struct MakeScopes {
    pub(super) realm_id: RealmId,
    pub(super) keeper: ResourceKeeper,
    pub(super) made: Vec<ScopesOfPatterns>,
    pub(super) limits: ScopeLimits,
}

#[async_trait]
impl Work for MakeScopes {
    type Outcome = ScopesOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<ScopesOutcome>, Failure> {
        let mut changes = false;
        for of in &self.made {
            match self.make(session, of).await? {
                ScopesOutcome::Made => changes = true,
                ScopesOutcome::Known => {}
                outcome => return Ok(Ending::RollBack(outcome)),
            }
        }
        Ok(if changes { Ending::Commit(ScopesOutcome::Made) } else { Ending::RollBack(ScopesOutcome::Known) })
    }
}

impl MakeScopes {
    /// Makes those of one resource. Its row is held from before they are read, so that nobody else makes or ends any.
    async fn make(&self, session: &Session<'_>, of: &ScopesOfPatterns) -> Result<ScopesOutcome, Failure> {
        let which = Which::new(self.realm_id, (of.resource_id, &self.keeper));
        let Some(description) = hold(session, &which).await? else { return Ok(ScopesOutcome::Gone) };
        if of.scopes.iter().any(|made| !description.scope_patterns.contains(&made.pattern)) {
            return Ok(ScopesOutcome::Gone);
        }
        let mut there = self.there(session, of.resource_id).await?;
        let ScopeLimits { fresh, most, .. } = self.limits;
        let mut changes = false;
        for made in &of.scopes {
            if there.iter().any(|(scope, end)| *scope == made.scope && fresh < *end) {
                continue;
            }
            self.write(session, (of.resource_id, made)).await?;
            there.retain(|(scope, _)| *scope != made.scope);
            there.push((made.scope.clone(), made.expires_at));
            changes = true;
        }
        Ok(match changes {
            true if there.len() > most => ScopesOutcome::TooMany,
            true => ScopesOutcome::Made,
            false => ScopesOutcome::Known,
        })
    }

    /// The scopes of a resource that have not ended, each with its end.
    async fn there(&self, session: &Session<'_>, id: UmaResourceId) -> Result<Vec<(String, UnixTime)>, Failure> {
        let select = "SELECT scope, expires_at FROM uma_spontaneous_scopes \
                      WHERE realm_id = ? AND resource_id = ? AND expires_at > ?";
        let values = vec![sql::bytes(&self.realm_id.0), sql::bytes(&id.0), self.limits.now.0.into()];
        let rows = session.rows(select, values).await?;
        rows.iter().map(|row| Ok((row.get("scope")?, UnixTime(row.get("expires_at")?)))).collect()
    }

    /// One that has ended may still be there.
    async fn write(
        &self,
        session: &Session<'_>,
        (id, made): (UmaResourceId, &SpontaneousScope),
    ) -> Result<(), Failure> {
        let key = || vec![sql::bytes(&self.realm_id.0), sql::bytes(&id.0), made.scope.as_str().into()];
        let content = || -> Vec<Value> { vec![made.pattern.as_str().into(), made.expires_at.0.into()] };
        let update = "UPDATE uma_spontaneous_scopes SET pattern = ?, expires_at = ? \
                      WHERE realm_id = ? AND resource_id = ? AND scope = ?";
        if session.execute(update, [content(), key()].concat()).await? == 0 {
            let insert = "INSERT INTO uma_spontaneous_scopes (realm_id, resource_id, scope, pattern, expires_at) \
                          VALUES (?, ?, ?, ?, ?)";
            session.execute(insert, [key(), content()].concat()).await?;
        }
        Ok(())
    }
}

/// The description of a resource of a keeper, which nobody else changes until the end of the transaction.
async fn hold(session: &Session<'_>, which: &Which) -> Result<Option<ResourceDescription>, Failure> {
    let (condition, of_keeper) = kept(&which.keeper);
    let held = sql::for_update(session.backend());
    let select = format!("SELECT description FROM uma_resources WHERE realm_id = ? AND id = ? AND {condition}{held}");
    let mut values = vec![sql::bytes(&which.realm_id.0), sql::bytes(&which.id.0)];
    values.extend(of_keeper);
    let Some(row) = session.row(&select, values).await? else { return Ok(None) };
    from_json(&row.get::<String>("description")?, "uma_resources.description").map(Some)
}
