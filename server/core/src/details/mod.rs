//! Rich authorization requests (RFC 9396): reading `authorization_details`, checking each object against its registered
//! type, comparing what is asked for with what was granted, and saying it in plain words.

mod audience;
mod carried;
mod compare;
mod decision;
mod form;
mod request;
mod schema;
mod types;
mod words;

pub(crate) use audience::for_audience;
pub(crate) use carried::Carried;
pub(crate) use compare::{is_within, narrowed};
pub(crate) use decision::{enriched, validated};
pub(crate) use request::{parse, requested, still_open};
pub(crate) use schema::Schema;
pub use types::{DetailsType, DetailsTypes};
pub(crate) use words::check_texts;
pub use words::{Described, describe};

use serde_json::Value;

use crate::model::AuthorizationDetail;

/// Most objects in one request.
pub(crate) const MOST_DETAILS: usize = 16;
/// Most of them as JSON, in bytes, as a client sends them.
pub(crate) const MOST_REQUESTED_BYTES: usize = 4_000;
/// The same when scripts have filled them in: they travel in access tokens.
pub(crate) const MOST_GRANTED_BYTES: usize = 6_000;

/// What access tokens, token responses and introspection responses carry; nothing where nothing was granted.
pub(crate) fn as_value(details: &[AuthorizationDetail]) -> Option<Value> {
    let objects = details.iter().map(|detail| Value::Object(detail.members().clone()));
    (!details.is_empty()).then(|| Value::Array(objects.collect()))
}

/// How long details are as JSON, in bytes.
pub(crate) fn length(details: &[AuthorizationDetail]) -> usize {
    serde_json::to_vec(details).map_or(usize::MAX, |json| json.len())
}
