#![doc = include_str!("../README.md")]

mod bearer;
mod check;
mod clock;
mod denial;
mod fault;
mod guard;
mod interaction;
#[cfg(feature = "poem")]
pub mod poem;
mod proof;
mod protection;
mod requirement;
mod token;
#[cfg(feature = "tower")]
pub mod tower;

pub use bearer::{BearerToken, NoToken, PresentedToken, Scheme, access_token, bearer_token};
pub use check::{
    IntrospectionAnswer, IntrospectionCall, IntrospectionCheck, JwtCheck, KeySource, TokenCheck, for_audience,
};
pub use clock::SystemClock;
pub use denial::{Challenge, Denial};
pub use fault::{BoxError, GuardFault};
pub use guard::{Guard, ResourceRequest};
pub use interaction::{INTERACTION_ID, interaction_id};
pub use proof::{ConnectionCertificate, Dpop, MemoryReplayWindow, Possession, ProofCheck, ReplayWindow};
pub use protection::{Admitted, Protection, RequestHead};
pub use requirement::Requirement;
pub use signet_jose as jose;
pub use signet_protocol as protocol;
pub use token::{AccessToken, Confirmation, TokenFacts};
