//! Which version decides where.

use std::collections::BTreeMap;

use signet_hooks::{Diagnostic, Package};
use signet_jose::digest;
use signet_protocol::identifiers::{ClientId, ScriptName};

use super::capabilities::{check_accepted, check_present, declaration_of};
use super::versions::{VersionPrefix, find_script_version};
use super::{bound, parties_of};
use crate::events::{self, Action, EventRecord, Fact, Object, ScriptChange, Serving};
use crate::failure::Fault;
use crate::model::{
    ScriptBinding, ScriptDeclaration, ScriptPackage, ScriptShadow, ScriptSummary, ScriptTarget, ScriptVersion,
};
use crate::ports::ScriptDeployment;
use crate::provider::Provider;
use crate::realm::{RealmContext, compile_script, listed_diagnostics};
use crate::registry::changes::administered;
use crate::registry::{RegistryError, find_client};

/// How many versions of a package are kept. Those that a binding points at are kept in any case.
const KEPT_VERSIONS: u64 = 20;
/// Most bindings of a realm.
const MAXIMUM_BINDINGS: usize = 500;
/// Place of a binding where nobody decided one.
const POSITION: i64 = 100;

/// A package that is to be deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentRequest {
    /// The text of each file.
    pub files: BTreeMap<String, String>,
    /// For which client; nothing for the whole realm.
    pub client_id: Option<ClientId>,
    /// Its place among those of the same target: -1000 to 1000. As it was, or 100, where nobody decides.
    pub position: Option<i64>,
    /// Whether the version decides from now on; if not, it is stored, to be tried as a shadow or promoted later.
    pub activate: bool,
    /// What the version may ask for beyond what the active one does, as `kind:name`.
    pub accept: Vec<String>,
}

/// What came of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The version.
    pub summary: ScriptSummary,
    /// Whether it was not there before.
    pub is_new: bool,
    /// The binding as it is now.
    pub binding: ScriptBinding,
}

/// Deploys a package. A version that is not good is refused as a whole, and whatever decided goes on deciding.
///
/// # Errors
/// `Invalid` with everything that is wrong with the package, with what the realm lacks, or with what was not accepted;
/// `NotFound` for the client; `Changed` if somebody else changes the binding at the same time; `Forbidden` where a first
/// version is not to decide.
pub async fn deploy_script(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: DeploymentRequest,
) -> Result<Deployment, RegistryError> {
    let provider: &Provider = serving;
    if let Some(client_id) = &request.client_id {
        find_client(provider, realm, client_id).await?;
    }
    if request.position.is_some_and(|position| !(-1000..=1000).contains(&position)) {
        return Err(RegistryError::invalid("position", "must be from -1000 to 1000"));
    }
    let package = checked(provider, realm, request.files).await?;
    let (version, declaration) = (package.summary.version, &package.summary.declaration);
    check_present(declaration, &provider.store.script_values(realm.id()).await?)?;
    let target = ScriptTarget { client_id: request.client_id, package: package.summary.name.clone() };
    let before = check_accepted_at(provider, realm, &target, (declaration, &request.accept)).await?;
    let mut binding = match before {
        None if !request.activate => return Err(RegistryError::Forbidden(FIRST)),
        None => first_binding(provider, realm, target, version).await?,
        Some(before) if request.activate => moved(provider, before, version),
        Some(before) => before,
    };
    binding.position = request.position.unwrap_or(binding.position);
    let decides = request.activate.then(|| binding.clone());
    let deployment = ScriptDeployment { package, binding: decides, keep: KEPT_VERSIONS };
    let summary = &deployment.package.summary;
    let mut events = changed(serving, realm, &binding.target, (ScriptChange::Deployed, summary.version));
    if request.activate {
        events.extend(changed(serving, realm, &binding.target, (ScriptChange::Promoted, summary.version)));
    }
    let is_new = provider.store.deploy_script(&deployment, &events).await?;
    serving.written(&events);
    if request.activate {
        binding.revision += 1;
    }
    Ok(Deployment { summary: deployment.package.summary, is_new, binding })
}

/// Why there is nothing to store a version beside.
const FIRST: &str = "no version of this package decides there yet; deploy the first one as the active one";

