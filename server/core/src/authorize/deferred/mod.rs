//! Requests that are answered elsewhere than they were made: device authorization (RFC 8628) and backchannel authentication
//! (CIBA Core).
//!
//! The client sends its request itself, like a pushed one; it is validated by the matrix and kept. A person finds it at
//! another device, logs in and agrees in an interaction like any other, which ends here and not at a redirect URI. The
//! client polls the token endpoint meanwhile.

mod answer;
mod backchannel;
mod content;
mod decision;
mod device;
mod guesses;
mod recall;
mod user_code;
mod verify;

pub(super) use answer::{approve, deny};
pub use backchannel::{
    APPROVAL_TOKEN_PREFIX, Approver, BackchannelSender, WaitingRequest, answer_request, answer_with_token,
    authenticate_backchannel, block_client_of, blocked_clients, unblock_client, waiting_requests,
};
pub use content::AskedFrom;
pub(crate) use content::DeferredAnswer;
pub use device::authorize_device;
pub(super) use recall::{recalled_for, reference_of};
pub use user_code::UserCode;
pub use verify::{DeviceAnswer, DeviceForm, Entered, Verified, answer_device, enter_user_code};

/// The parameter in which this server's own addresses name a deferred request. Without the interaction of whoever found
/// it, it says nothing.
const REFERENCE_PARAMETER: &str = "deferred_request";
