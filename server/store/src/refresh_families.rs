//! The port of refresh token families.

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::RefreshFamily;
use signet_core::ports::{RefreshFamilies, Rotation, RotationOutcome, StoreResult};
use signet_protocol::identifiers::{ClientId, Lineage, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, parsed, to_json};
use crate::database::Database;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::standing::{deny_lineage, stands_undenied};
use crate::used_records::insert_proofs;
use crate::work::{Ending, Work};

#[async_trait]
impl RefreshFamilies for Database {
    async fn refresh_family(&self, realm_id: RealmId, lineage: Lineage) -> StoreResult<Option<RefreshFamily>> {
        let select = "SELECT realm_id, lineage, client_id, user_id, generation, rotated_at, active, content, \
                      key_version, idle_expires_at, expires_at \
                      FROM refresh_families WHERE realm_id = ? AND lineage = ?";
        let session = self.reader();
        self.read(|| async {
            let row = session.row(select, vec![sql::bytes(&realm_id.0), sql::bytes(&lineage.0)]).await?;
            row.as_ref().map(refresh_family_of).transpose()
        })
        .await
    }

    async fn rotate(
        &self,
        realm_id: RealmId,
        rotation: &Rotation,
        events: &[EventRecord],
    ) -> StoreResult<RotationOutcome> {
        self.write_with(Rotate { realm_id, rotation: rotation.clone() }, events).await
    }

    async fn close_lineage(
        &self,
        realm_id: RealmId,
        lineage: Lineage,
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(CloseLineage { realm_id, lineage, denied_until }, events).await
    }
}

fn refresh_family_of(row: &Row) -> Result<RefreshFamily, Failure> {
    let client_id: String = row.get("client_id")?;
    let content: String = row.get("content")?;
    Ok(RefreshFamily {
        realm_id: RealmId(fixed(row.get("realm_id")?, "refresh_families.realm_id")?),
        lineage: Lineage(fixed(row.get("lineage")?, "refresh_families.lineage")?),
        client_id: parsed::<ClientId>(&client_id, "refresh_families.client_id")?,
        user_id: UserId(fixed(row.get("user_id")?, "refresh_families.user_id")?),
        generation: row.get("generation")?,
        rotated_at: UnixTime(row.get("rotated_at")?),
        active: row.get("active")?,
        content: from_json(&content, "refresh_families.content")?,
        key_version: row.get("key_version")?,
        idle_expires_at: UnixTime(row.get("idle_expires_at")?),
        expires_at: UnixTime(row.get("expires_at")?),
    })
}

/// Opens a family, with the session that it began in.
pub(crate) async fn insert_refresh_family(
    session: &Session<'_>,
    family: &RefreshFamily,
    began_in: Option<SessionId>,
) -> Result<(), Failure> {
    let insert = "INSERT INTO refresh_families (realm_id, lineage, client_id, user_id, generation, rotated_at, \
                  active, content, key_version, idle_expires_at, expires_at, sid) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![
        sql::bytes(&family.realm_id.0),
        sql::bytes(&family.lineage.0),
        family.client_id.as_str().into(),
        sql::bytes(&family.user_id.0),
        family.generation.into(),
        family.rotated_at.0.into(),
        family.active.into(),
        to_json(&family.content, "refresh_families.content")?.into(),
        family.key_version.into(),
        family.idle_expires_at.0.into(),
        family.expires_at.0.into(),
        began_in.map(|sid| sid.0.to_vec()).into(),
    ];
    let inserted = session.execute(insert, values).await;
    inserted.map(drop).map_err(|failure| failure.naming("refresh family", "realm"))
}

struct Rotate {
    realm_id: RealmId,
    rotation: Rotation,
}

#[async_trait]
impl Work for Rotate {
    type Outcome = RotationOutcome;

    fn is_one_statement(&self) -> bool {
        self.rotation.proofs.is_empty()
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<RotationOutcome>, Failure> {
        let rotation = &self.rotation;
        // First what authenticates the client, as at redemption.
        if let Some(replayed) = insert_proofs(session, self.realm_id, &rotation.proofs).await? {
            return Ok(Ending::RollBack(RotationOutcome::ProofReplayed(replayed)));
        }
        let condition = stands_undenied(self.realm_id, &rotation.standing);
        let update = format!(
            "UPDATE refresh_families SET generation = ?, rotated_at = ?, idle_expires_at = ? \
             WHERE realm_id = ? AND lineage = ? AND active AND generation = ? AND {}",
            condition.sql
        );
        let mut values = vec![
            rotation.next_generation.into(),
            rotation.rotated_at.0.into(),
            rotation.idle_expires_at.0.into(),
            sql::bytes(&self.realm_id.0),
            sql::bytes(&rotation.lineage.0),
            rotation.generation.into(),
        ];
        values.extend(condition.values);
        Ok(match session.execute(&update, values).await? {
            0 => Ending::RollBack(RotationOutcome::Superseded),
            _ => Ending::Commit(RotationOutcome::Rotated),
        })
    }
}

struct CloseLineage {
    realm_id: RealmId,
    lineage: Lineage,
    denied_until: UnixTime,
}

#[async_trait]
impl Work for CloseLineage {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let update = "UPDATE refresh_families SET active = FALSE WHERE realm_id = ? AND lineage = ?";
        session.execute(update, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.lineage.0)]).await?;
        deny_lineage(session, self.realm_id, self.lineage, self.denied_until.0).await?;
        Ok(Ending::Commit(()))
    }
}
