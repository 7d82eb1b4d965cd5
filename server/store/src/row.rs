//! A row, from whichever database.

use rusqlite::types::FromSql;
use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, Iterable, QueryResult, TryGetable, TryIntoModel, Value,
};

use crate::failure::{Failure, corrupt};
use crate::sqlite::{FileRow, not_read};

/// A row that was read.
#[derive(Debug)]
pub(crate) enum Row {
    OfServer(QueryResult),
    OfFile(FileRow),
}

/// What a column may hold.
pub(crate) trait Cell: TryGetable + FromSql {}

impl<T: TryGetable + FromSql> Cell for T {}

impl Row {
    /// The value of a column.
    pub(crate) fn get<T: Cell>(&self, column: &str) -> Result<T, Failure> {
        match self {
            Self::OfServer(row) => Ok(row.try_get("", column)?),
            Self::OfFile(row) => Ok(row.get(column).map_err(not_read)?),
        }
    }

    /// The value of the column at a position.
    pub(crate) fn at<T: Cell>(&self, position: usize) -> Result<T, Failure> {
        match self {
            Self::OfServer(row) => Ok(row.try_get_by_index(position)?),
            Self::OfFile(row) => Ok(row.at(position).map_err(not_read)?),
        }
    }

    /// The whole row of an entity.
    pub(crate) fn model<E>(&self) -> Result<E::Model, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        if let Self::OfServer(row) = self {
            return Ok(E::Model::from_query_result(row, "")?);
        }
        let mut model = <E::ActiveModel as ActiveModelTrait>::default();
        for column in E::Column::iter() {
            model.try_set(column, self.value(column)?)?;
        }
        Ok(model.try_into_model()?)
    }

    /// The value of a column of an entity, in the kind of that column.
    fn value(&self, column: impl ColumnTrait) -> Result<Value, Failure> {
        let name = column.as_str();
        match column.def().get_column_type() {
            ColumnType::Boolean => self.get(name).map(Value::Bool),
            ColumnType::BigInteger => self.get(name).map(Value::BigInt),
            ColumnType::String(_) | ColumnType::Text => self.get(name).map(Value::String),
            ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob => self.get(name).map(Value::Bytes),
            _ => Err(corrupt("a column of a kind that Signet has not")),
        }
    }
}
