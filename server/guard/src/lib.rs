//! What a protected resource needs (RFC 6750, RFC 8705, RFC 9449): the access token that a request presents ([`access_token`]), what
//! it must be good for ([`Guard`]), what a request must prove for it ([`Proof`]), and how a refusal is told ([`Denial`]).
//!
//! Whether a token stands is decided in `signet-core`; how a response looks is for the resource.

mod authentication;
mod bearer;
mod denial;
mod guard;
mod proof;

pub use authentication::RequiredAuthentication;
pub use bearer::{BearerToken, PresentedToken, Scheme, access_token, bearer_token};
pub use denial::{Denial, Place};
pub use guard::{Guard, Requirement};
pub use proof::{ConnectionCertificate, Proof, dpop_header};
