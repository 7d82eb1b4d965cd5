//! Why a request was not served: the other side's doing, or ours.

use signet_protocol::error::{ErrorCode, Refusal};

use crate::ports::StoreError;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The client or the user did something wrong.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The server did.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What went wrong here. Logged with its causes; the other side learns only that it was not their doing.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Too much work is waiting; a repetition may succeed.
    #[error("too many requests are waiting for {0}")]
    Overloaded(&'static str),
    /// The database did not answer or did not understand.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key, a seal or a signature failed that the server itself made.
    #[error("{0}")]
    Internal(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl Fault {
    /// A fault with its cause.
    pub fn internal(what: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(what, Some(Box::new(cause)))
    }

    /// The code the other side is told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Overloaded(_) | Self::Store(StoreError::Unavailable(_)) => ErrorCode::TemporarilyUnavailable,
            Self::Store(_) | Self::Internal(..) => ErrorCode::ServerError,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}
