//! Why a request for authorization did not get anywhere, and who is told.

use signet_protocol::error::Refusal;

use super::AuthorizationResponse;
use crate::failure::Fault;

/// Why a request for authorization did not get anywhere.
#[derive(Debug)]
pub enum AuthorizeError {
    /// Shown on a page: there is no redirect URI to trust.
    Page(Refusal),
    /// Shown on a page: the interaction is over, altered, or another browser's.
    Expired(Refusal),
    /// Sent to the client.
    Redirect(Box<AuthorizationResponse>, Refusal),
    /// Ours.
    Fault(Fault),
}

impl From<Fault> for AuthorizeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<crate::ports::StoreError> for AuthorizeError {
    fn from(error: crate::ports::StoreError) -> Self {
        Self::Fault(error.into())
    }
}
