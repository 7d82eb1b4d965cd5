//! Files that pages load.

use http::StatusCode;
use http::header::{ETAG, IF_NONE_MATCH};
use poem::{Request, Response, handler};

use super::not_found;
use crate::call::{Head, app};

#[handler]
pub(crate) fn asset(request: &Request) -> Response {
    let app = app(request);
    let path = request.uri().path();
    let Some(asset) = app.pages.assets().find(path) else {
        return not_found::respond(request);
    };
    let headers = asset.headers(path);
    let etag = headers.iter().find(|(name, _)| name == ETAG).map(|(_, value)| value);
    let known = Head::of(request).headers.get(IF_NONE_MATCH).is_some_and(|known| Some(known) == etag);
    let mut response = if known {
        Response::builder().status(StatusCode::NOT_MODIFIED).finish()
    } else {
        Response::builder().body(asset.bytes.to_vec())
    };
    response.headers_mut().extend(headers);
    response
}
