//! The rows of the tables that configure something, as sea-orm sees them.
//!
//! Columns hold what the database holds; turning that into the core's types, and noticing when it cannot be, is done
//! beside each port.

pub(crate) mod authorization;
pub(crate) mod authorization_details_type;
pub(crate) mod client;
pub(crate) mod client_registration;
pub(crate) mod credential;
pub(crate) mod initial_access_token;
pub(crate) mod pairwise_salt;
pub(crate) mod realm;
pub(crate) mod resource_server;
pub(crate) mod script_binding;
pub(crate) mod script_package;
pub(crate) mod script_value;
pub(crate) mod sealing_key;
pub(crate) mod signing_key;
pub(crate) mod trusted_issuer;
pub(crate) mod user;
