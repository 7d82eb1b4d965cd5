//! The key set (RFC 7517 section 5).

use poem::{Response, handler};

use super::public_document;
use crate::call::ApiCall;

#[handler]
pub(crate) fn key_set(ApiCall(call): ApiCall) -> Response {
    let document = call.realm.signing_keys.published().as_bytes().to_vec();
    public_document::respond(&call.head.headers, "application/jwk-set+json", document)
}
