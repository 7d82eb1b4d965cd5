//! Tokens: what they contain, the one place that makes them, and the one place that checks them.

mod access_token;
mod check;
mod claims;
mod code;
mod id_token;
mod issue;
mod lifetimes;
mod reference;
mod script_claims;

pub(crate) use access_token::Authentication;
pub use check::{CheckedAccessToken, check_access_token};
pub(crate) use claims::{SERVER_CLAIMS, leave_out_other_values, user_claims};
pub(crate) use code::AuthorizationCode;
pub(crate) use id_token::{check_hint, signing_key};
pub(crate) use issue::{ClientToken, UserTokens, issue_client_token, issue_user_tokens};
pub(crate) use lifetimes::{Lifetimes, access_token_seconds};
pub(crate) use reference::TokenReference;
pub(crate) use script_claims::{ClaimsTarget, Gathering};

use signet_protocol::identifiers::UserId;

use crate::model::Client;

/// How a user is named to a client: `sub` (OpenID Connect Core 8).
pub(crate) fn subject_for(_client: &Client, user_id: UserId) -> String {
    user_id.to_string()
}
