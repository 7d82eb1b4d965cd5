//! The protection API (UMA 2.0 Federated Authorization), and the policies of owners: resources like any other (RFC 6750).

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use poem::web::Path;
use poem::{Body, Response, handler};
use serde_json::json;
use signet_core::endpoints::{Endpoint, OwnResource, uma_metadata};
use signet_core::events::RefusedAt;
use signet_core::failure::Failure;
use signet_core::protocol::error::ErrorCode;
use signet_core::protocol::spec::uma_federated;
use signet_core::tokens::CheckedAccessToken;
use signet_core::uma::{self, POLICY_SCOPE, PROTECTION_SCOPE};
use signet_guard::Requirement;
use signet_resources::GuardedResource;

use super::{discovery, public_document};
use crate::call::{ApiCall, Call};
use crate::render;

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::Uma);
/// Longest body in bytes.
const MAXIMUM_BODY_BYTES: usize = 64 * 1024;

/// UMA Grant section 2: the discovery document again, where the realm has UMA.
#[handler]
pub(crate) async fn configuration(ApiCall(call): ApiCall) -> Response {
    if !call.realm.realm.settings.uma {
        return nothing();
    }
    discovery::document(&call, uma_metadata(&call.serving(), &call.realm, &discovery::languages()).await)
}

/// UMA Federated Authorization section 3.1.1: what a scope means, for everybody.
#[handler]
pub(crate) fn described_scope(ApiCall(call): ApiCall, Path((_, scope)): Path<(String, String)>) -> Response {
    let described = call.realm.realm.settings.uma.then(|| uma::scope_description(&call.realm, &scope)).flatten();
    match described {
        Some(described) => {
            public_document::respond(&call.head.headers, "application/json", described.to_string().into_bytes())
        }
        None => nothing(),
    }
}

#[handler]
pub(crate) async fn register(ApiCall(call): ApiCall, body: Body) -> Response {
    let registered = async {
        let (token, body) = let_through_with_body(&call, (Endpoint::ResourceRegistration, None), body).await?;
        let id = uma::register_resource(&call.serving(), &call.realm, &token, &body).await?;
        let mut response = render::json(StatusCode::CREATED, &json!({ "_id": id }));
        let location = format!("{}/{id}", call.realm.urls.of(Endpoint::ResourceRegistration));
        response.headers_mut().extend(HeaderValue::try_from(location).ok().map(|location| (LOCATION, location)));
        Ok(response)
    };
    respond(&call, registered.await)
}

#[handler]
pub(crate) async fn list(ApiCall(call): ApiCall) -> Response {
    let listed = async {
        let token = let_through(&call, (Endpoint::ResourceRegistration, None), PROTECTION_SCOPE).await?;
        let ids = uma::list_resources(&call.serving(), &call.realm, &token).await?;
        Ok(render::json(StatusCode::OK, &ids))
    };
    respond(&call, listed.await)
}

#[handler]
pub(crate) async fn read(ApiCall(call): ApiCall, Path((_, id)): Path<(String, String)>) -> Response {
    let found = async {
        let token = let_through(&call, (Endpoint::ResourceRegistration, Some(&id)), PROTECTION_SCOPE).await?;
        let found = uma::read_resource(&call.serving(), &call.realm, &token, &id).await?;
        Ok(found.map_or_else(nothing, |resource| render::json(StatusCode::OK, &resource)))
    };
    respond(&call, found.await)
}

#[handler]
pub(crate) async fn update(ApiCall(call): ApiCall, Path((_, id)): Path<(String, String)>, body: Body) -> Response {
    let updated = async {
        let place = (Endpoint::ResourceRegistration, Some(id.as_str()));
        let (token, body) = let_through_with_body(&call, place, body).await?;
        let updated = uma::update_resource(&call.serving(), &call.realm, &token, (&id, &body)).await;
        Ok(if updated? { render::json(StatusCode::OK, &json!({ "_id": id })) } else { nothing() })
    };
    respond(&call, updated.await)
}

#[handler]
pub(crate) async fn delete(ApiCall(call): ApiCall, Path((_, id)): Path<(String, String)>) -> Response {
    let deleted = async {
        let token = let_through(&call, (Endpoint::ResourceRegistration, Some(&id)), PROTECTION_SCOPE).await?;
        let deleted = uma::delete_resource(&call.serving(), &call.realm, &token, &id).await?;
        Ok(if deleted { no_content() } else { nothing() })
    };
    respond(&call, deleted.await)
}

