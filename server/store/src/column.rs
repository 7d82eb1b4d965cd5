//! Between columns and the core's types. What does not read back is damaged: a fault of ours, never a guess.

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, IntoIden, SimpleExpr};
use sea_orm::{ColumnTrait, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use signet_core::ports::StoreError;
use std::str::FromStr;

use crate::failure::{Failure, corrupt};
use crate::session::Session;

/// Bytes of a fixed length.
pub(crate) fn fixed<const N: usize>(bytes: Vec<u8>, column: &'static str) -> Result<[u8; N], Failure> {
    bytes.try_into().map_err(|_| corrupt(column))
}

/// Text with a form of its own.
pub(crate) fn parsed<T: FromStr>(text: &str, column: &'static str) -> Result<T, Failure> {
    text.parse().map_err(|_| corrupt(column))
}

/// JSON.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str, column: &'static str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|_| corrupt(column))
}

/// As JSON. Every type that is stored this way can be written.
pub(crate) fn to_json<T: Serialize>(value: &T, column: &'static str) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|_| corrupt(column))
}

/// What the count of changed rows says about an update of the row of one revision.
pub(crate) async fn was_changed(
    session: &Session<'_>,
    (rows, what): (u64, &'static str),
    (row, values): (&str, Vec<Value>),
) -> Result<(), Failure> {
    if rows > 0 {
        return Ok(());
    }
    let exists = session.row(&format!("SELECT revision FROM {row}"), values).await?.is_some();
    Err(if exists { StoreError::Changed(what) } else { StoreError::Missing(what) }.into())
}

/// The value for an epoch column: `epoch`, unless the stored one is higher. Whoever writes back a row that was read a
/// moment ago must not bring to life what was revoked in between.
pub(crate) fn never_lower(column: impl ColumnTrait, epoch: i64) -> SimpleExpr {
    let stored = || Expr::col(column.into_iden());
    CaseStatement::new().case(stored().gt(epoch), stored()).finally(epoch).into()
}
