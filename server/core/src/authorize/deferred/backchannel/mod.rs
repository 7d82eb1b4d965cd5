//! Client-initiated backchannel authentication (CIBA Core): the client names the user, who is asked at a device of their
//! own; the client polls, is told when to, or gets the tokens sent.

mod answer;
mod decision;
mod hints;
mod notify;
mod request;
mod service;
mod signed;
mod user_code;

use std::sync::Arc;

pub use answer::{
    Approver, WaitingRequest, answer_request, answer_with_token, block_client_of, blocked_clients, unblock_client,
    waiting_requests,
};
pub use notify::BackchannelSender;
pub use service::APPROVAL_TOKEN_PREFIX;
use signet_jose::{digest, random_token};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{GrantType, TokenDeliveryMode};
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::BackchannelAuthenticationResponse;
use signet_protocol::spec::{ciba, oidc_core, rfc6749};

use super::content::{AskedFrom, Backchannel, Content};
use crate::authn::counter_key;
use crate::authorize::decisions::{Narrowing, narrow};
use crate::authorize::pushed::in_json;
use crate::authorize::request_object::MergedRequest;
use crate::authorize::sender::Sender;
use crate::authorize::{Accepted, Entry, accept};
use crate::binding::{authorized_key, replayed};
use crate::endpoints::Endpoint;
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::grants::ClientRequest;
use crate::model::{
    Client, DeferredKind, DeferredReference, DeferredRequest, DeferredState, Epochs, Notification, Thumbprint,
    UsedRecord, User,
};
use crate::ports::{Deferral, DeferralOutcome};
use crate::realm::RealmContext;
use decision::Limits;
use request::Asked;

/// Random bytes of an `auth_req_id` (section 7.3: 128 bits at least, 160 recommended).
const BYTES: usize = 32;

/// Serves a request of the backchannel authentication endpoint (section 7).
///
/// # Errors
/// Those of section 13; `temporarily_unavailable` where client or user have too many requests open.
pub async fn authenticate_backchannel(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<BackchannelAuthenticationResponse, Failure> {
    let outcome = take(serving, realm, request).await.map_err(in_words_of_ciba);
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::BackchannelAuthentication), None)).await
}

