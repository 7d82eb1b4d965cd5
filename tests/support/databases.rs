//! A fresh database for each test, on each kind of server.
//!
//! The schema is migrated once per kind and process; a test gets a copy of it: the file on SQLite, a template database
//! on PostgreSQL, the tables' own `CREATE` statements on MariaDB. Making a database takes a server longer than most
//! tests, so that the next test gets the database of one that passed, emptied.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use signet_store::{Database, Isolation, Options};
use tokio::sync::OnceCell;

/// A kind of database that Signet runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

/// A database of one test.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    pub(crate) kind: Kind,
    /// The address that the store connects to.
    pub(crate) url: String,
    name: String,
    folder: Option<PathBuf>,
    reusable: AtomicBool,
}

/// On a busy machine, work may take longer than people are made to wait.
pub(crate) const PATIENT: Options =
    Options { connections: 16, isolation: Isolation::ReadCommitted, patience: Duration::from_secs(30) };

static NUMBER: AtomicU32 = AtomicU32::new(1);
static EMPTIED: Mutex<Vec<TestDatabase>> = Mutex::new(Vec::new());
static SQLITE_TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
static POSTGRES_TEMPLATE: OnceCell<String> = OnceCell::const_new();
static MARIADB_TEMPLATE: OnceCell<Vec<String>> = OnceCell::const_new();

impl TestDatabase {
    /// A database without tables.
    pub(crate) async fn empty(kind: Kind) -> Self {
        let database = Self::unmade(kind);
        if kind != Kind::Sqlite {
            execute_on_server(kind, &format!("CREATE DATABASE {}", database.name)).await;
        }
        database
    }

    /// A database with the schema of this version and no rows.
    pub(crate) async fn migrated(kind: Kind) -> Self {
        if let Some(emptied) = take_emptied(kind) {
            return emptied;
        }
        match kind {
            Kind::Sqlite => {
                let database = Self::unmade(kind);
                let template = SQLITE_TEMPLATE.get_or_init(migrate_sqlite_template).await;
                std::fs::write(database.sqlite_file(), template).unwrap();
                database
            }
            Kind::Postgres => {
                let database = Self::unmade(kind);
                let template = POSTGRES_TEMPLATE.get_or_init(migrate_postgres_template).await;
                execute_on_server(kind, &format!("CREATE DATABASE {} TEMPLATE {template}", database.name)).await;
                database
            }
            Kind::MariaDb => {
                let database = Self::empty(kind).await;
                let connection = database.connect_directly().await;
                for statement in MARIADB_TEMPLATE.get_or_init(migrate_mariadb_template).await {
                    connection.execute_unprepared(statement).await.unwrap();
                }
                connection.close().await.unwrap();
                database
            }
        }
    }

    fn unmade(kind: Kind) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("signet_{}_{number}", std::process::id());
        match kind {
            Kind::Sqlite => {
                let folder = std::env::temp_dir().join(&name);
                std::fs::create_dir_all(&folder).unwrap();
                let url = format!("sqlite:{}/signet.db", folder.display());
                Self { kind, url, name, folder: Some(folder), reusable: AtomicBool::new(false) }
            }
            Kind::Postgres | Kind::MariaDb => {
                let server = server_url(kind);
                let (address, _) = server.rsplit_once('/').expect("the address ends with the name of a database");
                let url = format!("{address}/{name}");
                Self { kind, url, name, folder: None, reusable: AtomicBool::new(true) }
            }
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.folder.as_ref().expect("a SQLite database").join("signet.db")
    }

    /// The store, as one node opens it.
    pub(crate) async fn connect(&self) -> Database {
        self.connect_with(PATIENT).await
    }

    pub(crate) async fn connect_with(&self, options: Options) -> Database {
        Database::connect(&self.url, options).await.unwrap()
    }

    /// A connection that knows nothing of the store: for looking at rows and for damaging them.
    pub(crate) async fn connect_directly(&self) -> DatabaseConnection {
        connect_directly(&self.url).await
    }

    /// How many rows a condition finds, read past the store.
    pub(crate) async fn count(&self, table_and_condition: &str) -> i64 {
        let connection = self.connect_directly().await;
        let select = format!("SELECT COUNT(*) FROM {table_and_condition}");
        let statement = Statement::from_string(connection.get_database_backend(), select);
        let count = connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        count
    }

