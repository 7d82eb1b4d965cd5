//! What goes wrong on the side of the resource.

use std::error::Error;

/// Why a function of the API did not do what it should.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The resource could not tell whether a request may pass: not the client's doing. Its text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct GuardFault {
    what: &'static str,
    #[source]
    cause: Option<BoxError>,
}

impl GuardFault {
    /// A fault without another behind it.
    pub const fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    /// A fault that another caused.
    pub fn caused(what: &'static str, cause: impl Into<BoxError>) -> Self {
        Self { what, cause: Some(cause.into()) }
    }
}
