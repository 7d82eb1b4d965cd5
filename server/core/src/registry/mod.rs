//! Administration: realms, clients, users, keys, resource servers and scripts. The admin API and the command line both come
//! through here, so that they check the same things and leave the same traces.

mod authorization_details_types;
mod authorizations;
mod bootstrap;
mod changes;
mod client_addresses;
mod client_metadata;
mod client_secrets;
mod clients;
mod conformity;
mod events;
mod explanation;
mod forecast;
mod initial_access_tokens;
mod key_schedule;
mod keys;
mod logout_deliveries;
mod native_apps;
mod pairwise;
mod protected_resources;
mod realm_settings;
mod realms;
mod registration_policy;
mod resource_protection;
mod resource_servers;
mod response_encryption;
mod response_types;
mod revocation;
mod scripts;
mod sessions;
mod token_exchange;
mod trusted_issuers;
mod unused_clients;
mod user_attributes;
mod user_codes;
mod users;

pub use authorization_details_types::{
    DetailsTypeChange, create_details_type, delete_details_type, find_details_type, list_details_types,
    update_details_type,
};
pub use authorizations::{find_authorization, list_authorizations, revoke_authorization};
pub use bootstrap::{ADMIN_READ_SCOPE, ADMIN_REALM, ADMIN_SCOPE, prepare_database};
pub(crate) use changes::client_fields;
pub(crate) use client_metadata::LOCALIZABLE;
pub use client_secrets::{IssuedSecret, rotate_client_secret};
pub(crate) use client_secrets::{fit_secret, renew_secret};
pub use clients::{
    ClientRegistration, client_as_stored, create_client, delete_client, find_client, list_clients, update_client,
};
pub(crate) use clients::{check_client, kept};
pub use conformity::{Conformity, check_conformity};
pub use events::{list_events, realms_with_events, verify_events};
pub use explanation::{Explanation, explain_request};
pub use forecast::{Forecast, ForecastGap, ForecastQuestion, ObservedTraffic, forecast, list_forecasts};
pub use initial_access_tokens::{
    InitialAccessTokenRequest, IssuedInitialAccessToken, create_initial_access_token, find_initial_access_token,
    list_initial_access_tokens, revoke_initial_access_token,
};
pub use key_schedule::{KeyChanges, keep_key_schedule};
pub use keys::{Activation, activate_due_keys, create_key, delete_key, find_key, list_keys, rotate_key, set_key_state};
pub use logout_deliveries::{list_logout_deliveries, retry_logout_delivery};
pub(crate) use pairwise::ensure_pairwise_salt;
pub use pairwise::rotate_pairwise_salt;
pub use protected_resources::{
    delete_access_request, delete_protected_resource, find_access_request, find_protected_resource,
    list_access_requests, list_protected_resources,
};
pub use realms::{
    RealmChange, begin_timeline, create_realm, delete_realm, find_realm, list_realms, realm_as_stored, update_realm,
};
pub use resource_servers::{
    ResourceServerChange, create_resource_server, delete_resource_server, find_resource_server, list_resource_servers,
    update_resource_server,
};
pub use revocation::{end_fallen_sessions, revoke_all_of_client, revoke_all_of_realm, revoke_all_of_user};
pub use scripts::{
    CheckedScript, Deployment, DeploymentRequest, FileDifference, NewScriptValue, RecordedRun, ReplayedRun,
    ScriptDifference, ScriptState, VersionPrefix, WithVersion, check_script, compare_script_versions, delete_script,
    delete_script_value, deploy_script, find_script, find_script_recording, find_script_version, fuzz_script,
    list_script_recordings, list_script_values, list_script_versions, list_scripts, promote_script,
    replay_script_recording, roll_back_script, run_script, set_script_value, shadow_script, test_script,
};
pub use sessions::{ListedSession, end_session, end_sessions_of_user, find_session, list_sessions};
/// What comes of trials of scripts.
pub use signet_hooks::{
    Coverage, Diagnostic, Finding, FuzzOptions, FuzzReport, Run, TestReport, TestResult, UnknownHook,
};
pub use trusted_issuers::{
    TrustedIssuerChange, create_trusted_issuer, delete_trusted_issuer, find_trusted_issuer, list_trusted_issuers,
    update_trusted_issuer,
};
pub(crate) use unused_clients::ClientUses;
pub use unused_clients::delete_unused_clients;
pub use user_codes::{has_user_code, remove_user_code, set_user_code};
pub(crate) use users::new_account;
pub use users::{
    UserChange, create_user, delete_user, find_user, find_user_by_name, list_users, set_password, update_user,
};

use crate::failure::Fault;
use crate::ports::StoreError;

/// Why an administrative request was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A member of the request is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// The member, in the words of the request.
        field: String,
        /// What to do about it.
        problem: String,
    },
    /// What was named is not there, or belongs to another realm.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Something of that name is there already.
    #[error("{0} exists already")]
    Duplicate(&'static str),
    /// Somebody else changed it since it was read.
    #[error("the {0} was changed by somebody else at the same time; look at it again, then repeat the change")]
    Changed(&'static str),
    /// The request makes sense, but not for this object.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The server failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl RegistryError {
    /// A member of the request is wrong.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(what) => Self::Duplicate(what),
            StoreError::Missing(what) => Self::NotFound(what),
            StoreError::Changed(what) => Self::Changed(what),
            StoreError::Needed(why) => Self::Forbidden(why),
            other => Self::Fault(other.into()),
        }
    }
}
