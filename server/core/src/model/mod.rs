//! What is stored: plain data, without rules and without a database.

mod authorization;
mod authorization_detail;
mod authorization_details_type;
mod client;
mod confirmation;
mod key;
mod logout;
mod pairwise_salt;
mod pushed_request;
mod realm;
mod refresh_family;
mod registration;
mod resource_server;
mod script;
mod session;
mod single_use;
mod token_basis;
mod traffic_count;
mod uma;
mod user;

pub use authorization::{Authorization, ClientAccess, DEFAULT_SLOT};
pub use authorization_detail::AuthorizationDetail;
pub use authorization_details_type::{AuthorizationDetailsType, DetailsDefinition, DetailsText};
pub use client::{Client, ClientSecret, ClientSettings, RefreshRotation, SecretLife};
pub use confirmation::{Confirmation, Thumbprint};
pub use key::{KeyAlgorithm, KeyState, SealingKeyRecord, SigningKeyRecord};
pub use logout::{EndedSession, LogoutDelivery};
pub use pairwise_salt::PairwiseSaltRecord;
pub use pushed_request::{PushedReference, PushedRequest};
pub use realm::{Realm, RealmSettings, ReplayScope};
pub use refresh_family::RefreshFamily;
pub use registration::{
    InitialAccessToken, Registration, RegistrationMode, RegistrationPolicy, SoftwareStatementIssuer,
};
pub use resource_server::{ResourceScope, ResourceServer};
pub use script::{
    ScriptBinding, ScriptConnection, ScriptCursor, ScriptDeclaration, ScriptPackage, ScriptRecording, ScriptShadow,
    ScriptSummary, ScriptTarget, ScriptValue, ScriptValueContent, ScriptValueKind, ScriptVersion,
};
pub use session::{BrowserSession, SessionIdHash};
pub use single_use::{Completion, Purpose, UsedRecord};
pub use token_basis::TokenBasis;
pub use traffic_count::TrafficCount;
pub use uma::{ResourceDescription, ResourceKeeper, TicketReference, UmaPermission, UmaPolicy, UmaResource, UmaTicket};
pub use user::{PasswordCredential, User, normalise_username};

/// A counter that only grows. "Revoke everything before now" is one more; an artefact carries the value it was
/// issued under and is dead once the stored value differs.
pub type Epoch = i64;
