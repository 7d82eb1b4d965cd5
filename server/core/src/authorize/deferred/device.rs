//! The device authorization endpoint (RFC 8628 sections 3.1 and 3.2).

use std::sync::Arc;

use signet_jose::{digest, random_token};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::DeviceAuthorizationResponse;
use signet_protocol::spec::{rfc6749, rfc8628};

use super::content::{AskedFrom, Content};
use super::decision::{Limits, asked};
use super::user_code::UserCode;
use crate::authorize::decisions::{Narrowing, narrow};
use crate::authorize::pushed::{asked_beside_the_client, in_json};
use crate::authorize::request_object::MergedRequest;
use crate::authorize::sender::Sender;
use crate::authorize::{Entry, accept};
use crate::binding::{authorized_key, replayed};
use crate::endpoints::Endpoint;
use crate::events::{Fact, Parties, RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::grants::ClientRequest;
use crate::model::{
    Client, DeferredKind, DeferredReference, DeferredRequest, DeferredState, Epochs, Thumbprint, UsedRecord,
};
use crate::ports::{Deferral, DeferralOutcome};
use crate::realm::RealmContext;

/// Random bytes of a device code.
const BYTES: usize = 32;
/// Codes that are drawn until one is free. With a million requests open, a second one is needed once in 25,000 times.
const MOST_DRAWS: usize = 8;
/// Most characters of what a device calls itself.
const LONGEST_USER_AGENT: usize = 200;

/// Serves a device authorization request.
///
/// # Errors
/// Those of client authentication and of RFC 6749 section 5.2; `temporarily_unavailable` where the client has too many
/// requests open.
pub async fn authorize_device(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<DeviceAuthorizationResponse, Failure> {
    let outcome = take(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::DeviceAuthorization), None)).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<DeviceAuthorizationResponse, Failure> {
    let sender = Sender::of(serving, realm, (&request, Endpoint::DeviceAuthorization)).await?;
    let client = sender.client();
    let outcome = match validated(serving, realm, client, (request.parameters, sender.key)).await {
        Ok((content, limits)) => keep(serving, realm, client, (&content, limits, &sender.proofs)).await,
        Err(failure) => Err(failure),
    };
    sender.conclude(serving, realm, outcome).await
}

/// Validates the request by the matrix, and asks the realm's scripts.
async fn validated(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (form, proved_key): (&Parameters, Option<Thumbprint>),
) -> Result<(Content, Limits), Failure> {
    if !realm.offers_grant(GrantType::DeviceCode) || !client.metadata.grant_types().contains(&GrantType::DeviceCode) {
        let reason = "the client is not registered for the device code grant";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(rfc6749("5.2")).into());
    }
    let own = Parameters::default().with("client_id", client.client_id.as_str());
    let parameters = own.superseded_by(&asked_beside_the_client(form));
    let merged = MergedRequest::plain(&parameters);
    let mut accepted = accept(serving, realm, (Arc::clone(client), merged), Entry::Device).map_err(in_json)?;
    let mut narrowing = Narrowing::default();
    narrow(serving, realm, &mut accepted, &mut narrowing).await.map_err(in_json)?;
    let limits = asked(serving, realm, &accepted).await?;
    // RFC 9449 section 10.1 in the words of this endpoint: the key that the device proves is the one of its code.
    let parameters = match authorized_key(parameters.get("dpop_jkt"), proved_key)? {
        Some(key) => parameters.without("dpop_jkt").with("dpop_jkt", &key.to_string()),
        None => parameters,
    };
    let user_agent = serving.transaction().connection.user_agent;
    let asked_from = AskedFrom {
        address: serving.origin().address,
        user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
        at: serving.now(),
    };
    let timeline = realm.realm.timeline;
    Ok((Content { parameters, narrowing, asked_from, timeline, backchannel: None }, limits))
}

/// Keeps the request, in one transaction with the marks of what came along.
async fn keep(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (content, limits, proofs): (&Content, Limits, &[UsedRecord]),
) -> Result<DeviceAuthorizationResponse, Failure> {
    let device_code = random_token(&*serving.random, BYTES);
    let reference = DeferredReference(digest::sha256(device_code.as_bytes()));
    let (now, settings) = (serving.now(), &realm.realm.settings);
    let mut deferral = Deferral {
        request: DeferredRequest {
            realm_id: realm.id(),
            reference,
            kind: DeferredKind::Device,
            user_code: None,
            client_id: client.client_id.clone(),
            user_id: None,
            content: content.encrypt(serving, realm, reference)?,
            epochs: Some(Epochs::of(&realm.realm, client)),
            state: DeferredState::Pending,
            interval: limits.interval,
            answer: None,
            expires_at: now.plus(limits.expires_in),
        },
        proofs: proofs.to_vec(),
        now,
        most: settings.device_requests_per_client,
        most_of_user: None,
        notification: None,
    };
    let requested = Fact::DeviceRequested {}.concerning(Parties::client(&client.client_id));
    let events = serving.with_event(realm, requested);
    for _ in 0..MOST_DRAWS {
        let user_code = UserCode::new(&*serving.random);
        deferral.request.user_code = Some(realm.user_code_mac(user_code.letters()));
        match serving.store.defer(&deferral, &events).await? {
            DeferralOutcome::Deferred => {
                serving.written(&events);
                serving.note_client_use(realm, client).await;
                return Ok(response(realm, (device_code, &user_code), limits));
            }
            DeferralOutcome::Replayed(purpose) => return Err(replayed(purpose).into()),
            DeferralOutcome::TooMany | DeferralOutcome::Blocked => return Err(too_many().into()),
            DeferralOutcome::CodeTaken => {}
        }
    }
    Err(Fault::Overloaded("the space of user codes").into())
}

fn response(
    realm: &RealmContext,
    (device_code, user_code): (String, &UserCode),
    limits: Limits,
) -> DeviceAuthorizationResponse {
    let verification_uri = realm.urls.of(Endpoint::Device);
    DeviceAuthorizationResponse {
        device_code,
        user_code: user_code.to_string(),
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        expires_in: limits.expires_in,
        interval: limits.interval,
    }
}

fn too_many() -> Refusal {
    let reason = "the application has more device requests open than it may have; wait until some have expired";
    ErrorCode::TemporarilyUnavailable.because(reason).per(rfc8628("3.2"))
}
