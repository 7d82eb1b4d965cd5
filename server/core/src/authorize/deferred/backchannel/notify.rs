//! What this server sends by itself for CIBA: the ping or the tokens to the client (sections 10.2 and 10.3), and the
//! question to the service that reaches the user's device. At least once, by one node at a time, as logouts are.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use signet_hooks::NoFacts;
use signet_hooks::points::OnCibaNotify;
use signet_hooks::points::on_ciba_notify::{CibaJob, CibaNotifyDecision, CibaPayload};
use signet_protocol::names::{GrantType, TokenDeliveryMode};
use signet_protocol::responses::TokenResponse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::super::content::{Backchannel, Content};
use super::answer::{accepted, notification_of};
use super::{may_ask, service};
use crate::authorize::DeferredAnswer;
use crate::endpoints::Endpoint;
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::grants::push_tokens;
use crate::hooks::Subject;
use crate::model::{Client, DeferredRequest, DeferredState, Notification, NotificationDelivery, User};
use crate::ports::outbound::{OutboundBody, OutboundError, OutboundRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::registry::{RegistryError, find_realm};

/// Time between two looks where nothing happened here: another node may have been told an answer and died.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time for one attempt to ask the device service, from the name to the last byte. Clients have a time of their own.
const DEVICE_ATTEMPT: Duration = Duration::from_secs(5);
/// Seconds for which nobody else tries a delivery: longer than an attempt can take, the keys it encrypts to included.
const LEASE_SECONDS: i64 = 30;
/// Attempts under way at a time.
const ATTEMPTS: usize = 32;
/// Deliveries that are read at a time.
const BATCH: u64 = 128;
/// Longest wait between two attempts, in seconds.
const LONGEST_WAIT: i64 = 30;
/// Longest answer that is read, in bytes. Nothing in it is looked at.
const MOST_BYTES: usize = 16 * 1024;

/// Sends what CIBA has to tell.
pub struct BackchannelSender {
    provider: Arc<Provider>,
    places: Arc<Semaphore>,
}

/// Why an attempt failed.
struct Failed {
    problem: String,
    /// Whether more attempts will not help.
    is_final: bool,
}

impl BackchannelSender {
    /// The sender of this process.
    pub fn new(provider: &Arc<Provider>) -> Self {
        Self { provider: Arc::clone(provider), places: Arc::new(Semaphore::new(ATTEMPTS)) }
    }

    /// Delivers until the process ends.
    pub async fn keep_sending(self) {
        loop {
            if let Err(error) = self.begin().await {
                tracing::warn!(%error, "notifications of CIBA that wait to be delivered cannot be read");
            }
            // Whoever takes a request or an answer here, and every attempt that ends, wakes this up.
            _ = timeout(INTERVAL, self.provider.notifications.notified()).await;
        }
    }

    /// Begins every attempt whose time has come and that has a place.
    ///
    /// # Errors
    /// The database is away.
    pub async fn begin(&self) -> Result<(), Fault> {
        for delivery in self.provider.store.due_notifications(BATCH).await? {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            if self.provider.store.lease_notification(&delivery, LEASE_SECONDS).await? {
                let leased = NotificationDelivery { attempts: delivery.attempts + 1, ..delivery };
                tokio::spawn(attempt(Arc::clone(&self.provider), leased, place));
            }
        }
        Ok(())
    }
}

async fn attempt(provider: Arc<Provider>, leased: NotificationDelivery, place: OwnedSemaphorePermit) {
    if let Err(error) = deliver(&provider, &leased).await {
        tracing::warn!(%error, delivery = leased.number, "a notification could not be noted; it is tried again");
    }
    drop(place);
    provider.notifications.notify_one();
}

/// One attempt, and what became of it.
async fn deliver(provider: &Provider, leased: &NotificationDelivery) -> Result<(), Fault> {
    let realm = match find_realm(provider, &leased.realm).await {
        Ok(realm) => realm,
        // Deleted meanwhile, with its rows.
        Err(RegistryError::NotFound(_)) => return Ok(()),
        Err(RegistryError::Fault(fault)) => return Err(fault),
        Err(other) => return Err(Fault::internal("the realm of a notification", other)),
    };
    let stored = provider.store.deferred_request(realm.id(), leased.reference).await?;
    let wanted = stored.filter(|stored| is_wanted(stored, leased.notification) && !is_over(provider, stored));
    let Some(stored) = wanted else { return Ok(provider.store.complete_notification(leased).await?) };
    let serving = provider.serving_itself();
    let sent = match leased.notification {
        _ if !realm.realm.enabled => Err(nobody("the realm is disabled")),
        Notification::Device => ask_device(&serving, &realm, (&stored, leased.attempts)).await,
        Notification::Ping | Notification::Push => tell_client(&serving, &realm, &stored).await,
    };
    match sent {
        Ok(()) => Ok(provider.store.complete_notification(leased).await?),
        Err(failed) => note_failure(&serving, &realm, leased, failed).await,
    }
}

/// A question is of no use once it was answered, and news are none before.
fn is_wanted(stored: &DeferredRequest, notification: Notification) -> bool {
    match notification {
        Notification::Device => stored.state == DeferredState::Pending,
        Notification::Ping | Notification::Push => {
            matches!(stored.state, DeferredState::Approved | DeferredState::Denied)
        }
    }
}

fn is_over(provider: &Provider, stored: &DeferredRequest) -> bool {
    provider.now() >= stored.expires_at
}

fn failed(failure: impl Into<Failure>) -> Failed {
    match failure.into() {
        Failure::Refusal(refusal) => Failed { problem: refusal.to_string(), is_final: true },
        Failure::Fault(fault) => Failed { problem: fault.to_string(), is_final: false },
    }
}

fn nobody(problem: &'static str) -> Failed {
    Failed { problem: problem.to_owned(), is_final: true }
}

/// Asks the service that reaches the user's device.
async fn ask_device(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (stored, attempts): (&DeferredRequest, i64),
) -> Result<(), Failed> {
    let service = realm.realm.settings.backchannel_device_service.as_ref();
    let service = service.ok_or_else(|| nobody("the realm has no device service any more"))?;
    let url = Url::parse(&service.url).map_err(|_| nobody("the address of the device service does not read"))?;
    let user_id = stored.user_id.ok_or_else(|| nobody("the request names no user"))?;
    let user = serving.store.user(realm.id(), user_id).await.map_err(|error| failed(Fault::from(error)))?;
    let user = user.filter(|user| user.enabled).ok_or_else(|| nobody("the user is gone or disabled"))?;
    let found = accepted(serving, realm, stored).await.map_err(failed)?;
    let (request, content) = found.ok_or_else(|| nobody("the client may not ask any more"))?;
    let own = content.backchannel.as_ref();
    let job = CibaJob {
        binding_message: own.and_then(|own| own.binding_message.clone()),
        scope: request.request.scope().iter().map(str::to_owned).collect(),
        attempt: attempts,
        seconds_left: stored.expires_at.since(serving.now()),
    };
    let Some(mut body) = told(serving, realm, (&request.client, &user), job).await? else { return Ok(()) };
    let about = (&request, &content, stored);
    let message = service::message(serving, realm, about, (&user, &service.url)).map_err(failed)?;
    body["request"] = message.into();
    send(serving, (url, None, DEVICE_ATTEMPT), &body).await
}

/// `on_ciba_notify`: what the service is told besides; nothing where a script does not want it told. The first channel and
/// the first text count.
async fn told(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, user): (&Client, &User),
    job: CibaJob,
) -> Result<Option<serde_json::Value>, Failed> {
    let subject = Subject::client(client).and_user(Some(user));
    let answers = serving.ask::<OnCibaNotify>(realm, subject, || (NoFacts {}, job)).await.map_err(failed)?;
    let mut payload = CibaPayload::default();
    for answer in answers {
        match answer.decision {
            CibaNotifyDecision::None {} | CibaNotifyDecision::Allow {} => {}
            CibaNotifyDecision::Skip {} => return Ok(None),
            CibaNotifyDecision::Payload(more) => {
                payload.channel = payload.channel.or(more.channel);
                payload.text = payload.text.or(more.text);
            }
        }
    }
    let mut body = json!({});
    if let Some(channel) = payload.channel {
        body["channel"] = channel.into();
    }
    if let Some(text) = payload.text {
        body["text"] = json!(text);
    }
    Ok(Some(body))
}

