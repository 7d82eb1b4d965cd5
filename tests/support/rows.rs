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
    /// Reads the rows of a realm from a SQLite database.
    pub(crate) async fn of(url: &str, realm: &str) -> Self {
        let mut options = ConnectOptions::new(format!("{url}?mode=ro"));
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.unwrap();
        let realm_id = texts(&connection, &format!("SELECT quote(realm_id) FROM realms WHERE name = '{realm}'")).await;
        let realm_id = realm_id.first().expect("the realm is there");
        let owned = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'realm_id' \
                     WHERE m.type = 'table'";
        let mut rows = BTreeMap::new();
        for table in texts(&connection, owned).await {
            if TRACES.contains(&table.as_str()) {
                continue;
            }
            let columns = format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')");
            let columns = texts(&connection, &columns).await.join(" || ' ' || ");
            let select = format!("SELECT {columns} FROM {table} WHERE realm_id = {realm_id}");
            rows.insert(table, texts(&connection, &select).await.into_iter().collect());
        }
        connection.close().await.unwrap();
        Self(rows)
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
        self.0.values().flatten().any(|row| row.contains(text) || row.contains(&hex))
    }
}

async fn texts(connection: &DatabaseConnection, select: &str) -> Vec<String> {
    let statement = Statement::from_string(connection.get_database_backend(), select);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.into_iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}
