//! What one migration may do, and how its DDL is written for each database.
//!
//! A migration is one statement that may run again: MariaDB commits each DDL statement by itself, so a run that was
//! killed half-way must be able to start over at any statement. The schema only grows (expand); what no supported
//! version needs any more goes in a later release (contract), so that two versions can run beside each other. An index
//! may go at once: without it a version is slower, not wrong.

use std::pin::Pin;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, SchemaManagerConnection};

/// The SQL a database speaks, as far as DDL cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
    MariaDb,
    MySql,
}

impl Dialect {
    async fn of<C: ConnectionTrait>(connection: &C) -> Result<Self, DbErr> {
        Ok(match connection.get_database_backend() {
            DatabaseBackend::Sqlite => Self::Sqlite,
            DatabaseBackend::Postgres => Self::Postgres,
            _ if mysql_version(connection).await?.contains("MariaDB") => Self::MariaDb,
            _ => Self::MySql,
        })
    }

    /// What stands after the closing parenthesis of a table. The collations compare byte by byte and do not pad:
    /// `app`, `App` and `app ` are three clients.
    const fn table_ending(self, compact: bool) -> &'static str {
        match self {
            Self::Sqlite if compact => " WITHOUT ROWID",
            Self::Sqlite | Self::Postgres => "",
            Self::MariaDb => " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            Self::MySql => " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
        }
    }

    /// Replaces the words in angle brackets by this database's types.
    fn write_types(self, columns: &str) -> String {
        let types: [(&str, &str); 7] = match self {
            Self::Sqlite => [
                ("<id>", "BLOB"),
                ("<hash>", "BLOB"),
                ("<bytes>", "BLOB"),
                ("<json>", "TEXT"),
                ("<flag>", "BOOLEAN"),
                ("<sequence>", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                ("<exact>", ""),
            ],
            Self::Postgres => [
                ("<id>", "BYTEA"),
                ("<hash>", "BYTEA"),
                ("<bytes>", "BYTEA"),
                ("<json>", "TEXT"),
                ("<flag>", "BOOLEAN"),
                ("<sequence>", "BIGSERIAL PRIMARY KEY"),
                ("<exact>", "COLLATE \"C\""),
            ],
            Self::MariaDb | Self::MySql => [
                ("<id>", "BINARY(16)"),
                ("<hash>", "VARBINARY(32)"),
                ("<bytes>", "BLOB"),
                ("<json>", "MEDIUMTEXT"),
                ("<flag>", "BOOLEAN"),
                ("<sequence>", "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"),
                ("<exact>", ""),
            ],
        };
        types.iter().fold(columns.to_owned(), |sql, (word, name)| sql.replace(word, name))
    }
}

async fn mysql_version<C: ConnectionTrait>(connection: &C) -> Result<String, DbErr> {
    use sea_orm_migration::sea_orm::Statement;
    let select = Statement::from_string(DatabaseBackend::MySql, "SELECT VERSION()");
    match connection.query_one_raw(select).await? {
        Some(row) => row.try_get_by_index(0),
        None => Ok(String::new()),
    }
}

/// One migration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Its name in the table of applied migrations. Never changes.
    pub(crate) name: &'static str,
    pub(crate) change: Change,
}

/// What a migration does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Makes a table.
    Table {
        name: &'static str,
        /// Columns and constraints; words in angle brackets stand for types:
        ///
        /// - `<id>`: 128 bits; `<hash>`: up to 256 bits; `<bytes>`: ciphertexts and the like
        /// - `<json>`: JSON as text; `<flag>`: true or false; `<sequence>`: a growing number as primary key
        /// - `<exact>`: follows a `VARCHAR(n)` that is compared byte by byte
        columns: &'static str,
        /// Whether SQLite keeps the row in the primary key's tree alone: one page less to write for small rows.
        compact: bool,
    },
    /// Adds a column to a table that is there. The words of [`Change::Table`] stand for types; rows that exist get the
    /// default, or nothing.
    Column {
        table: &'static str,
        /// Name, type and constraints.
        definition: &'static str,
    },
    /// Makes an index.
    Index { name: &'static str, table: &'static str, columns: &'static str },
    /// Makes an index of the rows that meet a condition, where the database has such; elsewhere one of all rows.
    PartialIndex {
        name: &'static str,
        table: &'static str,
        columns: &'static str,
        condition: &'static str,
        /// The columns of the index of all rows.
        whole: &'static str,
    },
    /// Drops an index that nobody needs any more. A version that still does works on without, more slowly.
    DropIndex { name: &'static str, table: &'static str },
    /// Fills a new table from rows that are there. May be given up half-way and begun again.
    Fill(for<'a> fn(&'a SchemaManagerConnection<'a>) -> Filling<'a>),
}

/// The work of [`Change::Fill`].
pub(crate) type Filling<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    #[expect(
        elided_lifetimes_in_paths,
        reason = "the trait's own signature elides it, and async_trait tells the two apart"
    )]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        match self.change {
            Change::Table { name, columns, compact } => {
                let dialect = Dialect::of(connection).await?;
                let columns = dialect.write_types(columns);
                let ending = dialect.table_ending(compact);
                connection
                    .execute_unprepared(&format!("CREATE TABLE IF NOT EXISTS {name} ({columns}){ending}"))
                    .await?;
            }
            // Neither SQLite nor MySQL has ADD COLUMN IF NOT EXISTS.
            Change::Column { table, definition } => {
                let name = definition.split(' ').next().unwrap_or_default();
                if !manager.has_column(table, name).await? {
                    let definition = Dialect::of(connection).await?.write_types(definition);
                    connection.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN {definition}")).await?;
                }
            }
            // MySQL has no CREATE INDEX IF NOT EXISTS.
            Change::Index { name, table, .. } | Change::PartialIndex { name, table, .. }
                if manager.has_index(table, name).await? => {}
            Change::Index { name, table, columns } => {
                connection.execute_unprepared(&format!("CREATE INDEX {name} ON {table} ({columns})")).await?;
            }
            Change::PartialIndex { name, table, columns, condition, whole } => {
                let columns = match connection.get_database_backend() {
                    DatabaseBackend::Sqlite | DatabaseBackend::Postgres => format!("({columns}) WHERE {condition}"),
                    _ => format!("({whole})"),
                };
                connection.execute_unprepared(&format!("CREATE INDEX {name} ON {table} {columns}")).await?;
            }
            // MySQL has no DROP INDEX IF EXISTS.
            Change::DropIndex { name, table } if !manager.has_index(table, name).await? => {}
            Change::DropIndex { name, table } => {
                let of_table = match connection.get_database_backend() {
                    DatabaseBackend::Sqlite | DatabaseBackend::Postgres => String::new(),
                    _ => format!(" ON {table}"),
                };
                connection.execute_unprepared(&format!("DROP INDEX {name}{of_table}")).await?;
            }
            Change::Fill(fill) => fill(connection).await?,
        }
        Ok(())
    }
}
