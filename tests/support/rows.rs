//! What is in the database, read past the server: whether a request that was refused left a trace.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};

/// What a refusal leaves as well: that it was refused; `flows::audit` is about these. And what was counted of requests
/// before it, written a few seconds later; `store::traffic` is about that.
const TRACES: [&str; 3] = ["audit_events", "audit_chains", "client_traffic"];

/// Every row of a realm, by table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows(BTreeMap<String, BTreeSet<String>>);

impl Rows {
    /// Reads the rows of a realm from a SQLite or PostgreSQL database.
    pub(crate) async fn of(url: &str, realm: &str) -> Self {
        let is_file = url.starts_with("sqlite:");
        let mut options = ConnectOptions::new(if is_file { format!("{url}?mode=ro") } else { url.to_owned() });
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let owned = if is_file {
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'realm_id' \
             WHERE m.type = 'table'"
        } else {
            "SELECT table_name::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name = 'realm_id'"
        };
        let mut rows = BTreeMap::new();
        for table in texts(&connection, owned).await.into_iter().filter(|table| !TRACES.contains(&table.as_str())) {
            let row = if is_file {
                let columns = format!("SELECT 'quote(t.' || name || ')' FROM pragma_table_info('{table}')");
                texts(&connection, &columns).await.join(" || ' ' || ")
            } else {
                "row_to_json(t)::text".to_owned()
            };
            let of_realm = format!("realm_id = (SELECT realm_id FROM realms WHERE name = '{realm}')");
            let select = format!("SELECT {row} FROM {table} t WHERE t.{of_realm}");
            rows.insert(table, texts(&connection, &select).await.into_iter().collect());
        }
        connection.close().await.unwrap();
        let rows = Self(rows);
        assert_eq!(rows.count("realms"), 1, "the realm is there");
        rows
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> usize {
        self.0.get(table).unwrap_or_else(|| panic!("no table {table} among {:?}", self.0.keys())).len()
    }

    /// Every row of a table.
    pub(crate) fn of_table(&self, table: &str) -> String {
        self.0[table].iter().cloned().collect::<Vec<_>>().join("\n")
    }

    /// The tables whose rows are not the same as before.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<&str> {
        let changed = self.0.iter().filter(|(table, rows)| before.0.get(*table) != Some(rows));
        changed.map(|(table, _)| table.as_str()).collect()
    }

    /// Whether a text stands anywhere in the rows, as it is or as the bytes of its characters.
    pub(crate) fn contain(&self, text: &str) -> bool {
        let hex = text.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
        self.0.values().flatten().any(|row| row.contains(text) || row.to_uppercase().contains(&hex))
    }
}

async fn texts(connection: &DatabaseConnection, select: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), select);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.into_iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}
