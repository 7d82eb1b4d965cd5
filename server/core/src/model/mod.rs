//! What is stored: plain data, without rules and without a database.

mod authorization;
mod authorization_detail;
mod authorization_details_type;
mod client;
mod confirmation;
mod deferred_request;
mod device_secret;
mod epochs;
mod key;
mod logout;
mod notification;
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
mod token_exchange;
mod traffic_count;
mod trusted_issuer;
mod uma;
mod user;

pub use authorization::{Authorization, ClientAccess, DEFAULT_SLOT};
pub use authorization_detail::AuthorizationDetail;
pub use authorization_details_type::{AuthorizationDetailsType, DetailsDefinition, DetailsText};
pub(crate) use client::PERMITTED_ATTEMPT_SECONDS;
pub use client::{Client, ClientSecret, ClientSettings, RefreshRotation, SecretLife};
pub use confirmation::{Confirmation, Thumbprint};
pub use deferred_request::{DeferredKind, DeferredReference, DeferredRequest, DeferredState};
pub use device_secret::{DeviceSecret, DeviceSecretHash};
pub use epochs::Epochs;
pub use key::{KeyAlgorithm, KeyState, SealingKeyRecord, SigningKeyRecord};
pub use logout::{EndedSession, LogoutDelivery};
pub use notification::{Notification, NotificationDelivery};
pub use pairwise_salt::PairwiseSaltRecord;
pub use pushed_request::{PushedReference, PushedRequest};
pub use realm::{BackchannelDeviceService, Realm, RealmSettings, ReplayScope, UmaScope};
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
pub use single_use::{Completion, Purpose, UsedKey, UsedRecord};
pub use token_basis::{PartyPermissions, TokenBasis};
pub use token_exchange::{
    ExchangeOrigin, Exchanged, IdentityAssertionPolicy, TokenExchangePolicy, TransactionTokenPolicy,
};
pub use traffic_count::TrafficCount;
pub use trusted_issuer::{SubjectMapping, TrustedIssuer, TrustedIssuerDefinition, TrustedIssuerUse};
pub use uma::{
    AssertedClaims, ResourceDescription, ResourceKeeper, ScopeExpression, ScopeRule, SpontaneousScope, TicketReference,
    ToldClaims, UmaClaims, UmaClaimsReference, UmaParty, UmaPermission, UmaPolicy, UmaRequest, UmaRequestState,
    UmaResource, UmaTicket, UmaWait,
};
pub use user::{PasswordCredential, User, normalise_username};

/// A counter that only grows. "Revoke everything before now" is one more; an artefact carries the value it was
/// issued under and is dead once the stored value differs.
pub type Epoch = i64;
