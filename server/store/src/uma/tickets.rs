//! Permission tickets.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sea_orm::Value;
use serde::{Deserialize, Serialize};
use signet_core::model::{Epoch, ResourceKeeper, TicketReference, UmaPermission, UmaTicket, UmaWait};
use signet_core::ports::{TicketOutcome, TicketUse};
use signet_protocol::identifiers::{ClientId, RealmId, UmaResourceId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, to_json};
use crate::failure::Failure;
use crate::refresh_families::insert_refresh_family;
use crate::session::Session;
use crate::sql;
use crate::standing::{TOKEN, deny, stands_undenied};
use crate::uma::{claims, requests};
use crate::used_records::insert_proofs;
use crate::work::{Ending, Work};

/// What a ticket stands for, as it is stored.
#[derive(Serialize, Deserialize)]
struct Content {
    keeper: ResourceKeeper,
    permissions: Vec<UmaPermission>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<UmaResourceId, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait: Option<UmaWait>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    realm_epoch: Option<Epoch>,
}

fn key(realm_id: RealmId, reference: TicketReference) -> Vec<Value> {
    vec![sql::bytes(&realm_id.0), sql::bytes(&reference.0)]
}

pub(super) async fn find(
    session: &Session<'_>,
    realm_id: RealmId,
    reference: TicketReference,
) -> Result<Option<UmaTicket>, Failure> {
    let select = "SELECT reference, content, used, expires_at FROM uma_tickets WHERE realm_id = ? AND reference = ?";
    let Some(row) = session.row(select, key(realm_id, reference)).await? else { return Ok(None) };
    let content: String = row.get("content")?;
    let Content { keeper, permissions, params, client_id, party, wait, realm_epoch } =
        from_json(&content, "uma_tickets.content")?;
    Ok(Some(UmaTicket {
        realm_id,
        reference: TicketReference(fixed(row.get("reference")?, "uma_tickets.reference")?),
        keeper,
        permissions,
        params,
        client_id,
        party,
        wait,
        realm_epoch,
        used: row.get("used")?,
        expires_at: UnixTime(row.get("expires_at")?),
    }))
}

async fn insert(session: &Session<'_>, ticket: &UmaTicket) -> Result<(), Failure> {
    let UmaTicket { realm_id, reference, used, expires_at, .. } = *ticket;
    let UmaTicket { keeper, permissions, params, client_id, party, wait, realm_epoch, .. } = ticket.clone();
    let content = Content { keeper, permissions, params, client_id, party, wait, realm_epoch };
    let content = to_json(&content, "uma_tickets.content")?;
    let insert = "INSERT INTO uma_tickets (realm_id, reference, content, used, expires_at) VALUES (?, ?, ?, ?, ?)";
    let mut values = key(realm_id, reference);
    values.extend([content.into(), used.into(), expires_at.0.into()]);
    let inserted = session.execute(insert, values).await;
    inserted.map(drop).map_err(|failure| failure.naming("permission ticket", "realm"))
}

pub(super) struct KeepTicket {
    pub(super) ticket: UmaTicket,
}

#[async_trait]
impl Work for KeepTicket {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        insert(session, &self.ticket).await?;
        Ok(Ending::Commit(()))
    }
}

pub(super) struct UseTicket {
    pub(super) realm_id: RealmId,
    pub(super) usage: TicketUse,
}

impl UseTicket {
    /// Marks the ticket; says whether this use is the first, and everything stands.
    async fn mark(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let stands = stands_undenied(self.realm_id, &self.usage.standing);
        let update = format!(
            "UPDATE uma_tickets SET used = TRUE \
             WHERE realm_id = ? AND reference = ? AND NOT used AND expires_at > ? AND {}",
            stands.sql
        );
        let mut values = key(self.realm_id, self.usage.ticket);
        values.push(self.usage.now.0.into());
        values.extend(stands.values);
        Ok(session.execute(&update, values).await? == 1)
    }

    /// Whether it could still be used; asked only where it was not.
    async fn is_open(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let select = "SELECT 1 FROM uma_tickets WHERE realm_id = ? AND reference = ? AND NOT used AND expires_at > ?";
        let mut values = key(self.realm_id, self.usage.ticket);
        values.push(self.usage.now.0.into());
        Ok(session.row(select, values).await?.is_some())
    }
}

#[async_trait]
impl Work for UseTicket {
    type Outcome = TicketOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<TicketOutcome>, Failure> {
        let TicketUse { proofs, next, ended_token, spent_claims, kept_claims, request, refresh_family, .. } =
            &self.usage;
        if let Some(replayed) = insert_proofs(session, self.realm_id, proofs).await? {
            return Ok(Ending::RollBack(TicketOutcome::ProofReplayed(replayed)));
        }
        if !self.mark(session).await? {
            let fallen = self.is_open(session).await?;
            return Ok(Ending::RollBack(if fallen { TicketOutcome::Fallen } else { TicketOutcome::Gone }));
        }
        if let Some(spent) = spent_claims
            && !claims::spend(session, self.realm_id, (*spent, self.usage.now)).await?
        {
            return Ok(Ending::RollBack(TicketOutcome::ClaimsGone));
        }
        if let Some((request, most)) = request
            && !requests::submit(session, (request, *most)).await?
        {
            return Ok(Ending::RollBack(TicketOutcome::TooManyRequests));
        }
        if let Some(kept) = kept_claims {
            claims::keep(session, kept).await?;
        }
        if let Some(family) = refresh_family {
            insert_refresh_family(session, family, family.content.sid).await?;
        }
        if let Some(next) = next {
            insert(session, next).await?;
        }
        if let Some((token, until)) = ended_token {
            deny(session, self.realm_id, (TOKEN, token), until.0).await?;
        }
        Ok(Ending::Commit(TicketOutcome::Used))
    }
}
