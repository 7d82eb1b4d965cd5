//! Script packages: deploying them, choosing the version that decides, and what they may use.
//!
//! A version is the hash of its files and never changes. A binding points at the version that decides in a realm or for
//! one client; promoting and rolling back move that pointer. Whatever points it at another version comes through
//! [`rollout`], which compiles, demands what the package declares, and lets nothing in that was not accepted.

mod capabilities;
mod difference;
mod recordings;
mod rollout;
mod trials;
mod values;
mod versions;

pub use difference::{FileDifference, ScriptDifference};
pub(super) use recordings::script_recordings_of_request;
pub use recordings::{
    RecordedRun, ReplayedRun, WithVersion, find_script_recording, list_script_recordings, replay_script_recording,
};
pub use rollout::{Deployment, DeploymentRequest, deploy_script, promote_script, roll_back_script, shadow_script};
pub use trials::{CheckedScript, check_script, fuzz_script, run_script, test_script};
pub use values::{NewScriptValue, delete_script_value, list_script_values, set_script_value};
pub use versions::{VersionPrefix, compare_script_versions, find_script_version, list_script_versions};

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Object, Parties, Serving};
use crate::model::{ScriptBinding, ScriptDeclaration, ScriptTarget};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// A binding with what the version that decides declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptState {
    /// The binding.
    pub binding: ScriptBinding,
    /// What the version that decides declares.
    pub declaration: ScriptDeclaration,
    /// Why it does not compile any more; its failure mode answers in its place.
    pub problem: Option<String>,
}

async fn state_of(provider: &Provider, binding: ScriptBinding) -> Result<Option<ScriptState>, RegistryError> {
    let compiled = provider.programs.get(provider, binding.realm_id, binding.active).await?;
    Ok(compiled.map(|compiled| ScriptState {
        binding,
        declaration: compiled.declaration.as_ref().clone(),
        problem: compiled.program.err().map(|reason| reason.to_string()),
    }))
}

/// The realm's bindings in the order in which they decide.
///
/// # Errors
/// Faults only.
pub async fn list_scripts(provider: &Provider, realm: &RealmContext) -> Result<Vec<ScriptState>, RegistryError> {
    let mut states = Vec::new();
    for binding in provider.store.script_bindings(realm.id()).await? {
        states.extend(state_of(provider, binding).await?);
    }
    Ok(states)
}

/// The binding of a package in the realm or for a client, as it is in the database at this moment.
///
/// # Errors
/// `NotFound`.
pub async fn find_script(
    provider: &Provider,
    realm: &RealmContext,
    target: &ScriptTarget,
) -> Result<ScriptState, RegistryError> {
    let binding = bound(provider, realm, target).await?.ok_or(RegistryError::NotFound("script"))?;
    state_of(provider, binding).await?.ok_or(RegistryError::NotFound("script"))
}

/// Where a package is bound, if it is.
async fn bound(
    provider: &Provider,
    realm: &RealmContext,
    target: &ScriptTarget,
) -> Result<Option<ScriptBinding>, RegistryError> {
    let bindings = provider.store.script_bindings(realm.id()).await?;
    Ok(bindings.into_iter().find(|binding| binding.target == *target))
}

/// Ends a binding, which must still be as it was read. The versions of a package go with its last binding.
///
/// # Errors
/// `NotFound`, `Changed`.
pub async fn delete_script(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: &ScriptBinding,
) -> Result<(), RegistryError> {
    let name = before.target.package.to_string();
    let deleted = administered(serving, (Object::Script, name), Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(parties_of(&before.target)));
    serving.store.delete_script_binding(before, &events).await?;
    serving.written(&events);
    Ok(())
}

/// The client that a binding is for.
fn parties_of(target: &ScriptTarget) -> Parties {
    target.client_id.as_ref().map(Parties::client).unwrap_or_default()
}
