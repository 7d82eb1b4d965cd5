//! Everything else.

use poem::{Request, Response, handler};

use crate::call::{Head, app};
use crate::render;

#[handler]
pub(crate) fn page(request: &Request) -> Response {
    respond(request)
}

pub(crate) fn respond(request: &Request) -> Response {
    render::not_found_page(&app(request), &Head::of(request))
}
