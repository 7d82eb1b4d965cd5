//! The port of device secrets.

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::events::EventRecord;
use signet_core::model::{DeviceSecret, DeviceSecretHash};
use signet_core::ports::{DeviceSecrets, StoreResult};
use signet_protocol::identifiers::{Lineage, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::fixed;
use crate::database::Database;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

#[async_trait]
impl DeviceSecrets for Database {
    async fn keep_device_secret(&self, secret: &DeviceSecret, rotated: Option<DeviceSecretHash>) -> StoreResult<()> {
        self.write(KeepSecret { secret: secret.clone(), rotated }).await
    }

    async fn device_secret(&self, realm_id: RealmId, hash: DeviceSecretHash) -> StoreResult<Option<DeviceSecret>> {
        let select = "SELECT realm_id, lineage, secret, sid, user_id, sso_group, expires_at FROM device_secrets \
                      WHERE realm_id = ? AND secret = ?";
        let session = self.reader();
        self.read(|| async {
            let row = session.row(select, key(realm_id, hash)).await?;
            row.as_ref().map(device_secret_of).transpose()
        })
        .await
    }

    async fn forget_device_secret(
        &self,
        realm_id: RealmId,
        hash: DeviceSecretHash,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(ForgetSecret { realm_id, hash }, events).await
    }
}

fn key(realm_id: RealmId, hash: DeviceSecretHash) -> Vec<Value> {
    vec![sql::bytes(&realm_id.0), sql::bytes(&hash.0)]
}

fn device_secret_of(row: &Row) -> Result<DeviceSecret, Failure> {
    Ok(DeviceSecret {
        realm_id: RealmId(fixed(row.get("realm_id")?, "device_secrets.realm_id")?),
        lineage: Lineage(fixed(row.get("lineage")?, "device_secrets.lineage")?),
        hash: DeviceSecretHash(fixed(row.get("secret")?, "device_secrets.secret")?),
        sid: SessionId(fixed(row.get("sid")?, "device_secrets.sid")?),
        user_id: UserId(fixed(row.get("user_id")?, "device_secrets.user_id")?),
        group: row.get("sso_group")?,
        expires_at: UnixTime(row.get("expires_at")?),
    })
}

/// Forgets the secrets of a lineage.
pub(crate) async fn forget_secrets_of(
    session: &Session<'_>,
    realm_id: RealmId,
    lineage: Lineage,
) -> Result<(), Failure> {
    let delete = "DELETE FROM device_secrets WHERE realm_id = ? AND lineage = ?";
    session.execute(delete, vec![sql::bytes(&realm_id.0), sql::bytes(&lineage.0)]).await.map(drop)
}

struct KeepSecret {
    secret: DeviceSecret,
    rotated: Option<DeviceSecretHash>,
}

impl KeepSecret {
    /// One statement, so that of several at the same time the last one is the lineage's.
    async fn put(&self, session: &Session<'_>) -> Result<(), Failure> {
        let DeviceSecret { realm_id, lineage, hash, sid, user_id, group, expires_at } = &self.secret;
        let insert = "INSERT INTO device_secrets (realm_id, lineage, secret, sid, user_id, sso_group, expires_at) \
                      VALUES (?, ?, ?, ?, ?, ?, ?)";
        let instead = match session.backend() {
            DatabaseBackend::MySql => {
                "ON DUPLICATE KEY UPDATE secret = VALUES(secret), sid = VALUES(sid), user_id = VALUES(user_id), \
                 sso_group = VALUES(sso_group), expires_at = VALUES(expires_at)"
            }
            _ => {
                "ON CONFLICT (realm_id, lineage) DO UPDATE SET secret = excluded.secret, sid = excluded.sid, \
                 user_id = excluded.user_id, sso_group = excluded.sso_group, expires_at = excluded.expires_at"
            }
        };
        let values = vec![
            sql::bytes(&realm_id.0),
            sql::bytes(&lineage.0),
            sql::bytes(&hash.0),
            sql::bytes(&sid.0),
            sql::bytes(&user_id.0),
            storable(group, 100, "device_secrets.sso_group")?.into(),
            expires_at.0.into(),
        ];
        session.execute(&format!("{insert} {instead}"), values).await.map(drop)
    }
}

#[async_trait]
impl Work for KeepSecret {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        if let Some(rotated) = self.rotated {
            let delete = "DELETE FROM device_secrets WHERE realm_id = ? AND secret = ?";
            session.execute(delete, key(self.secret.realm_id, rotated)).await?;
        }
        self.put(session).await?;
        Ok(Ending::Commit(()))
    }
}

struct ForgetSecret {
    realm_id: RealmId,
    hash: DeviceSecretHash,
}

#[async_trait]
impl Work for ForgetSecret {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let delete = "DELETE FROM device_secrets WHERE realm_id = ? AND secret = ?";
        let was_there = session.execute(delete, key(self.realm_id, self.hash)).await? > 0;
        Ok(if was_there { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
