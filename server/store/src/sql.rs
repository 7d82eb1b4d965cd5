//! Where the SQL of the databases differs.

use sea_orm::{DatabaseBackend, Statement, Value};

/// A statement with its values. It is written with `?` for each value; PostgreSQL wants them numbered.
pub(crate) fn statement(backend: DatabaseBackend, sql: &str, values: Vec<Value>) -> Statement {
    if backend != DatabaseBackend::Postgres {
        return Statement::from_sql_and_values(backend, sql, values);
    }
    let mut numbered = String::with_capacity(sql.len() + 2 * values.len());
    for (position, piece) in sql.split('?').enumerate() {
        if position > 0 {
            numbered.push('$');
            numbered.push_str(&position.to_string());
        }
        numbered.push_str(piece);
    }
    Statement::from_sql_and_values(backend, numbered, values)
}

/// The database's clock in Unix seconds, at the statement and not at the beginning of its transaction.
pub(crate) const fn now(backend: DatabaseBackend) -> &'static str {
    match backend {
        DatabaseBackend::Postgres => "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS BIGINT)",
        DatabaseBackend::MySql => "CAST(UNIX_TIMESTAMP() AS SIGNED INTEGER)",
        _ => "unixepoch()",
    }
}

/// What makes a `SELECT` hold its row until the end of the transaction; SQLite has one writer anyway.
pub(crate) const fn for_update(backend: DatabaseBackend) -> &'static str {
    match backend {
        DatabaseBackend::Sqlite => "",
        _ => " FOR UPDATE",
    }
}

/// What makes a `SELECT` keep its row from going until the end of the transaction; SQLite has one writer anyway.
pub(crate) const fn for_share(backend: DatabaseBackend) -> &'static str {
    match backend {
        DatabaseBackend::Postgres => " FOR KEY SHARE",
        DatabaseBackend::MySql => " LOCK IN SHARE MODE",
        _ => "",
    }
}

/// A value of bytes.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Value::from(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_gets_numbered_values() {
        let values = vec![Value::from(1_i64), Value::from(2_i64)];
        let sql = "SELECT a FROM b WHERE c = ? AND d = ?";
        assert_eq!(
            statement(DatabaseBackend::Postgres, sql, values.clone()).sql,
            "SELECT a FROM b WHERE c = $1 AND d = $2"
        );
        assert_eq!(statement(DatabaseBackend::Sqlite, sql, values).sql, sql);
    }
}
