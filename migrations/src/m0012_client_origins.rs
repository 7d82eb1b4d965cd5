//! The origins of clients' pages, to be found by origin: a preflight request names nothing else.

use std::collections::BTreeSet;

use sea_orm_migration::SchemaManagerConnection;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};

use crate::schema::{Change, Filling, Step};

/// Clients that are read at a time.
const PAGE: usize = 500;

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "m0012_01_client_origins",
        change: Change::Table {
            name: "client_origins",
            columns: "realm_id <id> NOT NULL,
                client_id VARCHAR(200) <exact> NOT NULL,
                origin VARCHAR(300) <exact> NOT NULL,
                PRIMARY KEY (realm_id, client_id, origin),
                FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, client_id) ON DELETE CASCADE",
            compact: true,
        },
    },
    Step {
        name: "m0012_02_client_origins_by_origin",
        change: Change::Index {
            name: "client_origins_by_origin",
            table: "client_origins",
            columns: "realm_id, origin",
        },
    },
    Step { name: "m0012_03_client_origins_of_registered_clients", change: Change::Fill(fill) },
];

fn fill<'a>(connection: &'a SchemaManagerConnection<'a>) -> Filling<'a> {
    Box::pin(async move {
        let mut after = (Vec::new(), String::new());
        loop {
            let rows = clients_after(connection, &after).await?;
            for row in &rows {
                let (realm_id, client_id, metadata): (Vec<u8>, String, String) =
                    (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
                for origin in origins(&metadata) {
                    insert(connection, (&realm_id, &client_id), origin).await?;
                }
                after = (realm_id, client_id);
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
    })
}

async fn clients_after(
    connection: &SchemaManagerConnection<'_>,
    (realm_id, client_id): &(Vec<u8>, String),
) -> Result<Vec<QueryResult>, DbErr> {
    let (backend, [one, two, three]) = (connection.get_database_backend(), marks(connection));
    let select = format!(
        "SELECT realm_id, client_id, metadata FROM clients
        WHERE realm_id > {one} OR (realm_id = {two} AND client_id > {three})
        ORDER BY realm_id, client_id LIMIT {PAGE}"
    );
    let values: [Value; 3] = [realm_id.clone().into(), realm_id.clone().into(), client_id.clone().into()];
    connection.query_all_raw(Statement::from_sql_and_values(backend, select, values)).await
}

/// Inserts what is not there yet.
async fn insert(
    connection: &SchemaManagerConnection<'_>,
    (realm_id, client_id): (&[u8], &str),
    origin: String,
) -> Result<(), DbErr> {
    let (backend, [one, two, three]) = (connection.get_database_backend(), marks(connection));
    let again = match backend {
        DatabaseBackend::MySql => "ON DUPLICATE KEY UPDATE origin = origin",
        _ => "ON CONFLICT DO NOTHING",
    };
    let insert =
        format!("INSERT INTO client_origins (realm_id, client_id, origin) VALUES ({one}, {two}, {three}) {again}");
    let values: [Value; 3] = [realm_id.to_vec().into(), client_id.into(), origin.into()];
    connection.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    Ok(())
}

/// What stands for three values in a statement.
fn marks(connection: &SchemaManagerConnection<'_>) -> [&'static str; 3] {
    if connection.get_database_backend() == DatabaseBackend::Postgres { ["$1", "$2", "$3"] } else { ["?", "?", "?"] }
}

/// The origins of the redirect URIs among a client's metadata. What does not read is left out: it opens nothing.
fn origins(metadata: &str) -> BTreeSet<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).unwrap_or_default();
    let uris = metadata["redirect_uris"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    let pages = uris.filter_map(|uri| url::Url::parse(uri).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    pages.map(|url| url.origin().ascii_serialization()).filter(|origin| origin.len() <= 300).collect()
}
