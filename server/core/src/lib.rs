//! Rules and services of the provider. Input and output go through the traits in [`ports`].
//!
//! A request of the authorization endpoint enters at [`authorize`], one of the token endpoint at [`grants`], any other
//! at [`endpoints`], of a client that registers itself at [`registration`]; administration enters at [`registry`].

pub mod account;
pub mod authn;
pub mod authorize;
pub mod binding;
pub mod client_auth;
pub mod details;
pub mod endpoints;
pub mod events;
pub mod failure;
pub mod grants;
pub mod hooks;
pub mod logout;
pub mod model;
pub mod ports;
pub mod profile;
pub mod provider;
pub mod realm;
pub mod registration;
pub mod registry;
pub mod tokens;
pub mod uma;

/// Reading what strangers write.
pub use signet_jose::strict_json;
/// The words that this crate's interface speaks.
pub use signet_protocol as protocol;
