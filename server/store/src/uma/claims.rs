//! Claims of requesting parties that persist.

use async_trait::async_trait;
use signet_core::model::{UmaClaims, UmaClaimsReference};
use signet_protocol::identifiers::{ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

pub(super) async fn find(
    session: &Session<'_>,
    realm_id: RealmId,
    reference: UmaClaimsReference,
) -> Result<Option<UmaClaims>, Failure> {
    let select = "SELECT family, client_id, user_id, content, used, created_at, expires_at FROM uma_claims \
                  WHERE realm_id = ? AND reference = ?";
    let Some(row) = session.row(select, vec![sql::bytes(&realm_id.0), sql::bytes(&reference.0)]).await? else {
        return Ok(None);
    };
    Ok(Some(UmaClaims {
        realm_id,
        reference,
        family: fixed(row.get("family")?, "uma_claims.family")?,
        client_id: parsed::<ClientId>(&row.get::<String>("client_id")?, "uma_claims.client_id")?,
        user_id: UserId(fixed(row.get("user_id")?, "uma_claims.user_id")?),
        content: row.get("content")?,
        used: row.get("used")?,
        created_at: UnixTime(row.get("created_at")?),
        expires_at: UnixTime(row.get("expires_at")?),
    }))
}

pub(super) async fn keep(session: &Session<'_>, claims: &UmaClaims) -> Result<(), Failure> {
    let insert = "INSERT INTO uma_claims \
                  (realm_id, reference, family, client_id, user_id, content, used, created_at, expires_at) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![
        sql::bytes(&claims.realm_id.0),
        sql::bytes(&claims.reference.0),
        sql::bytes(&claims.family),
        claims.client_id.as_str().into(),
        sql::bytes(&claims.user_id.0),
        sql::bytes(&claims.content),
        claims.used.into(),
        claims.created_at.0.into(),
        claims.expires_at.0.into(),
    ];
    let inserted = session.execute(insert, values).await;
    inserted.map(drop).map_err(|failure| failure.naming("persisted claims", "client or user"))
}

/// Uses a token; says whether this use is the first, and in time.
pub(super) async fn spend(
    session: &Session<'_>,
    realm_id: RealmId,
    (reference, now): (UmaClaimsReference, UnixTime),
) -> Result<bool, Failure> {
    let update = "UPDATE uma_claims SET used = TRUE \
                  WHERE realm_id = ? AND reference = ? AND NOT used AND expires_at > ?";
    let values = vec![sql::bytes(&realm_id.0), sql::bytes(&reference.0), now.0.into()];
    Ok(session.execute(update, values).await? == 1)
}

/// Ends what persists of a user for a client; says whether there was something.
pub(crate) async fn end_persisted_claims(
    session: &Session<'_>,
    realm_id: RealmId,
    (user_id, client_id): (UserId, &ClientId),
) -> Result<bool, Failure> {
    let delete = "DELETE FROM uma_claims WHERE realm_id = ? AND user_id = ? AND client_id = ?";
    let values = vec![sql::bytes(&realm_id.0), sql::bytes(&user_id.0), client_id.as_str().into()];
    Ok(session.execute(delete, values).await? > 0)
}

pub(super) struct EndClaims {
    pub(super) realm_id: RealmId,
    pub(super) family: [u8; 16],
}

#[async_trait]
impl Work for EndClaims {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let delete = "DELETE FROM uma_claims WHERE realm_id = ? AND family = ?";
        let values = vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.family)];
        Ok(if session.execute(delete, values).await? > 0 { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