#[handler]
pub(crate) async fn permission(ApiCall(call): ApiCall, body: Body) -> Response {
    let asked = async {
        let (token, body) = let_through_with_body(&call, (Endpoint::Permission, None), body).await?;
        let ticket = uma::request_permissions(&call.serving(), &call.realm, &token, &body).await?;
        Ok(render::json(StatusCode::CREATED, &json!({ "ticket": ticket })))
    };
    respond(&call, asked.await)
}

#[handler]
pub(crate) async fn policies(ApiCall(call): ApiCall, Path((_, id)): Path<(String, String)>) -> Response {
    let found = async {
        let token = let_through(&call, (Endpoint::ResourcePolicies, Some(&id)), POLICY_SCOPE).await?;
        let found = uma::policies_of(&call.serving(), &call.realm, &token, &id).await?;
        Ok(found.map_or_else(nothing, |policies| render::json(StatusCode::OK, &policies)))
    };
    respond(&call, found.await)
}

#[handler]
pub(crate) async fn set_policies(
    ApiCall(call): ApiCall,
    Path((_, id)): Path<(String, String)>,
    body: Body,
) -> Response {
    let set = async {
        let token = let_through(&call, (Endpoint::ResourcePolicies, Some(&id)), POLICY_SCOPE).await?;
        let body = read_body(&call, body).await?;
        let set = uma::set_policies(&call.serving(), &call.realm, &token, (&id, &body)).await?;
        Ok(if set { no_content() } else { nothing() })
    };
    respond(&call, set.await)
}

fn respond(call: &Call, outcome: Result<Response, Refused>) -> Response {
    render::tracked(call, outcome.unwrap_or_else(|Refused(response)| *response))
}

/// The answer to a request that is not served.
struct Refused(Box<Response>);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(Box::new(render::failure(&failure)))
    }
}

fn no_content() -> Response {
    Response::builder().status(StatusCode::NO_CONTENT).header(CACHE_CONTROL, "no-store").finish()
}

/// UMA Federated Authorization section 3.2: whatever is another's is not there.
fn nothing() -> Response {
    render::not_found(&ErrorCode::NotFound.because("there is nothing at this address").per(uma_federated("3.2")))
}

/// The body of a request that is let through to the protection API.
async fn let_through_with_body(
    call: &Call,
    place: (Endpoint, Option<&str>),
    body: Body,
) -> Result<(CheckedAccessToken, Vec<u8>), Refused> {
    let token = let_through(call, place, PROTECTION_SCOPE).await?;
    Ok((token, read_body(call, body).await?))
}

async fn read_body(call: &Call, body: Body) -> Result<Vec<u8>, Refused> {
    let content_type = call.head.header(&CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json")
        && let Ok(bytes) = body.into_bytes_limit(MAXIMUM_BODY_BYTES).await
    {
        return Ok(bytes.to_vec());
    }
    let reason = "the body must be application/json of at most 65536 bytes";
    let refusal = ErrorCode::InvalidRequest.because(reason).per(uma_federated("3.2"));
    Err(call.refused(PLACE, refusal).await.into())
}

async fn let_through(
    call: &Call,
    (endpoint, id): (Endpoint, Option<&str>),
    scope: &'static str,
) -> Result<CheckedAccessToken, Refused> {
    if !call.realm.realm.settings.uma {
        return Err(Refused(Box::new(nothing())));
    }
    let requirement = Requirement::scope(scope);
    let resource = GuardedResource::new((&call.app.provider, &call.realm), OwnResource::Protection, requirement);
    let mut uris = call.realm.urls.all_of(endpoint);
    match id {
        Some(id) => uris.iter_mut().for_each(|uri| *uri = format!("{uri}/{id}")),
        // The specification writes the registration endpoint with a slash at its end.
        None => uris.extend(uris.clone().into_iter().map(|uri| format!("{uri}/"))),
    }
    match resource.admit(&call.head.to_resource(&uris, None)).await {
        Ok(token) => Ok(token),
        Err(denial) => {
            let denial = resource.recorded(&call.serving(), denial, PLACE).await;
            Err(Refused(Box::new(render::denied(&resource, &call.head, denial))))
        }
    }
}
