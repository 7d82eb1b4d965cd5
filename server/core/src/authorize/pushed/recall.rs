//! A pushed request comes back through the browser (RFC 9126 section 4). Whatever stands beside the reference does not
//! count.

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::{rfc9101, rfc9126};

use super::{Content, Reference};
use crate::authorize::request_object::{MergedRequest, Pushed};
use crate::authorize::{AuthorizeError, verified_redirect};
use crate::events::Serving;
use crate::model::{Client, PushedRequest};
use crate::realm::RealmContext;

/// The request of a reference that a browser begins with.
pub(in crate::authorize) async fn recalled(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    (reference, parameters): (&Reference, &Parameters),
) -> Result<MergedRequest, AuthorizeError> {
    if parameters.get("request").is_some() {
        let reason = "request and request_uri exclude each other";
        return Err(AuthorizeError::Page(ErrorCode::InvalidRequest.because(reason).per(rfc9101("5"))));
    }
    let (stored, request) = find(serving, realm, client, reference).await?;
    if stored.completed || serving.now() >= stored.opens_until {
        let refusal = unusable().detail(if stored.completed { "answered before" } else { "expired" });
        return Err(match verified_redirect::verify(realm, client, request.parameters()) {
            Ok(redirect) => redirect.refuse(refusal),
            Err(_) => AuthorizeError::Page(refusal),
        });
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
    let (stored, request) = find(serving, realm, client, reference).await.map_err(|error| match error {
        AuthorizeError::Page(refusal) => AuthorizeError::Expired(refusal),
        other => other,
    })?;
    if stored.completed {
        return Err(AuthorizeError::Expired(crate::authorize::answer::answered_before()));
    }
    Ok(request)
}

/// One answer to a reference that is unknown, another client's, or of a database that was there before a restore.
async fn find(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Arc<Client>,
    reference: &Reference,
) -> Result<(PushedRequest, MergedRequest), AuthorizeError> {
    let unknown = |detail: &'static str| AuthorizeError::Page(unusable().detail(detail));
    let stored = serving.store.pushed_request(realm.id(), reference.hash()).await?;
    let stored = stored.ok_or_else(|| unknown("no such request"))?;
    if stored.client_id != client.client_id {
        return Err(unknown("pushed by another client"));
    }
    let Content { parameters, proof, narrowing, timeline } = Content::decrypt(realm, &stored)?;
    if timeline != realm.realm.timeline {
        return Err(unknown("pushed before the database was restored"));
    }
    let address =
        Parameters::default().with("client_id", client.client_id.as_str()).with("request_uri", &reference.to_uri());
    let pushed = Pushed { reference: stored.reference, proof, narrowing };
    Ok((stored, MergedRequest::of_push(parameters, address, pushed)))
}

fn unusable() -> Refusal {
    let reason = "request_uri was used, has expired or is not the application's; start again at the application";
    ErrorCode::InvalidRequestUri.because(reason).per(rfc9126("4"))
}
