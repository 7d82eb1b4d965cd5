//! Chains: where they begin, how far they are sealed, and who seals.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::events::{BEGINNING, ChainHash};
use signet_core::ports::{Chain, NewChain, Purge, Seal, SealerId};
use signet_protocol::identifiers::{EventId, RealmId};

use crate::column::fixed;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// The chain of a realm, with the lease if it has not ended.
pub(super) async fn chain_of(session: &Session<'_>, realm_id: RealmId) -> Result<Option<Chain>, Failure> {
    let now = sql::now(session.backend());
    let select = format!(
        "SELECT wrapped_key, sealed, head, first_kept, previous, kept_mac, \
         CASE WHEN lease_until > {now} THEN lease_holder END AS leased_to FROM audit_chains WHERE realm_id = ?"
    );
    let Some(row) = session.row(&select, vec![sql::bytes(&realm_id.0)]).await? else { return Ok(None) };
    let leased_to: Option<Vec<u8>> = row.get("leased_to")?;
    Ok(Some(Chain {
        realm_id,
        wrapped_key: row.get("wrapped_key")?,
        sealed: row.get("sealed")?,
        head: row.get("head")?,
        first: row.get("first_kept")?,
        previous: row.get("previous")?,
        kept_mac: row.get("kept_mac")?,
        leased_to: leased_to.map(|id| fixed(id, "audit_chains.lease_holder").map(SealerId)).transpose()?,
    }))
}

pub(super) struct StartChain {
    pub(super) chain: NewChain,
}

#[async_trait]
impl Work for StartChain {
    type Outcome = Option<Chain>;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<Option<Chain>>, Failure> {
        let NewChain { realm_id, wrapped_key, kept } = &self.chain;
        let insert = "INSERT INTO audit_chains (realm_id, wrapped_key, sealed, head, first_kept, previous, kept_mac, \
                      lease_until) VALUES (?, ?, 0, ?, ?, ?, ?, 0)";
        let values = vec![
            sql::bytes(&realm_id.0),
            sql::bytes(wrapped_key),
            sql::bytes(&BEGINNING),
            kept.first.into(),
            sql::bytes(&kept.previous),
            sql::bytes(&kept.mac),
        ];
        session.insert_once(insert, values).await?;
        chain_of(session, *realm_id).await.map(Ending::Commit)
    }
}

pub(super) struct SealEvents {
    pub(super) seal: Seal,
}

#[async_trait]
impl Work for SealEvents {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let Seal { realm_id, sealer, lease_seconds, sealed, head, links } = &self.seal;
        let Some((_, new_head)) = links.last() else { return Ok(Ending::RollBack(false)) };
        let now = sql::now(session.backend());
        // The row of the chain is what sealers queue for; it moves on only from where this one read it.
        let update = format!(
            "UPDATE audit_chains SET sealed = ?, head = ?, lease_holder = ?, lease_until = {now} + ? \
             WHERE realm_id = ? AND sealed = ? AND head = ? AND (lease_until <= {now} OR lease_holder = ?)"
        );
        let last = sealed.saturating_add_unsigned(links.len() as u64);
        let values = vec![
            last.into(),
            sql::bytes(new_head),
            sql::bytes(&sealer.0),
            (*lease_seconds).into(),
            sql::bytes(&realm_id.0),
            (*sealed).into(),
            sql::bytes(head),
            sql::bytes(&sealer.0),
        ];
        if session.execute(&update, values).await? == 0 {
            return Ok(Ending::RollBack(false));
        }
        let linked = link(session, *realm_id, sealed + 1, links).await?;
        // An event that is gone or linked already leaves the chain where it was.
        Ok(if linked == links.len() as u64 { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

/// Gives events their numbers and links, in one statement; says how many had none.
async fn link(
    session: &Session<'_>,
    realm_id: RealmId,
    first: i64,
    links: &[(EventId, ChainHash)],
) -> Result<u64, Failure> {
    let cases = "WHEN ? THEN ? ".repeat(links.len());
    let marks = vec!["?"; links.len()].join(", ");
    let update = format!(
        "UPDATE audit_events SET sequence = CASE id {cases}END, link = CASE id {cases}END \
         WHERE realm_id = ? AND sequence IS NULL AND id IN ({marks})"
    );
    let mut values: Vec<Value> = Vec::with_capacity(5 * links.len() + 1);
    for ((id, _), sequence) in links.iter().zip(first..) {
        values.extend([sql::bytes(&id.0), sequence.into()]);
    }
    for (id, link) in links {
        values.extend([sql::bytes(&id.0), sql::bytes(link)]);
    }
    values.push(sql::bytes(&realm_id.0));
    values.extend(links.iter().map(|(id, _)| sql::bytes(&id.0)));
    session.execute(&update, values).await
}

pub(super) struct PurgeEvents {
    pub(super) purge: Purge,
}

#[async_trait]
impl Work for PurgeEvents {
    type Outcome = u64;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<u64>, Failure> {
        let Purge { realm_id, before, kept } = &self.purge;
        let update = "UPDATE audit_chains SET first_kept = ?, previous = ?, kept_mac = ? \
                      WHERE realm_id = ? AND first_kept = ? AND sealed >= ?";
        let values = vec![
            kept.first.into(),
            sql::bytes(&kept.previous),
            sql::bytes(&kept.mac),
            sql::bytes(&realm_id.0),
            (*before).into(),
            (kept.first - 1).into(),
        ];
        if session.execute(update, values).await? == 0 {
            return Ok(Ending::RollBack(0));
        }
        let delete = "DELETE FROM audit_events WHERE realm_id = ? AND sequence >= ? AND sequence < ?";
        let values = vec![sql::bytes(&realm_id.0), (*before).into(), kept.first.into()];
        Ok(match session.execute(delete, values).await? {
            0 => Ending::RollBack(0),
            rows => Ending::Commit(rows),
        })
    }
}
