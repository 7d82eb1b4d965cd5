//! The grant management API (Grant Management 6), a resource like any other (RFC 6750).

use http::StatusCode;
use http::header::CACHE_CONTROL;
use poem::web::Path;
use poem::{Response, handler};
use signet_core::endpoints::{self, Endpoint, GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE, OwnResource};
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;
use signet_core::tokens::CheckedAccessToken;
use signet_guard::Requirement;
use signet_resources::GuardedResource;

use crate::call::{ApiCall, Call};
use crate::render;

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::GrantManagement);

#[handler]
pub(crate) async fn query(ApiCall(call): ApiCall, Path((_, grant_id)): Path<(String, String)>) -> Response {
    render::tracked(&call, queried(&call, &grant_id).await)
}

async fn queried(call: &Call, grant_id: &str) -> Response {
    let token = match let_through(call, grant_id, GRANT_QUERY_SCOPE).await {
        Ok(token) => token,
        Err(response) => return *response,
    };
    match endpoints::query_grant(&call.serving(), &call.realm, &token, grant_id).await {
        Ok(Some(grant)) => render::json(StatusCode::OK, &grant),
        Ok(None) => unknown(),
        Err(failure) => refused(&failure),
    }
}

#[handler]
pub(crate) async fn revoke(ApiCall(call): ApiCall, Path((_, grant_id)): Path<(String, String)>) -> Response {
    render::tracked(&call, revoked(&call, &grant_id).await)
}

async fn revoked(call: &Call, grant_id: &str) -> Response {
    let token = match let_through(call, grant_id, GRANT_REVOKE_SCOPE).await {
        Ok(token) => token,
        Err(response) => return *response,
    };
    match endpoints::revoke_grant(&call.serving(), &call.realm, &token, grant_id).await {
        Ok(true) => Response::builder().status(StatusCode::NO_CONTENT).header(CACHE_CONTROL, "no-store").finish(),
        Ok(false) => unknown(),
        Err(failure) => refused(&failure),
    }
}

/// What scripts refuse here is forbidden, as at any resource (Grant Management 6.6).
fn refused(failure: &Failure) -> Response {
    let mut response = render::failure(failure);
    if matches!(failure, Failure::Refusal(refusal) if refusal.code == ErrorCode::AccessDenied) {
        response.set_status(StatusCode::FORBIDDEN);
    }
    response
}

/// Section 6.6: whatever is not the client's is not there.
fn unknown() -> Response {
    render::not_found(&ErrorCode::InvalidRequest.because("there is no such grant"))
}

async fn let_through(call: &Call, grant_id: &str, scope: &'static str) -> Result<CheckedAccessToken, Box<Response>> {
    if !call.realm.realm.settings.grant_management {
        return Err(Box::new(unknown()));
    }
    let requirement = Requirement::scope(scope);
    let resource = GuardedResource::new((&call.app.provider, &call.realm), OwnResource::GrantManagement, requirement);
    let endpoint = call.realm.urls.all_of(Endpoint::GrantManagement);
    let uris: Vec<String> = endpoint.iter().map(|url| format!("{url}/{grant_id}")).collect();
    match resource.admit(&call.head.to_resource(&uris, None)).await {
        Ok(token) => Ok(token),
        Err(denial) => {
            let denial = resource.recorded(&call.serving(), denial, PLACE).await;
            Err(Box::new(render::denied(&resource, &call.head, denial)))
        }
    }
}
