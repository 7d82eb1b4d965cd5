//! What the service is told that reaches users at their authentication devices, and how it answers: a JWT that it can
//! verify, with a token that is good for the answer to this request and nothing else.

use serde::Serialize;
use signet_jose::claim_set::{ClaimsSet, RegisteredClaims, audience, numeric_date};
use signet_jose::{base64url, digest, sign};
use signet_protocol::time::UnixTime;

use super::super::content::Content;
use crate::authorize::Accepted;
use crate::endpoints::Endpoint;
use crate::failure::Fault;
use crate::model::{DeferredReference, DeferredRequest, User};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::tokens::{id_token_algorithm, signing_key};

/// Explicit typing: it is no token for anything else (RFC 8725 section 3.11).
const TYPE: &str = "signet-approval+jwt";

/// What the service learns beyond the registered claims. `sub` is the user, `exp` the end of the request.
#[derive(Serialize)]
struct Private<'a> {
    /// The name of the request in the approval API. It says nothing of `auth_req_id`, which the client has.
    request_id: String,
    /// Where the answer is sent.
    approval_uri: String,
    /// The bearer token that goes with it.
    approval_token: String,
    username: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<&'a str>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<serde_json::Value>,
}

/// What tells tokens of requests from access tokens, and lets secret scanners know them.
pub const APPROVAL_TOKEN_PREFIX: &str = "sv_";

/// The token with which the service answers: derived, so that nothing is stored for it.
pub(super) fn approval_token(realm: &RealmContext, reference: DeferredReference) -> String {
    format!("{APPROVAL_TOKEN_PREFIX}{}", base64url::encode(realm.approval_mac(&reference.0)))
}

/// Whether a token is the one for a request.
pub(super) fn is_approval_token(realm: &RealmContext, reference: DeferredReference, token: &str) -> bool {
    digest::equal_in_constant_time(approval_token(realm, reference).as_bytes(), token.as_bytes())
}

/// The message about a request that waits.
pub(super) fn message(
    provider: &Provider,
    realm: &RealmContext,
    (accepted, content, stored): (&Accepted, &Content, &DeferredRequest),
    (user, url): (&User, &str),
) -> Result<String, Fault> {
    let client = &accepted.client;
    let request_id = base64url::encode(stored.reference.0);
    let key = signing_key(realm, client, id_token_algorithm(realm, client)?)?;
    let claims = ClaimsSet {
        registered: RegisteredClaims {
            issuer: Some(realm.issuer().to_owned()),
            subject: Some(user.id.to_string()),
            audience: audience(vec![url.to_owned()]),
            issued_at: Some(numeric_date(provider.now())),
            expiry: Some(numeric_date(UnixTime(stored.expires_at.0))),
            id: Some(request_id.clone()),
            ..RegisteredClaims::default()
        },
        private: Private {
            approval_uri: format!("{}/{request_id}", realm.urls.of(Endpoint::Approvals)),
            approval_token: approval_token(realm, stored.reference),
            request_id,
            username: &user.username,
            client_id: client.client_id.as_str(),
            client_name: client.metadata.client_name.as_deref(),
            scope: accepted.request.scope().to_string(),
            binding_message: content.backchannel.as_ref().and_then(|own| own.binding_message.as_deref()),
            authorization_details: crate::details::as_value(accepted.request.details()),
        },
    };
    sign(&key, Some(TYPE), &claims).map_err(|error| Fault::internal("an approval message could not be signed", error))
}
