//! What the rules need from outside, as traits. Implementations live elsewhere.

mod audit;
mod authorization_details;
mod authorizations;
mod changes;
mod clients;
mod deferred_requests;
mod device_secrets;
mod keys;
mod logout_deliveries;
mod notifications;
pub mod outbound;
mod pairwise_salts;
mod pushed_requests;
mod realms;
mod refresh_families;
mod registrations;
mod resource_servers;
mod scripts;
mod sessions;
mod single_use;
mod throttles;
mod traffic;
mod trusted_issuers;
mod uma;
mod users;

use std::sync::Arc;

pub use audit::{Audit, Chain, EventQuery, Kept, NewChain, Purge, Seal, SealerId};
pub use authorization_details::{AuthorizationDetailsTypes, KeptDetails};
pub use authorizations::Authorizations;
pub use changes::{Changes, Forgotten};
pub use clients::{Clients, KeptClient};
pub use deferred_requests::{Deferral, DeferralOutcome, DeferredApproval, DeferredApprovalOutcome, DeferredRequests};
pub use device_secrets::DeviceSecrets;
pub use keys::Keys;
pub use logout_deliveries::LogoutDeliveries;
pub use notifications::Notifications;
pub use pairwise_salts::PairwiseSalts;
pub use pushed_requests::{Push, PushOutcome, PushedRequests};
pub use realms::Realms;
pub use refresh_families::{RefreshFamilies, Rotation, RotationOutcome};
pub use registrations::{NewRegistration, RegistrationChange, RegistrationOutcome, Registrations};
pub use resource_servers::ResourceServers;
pub use scripts::{ScriptDeployment, ScriptRuns, Scripts};
pub use sessions::{Login, LoginOutcome, NewAccount, SessionEnding, Sessions, WhichSessions};
pub use single_use::{
    ClosedInteraction, FrontChannelIssue, FrontChannelOutcome, ProofsOutcome, Redeemable, Redemption,
    RedemptionOutcome, SessionLimits, SingleUse, Standing, StandingQuery,
};
pub use throttles::{Attempts, Throttles};
pub use traffic::Traffic;
pub use trusted_issuers::TrustedIssuers;
pub use uma::{
    PolicyEdit, ScopeLimits, ScopesOfPatterns, ScopesOutcome, TicketOutcome, TicketUse, Uma, UmaAnswer,
    UmaRequestFilter, UmaResourceFilter,
};
pub use users::Users;

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, too slow, or refused the connection. A repetition may succeed.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something with this name exists in the realm already.
    #[error("{0} exists already")]
    Duplicate(&'static str),
    /// What was to be changed is not there.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// What was to be changed is not any more what the change was decided on.
    #[error("{0} was changed by somebody else at the same time")]
    Changed(&'static str),
    /// It cannot be done without what was to be changed or deleted; the sentence says what to do.
    #[error("{0}")]
    Needed(&'static str),
    /// Stored data does not read back: a damaged row or a wrong schema.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
}

/// The answer of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// Every port of a database in one.
pub trait Store:
    Realms
    + Clients
    + Registrations
    + Users
    + Sessions
    + LogoutDeliveries
    + Authorizations
    + AuthorizationDetailsTypes
    + KeptDetails
    + RefreshFamilies
    + SingleUse
    + PushedRequests
    + DeferredRequests
    + DeviceSecrets
    + Notifications
    + Keys
    + PairwiseSalts
    + ResourceServers
    + Throttles
    + Traffic
    + Audit
    + Scripts
    + ScriptRuns
    + Changes
    + TrustedIssuers
    + Uma
{
}

impl<T> Store for T where
    T: Realms
        + Clients
        + Registrations
        + Users
        + Sessions
        + LogoutDeliveries
        + Authorizations
        + AuthorizationDetailsTypes
        + KeptDetails
        + RefreshFamilies
        + SingleUse
        + PushedRequests
        + DeferredRequests
        + DeviceSecrets
        + Notifications
        + DeferredRequests
        + Notifications
        + Keys
        + PairwiseSalts
        + ResourceServers
        + Throttles
        + Traffic
        + Audit
        + Scripts
        + ScriptRuns
        + Changes
        + TrustedIssuers
        + Uma
{
}

/// A store that many tasks share.
pub type SharedStore = Arc<dyn Store>;

/// A piece of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// At most as many as were asked for, in the order of their key.
    pub items: Vec<T>,
    /// The key to go on after; nothing on the last page.
    pub next: Option<String>,
}

/// Which piece of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many, 1 to 1000.
    pub limit: u64,
}
