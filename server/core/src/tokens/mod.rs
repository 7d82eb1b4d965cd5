//! Tokens: what they contain, the one place that makes them, and the one place that checks them.

mod access_token;
mod check;
mod claims;
mod code;
mod encrypt;
mod id_token;
mod identity_assertion;
mod issue;
mod lifetimes;
mod reference;
mod requesting_party;
mod script_claims;
mod subject;
mod transaction_token;

pub(crate) use access_token::{Authentication, audience_of};
pub use check::{CheckedAccessToken, check_access_token};
pub(crate) use claims::{SERVER_CLAIMS, leave_out_other_values, user_claims};
pub(crate) use code::AuthorizationCode;
pub(crate) use encrypt::{Content, EncryptedResponse, RegisteredEncryption};
pub(crate) use id_token::{
    Age, LogoutHint, check_hint, check_logout_hint, check_party_token, check_subject_token, id_token_algorithm,
    response_algorithm, signing_key, unverified_hint_audience,
};
pub(crate) use identity_assertion::IdentityAssertion;
pub(crate) use issue::{
    ClientToken, FrontChannelTokens, UserTokens, issue_client_token, issue_front_channel_tokens, issue_id_token_alone,
    issue_user_tokens, party,
};
pub(crate) use lifetimes::{Lifetimes, access_token_seconds};
pub(crate) use reference::TokenReference;
pub(crate) use requesting_party::{RequestingPartyToken, issue_requesting_party_token};
pub(crate) use script_claims::{ClaimsTarget, Gathering};
pub(crate) use subject::{names_users_alike, sector_identifier, subject_for};
pub(crate) use transaction_token::{TransactionToken, check_transaction_token};
