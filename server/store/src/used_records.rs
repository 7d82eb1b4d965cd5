//! What was used once: marks that only the first may set.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};
use signet_core::model::{Purpose, UsedRecord};
use signet_core::ports::StandingQuery;
use signet_protocol::identifiers::RealmId;

use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::standing::stands_undenied;

fn columns_of(realm_id: RealmId, record: &UsedRecord) -> Vec<Value> {
    let purpose = i64::from(record.purpose as i16);
    vec![sql::bytes(&realm_id.0), purpose.into(), sql::bytes(&record.key), record.expires_at.0.into()]
}

/// Marks something as used; says whether this use is the first.
pub(crate) async fn insert_used_record(
    session: &Session<'_>,
    realm_id: RealmId,
    record: &UsedRecord,
) -> Result<bool, Failure> {
    let insert = "INSERT INTO used_records (realm_id, purpose, used, expires_at) VALUES (?, ?, ?, ?)";
    session.insert_once(insert, columns_of(realm_id, record)).await
}

/// What became of marks that were to be set together.
pub(crate) struct Marks {
    /// The kind of a proof that was used before.
    pub(crate) replayed: Option<Purpose>,
    /// Whether what is marked only if something stands was marked.
    pub(crate) conditional: bool,
}

/// Marks proofs as used, each of which counts once, and something else if what it rests on stands. One statement where
/// the database can say which of its rows were inserted.
pub(crate) async fn insert_marks(
    session: &Session<'_>,
    realm_id: RealmId,
    proofs: &[UsedRecord],
    conditional: Option<(&UsedRecord, &StandingQuery)>,
) -> Result<Marks, Failure> {
    if session.get_database_backend() == DatabaseBackend::MySql {
        for proof in proofs {
            if !insert_used_record(session, realm_id, proof).await? {
                return Ok(Marks { replayed: Some(proof.purpose), conditional: false });
            }
        }
        let conditional = match conditional {
            Some((record, query)) => insert_used_record_if_standing(session, realm_id, record, query).await?,
            None => false,
        };
        return Ok(Marks { replayed: None, conditional });
    }
    let mut rows = vec!["SELECT ?, ?, ?, ? WHERE TRUE".to_owned(); proofs.len()];
    let mut values: Vec<Value> = proofs.iter().flat_map(|proof| columns_of(realm_id, proof)).collect();
    if let Some((record, query)) = conditional {
        let condition = stands_undenied(realm_id, query);
        rows.push(format!("SELECT ?, ?, ?, ? WHERE {}", condition.sql));
        values.extend(columns_of(realm_id, record));
        values.extend(condition.values);
    }
    let insert = format!(
        "INSERT INTO used_records (realm_id, purpose, used, expires_at) {} ON CONFLICT DO NOTHING",
        rows.join(" UNION ALL ")
    );
    let values = match session.expect(&insert, values, rows.len()).await {
        Ok(()) => return Ok(Marks { replayed: None, conditional: conditional.is_some() }),
        Err(values) => values,
    };
    let mut inserted = HashSet::new();
    for row in session.rows(&format!("{insert} RETURNING purpose, used"), values).await? {
        inserted.insert((row.try_get_by_index::<i64>(0)?, row.try_get_by_index::<Vec<u8>>(1)?));
    }
    let is_marked = |record: &UsedRecord| inserted.contains(&(i64::from(record.purpose as i16), record.key.to_vec()));
    Ok(Marks {
        replayed: proofs.iter().find(|proof| !is_marked(proof)).map(|proof| proof.purpose),
        conditional: conditional.is_some_and(|(record, _)| is_marked(record)),
    })
}

/// Marks proofs as used, each of which counts once; says which kind was used before.
pub(crate) async fn insert_proofs(
    session: &Session<'_>,
    realm_id: RealmId,
    proofs: &[UsedRecord],
) -> Result<Option<Purpose>, Failure> {
    if proofs.is_empty() {
        return Ok(None);
    }
    insert_marks(session, realm_id, proofs, None).await.map(|marks| marks.replayed)
}

/// Marks something as used if what it rests on stands; says whether it was marked.
pub(crate) async fn insert_used_record_if_standing(
    session: &Session<'_>,
    realm_id: RealmId,
    record: &UsedRecord,
    query: &StandingQuery,
) -> Result<bool, Failure> {
    let from = if session.get_database_backend() == DatabaseBackend::MySql { " FROM DUAL" } else { "" };
    let condition = stands_undenied(realm_id, query);
    let insert = format!(
        "INSERT INTO used_records (realm_id, purpose, used, expires_at) SELECT ?, ?, ?, ?{from} WHERE {}",
        condition.sql
    );
    let mut values = columns_of(realm_id, record);
    values.extend(condition.values);
    session.insert_once(&insert, values).await
}

pub(crate) async fn is_used(session: &Session<'_>, realm_id: RealmId, record: &UsedRecord) -> Result<bool, Failure> {
    let select = "SELECT 1 FROM used_records WHERE realm_id = ? AND purpose = ? AND used = ?";
    let mut values = columns_of(realm_id, record);
    values.truncate(3);
    Ok(session.row(select, values).await?.is_some())
}
