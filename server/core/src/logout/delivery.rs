//! Telling clients of logouts by the back channel (Back-Channel Logout 2.5 and 2.8): at least once, in order for each
//! client, by one node at a time.
//!
//! A delivery is a row. Whoever tries it moves the time of the next attempt a lease ahead, and only the one whose move
//! counts goes on; a node that dies under way loses nothing. A client that does not answer costs a place for a few
//! seconds once; from then on its attempts have places of their own, so that it delays nobody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;

use super::token::logout_token;
use crate::events::{Fact, Parties};
use crate::failure::Fault;
use crate::model::{Client, LogoutDelivery};
use crate::ports::outbound::{OutboundBody, OutboundError, OutboundRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::registry::{RegistryError, find_realm};

/// Time between two looks where nothing happened here: another node may have ended a session and died.
const INTERVAL: Duration = Duration::from_secs(1);
/// Seconds for which nobody else tries a delivery: longer than an attempt can take, the keys it encrypts to included.
const LEASE_SECONDS: i64 = 30;
/// First attempts under way at a time.
const FIRST_ATTEMPTS: usize = 32;
/// Further attempts under way at a time.
const FURTHER_ATTEMPTS: usize = 8;
/// Deliveries that are read at a time.
const BATCH: u64 = 256;
/// Longest wait between two attempts, in seconds.
const LONGEST_WAIT: i64 = 300;
/// Attempts after which a client that answers, but refuses, is given up.
const MOST_REFUSALS: i64 = 5;
/// Seconds after which a client that cannot be reached is given up.
const GIVE_UP_SECONDS: i64 = 86_400;
/// Longest answer that is read, in bytes. Nothing in it is looked at.
const MOST_BYTES: usize = 16 * 1024;

/// Tells clients of logouts.
pub struct LogoutSender {
    provider: Arc<Provider>,
    first: Arc<Semaphore>,
    further: Arc<Semaphore>,
}

/// Why an attempt failed.
struct Failed {
    problem: String,
    /// Whether the client answered: then more attempts will not do much.
    refused: bool,
}

impl LogoutSender {
    /// The sender of this process.
    pub fn new(provider: &Arc<Provider>) -> Self {
        Self {
            provider: Arc::clone(provider),
            first: Arc::new(Semaphore::new(FIRST_ATTEMPTS)),
            further: Arc::new(Semaphore::new(FURTHER_ATTEMPTS)),
        }
    }

    /// Delivers until the process ends.
    pub async fn keep_sending(self) {
        loop {
            if let Err(error) = self.begin().await {
                tracing::warn!(%error, "logouts that wait to be delivered cannot be read");
            }
            // Whoever ends a session here, and every attempt that ends, wakes this up.
            _ = timeout(INTERVAL, self.provider.logouts.notified()).await;
        }
    }

    /// Begins every attempt whose time has come and that has a place.
    ///
    /// # Errors
    /// The database is away.
    pub async fn begin(&self) -> Result<(), Fault> {
        for delivery in self.provider.store.due_logout_deliveries(BATCH).await? {
            let places = if delivery.attempts == 0 { &self.first } else { &self.further };
            let Ok(place) = Arc::clone(places).try_acquire_owned() else { continue };
            if self.provider.store.lease_logout_delivery(&delivery, LEASE_SECONDS).await? {
                let leased = LogoutDelivery { attempts: delivery.attempts + 1, ..delivery };
                tokio::spawn(attempt(Arc::clone(&self.provider), leased, place));
            }
        }
        Ok(())
    }
}

async fn attempt(provider: Arc<Provider>, leased: LogoutDelivery, place: OwnedSemaphorePermit) {
    if let Err(error) = deliver(&provider, &leased).await {
        tracing::warn!(%error, delivery = leased.number, "a logout delivery could not be noted; it is tried again");
    }
    drop(place);
    provider.logouts.notify_one();
}

/// One attempt, and what became of it.
async fn deliver(provider: &Provider, leased: &LogoutDelivery) -> Result<(), Fault> {
    let realm = match find_realm(provider, &leased.realm).await {
        Ok(realm) => realm,
        // Deleted meanwhile, with its rows.
        Err(RegistryError::NotFound(_)) => return Ok(()),
        Err(RegistryError::Fault(fault)) => return Err(fault),
        Err(other) => return Err(Fault::internal("the realm of a logout delivery", other)),
    };
    let client = provider.store.client(realm.id(), &leased.client_id).await?;
    let target = client.filter(|_| realm.realm.settings.backchannel_logout);
    let target = target.and_then(|client| {
        let url = client.metadata.backchannel_logout_uri.as_deref().and_then(|uri| Url::parse(uri).ok())?;
        Some((client, url))
    });
    let Some((client, url)) = target else {
        // Nobody wants to know any more.
        return Ok(provider.store.complete_logout_delivery(leased).await?);
    };
    match send(provider, &realm, (&client, url), leased).await {
        Ok(()) => {
            tracing::debug!(client_id = %leased.client_id, delivery = leased.number, "a client was told of a logout");
            Ok(provider.store.complete_logout_delivery(leased).await?)
        }
        Err(failed) => note_failure(provider, &realm, leased, failed).await,
    }
}

async fn send(
    provider: &Provider,
    realm: &RealmContext,
    (client, url): (&Client, Url),
    leased: &LogoutDelivery,
) -> Result<(), Failed> {
    let token = logout_token(provider, realm, client, leased)
        .await
        .map_err(|fault| Failed { problem: fault.to_string(), refused: false })?;
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    let request = OutboundRequest {
        url,
        bearer: None,
        body: Some(OutboundBody::Form(form)),
        max_bytes: MOST_BYTES,
        time: client.settings.logout_attempt(),
    };
    let reply = provider.outbound.send(request).await;
    match reply {
        Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
        Ok(reply) => {
            let problem = format!("the client answered with status {}", reply.status);
            Err(Failed { problem, refused: (400..500).contains(&reply.status) && reply.status != 429 })
        }
        Err(error) => Err(Failed { refused: is_final(&error), problem: error.to_string() }),
    }
}

/// Whether an address is refused as it is registered, so that waiting does not help.
const fn is_final(error: &OutboundError) -> bool {
    matches!(error, OutboundError::UrlRefused(_) | OutboundError::AddressRefused { .. } | OutboundError::Redirect(_))
}

async fn note_failure(
    provider: &Provider,
    realm: &RealmContext,
    leased: &LogoutDelivery,
    failed: Failed,
) -> Result<(), Fault> {
    let Failed { problem, refused } = failed;
    let (attempts, number) = (leased.attempts, leased.number);
    let is_over = refused && attempts >= MOST_REFUSALS || provider.now().since(leased.created_at) >= GIVE_UP_SECONDS;
    if !is_over {
        tracing::info!(client_id = %leased.client_id, delivery = number, attempts, problem, "a client was not told of a logout; it is tried again");
        return Ok(provider.store.postpone_logout_delivery(leased, wait(attempts), &problem).await?);
    }
    tracing::warn!(client_id = %leased.client_id, delivery = number, attempts, problem, "a client was not told of a logout; given up");
    let serving = provider.serving_itself();
    let fact = Fact::LogoutUndelivered { delivery: number, attempts, problem: problem.clone() };
    let parties = Parties::client(&leased.client_id).and_user(Some(leased.user_id)).and_session(Some(leased.sid));
    let events = serving.with_event(realm, fact.concerning(parties));
    if provider.store.bury_logout_delivery(leased, &problem, &events).await? {
        serving.written(&events);
    }
    Ok(())
}

/// Seconds until the next attempt: 2, 4, 8 and so on.
fn wait(attempts: i64) -> i64 {
    (1_i64 << attempts.clamp(1, 16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PERMITTED_ATTEMPT_SECONDS;

    #[test]
    fn attempts_wait_longer_each_time_up_to_a_bound() {
        assert_eq!([0, 1, 2, 8, 9, i64::MAX].map(wait), [2, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn an_attempt_ends_before_its_lease() {
        // Keys are fetched within five seconds.
        assert!(i64::from(*PERMITTED_ATTEMPT_SECONDS.end()) + 5 < LEASE_SECONDS);
    }
}