    /// Runs a statement past the store.
    pub(crate) async fn execute(&self, sql: &str) {
        let connection = self.connect_directly().await;
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// No other test is to get this database: its schema is changed, or sessions hang on to it.
    pub(crate) fn spoil(&self) {
        self.reusable.store(false, Ordering::Relaxed);
    }

    /// Leaves the database to the next test, or removes it. What a failed test leaves goes with its server.
    pub(crate) async fn give_back(self) {
        if !self.reusable.load(Ordering::Relaxed) {
            return self.remove().await;
        }
        let connection = self.connect_directly().await;
        let (unchecked, tables) = match self.kind {
            Kind::Postgres => {
                ("session_replication_role = replica", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            }
            _ => ("SESSION foreign_key_checks = 0", "SHOW TABLES"),
        };
        let query = Statement::from_string(connection.get_database_backend(), tables);
        let tables = connection.query_all_raw(query).await.unwrap();
        let mut empty = vec![format!("SET {unchecked}")];
        for table in tables.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()) {
            if table != "seaql_migrations" {
                empty.push(format!("DELETE FROM {table}"));
            }
        }
        connection.execute_unprepared(&empty.join("; ")).await.unwrap();
        connection.close().await.unwrap();
        EMPTIED.lock().unwrap().push(self);
    }

    /// Removes the database.
    pub(crate) async fn remove(self) {
        match self.kind {
            Kind::Sqlite => std::fs::remove_dir_all(self.folder.unwrap()).unwrap(),
            Kind::Postgres => {
                execute_on_server(self.kind, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
            }
            Kind::MariaDb => execute_on_server(self.kind, &format!("DROP DATABASE {}", self.name)).await,
        }
    }
}

fn take_emptied(kind: Kind) -> Option<TestDatabase> {
    let mut emptied = EMPTIED.lock().unwrap();
    let position = emptied.iter().position(|database| database.kind == kind)?;
    Some(emptied.swap_remove(position))
}

/// The server that `tests/run` started.
fn server_url(kind: Kind) -> String {
    let variable = match kind {
        Kind::Postgres => "SIGNET_TEST_POSTGRES_URL",
        Kind::MariaDb => "SIGNET_TEST_MARIADB_URL",
        Kind::Sqlite => unreachable!("SQLite has no server"),
    };
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run tests/run, which starts the server"))
}

/// A connection to any database that knows nothing of the store.
pub(crate) async fn connect_directly(url: &str) -> DatabaseConnection {
    let mut options = signet_migrations::lasting_pool(url);
    options.max_connections(1);
    sea_orm::Database::connect(options).await.unwrap()
}

async fn execute_on_server(kind: Kind, sql: &str) {
    let connection = connect_directly(&server_url(kind)).await;
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

async fn migrate_sqlite_template() -> Vec<u8> {
    let template = TestDatabase::empty(Kind::Sqlite).await;
    signet_migrations::up(&template.url, |_| {}).await.unwrap();
    let bytes = std::fs::read(template.sqlite_file()).unwrap();
    template.remove().await;
    bytes
}

async fn migrate_postgres_template() -> String {
    let template = TestDatabase::empty(Kind::Postgres).await;
    signet_migrations::up(&template.url, |_| {}).await.unwrap();
    template.name
}

async fn migrate_mariadb_template() -> Vec<String> {
    let template = TestDatabase::empty(Kind::MariaDb).await;
    signet_migrations::up(&template.url, |_| {}).await.unwrap();
    let connection = template.connect_directly().await;
    let query = |sql: String| Statement::from_string(connection.get_database_backend(), sql);
    let tables = connection.query_all_raw(query("SHOW TABLES".to_owned())).await.unwrap();
    // Tables are listed by name, not in the order in which they refer to each other.
    let mut statements = vec!["SET SESSION foreign_key_checks = 0".to_owned()];
    for table in tables {
        let name: String = table.try_get_by_index(0).unwrap();
        let created = connection.query_one_raw(query(format!("SHOW CREATE TABLE {name}"))).await.unwrap().unwrap();
        statements.push(created.try_get_by_index(1).unwrap());
        if name == "seaql_migrations" {
            statements.push(format!("INSERT INTO seaql_migrations SELECT * FROM {}.seaql_migrations", template.name));
        }
    }
    connection.close().await.unwrap();
    statements
}
