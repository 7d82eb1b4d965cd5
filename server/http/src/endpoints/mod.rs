//! One endpoint a file: parse, call core, render.

pub(crate) mod account;
pub(crate) mod account_requests;
pub(crate) mod assets;
pub(crate) mod authorization_challenge;
pub(crate) mod authorize;
pub(crate) mod backchannel_authentication;
pub(crate) mod client_form;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod grants;
pub(crate) mod introspection;
pub(crate) mod jwks;
mod kept_request;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod not_found;
pub(crate) mod protected_resource;
mod public_document;
pub(crate) mod pushed_authorization_request;
pub(crate) mod registration;
pub(crate) mod revocation;
pub(crate) mod sign_up;
pub(crate) mod token;
pub(crate) mod uma;
pub(crate) mod userinfo;
