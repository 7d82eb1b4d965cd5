//! A pushed request comes back through the browser (RFC 9126 section 4). Whatever stands beside the reference does not
//! count.

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::{rfc9101, rfc9126};

use super::{Content, Reference};
use crate::authorize::answer::answered_before;
use crate::authorize::request_object::{MergedRequest, Pushed};
use crate::authorize::{AuthorizeError, verified_redirect};
use crate::events::Serving;
use crate::failure::Fault;
use crate::model::{Client, PushedRequest};
use crate::realm::RealmContext;

/// The request of a reference that a browser begins with. What is wrong with it is told to the redirect URI that was
/// pushed; where there is none to tell, to the one that stands outside, if that is registered.
pub(in crate::authorize) async fn recalled(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (reference, parameters): (&Reference, &Parameters),
) -> Result<MergedRequest, AuthorizeError> {
    let tell = |refusal: Refusal, parameters: &Parameters| match verified_redirect::verify(realm, client, parameters) {
        Ok(redirect) => redirect.refuse(refusal),
        Err(_) => AuthorizeError::Page(refusal),
    };
    if parameters.get("request").is_some() {
        let reason = "request and request_uri exclude each other";
        return Err(tell(ErrorCode::InvalidRequest.because(reason).per(rfc9101("5")), parameters));
    }
    let found = find(serving, realm, client, reference).await?;
    let (stored, request) = found.map_err(|refusal| tell(refusal, parameters))?;
    if stored.completed || serving.now() >= stored.opens_until {
        let detail = if stored.completed { "answered before" } else { "expired" };
        return Err(tell(unusable().detail(detail), request.parameters()));
    }
    Ok(request)
}

/// The same for a browser that has begun: it may finish after the time to begin is over.
pub(in crate::authorize) async fn recalled_again(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    reference: &Reference,
) -> Result<MergedRequest, AuthorizeError> {
    let found = find(serving, realm, client, reference).await?;
    let (stored, request) = found.map_err(AuthorizeError::Expired)?;
    if stored.completed {
        return Err(AuthorizeError::Expired(answered_before()));
    }
    Ok(request)
}

/// One answer to a reference that is unknown, another client's, revoked, or of a database that was there before a restore.
async fn find(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    reference: &Reference,
) -> Result<Result<(PushedRequest, MergedRequest), Refusal>, Fault> {
    let unknown = |detail: &'static str| Ok(Err(unusable().detail(detail)));
    let Some(stored) = serving.store.pushed_request(realm.id(), reference.hash()).await? else {
        return unknown("no such request");
    };
    if stored.client_id != client.client_id {
        return unknown("pushed by another client");
    }
    let Content { parameters, proof, narrowing, timeline, epochs } = Content::decrypt(realm, &stored)?;
    if timeline != realm.realm.timeline {
        return unknown("pushed before the database was restored");
    }
    if epochs.is_some_and(|epochs| !epochs.stand(&realm.realm, client)) {
        return unknown("pushed before everything was revoked");
    }
    let address =
        Parameters::default().with("client_id", client.client_id.as_str()).with("request_uri", &reference.to_uri());
    let pushed = Pushed { reference: stored.reference, proof, narrowing };
    Ok(Ok((stored, MergedRequest::of_push(parameters, address, pushed))))
}

fn unusable() -> Refusal {
    let reason = "request_uri was used, has expired or is not the application's; start again at the application";
    ErrorCode::InvalidRequestUri.because(reason).per(rfc9126("4"))
}
