//! The one outbound HTTP client: whatever Signet asks another server goes through here.
//!
//! A URL in a client's registration is a request forged by a stranger until proven otherwise. What stands in the way:
//! only `https` ([`OutboundSettings`] can permit plain HTTP to this machine), an [`AddressGuard`] over the resolved
//! addresses, a connection to the very address that was checked, be it new or kept, no redirections, no proxies from the environment,
//! bounds of size and time, and a circuit breaker for each host. A small cache with bounds of its own keeps the number
//! of fetches independent of the number of requests.

mod breaker;
mod cache;
mod client;
mod document;
mod exchange;
mod fetch;
mod freshness;
mod guard;
mod idle;
mod moment;
mod resolver;
mod send;
mod settings;
mod trust;

#[cfg(test)]
mod tests;

pub use client::OutboundClient;
pub use guard::AddressGuard;
pub use resolver::{Resolve, SystemResolver};
pub use settings::{BreakerSettings, CacheSettings, OutboundSettings};
pub use trust::TrustError;
