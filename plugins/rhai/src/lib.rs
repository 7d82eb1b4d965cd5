//! The Rhai engine behind Signet's hooks, and the tools around it.
//!
//! What belongs here: the language scripts are written in and its bounds, what they see of the server, checks before a
//! package is deployed, and the library side of its tools. What does not: files, clocks, network and databases, which the
//! caller brings as texts and as a [`Host`](signet_hooks::Host); and what a decision means, which core knows.

mod bindings;
mod check;
mod convert;
mod definitions;
mod engine;
mod failure;
mod functions;
pub mod fuzzing;
mod language;
mod meter;
mod program;
mod running;
mod scaffold;
mod size;
pub mod testing;
mod tools;

pub use definitions::definitions;
pub use engine::RhaiEngine;
pub use functions::Documented;
pub use scaffold::scaffold;
