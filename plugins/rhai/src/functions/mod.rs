//! The functions a script can call, besides those of `ctx`: texts, arrays, maps, numbers, JSON, calendar. All are ours:
//! none of the engine's packages is loaded, because their functions cost one operation whatever the size of what they
//! work on.

mod arrays;
mod json;
mod library;
mod maps;
mod numbers;
mod operators;
mod strings;
mod time;

pub(crate) use json::parsed;
pub use library::Documented;
pub(crate) use library::{Effect, Library};

/// All of them.
pub(crate) fn register(library: &mut Library) {
    operators::register(library);
    numbers::register(library);
    strings::register(library);
    arrays::register(library);
    maps::register(library);
    json::register(library);
    time::register(library);
}
