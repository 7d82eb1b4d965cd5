//! Pushed authorization requests (RFC 9126): the client sends its request itself, authenticated, and the browser carries
//! nothing but a reference to it.
//!
//! The reference is good for a minute to begin with, and until the first response to go on with: a page may be loaded
//! again, but there is one response. Each step validates anew what was pushed.

mod content;
mod recall;
mod reference;

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::responses::PushedAuthorizationResponse;
use signet_protocol::spec::rfc9126;

use super::decisions::{Narrowing, narrow};
use super::request_object::merge;
use super::sender::Sender;
use super::{Accepted, AuthorizeError, Entry, accept};
use crate::binding::{authorized_key, replayed};
use crate::endpoints::Endpoint;
use crate::events::{RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::grants::ClientRequest;
use crate::model::{Client, Epochs, PushedRequest, Thumbprint, UsedRecord};
use crate::ports::{Push, PushOutcome};
use crate::realm::RealmContext;
use content::Content;
pub(super) use recall::{recalled, recalled_again};
pub(super) use reference::Reference;

/// What authenticates the client and is no part of its request (RFC 9126 section 2.1).
const ABOUT_THE_CLIENT: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Interactions that a browser may need for one request, one after the other: to log in and to consent.
const INTERACTIONS: i64 = 2;

/// Serves a request of the endpoint for pushed authorization requests.
///
/// # Errors
/// Those of client authentication, those of RFC 6749 section 4.1.2.1 and its extensions; `temporarily_unavailable` where
/// the client has pushed too much.
pub async fn push(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<PushedAuthorizationResponse, Failure> {
    let outcome = take(serving, realm, request).await;
    serving.conclude(realm, outcome, (RefusedAt::Endpoint(Endpoint::PushedAuthorizationRequest), None)).await
}

async fn take(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: ClientRequest<'_>,
) -> Result<PushedAuthorizationResponse, Failure> {
    let sender = Sender::of(serving, realm, (&request, Endpoint::PushedAuthorizationRequest)).await?;
    let client = sender.client();
    let outcome = match validated(serving, realm, client, (request.parameters, sender.key)).await {
        Ok(content) => keep(serving, realm, client, (&content, &sender.proofs)).await,
        Err(failure) => Err(failure),
    };
    sender.conclude(serving, realm, outcome).await
}

/// Validates the request as the authorization endpoint would (RFC 9126 section 2.1), and asks the realm's scripts.
async fn validated(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (form, proved_key): (&Parameters, Option<Thumbprint>),
) -> Result<Content, Failure> {
    if form.get("request_uri").is_some() {
        let reason = "request_uri is what this endpoint answers; it takes none";
        return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9126("2.1")).into());
    }
    let own = Parameters::default().with("client_id", client.client_id.as_str());
    let parameters = own.superseded_by(&asked_beside_the_client(form));
    let merged = merge(serving, realm, client, (&parameters, Entry::Pushed)).await?;
    let mut accepted = accept(serving, realm, (Arc::clone(client), merged), Entry::Pushed).map_err(in_json)?;
    let mut narrowing = Narrowing::default();
    narrow(serving, realm, &mut accepted, &mut narrowing).await.map_err(in_json)?;
    serving.observe(realm, client, &[accepted.observed(true)]);
    let parameters = accepted.merged.parameters();
    // RFC 9449 section 10.1: the key that the push proved is the one of the code.
    let parameters = match authorized_key(parameters.get("dpop_jkt"), proved_key)? {
        Some(key) => parameters.without("dpop_jkt").with("dpop_jkt", &key.to_string()),
        None => parameters.clone(),
    };
    let epochs = Some(Epochs::of(&realm.realm, client));
    Ok(Content { parameters, proof: accepted.merged.proof(), narrowing, timeline: realm.realm.timeline, epochs })
}

/// What a client asks for in a body that authenticates it as well.
pub(super) fn asked_beside_the_client(form: &Parameters) -> Parameters {
    ABOUT_THE_CLIENT.iter().fold(form.without("client_id"), |rest, name| rest.without(name))
}

/// Nothing is redirected here: whatever is wrong is told to the client itself (RFC 9126 section 2.3).
pub(super) fn in_json(error: AuthorizeError) -> Failure {
    match error {
        AuthorizeError::Page(refusal) | AuthorizeError::Expired(refusal) | AuthorizeError::Redirect(_, refusal) => {
            refusal.into()
        }
        AuthorizeError::Fault(fault) => fault.into(),
    }
}

/// Keeps the request, in one transaction with the marks of what came along.
async fn keep(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
    (content, proofs): (&Content, &[UsedRecord]),
) -> Result<PushedAuthorizationResponse, Failure> {
    let reference = Reference::new(&*serving.random);
    let (now, settings) = (serving.now(), &realm.realm.settings);
    let expires_in = realm.profile_of(client).pushed_request_seconds;
    let opens_until = now.plus(expires_in);
    let push = Push {
        request: PushedRequest {
            realm_id: realm.id(),
            reference: reference.hash(),
            client_id: client.client_id.clone(),
            content: content.encrypt(serving, realm, reference.hash())?,
            completed: false,
            opens_until,
            expires_at: opens_until.plus(INTERACTIONS * settings.interaction_seconds),
        },
        proofs: proofs.to_vec(),
        now,
        most: settings.pushed_requests_per_client,
    };
    match serving.store.push(&push, &[]).await? {
        PushOutcome::Pushed => {
            serving.note_client_use(realm, client).await;
            Ok(PushedAuthorizationResponse { request_uri: reference.to_uri(), expires_in })
        }
        PushOutcome::Replayed(purpose) => Err(replayed(purpose).into()),
        PushOutcome::TooMany => Err(too_many().into()),
    }
}

/// Keeps a request that an application sent itself and that goes on in a browser (First-Party Apps 5.2.2.1.1): nothing where
/// the client has as many as it may have.
pub(super) async fn keep_for_browser(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (accepted, narrowing): (&Accepted, &Narrowing),
) -> Result<Option<PushedAuthorizationResponse>, Fault> {
    let content = Content {
        parameters: accepted.merged.parameters().clone(),
        proof: accepted.merged.proof(),
        narrowing: narrowing.clone(),
        timeline: realm.realm.timeline,
        epochs: Some(Epochs::of(&realm.realm, &accepted.client)),
    };
    match keep(serving, realm, &accepted.client, (&content, &[])).await {
        Ok(pushed) => Ok(Some(pushed)),
        Err(Failure::Refusal(_)) => Ok(None),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

fn too_many() -> Refusal {
    let reason = "the application has pushed more requests than it may have at a time; wait until some have expired";
    ErrorCode::TemporarilyUnavailable.because(reason).per(rfc9126("2.3"))
}
