//! What a script sees of the server: `ctx` and the functions that make decisions.

mod ctx;
mod decision;
mod http;
mod log;

pub(crate) use ctx::Ctx;
pub(crate) use decision::Decision;

use crate::functions::Library;

/// All of it.
pub(crate) fn register(library: &mut Library) {
    ctx::register(library);
    http::register(library);
    log::register(library);
    decision::register(library);
}
