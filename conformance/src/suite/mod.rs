//! The conformance suite: a client of its REST interface, and the suite itself when it is run from its jar.

pub(crate) mod client;
pub(crate) mod java;
pub(crate) mod model;
pub(crate) mod process;