/// Reads and compiles a package.
async fn checked(
    provider: &Provider,
    realm: &RealmContext,
    files: BTreeMap<String, String>,
) -> Result<ScriptPackage, RegistryError> {
    let package = Package::new(files).map_err(|found| refused(&found))?;
    let version = ScriptVersion(digest::sha256(&package.canonical_bytes()));
    let program = compile_script(provider, package.clone(), version).await?.map_err(|found| refused(&found))?;
    let manifest = program.manifest();
    let name: ScriptName =
        manifest.name.parse().map_err(|error| Fault::internal("a checked manifest has an unusable name", error))?;
    let summary = ScriptSummary {
        name,
        version,
        declaration: declaration_of(manifest, signet_hooks::API_VERSION),
        created_at: provider.now(),
    };
    Ok(ScriptPackage { realm_id: realm.id(), summary, files: package.into() })
}

pub(super) fn refused(found: &[Diagnostic]) -> RegistryError {
    RegistryError::invalid("files", listed_diagnostics(found))
}

async fn first_binding(
    provider: &Provider,
    realm: &RealmContext,
    target: ScriptTarget,
    version: ScriptVersion,
) -> Result<ScriptBinding, RegistryError> {
    if provider.store.script_bindings(realm.id()).await?.len() >= MAXIMUM_BINDINGS {
        return Err(RegistryError::Forbidden("a realm has at most 500 scripts"));
    }
    Ok(ScriptBinding {
        realm_id: realm.id(),
        target,
        active: version,
        previous: None,
        shadow: None,
        position: POSITION,
        revision: 0,
        updated_at: provider.now(),
    })
}

/// The binding with another version that decides. What decided before can be gone back to; the version that was tried
/// is no longer tried where it decides.
fn moved(provider: &Provider, before: ScriptBinding, version: ScriptVersion) -> ScriptBinding {
    let previous = if version == before.active { before.previous } else { Some(before.active) };
    let shadow = before.shadow.filter(|shadow| shadow.version != version);
    ScriptBinding { active: version, previous, shadow, updated_at: provider.now(), ..before }
}

/// Where a package decides in the realm, for whichever client.
async fn of_package(
    provider: &Provider,
    realm: &RealmContext,
    package: &ScriptName,
) -> Result<Vec<ScriptBinding>, RegistryError> {
    let bindings = provider.store.script_bindings(realm.id()).await?;
    Ok(bindings.into_iter().filter(|binding| binding.target.package == *package).collect())
}

/// Refuses what a version would have at a target beyond what was accepted: of the binding there, which is answered, else
/// of the package's bindings elsewhere.
pub(super) async fn check_accepted_at(
    provider: &Provider,
    realm: &RealmContext,
    target: &ScriptTarget,
    (new, accept): (&ScriptDeclaration, &[String]),
) -> Result<Option<ScriptBinding>, RegistryError> {
    let before = bound(provider, realm, target).await?;
    let elsewhere = match before {
        Some(_) => Vec::new(),
        None => of_package(provider, realm, &target.package).await?,
    };
    let bindings = before.as_ref().map_or(elsewhere.as_slice(), std::slice::from_ref);
    check_accepted_by(provider, bindings, new, accept).await?;
    Ok(before)
}

/// Refuses what neither the active versions nor those that are tried have already. Of a package that is bound nowhere
/// in the realm, everything is accepted by deploying it.
async fn check_accepted_by(
    provider: &Provider,
    bindings: &[ScriptBinding],
    new: &ScriptDeclaration,
    accept: &[String],
) -> Result<(), RegistryError> {
    if bindings.is_empty() {
        return Ok(());
    }
    let mut known = Vec::new();
    for binding in bindings {
        for version in [Some(binding.active), binding.shadow.map(|shadow| shadow.version)].into_iter().flatten() {
            known.extend(provider.programs.get(provider, binding.realm_id, version).await?);
        }
    }
    let known: Vec<&ScriptDeclaration> = known.iter().map(|compiled| &*compiled.declaration).collect();
    check_accepted(new, &known, accept)
}

