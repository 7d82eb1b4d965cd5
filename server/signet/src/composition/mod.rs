//! Wiring: from settings to a provider. The server, the development provider and every command come through here, so
//! that they see the same database under the same rules.

mod clock;
mod database;
mod outbound;
mod root_key;

use std::sync::Arc;

use signet_core::authn::{PasswordHasher, PasswordOptions};
use signet_core::endpoints::Bases;
use signet_core::provider::{Provider, ProviderParts};
use signet_core::registry;
use signet_jose::SystemRandom;
use signet_rhai::RhaiEngine;
use signet_store::Database;

use crate::command::{CommandError, CommandResult};
use crate::config::Settings;

pub(crate) use clock::SystemClock;
pub(crate) use database::migrate;
pub(crate) use outbound::client as outbound;
pub(crate) use root_key::{DEVELOPMENT_PREFIX, RootKeyKind, is_private};

/// A provider with the database below it.
pub(crate) struct Opened {
    /// The services.
    pub(crate) provider: Arc<Provider>,
    /// The database.
    pub(crate) database: Database,
}

/// Opens the database, migrating it where the settings permit, and wires a provider. A new database gets a root key and
/// the admin realm.
pub(crate) async fn open(settings: &Settings, kind: RootKeyKind) -> CommandResult<Opened> {
    let random = Arc::new(SystemRandom::new());
    // Making the hasher hashes once, which takes as long as the database.
    let hasher = {
        let (options, random) = (password_options(settings), Arc::clone(&random));
        tokio::task::spawn_blocking(move || PasswordHasher::new(options, &*random))
    };
    let database = database::connect(&settings.database).await?;
    let root_key = root_key::load(&settings.keys.root_key_file.0, &database, (kind, &*random)).await?;
    let scripts = RhaiEngine::new();
    let provider = Provider::new(ProviderParts {
        store: Arc::new(database.clone()),
        clock: Arc::new(SystemClock),
        passwords: hasher.await.map_err(|error| CommandError::failed(error.to_string()))??,
        random,
        outbound: outbound::client(settings)?,
        scripts: Arc::new(scripts.clone()),
        script_tools: Arc::new(scripts),
        root_key,
        bases: Bases {
            public: settings.server.public_url.as_str().to_owned(),
            mutual_tls: settings.server.mtls_public_url.as_ref().map(|base| base.as_str().to_owned()),
        },
    });
    registry::prepare_database(&provider).await?;
    Ok(Opened { provider: Arc::new(provider), database })
}

const fn password_options(settings: &Settings) -> PasswordOptions {
    let passwords = &settings.passwords;
    PasswordOptions {
        memory_kib: passwords.memory_kib.0,
        iterations: passwords.iterations.0,
        parallel_hashes: passwords.parallel_hashes.0,
        queue: passwords.queue.0,
    }
}
