//! User-Managed Access 2.0: owners protect here what they have at resource servers, and say who may do what with it.
//! The grant by which clients get at it is `grants/uma_ticket.rs`.

mod assessment;
mod decision;
mod description;
mod owner;
mod party;
mod pct_claims;
mod permissions;
mod policies;
mod protection;
mod requests;
mod scopes;
mod spontaneous;
mod ticket;

pub(crate) use assessment::{Asking, StillAllowed, granted_scopes, is_asked, still_allowed};
pub(crate) use decision::{Decided, decide, described, facts};
pub(crate) use description::{is_text, is_web_address};
pub use owner::{OwnedResource, Sharing, SharingOutcome, let_ask, owned_resources, share, take_back};
pub(crate) use party::{Claims, Party, Pushed, believed_issuers, claims_of, claims_reference, persisting, sealed_for};
pub(crate) use pct_claims::{claims_kept, kept_claims, pct_claims, still_permitted};
pub use permissions::request_permissions;
pub use policies::{policies_of, set_policies};
pub use protection::{delete_resource, list_resources, read_resource, register_resource, update_resource};
pub(crate) use requests::{MOST_WAITING, Submission, request_for};
pub use requests::{answer_uma_request, waiting_uma_requests};
pub use scopes::{name_of_scope, scope_description};
pub(crate) use ticket::{NewTicket, find_ticket, reference_of};

/// The scope value of a protection API token (UMA Federated Authorization section 1.3).
pub const PROTECTION_SCOPE: &str = "uma_protection";
/// The scope value with which a client reads and writes the policies of its user's resources.
pub const POLICY_SCOPE: &str = "uma_policy";

/// Longest JSON of the permissions of a ticket, in bytes: they travel in tokens.
const LONGEST_PERMISSIONS: usize = 2_048;
/// The same of an RPT that was upgraded.
pub(crate) const LONGEST_UPGRADED_PERMISSIONS: usize = 3_072;
