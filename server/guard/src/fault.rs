//! What goes wrong on the side of the resource.

use std::error::Error;

/// The resource could not tell whether a request may pass: not the client's doing. Its text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct GuardFault {
    what: &'static str,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl GuardFault {
    /// A fault without another behind it.
    pub const fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    /// A fault that another caused.
    pub fn caused(what: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what, cause: Some(cause.into()) }
    }
}
