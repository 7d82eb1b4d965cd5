//! Rules of the specifications, one test each: what is refused, how, and that nothing changes by it.

mod assertion_uses;
mod assertions;
mod authorization_requests;
mod client_authentication;
mod codes;
mod conformance;
mod encrypted_requests;
mod http;
mod interactions;
mod introspection;
mod logins;
mod pushed_references;
mod pushed_requests;
mod redirect_uris;
mod refresh_tokens;
mod registration;
mod request_object_policy;
mod request_objects;
mod request_uris;
mod response_types;
mod scripts;
mod sessions;
mod times;
mod token_endpoint;
mod tokens;
