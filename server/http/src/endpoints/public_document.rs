//! Documents that everybody may read and keep for a while: discovery and the key set.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use poem::Response;
use signet_core::endpoints::entity_tag;

use crate::cors;

/// How long clients may keep it. One that meets an unknown `kid` asks again (OpenID Connect Core 10.1.1), and a new key
/// is published for longer than this before it signs.
const KEPT: &str = "public, max-age=300";

/// The document, or that the one at hand is still good (RFC 9110 section 13.1.2).
pub(super) fn respond(request: &HeaderMap, content_type: &'static str, document: Vec<u8>) -> Response {
    let tag = entity_tag(&document);
    let response = Response::builder().header(ETAG, &tag).header(CACHE_CONTROL, KEPT);
    cors::open(if is_known(request, &tag) {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        response.header(CONTENT_TYPE, content_type).header("x-content-type-options", "nosniff").body(document)
    })
}

/// Weak comparison, as for every condition of this kind.
fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let lines = request.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
