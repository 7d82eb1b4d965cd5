//! Making a database ready: the right root key, and the realm that administration itself lives in.

use signet_protocol::identifiers::RealmName;

use super::{RealmChange, RegistryError, create_realm};
use crate::failure::Fault;
use crate::model::RealmSettings;
use crate::provider::Provider;

/// The realm whose access tokens open the admin API.
pub const ADMIN_REALM: &str = "admin";
/// The scope that permits everything.
pub const ADMIN_SCOPE: &str = "signet.admin";
/// The scope that permits reading.
pub const ADMIN_READ_SCOPE: &str = "signet.admin.read";

/// Checks that the root key is the database's own, and makes the admin realm where there is none. Safe to run on
/// several nodes at once.
///
/// # Errors
/// A fault that names the root key if it does not fit.
pub async fn prepare_database(provider: &Provider) -> Result<(), RegistryError> {
    let canary = if let Some(canary) = provider.store.canary().await? {
        canary
    } else {
        let made = provider
            .root_key
            .make_canary(&*provider.random)
            .map_err(|error| Fault::internal("the root key does not work", error))?;
        provider.store.insert_canary(&made).await?
    };
    provider.root_key.check_canary(&canary).map_err(|error| {
        Fault::internal(
            "the root key is not the one this database was made with; restore the right root key file",
            error,
        )
    })?;
    let name: RealmName = ADMIN_REALM.parse().map_err(|error| Fault::internal("the admin realm's name", error))?;
    if provider.store.realm_by_name(&name).await?.is_some() {
        return Ok(());
    }
    let settings = RealmSettings { default_scope: "openid".parse().unwrap_or_default(), ..RealmSettings::default() };
    let change = RealmChange { name, display_name: "Administration".to_owned(), enabled: true, settings };
    match create_realm(&provider.serving_itself(), change).await {
        // Another node was faster.
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
