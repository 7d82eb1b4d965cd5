//! What the resources of this server say of themselves (RFC 9728 section 3.2).

use poem::{Response, handler};
use signet_core::endpoints::OwnResource;
use signet_core::failure::{Failure, Fault};
use signet_core::protocol::error::ErrorCode;

use super::public_document;
use crate::call::{AdministrationCall, ApiCall, Call};
use crate::render;

#[handler]
pub(crate) fn userinfo(ApiCall(call): ApiCall) -> Response {
    metadata(&call, OwnResource::UserInfo)
}

#[handler]
pub(crate) fn grants(ApiCall(call): ApiCall) -> Response {
    metadata(&call, OwnResource::GrantManagement)
}

#[handler]
pub(crate) fn approvals(ApiCall(call): ApiCall) -> Response {
    metadata(&call, OwnResource::Approvals)
}

#[handler]
pub(crate) fn administration(AdministrationCall(call): AdministrationCall) -> Response {
    metadata(&call, OwnResource::Administration)
}

#[handler]
pub(crate) fn protection(ApiCall(call): ApiCall) -> Response {
    metadata(&call, OwnResource::Protection)
}

fn metadata(call: &Call, resource: OwnResource) -> Response {
    let Some(metadata) = resource.metadata(&call.realm) else {
        return render::not_found(&ErrorCode::InvalidRequest.because("there is no such resource"));
    };
    match serde_json::to_vec(&metadata) {
        Ok(document) => public_document::respond(&call.head.headers, "application/json", document),
        Err(error) => render::failure(&Failure::Fault(Fault::internal("the metadata does not serialise", error))),
    }
}
