//! The backchannel authentication endpoint (CIBA Core 7), and the API by which it is answered (section 8).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::web::Path;
use poem::{Body, Response, handler};
use serde::{Deserialize, Serialize};
use signet_core::authorize::{
    APPROVAL_TOKEN_PREFIX, Approver, WaitingRequest, answer_request, answer_with_token, authenticate_backchannel,
    waiting_requests,
};
use signet_core::endpoints::{APPROVE_SCOPE, Endpoint, OwnResource};
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::spec::ciba;
use signet_core::tokens::CheckedAccessToken;
use signet_guard::Requirement;
use signet_resources::GuardedResource;

use super::kept_request;
use super::token::opened;
use crate::call::{ApiCall, Call};
use crate::render;

/// Longest answer in bytes.
const MAXIMUM_ANSWER_BYTES: usize = 4_096;
/// Where refusals of answers are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::Approvals);

#[handler]
pub(crate) async fn authenticate(ApiCall(call): ApiCall, body: Body) -> Response {
    let form = match kept_request::form(&call, body, Endpoint::BackchannelAuthentication).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let serving = call.serving();
    let response = match authenticate_backchannel(&serving, &call.realm, form.request(&call)).await {
        Ok(begun) => render::json(StatusCode::OK, &begun),
        Err(failure) => with_status_of_ciba(&failure),
    };
    opened(&call, &serving, response).await
}

/// Section 13: `access_denied` is 403 here. Whoever asks too often is told when to come again.
fn with_status_of_ciba(failure: &Failure) -> Response {
    match failure {
        Failure::Refusal(refusal) if refusal.code == ErrorCode::AccessDenied => {
            kept_request::refused(StatusCode::FORBIDDEN, failure)
        }
        _ => kept_request::failure(failure),
    }
}

/// A request that waits, as the user's application sees it.
#[derive(Serialize)]
struct Waiting {
    request_id: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding_message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<serde_json::Value>,
    asked_at: i64,
    expires_at: i64,
}

impl Waiting {
    fn of(waiting: &WaitingRequest) -> Self {
        let details = waiting.request.details().iter();
        Self {
            request_id: waiting.id.clone(),
            client_id: waiting.client.client_id.to_string(),
            client_name: waiting.client.metadata.client_name.clone(),
            scope: waiting.request.scope().to_string(),
            binding_message: waiting.binding_message.clone(),
            authorization_details: details.map(|one| one.members().clone().into()).collect(),
            asked_at: waiting.asked_at.0,
            expires_at: waiting.expires_at.0,
        }
    }
}

/// What waits for the user of the access token.
#[handler]
pub(crate) async fn list(ApiCall(call): ApiCall) -> Response {
    let (token, approver) = match let_through(&call, "").await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    match waiting_requests(&call.serving(), &call.realm, approver.user_id).await {
        Ok(waiting) => {
            // An application does not approve what it asked for itself.
            let others = waiting.iter().filter(|waiting| waiting.client.client_id != token.client_id);
            let items: Vec<Waiting> = others.map(Waiting::of).collect();
            render::json(StatusCode::OK, &serde_json::json!({ "items": items }))
        }
        Err(failure) => render::failure(&failure),
    }
}

/// An answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    decision: Decision,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Allow,
    Deny,
}

/// The answer of the user's application, or of the service that reaches the user's device.
#[handler]
pub(crate) async fn answer(
    ApiCall(call): ApiCall,
    Path((_, request_id)): Path<(String, String)>,
    body: Body,
) -> Response {
    let bytes = body.into_bytes_limit(MAXIMUM_ANSWER_BYTES).await.ok();
    let decided = bytes.and_then(|bytes| serde_json::from_slice::<Decided>(&bytes).ok());
    let Some(Decided { decision }) = decided else {
        let reason = "the body must be JSON with a decision that is allow or deny";
        let refusal = ErrorCode::InvalidRequest.because(reason).per(ciba("8"));
        return render::failure(&call.refused(PLACE, refusal).await);
    };
    let allowed = decision == Decision::Allow;
    let serving = call.serving();
    let bearer = call.head.authorization().and_then(|header| header.strip_prefix("Bearer "));
    let service = bearer.filter(|token| token.starts_with(APPROVAL_TOKEN_PREFIX));
    let answered = if let Some(token) = service {
        answer_with_token(&serving, &call.realm, (&request_id, token), allowed).await
    } else {
        let (token, approver) = match let_through(&call, &request_id).await {
            Ok(user) => user,
            Err(response) => return *response,
        };
        own_requests(&serving, &call, (&token, &approver), (&request_id, allowed)).await
    };
    match serving.conclude(&call.realm, answered, (PLACE, None)).await {
        Ok(()) => Response::builder().status(StatusCode::NO_CONTENT).header(CACHE_CONTROL, "no-store").finish(),
        Err(failure) => render::failure(&failure),
    }
}

async fn own_requests(
    serving: &signet_core::events::Serving<'_>,
    call: &Call,
    (token, approver): (&CheckedAccessToken, &Approver),
    (request_id, allowed): (&str, bool),
) -> Result<(), Failure> {
    let listed = waiting_requests(serving, &call.realm, approver.user_id).await?;
    let is_own = |waiting: &&WaitingRequest| waiting.id == request_id && waiting.client.client_id == token.client_id;
    if listed.iter().any(|waiting| is_own(&waiting)) {
        let reason = "an application does not answer what it asked for itself";
        return Err(ErrorCode::AccessDenied.because(reason).per(ciba("8")).into());
    }
    answer_request(serving, &call.realm, (request_id, approver), allowed).await
}

/// The user of an access token that permits to answer.
async fn let_through(call: &Call, request_id: &str) -> Result<(CheckedAccessToken, Approver), Box<Response>> {
    let requirement = Requirement::scope(APPROVE_SCOPE);
    let resource = GuardedResource::new((&call.app.provider, &call.realm), OwnResource::Approvals, requirement);
    let endpoint = call.realm.urls.all_of(Endpoint::Approvals);
    let address = |url: &String| if request_id.is_empty() { url.clone() } else { format!("{url}/{request_id}") };
    let uris: Vec<String> = endpoint.iter().map(address).collect();
    match resource.admit(&call.head.to_resource(&uris, None)).await {
        Ok(token) => {
            if let Some(approver) = approver(&token) {
                return Ok((token, approver));
            }
            let refusal = ErrorCode::InsufficientScope.because("the token is not a user's").per(ciba("8"));
            Err(Box::new(render::failure(&call.refused(PLACE, refusal).await)))
        }
        Err(denial) => {
            let denial = resource.recorded(&call.serving(), denial, PLACE).await;
            Err(Box::new(render::denied(&resource, &call.head, denial)))
        }
    }
}

fn approver(token: &CheckedAccessToken) -> Option<Approver> {
    let (user_id, user_epoch) = token.user()?;
    Some(Approver {
        user_id,
        user_epoch: Some(user_epoch),
        sid: token.sid(),
        authenticated_at: token.authenticated_at?,
        acr: token.acr.clone(),
        amr: "mca".to_owned(),
    })
}
