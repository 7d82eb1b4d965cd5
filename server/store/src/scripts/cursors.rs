//! How far events were handed to packages.

use async_trait::async_trait;
use signet_core::model::{ScriptCursor, ScriptTarget};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::bindings::{client_column, key};
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// The cursor of a binding.
pub(super) async fn find(
    session: &Session<'_>,
    realm_id: RealmId,
    target: &ScriptTarget,
) -> Result<Option<ScriptCursor>, Failure> {
    let select = "SELECT sealed, attempts, next_at FROM script_cursors \
                  WHERE realm_id = ? AND client_id = ? AND package = ?";
    let Some(row) = session.row(select, key(realm_id, target)).await? else { return Ok(None) };
    Ok(Some(ScriptCursor {
        realm_id,
        target: target.clone(),
        sealed: row.get("sealed")?,
        attempts: row.get("attempts")?,
        next_at: UnixTime(row.get("next_at")?),
    }))
}

pub(super) struct Move {
    pub(super) before: Option<ScriptCursor>,
    pub(super) after: ScriptCursor,
}

#[async_trait]
impl Work for Move {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let ScriptCursor { realm_id, target, sealed, attempts, next_at } = &self.after;
        let place = || [(*sealed).into(), (*attempts).into(), next_at.0.into()];
        let moved = match &self.before {
            None => {
                let insert = "INSERT INTO script_cursors (sealed, attempts, next_at, realm_id, client_id, package) \
                              VALUES (?, ?, ?, ?, ?, ?)";
                let mut values = place().to_vec();
                values.push(sql::bytes(&realm_id.0));
                values.push(client_column(target).into());
                values.push(target.package.as_str().into());
                session.insert_once(insert, values).await?
            }
            Some(before) => {
                let update = "UPDATE script_cursors SET sealed = ?, attempts = ?, next_at = ? \
                              WHERE realm_id = ? AND client_id = ? AND package = ? \
                              AND sealed = ? AND attempts = ? AND next_at = ?";
                let mut values = place().to_vec();
                values.extend(key(*realm_id, target));
                values.extend([before.sealed.into(), before.attempts.into(), before.next_at.0.into()]);
                session.execute(update, values).await? == 1
            }
        };
        Ok(if moved { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
