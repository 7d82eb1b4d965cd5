//! The words of OAuth 2.0 and OpenID Connect: typed parameters, requests, responses, metadata documents and
//! error codes. No input or output, no clock, no cryptography, nothing asynchronous.

pub mod claims_request;
pub mod client_metadata;
pub mod error;
pub mod identifiers;
pub mod names;
pub mod parameters;
pub mod provider_metadata;
pub mod redirect_uri;
pub mod resource_metadata;
pub mod response_type;
pub mod responses;
pub mod rfc3339;
pub mod scope;
pub mod spec;
pub mod standard_claims;
pub mod target_uri;
pub mod time;
pub mod visible_text;