/// A stored version that is to run: it still compiles, and has all it needs and nothing that was not accepted.
async fn runnable(
    provider: &Provider,
    realm: &RealmContext,
    binding: &ScriptBinding,
    (version, accept): (&VersionPrefix, &[String]),
) -> Result<ScriptVersion, RegistryError> {
    let summary = find_script_version(provider, realm, &binding.target.package, version).await?.summary;
    let compiled = provider.programs.get(provider, realm.id(), summary.version).await?;
    let compiled = compiled.ok_or(RegistryError::NotFound("script version"))?;
    if let Err(reason) = compiled.program {
        return Err(RegistryError::invalid("version", reason.to_string()));
    }
    check_present(&summary.declaration, &provider.store.script_values(realm.id()).await?)?;
    check_accepted_by(provider, std::slice::from_ref(binding), &summary.declaration, accept).await?;
    Ok(summary.version)
}

/// Lets a stored version decide, where `before` is how the binding was read.
///
/// # Errors
/// `NotFound`; `Invalid` with what the realm lacks or with what was not accepted; `Changed`.
pub async fn promote_script(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: ScriptBinding,
    (version, accept): (&VersionPrefix, &[String]),
) -> Result<ScriptBinding, RegistryError> {
    let version = runnable(serving, realm, &before, (version, accept)).await?;
    let events = changed(serving, realm, &before.target, (ScriptChange::Promoted, version));
    store(serving, moved(serving, before, version), events).await
}

/// Lets the version decide that decided before; a second time takes that back.
///
/// # Errors
/// `Forbidden` if there is none; `Invalid` with what the realm lacks; `Changed`.
pub async fn roll_back_script(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: ScriptBinding,
) -> Result<ScriptBinding, RegistryError> {
    let previous = before.previous.ok_or(RegistryError::Forbidden("there is no earlier version to go back to"))?;
    // It decided before: whatever it asks for was accepted then.
    let compiled = serving.programs.get(serving, realm.id(), previous).await?;
    let compiled = compiled.ok_or(RegistryError::NotFound("script version"))?;
    if let Err(reason) = compiled.program {
        return Err(RegistryError::invalid("version", reason.to_string()));
    }
    check_present(&compiled.declaration, &serving.store.script_values(realm.id()).await?)?;
    let events = changed(serving, realm, &before.target, (ScriptChange::RolledBack, previous));
    store(serving, moved(serving, before, previous), events).await
}

/// Tries a stored version beside the one that decides, in some of a hundred runs; without one, ends that.
///
/// # Errors
/// `NotFound`; `Invalid` for the percentage, with what the realm lacks, or with what was not accepted; `Changed`.
pub async fn shadow_script(
    serving: &Serving<'_>,
    realm: &RealmContext,
    before: ScriptBinding,
    shadow: Option<(&VersionPrefix, u8, &[String])>,
) -> Result<ScriptBinding, RegistryError> {
    let shadow = match shadow {
        None => None,
        Some((_, percent, _)) if !(1..=100).contains(&percent) => {
            return Err(RegistryError::invalid("percent", "must be from 1 to 100; name no version to end the trial"));
        }
        Some((version, percent, accept)) => {
            let version = runnable(serving, realm, &before, (version, accept)).await?;
            Some(ScriptShadow { version, percent })
        }
    };
    if shadow.is_some_and(|shadow| shadow.version == before.active) {
        return Err(RegistryError::invalid("version", "is the one that decides; there is nothing to compare"));
    }
    let name = before.target.package.to_string();
    let changed = administered(serving, (Object::Script, name), Action::Updated, vec!["shadow".to_owned()]);
    let events = serving.with_event(realm, changed.concerning(parties_of(&before.target)));
    store(serving, ScriptBinding { shadow, updated_at: serving.now(), ..before }, events).await
}

async fn store(
    serving: &Serving<'_>,
    mut binding: ScriptBinding,
    events: Vec<EventRecord>,
) -> Result<ScriptBinding, RegistryError> {
    serving.store.store_script_binding(&binding, &events).await?;
    serving.written(&events);
    binding.revision += 1;
    Ok(binding)
}

/// The event of another version somewhere.
fn changed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    target: &ScriptTarget,
    (change, version): (ScriptChange, ScriptVersion),
) -> Vec<EventRecord> {
    let actor = serving.origin().actor.clone();
    let script = events::ScriptVersion { package: target.package.to_string(), version: version.to_string() };
    serving.with_event(realm, Fact::ScriptChange { actor, change, script }.concerning(parties_of(target)))
}
