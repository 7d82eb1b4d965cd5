//! What was used once: marks that only the first may set.

use std::collections::HashSet;

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::model::{Purpose, UsedKey, UsedRecord};
use signet_core::ports::StandingQuery;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::column::fixed;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::standing::{Condition, stands_undenied};
use crate::work::{Ending, Work};

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
    if session.backend() == DatabaseBackend::MySql {
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
    let mut values: Vec<Value> = proofs.iter().flat_map(|proof| columns_of(realm_id, proof)).collect();
    let condition = conditional.map(|(record, query)| {
        let condition = stands_undenied(realm_id, query);
        values.extend(columns_of(realm_id, record));
        values.extend(condition.values);
        condition.sql
    });
    let insert = insert_rows(proofs.len(), condition.as_deref());
    let mut inserted = HashSet::new();
    for row in session.rows(&format!("{insert} ON CONFLICT DO NOTHING RETURNING purpose, used"), values).await? {
        inserted.insert((row.at::<i64>(0)?, row.at::<Vec<u8>>(1)?));
    }
    let is_marked = |record: &UsedRecord| inserted.contains(&(i64::from(record.purpose as i16), record.key.to_vec()));
    Ok(Marks {
        replayed: proofs.iter().find(|proof| !is_marked(proof)).map(|proof| proof.purpose),
        conditional: conditional.is_some_and(|(record, _)| is_marked(record)),
    })
}

/// Inserts so many marks, and one more under a condition.
fn insert_rows(proofs: usize, condition: Option<&str>) -> String {
    // With a condition, so that what follows is not taken for that of a join.
    let conditions = std::iter::repeat_n("TRUE", proofs).chain(condition);
    let rows: Vec<String> = conditions.map(|condition| format!("SELECT ?, ?, ?, ? WHERE {condition}")).collect();
    format!("INSERT INTO used_records (realm_id, purpose, used, expires_at) {}", rows.join(" UNION ALL "))
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
    let from = if session.backend() == DatabaseBackend::MySql { " FROM DUAL" } else { "" };
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

/// The last of so many marks after this one, or of the first; nothing if there are not so many.
pub(crate) async fn window_end(
    session: &Session<'_>,
    after: Option<&UsedKey>,
    window: u64,
) -> Result<Option<UsedKey>, Failure> {
    let mut condition = after.map_or_else(Condition::default, |after| beside(session, Side::After, after));
    let from = if condition.sql.is_empty() { "" } else { " WHERE " };
    let select = format!(
        "SELECT realm_id, purpose, used FROM used_records{from}{} ORDER BY realm_id, purpose, used LIMIT 1 OFFSET ?",
        condition.sql
    );
    condition.values.push(i64::try_from(window.saturating_sub(1)).unwrap_or(i64::MAX).into());
    let Some(row) = session.rows(&select, condition.values).await?.pop() else { return Ok(None) };
    Ok(Some(UsedKey {
        realm_id: RealmId(fixed(row.get("realm_id")?, "used_records.realm_id")?),
        purpose: row.get("purpose")?,
        key: fixed(row.get("used")?, "used_records.used")?,
    }))
}

/// Deletes the marks of a window that are kept no longer. They lie side by side: that is cheaper than to take them in the
/// order in which they expire, and needs no index of it.
pub(crate) struct ForgetUsed {
    pub(crate) after: Option<UsedKey>,
    pub(crate) reached: Option<UsedKey>,
    pub(crate) before: UnixTime,
}

#[async_trait]
impl Work for ForgetUsed {
    type Outcome = u64;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<u64>, Failure> {
        let mut delete = "DELETE FROM used_records WHERE expires_at < ?".to_owned();
        let mut values = vec![self.before.0.into()];
        let bounds = [(Side::After, &self.after), (Side::UpTo, &self.reached)];
        for (side, key) in bounds.into_iter().filter_map(|(side, key)| Some((side, key.as_ref()?))) {
            let condition = beside(session, side, key);
            delete.push_str(" AND ");
            delete.push_str(&condition.sql);
            values.extend(condition.values);
        }
        Ok(match session.execute(&delete, values).await? {
            0 => Ending::RollBack(0),
            rows => Ending::Commit(rows),
        })
    }
}

/// On which side of a mark others are.
#[derive(Clone, Copy)]
enum Side {
    After,
    UpTo,
}

/// The marks on one side of this one, as a range of the key; MariaDB and MySQL find none in a comparison of rows.
fn beside(session: &Session<'_>, side: Side, key: &UsedKey) -> Condition {
    let (passes, ends) = match side {
        Side::After => (">", ">"),
        Side::UpTo => ("<", "<="),
    };
    let (realm, purpose, used) = (sql::bytes(&key.realm_id.0), Value::from(key.purpose), sql::bytes(&key.key));
    if session.backend() == DatabaseBackend::MySql {
        let sql =
            format!("(realm_id {passes} ? OR realm_id = ? AND (purpose {passes} ? OR purpose = ? AND used {ends} ?))");
        return Condition { sql, values: vec![realm.clone(), realm, purpose.clone(), purpose, used] };
    }
    Condition { sql: format!("(realm_id, purpose, used) {ends} (?, ?, ?)"), values: vec![realm, purpose, used] }
}
