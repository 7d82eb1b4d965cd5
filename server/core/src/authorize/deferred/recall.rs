//! A deferred request comes back in the interaction of whoever found it.

use std::sync::Arc;

use signet_jose::base64url;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;

use super::REFERENCE_PARAMETER;
use super::content::{AskedFrom, Content};
use crate::authorize::AuthorizeError;
use crate::authorize::answer::answered_before;
use crate::authorize::request_object::{Deferred, MergedRequest};
use crate::events::Serving;
use crate::failure::Fault;
use crate::model::{Client, DeferredReference, DeferredRequest, DeferredState};
use crate::realm::RealmContext;

/// The deferred request that an address of ours names.
pub(in crate::authorize) fn reference_of(address: &Parameters) -> Option<DeferredReference> {
    let bytes = base64url::decode(address.get(REFERENCE_PARAMETER)?).ok()?;
    bytes.try_into().ok().map(DeferredReference)
}

/// The request of an interaction that goes on, if it still waits for an answer.
pub(in crate::authorize) async fn recalled_for(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    reference: DeferredReference,
) -> Result<MergedRequest, AuthorizeError> {
    let stored = serving.store.deferred_request(realm.id(), reference).await?;
    let stored = stored.filter(|stored| stored.client_id == client.client_id).ok_or_else(over)?;
    if stored.state != DeferredState::Pending {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    if serving.now() >= stored.expires_at {
        return Err(over());
    }
    let (request, _) = read(serving, realm, &stored).await?.ok_or_else(over)?;
    Ok(request)
}

/// A stored request as the matrix takes it, with where it was made; nothing if it was made before the database was
/// restored, or before everything of its realm or its client was revoked.
pub(super) async fn read(
    serving: &Serving<'_>,
    realm: &RealmContext,
    stored: &DeferredRequest,
) -> Result<Option<(MergedRequest, AskedFrom)>, Fault> {
    let Content { parameters, narrowing, asked_from, timeline, .. } = Content::decrypt(realm, stored)?;
    let Some(client) = serving.store.client(realm.id(), &stored.client_id).await? else { return Ok(None) };
    if timeline != realm.realm.timeline || stored.is_revoked(&realm.realm, &client) {
        return Ok(None);
    }
    let address = Parameters::default()
        .with("client_id", stored.client_id.as_str())
        .with(REFERENCE_PARAMETER, &base64url::encode(stored.reference.0));
    let deferred = Deferred { reference: stored.reference, narrowing };
    Ok(Some((MergedRequest::of_deferral(parameters, address, deferred), asked_from)))
}

fn over() -> AuthorizeError {
    AuthorizeError::Expired(expired())
}

pub(super) fn expired() -> Refusal {
    ErrorCode::InvalidRequest.because("the time to answer is over; start again at the device")
}