/// Section 13 has no code of its own for request objects.
fn in_words_of_ciba(failure: Failure) -> Failure {
    match failure {
        Failure::Refusal(refusal) if refusal.code == ErrorCode::InvalidRequestObject => {
            Refusal { code: ErrorCode::InvalidRequest, ..refusal }.into()
        }
        failure => failure,
    }
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<BackchannelAuthenticationResponse, Failure> {
    let sender = Sender::of(serving, realm, (&request, Endpoint::BackchannelAuthentication)).await?;
    let client = sender.client();
    let outcome = match validated(serving, realm, client, (request.parameters, sender.key)).await {
        Ok(begun) => keep(serving, realm, client, (begun, &sender.proofs)).await,
        Err(failure) => Err(failure),
    };
    sender.conclude(serving, realm, outcome).await
}

/// A request that every rule has agreed to.
struct Begun {
    parameters: Parameters,
    narrowing: Narrowing,
    asked: Asked,
    user: User,
    limits: Limits,
}

async fn validated(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (form, proved_key): (&Parameters, Option<Thumbprint>),
) -> Result<Begun, Failure> {
    may_ask(realm, client)?;
    let parameters = signed::parameters(serving, realm, client, form).await?;
    let asked = Asked::read(client, &parameters)?;
    serving.passed("backchannel");
    let parameters = Parameters::default().with("client_id", client.client_id.as_str()).superseded_by(&parameters);
    let merged = MergedRequest::plain(&parameters);
    let mut accepted = accept(serving, realm, (Arc::clone(client), merged), Entry::Backchannel).map_err(in_json)?;
    is_openid(&accepted)?;
    let mut narrowing = Narrowing::default();
    narrow(serving, realm, &mut accepted, &mut narrowing).await.map_err(in_json)?;
    let decided = decision::asked(serving, realm, &accepted, &asked).await?;
    let user = hints::user(serving, realm, client, (&asked.hint, decided.username.as_deref())).await?;
    serving.concerns(Parties::user(user.id));
    user_code::check(serving, realm, client, (&user, &parameters)).await?;
    let parameters = match authorized_key(parameters.get("dpop_jkt"), proved_key)? {
        Some(key) => parameters.without("dpop_jkt").with("dpop_jkt", &key.to_string()),
        None => parameters,
    };
    // Who it is about is known now; a hint that has expired by the time of the answer changes nothing.
    let parameters =
        ["id_token_hint", "login_hint_token", "user_code"].iter().fold(parameters, |rest, name| rest.without(name));
    Ok(Begun { parameters, narrowing, asked, user, limits: decided.limits })
}

/// The grant is in use here, and the client is registered for it (CIBA Core 4; FAPI-CIBA 5.2.2-1).
fn may_ask(realm: &RealmContext, client: &Client) -> Result<(), Refusal> {
    let unauthorized = |reason: &'static str| ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("5.2"));
    if !realm.offers_grant(GrantType::Ciba) || !client.metadata.grant_types().contains(&GrantType::Ciba) {
        return Err(unauthorized("the client is not registered for the grant of CIBA"));
    }
    if !client.metadata.is_confidential() {
        return Err(unauthorized("only a client that authenticates itself may use CIBA"));
    }
    let mode = client.metadata.backchannel_token_delivery_mode;
    let permitted = realm.profile_of(client).backchannel.delivery_modes;
    if mode.is_none_or(|mode| !permitted.contains(&mode)) {
        return Err(unauthorized("the client is not registered for a way of delivery that its profile allows"));
    }
    Ok(())
}

/// Section 7.1: CIBA authenticates users, so that the scope has `openid`.
fn is_openid(accepted: &Accepted) -> Result<(), Refusal> {
    if accepted.request.scope().contains("openid") {
        return Ok(());
    }
    Err(ErrorCode::InvalidScope.because("the scope lacks openid").per(oidc_core("3.1.2.1")))
}

/// Keeps the request, in one transaction with the marks of what came along and with what tells the user's device.
async fn keep(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (begun, proofs): (Begun, &[UsedRecord]),
) -> Result<BackchannelAuthenticationResponse, Failure> {
    let Begun { parameters, narrowing, asked, user, limits } = begun;
    bound_pushing(serving, realm, client, &user).await?;
    let auth_req_id = random_token(&*serving.random, BYTES);
    let reference = DeferredReference(digest::sha256(auth_req_id.as_bytes()));
    let (now, settings) = (serving.now(), &realm.realm.settings);
    let mode = client.metadata.backchannel_token_delivery_mode.unwrap_or(TokenDeliveryMode::Poll);
    let content = Content {
        parameters,
        narrowing,
        asked_from: AskedFrom { address: None, user_agent: None, at: now },
        timeline: realm.realm.timeline,
        backchannel: Some(Backchannel {
            auth_req_id: auth_req_id.clone(),
            notification_token: asked.notification_token,
            binding_message: asked.binding_message,
        }),
    };
    let device = settings.backchannel_device_service.is_some();
    let deferral = Deferral {
        request: DeferredRequest {
            realm_id: realm.id(),
            reference,
            kind: DeferredKind::Backchannel,
            user_code: None,
            client_id: client.client_id.clone(),
            user_id: Some(user.id),
            content: content.encrypt(serving, realm, reference)?,
            epochs: Some(Epochs::of(&realm.realm, client)),
            state: DeferredState::Pending,
            interval: limits.interval,
            answer: None,
            expires_at: now.plus(limits.expires_in),
        },
        proofs: proofs.to_vec(),
        now,
        most: settings.backchannel_requests_per_client,
        most_of_user: Some(settings.backchannel_requests_per_user),
        notification: device.then_some(Notification::Device),
    };
    let requested = Fact::BackchannelRequested {}.concerning(Parties::client(&client.client_id));
    let events = serving.with_event(realm, requested);
    match serving.store.defer(&deferral, &events).await? {
        DeferralOutcome::Deferred => {
            serving.written(&events);
            serving.notifications.notify_one();
            serving.note_client_use(realm, client).await;
            let interval = (mode != TokenDeliveryMode::Push).then_some(limits.interval);
            Ok(BackchannelAuthenticationResponse { auth_req_id, expires_in: limits.expires_in, interval })
        }
        DeferralOutcome::Replayed(purpose) => Err(replayed(purpose).into()),
        DeferralOutcome::TooMany | DeferralOutcome::CodeTaken => Err(too_many().into()),
        DeferralOutcome::Blocked => Err(blocked().into()),
    }
}

/// Nobody's device is rung more often than the realm says (OWASP ASVS 5.0 section 6.6.4), whoever asks, and by no client
/// alone more than by half.
async fn bound_pushing(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    user: &User,
) -> Result<(), Failure> {
    let most = realm.realm.settings.backchannel_requests_per_user_and_hour;
    let keys = [
        counter_key(realm, &[b"backchannel", &user.id.0]),
        counter_key(realm, &[b"backchannel-client", &user.id.0, client.client_id.as_str().as_bytes()]),
    ];
    let counted = serving.store.count_attempts(realm.id(), &keys, serving.now(), 3_600).await?;
    let limits = [most, (most + 1) / 2];
    if counted.iter().zip(limits).any(|(attempts, limit)| attempts.count > limit) {
        return Err(too_many().into());
    }
    Ok(())
}

fn too_many() -> Refusal {
    let reason = "too many requests wait, or were made lately; come back later";
    ErrorCode::TemporarilyUnavailable.because(reason).per(ciba("13"))
}

/// The user has blocked the client. To the client it is a refusal like any other.
fn blocked() -> Refusal {
    ErrorCode::AccessDenied.because("the user or the server refused").per(ciba("13"))
}