/// Tells the client that there is an answer, or what it is: as it is registered now, not as it was when the user answered.
async fn tell_client(serving: &Serving<'_>, realm: &RealmContext, stored: &DeferredRequest) -> Result<(), Failed> {
    let client = serving.store.client(realm.id(), &stored.client_id).await;
    let client = client.map_err(|error| failed(Fault::from(error)))?;
    let client = client.filter(|client| client.enabled).ok_or_else(|| nobody("the client is gone or disabled"))?;
    let content = Content::decrypt(realm, stored).map_err(failed)?;
    let own = content.backchannel.ok_or_else(|| nobody("the request is not one of CIBA"))?;
    let url = endpoint(&client).ok_or_else(|| nobody("the client has no notification endpoint any more"))?;
    let (token, time) = (own.notification_token.clone().map(Zeroizing::new), client.settings.notification_attempt());
    if notification_of(&client) != Some(Notification::Push) {
        return send(serving, (url, token, time), &json!({ "auth_req_id": own.auth_req_id })).await;
    }
    let Some(body) = pushed(serving, realm, (&client, stored), &own).await? else { return Ok(()) };
    // The tokens were issued, and may have arrived: they are not sent again.
    send(serving, (url, token, time), &body).await.map_err(|failed| Failed { is_final: true, ..failed })
}

