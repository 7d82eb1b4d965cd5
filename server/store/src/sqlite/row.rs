//! Rows of a file.

use std::sync::Arc;

use rusqlite::types::{FromSql, ValueRef};

/// A row that was read.
#[derive(Debug)]
pub(crate) struct FileRow {
    columns: Arc<[String]>,
    values: Vec<Stored>,
}

/// A value as it is stored. Whether text is text is looked at when it is asked for: what does not read spoils neither the
/// other columns nor the other rows.
#[derive(Debug)]
enum Stored {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl FileRow {
    /// Reads so many rows of a statement whose values are bound, for as long as somebody wants them.
    pub(super) fn read(
        prepared: &mut rusqlite::Statement<'_>,
        most: usize,
        is_wanted: impl Fn() -> bool,
    ) -> rusqlite::Result<Vec<Self>> {
        let mut columns = None;
        let mut read = Vec::new();
        let mut rows = prepared.raw_query();
        while read.len() < most
            && is_wanted()
            && let Some(row) = rows.next()?
        {
            let columns: &Arc<[String]> = columns.get_or_insert_with(|| names_of(row.as_ref()));
            let values = (0..columns.len()).map(|position| row.get_ref(position).map(Stored::from));
            read.push(Self { columns: Arc::clone(columns), values: values.collect::<rusqlite::Result<_>>()? });
        }
        Ok(read)
    }

    /// The value of a column.
    pub(crate) fn get<T: FromSql>(&self, column: &str) -> rusqlite::Result<T> {
        match self.columns.iter().position(|known| known == column) {
            Some(position) => self.at(position),
            None => Err(rusqlite::Error::InvalidColumnName(column.to_owned())),
        }
    }

    /// The value of the column at a position.
    pub(crate) fn at<T: FromSql>(&self, position: usize) -> rusqlite::Result<T> {
        let value = self.values.get(position).ok_or(rusqlite::Error::InvalidColumnIndex(position))?;
        let value = ValueRef::from(value);
        T::column_result(value)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(position, value.data_type(), Box::new(error)))
    }
}

fn names_of(prepared: &rusqlite::Statement<'_>) -> Arc<[String]> {
    prepared.column_names().into_iter().map(str::to_owned).collect()
}

impl From<ValueRef<'_>> for Stored {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(text.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl<'a> From<&'a Stored> for ValueRef<'a> {
    fn from(value: &'a Stored) -> Self {
        match value {
            Stored::Null => Self::Null,
            Stored::Integer(number) => Self::Integer(*number),
            Stored::Real(number) => Self::Real(*number),
            Stored::Text(text) => Self::Text(text),
            Stored::Blob(bytes) => Self::Blob(bytes),
        }
    }
}
