//! The rules of authorization requests, one a file.

pub(super) mod acr;
pub(super) mod authorization_details;
pub(super) mod claims;
pub(super) mod device_sso;
pub(super) mod dpop_jkt;
pub(super) mod grant_management;
pub(super) mod id_token_hint;
pub(super) mod login_hint;
pub(super) mod max_age;
pub(super) mod nonce;
pub(super) mod pkce;
pub(super) mod presentation;
pub(super) mod prompt;
pub(super) mod pushed;
pub(super) mod registered_profile;
pub(super) mod registration;
pub(super) mod repetition;
pub(super) mod request_object;
pub(super) mod resource;
pub(super) mod response_mode;
pub(super) mod response_type;
pub(super) mod scope;
pub(super) mod sender_constraint;
pub(super) mod size;
pub(super) mod state;
