//! Back-channel logouts that wait to be delivered, and those that were given up.

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Object, Parties, Serving};
use crate::model::LogoutDelivery;
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The realm's deliveries by number; only those given up, or only the others, if asked for.
///
/// # Errors
/// Faults only.
pub async fn list_logout_deliveries(
    provider: &Provider,
    realm: &RealmContext,
    dead: Option<bool>,
    page: &PageRequest,
) -> Result<Page<LogoutDelivery>, RegistryError> {
    Ok(provider.store.list_logout_deliveries(realm.id(), dead, page).await?)
}

/// Begins a new round of attempts at a delivery.
///
/// # Errors
/// `NotFound`.
pub async fn retry_logout_delivery(
    serving: &Serving<'_>,
    realm: &RealmContext,
    number: i64,
) -> Result<(), RegistryError> {
    let object = (Object::LogoutDelivery, number.to_string());
    let retried = administered(serving, object, Action::Retried, Vec::new()).concerning(Parties::default());
    let events = serving.with_event(realm, retried);
    if !serving.store.retry_logout_delivery(realm.id(), number, &events).await? {
        return Err(RegistryError::NotFound("logout delivery"));
    }
    serving.written(&events);
    serving.logouts.notify_one();
    Ok(())
}
