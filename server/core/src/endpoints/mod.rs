//! What endpoints beside authorization and token answer.

mod decision;
mod discovery;
mod entity_tag;
mod error_page;
mod grants;
mod introspection;
mod own_resources;
mod revocation;
mod urls;
mod userinfo;

pub(crate) use discovery::{authentication_methods, request_encryption_algorithms, signing_algorithms};
pub use discovery::{provider_metadata, uma_metadata};
pub use entity_tag::entity_tag;
pub use error_page::{ErrorMessage, ShownError, words_about};
pub use grants::{GRANT_QUERY_SCOPE, GRANT_REVOKE_SCOPE, query_grant, revoke_grant};
pub use introspection::{Introspection, IntrospectionForm, introspect};
pub use own_resources::{ADMINISTRATION_PATH, APPROVE_SCOPE, OwnResource};
pub use revocation::revoke;
pub use urls::{Bases, Endpoint, RealmUrls};
pub use userinfo::{USERINFO_SCOPE, UserInfo, userinfo};