fn endpoint(client: &Client) -> Option<Url> {
    let is_called = |mode: &TokenDeliveryMode| *mode != TokenDeliveryMode::Poll;
    client.metadata.backchannel_token_delivery_mode.filter(is_called)?;
    Url::parse(client.metadata.backchannel_client_notification_endpoint.as_deref()?).ok()
}

/// The tokens, or the error (CIBA Core 10.3.1 and 12); nothing where another attempt has issued the tokens, and sends them.
async fn pushed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, stored): (&Arc<Client>, &DeferredRequest),
    own: &Backchannel,
) -> Result<Option<serde_json::Value>, Failed> {
    let mut body = if stored.state == DeferredState::Denied {
        error("access_denied", "the user or the server refused")
    } else {
        match tokens(serving, realm, (client, stored), own).await {
            Ok(None) => return Ok(None),
            Ok(Some(tokens)) => serde_json::to_value(&tokens)
                .map_err(|error| failed(Fault::internal("a token response does not serialise", error)))?,
            Err(Failure::Refusal(refusal)) => {
                serving.concerns(Parties::client(&client.client_id).and_user(stored.user_id));
                let place = RefusedAt::Endpoint(Endpoint::Token);
                serving.note_refusal(realm, (place, Some(GrantType::Ciba)), &refusal);
                error("transaction_failed", &refusal.reason)
            }
            Err(Failure::Fault(fault)) => return Err(failed(fault)),
        }
    };
    body["auth_req_id"] = own.auth_req_id.clone().into();
    Ok(Some(body))
}

/// A push error payload (CIBA Core 12), whose codes tell the user's refusal from everything else.
fn error(code: &'static str, description: &str) -> serde_json::Value {
    json!({ "error": code, "error_description": description })
}

/// The tokens of an approved request, if the client may still have them sent; nothing if they were issued before.
async fn tokens(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (client, stored): (&Arc<Client>, &DeferredRequest),
    own: &Backchannel,
) -> Result<Option<TokenResponse>, Failure> {
    may_ask(realm, client)?;
    let answer = DeferredAnswer::decrypt(realm, stored)?;
    push_tokens(serving, realm, client, (stored, &answer, &own.auth_req_id)).await
}

async fn send(
    serving: &Serving<'_>,
    (url, bearer, time): (Url, Option<Zeroizing<String>>, Duration),
    body: &serde_json::Value,
) -> Result<(), Failed> {
    let body = OutboundBody::Json(body.to_string().into_bytes());
    let request = OutboundRequest { url, bearer, body: Some(body), max_bytes: MOST_BYTES, time };
    match serving.outbound.send(request).await {
        Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
        Ok(reply) => {
            let is_final = (400..500).contains(&reply.status) && reply.status != 429;
            Err(Failed { problem: format!("the other side answered with status {}", reply.status), is_final })
        }
        Err(error) => Err(Failed { is_final: is_final(&error), problem: error.to_string() }),
    }
}

/// Whether an address is refused as it is registered, so that waiting does not help.
const fn is_final(error: &OutboundError) -> bool {
    matches!(error, OutboundError::UrlRefused(_) | OutboundError::AddressRefused { .. } | OutboundError::Redirect(_))
}

async fn note_failure(
    serving: &Serving<'_>,
    realm: &RealmContext,
    leased: &NotificationDelivery,
    Failed { problem, is_final }: Failed,
) -> Result<(), Fault> {
    let (attempts, number) = (leased.attempts, leased.number);
    if !is_final {
        tracing::info!(delivery = number, attempts, problem, "a notification was not delivered; it is tried again");
        return Ok(serving.store.postpone_notification(leased, wait(attempts), &problem).await?);
    }
    tracing::warn!(delivery = number, attempts, problem, "a notification was not delivered; given up");
    let fact = Fact::BackchannelUndelivered { delivery: number, attempts, problem: problem.clone() };
    let events = serving.with_event(realm, fact.concerning(Parties::client(&leased.client_id)));
    if serving.store.bury_notification(leased, &problem, &events).await? {
        serving.written(&events);
    }
    Ok(())
}

/// Seconds until the next attempt: 1, 2, 4 and so on.
fn wait(attempts: i64) -> i64 {
    (1_i64 << (attempts - 1).clamp(0, 16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PERMITTED_ATTEMPT_SECONDS;

    #[test]
    fn attempts_wait_longer_each_time_up_to_a_bound() {
        assert_eq!([0, 1, 2, 3, 6, i64::MAX].map(wait), [1, 1, 2, 4, 30, 30]);
    }

    #[test]
    fn an_attempt_ends_before_its_lease() {
        // Keys are fetched within five seconds.
        assert!(i64::from(*PERMITTED_ATTEMPT_SECONDS.end()) + 5 < LEASE_SECONDS);
        assert!(DEVICE_ATTEMPT.as_secs() + 5 < LEASE_SECONDS.unsigned_abs());
    }
}
