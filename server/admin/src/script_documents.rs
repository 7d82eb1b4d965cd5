//! What the operations on scripts read and answer.

use std::collections::BTreeMap;

use poem_openapi::Object;
use signet_core::model;
use signet_core::protocol::identifiers::ClientId;
use signet_core::registry::{self, DeploymentRequest, ScriptState, VersionPrefix};

use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A script package where it decides: in a whole realm, or for one client.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Script {
    /// The name of the package.
    name: String,
    /// The client it decides for; absent where it decides for all of the realm.
    client_id: Option<String>,
    /// The version that decides.
    active: String,
    /// The version that decided before: where a rollback goes.
    previous: Option<String>,
    /// The version that is tried beside the active one.
    shadow: Option<ScriptShadow>,
    /// Its place among those of the same client, or among those of the realm, which decide first; equal ones by name.
    position: i64,
    /// What it is for, by its manifest.
    description: String,
    /// The hooks it decides at, each with what happens where it fails: `closed`, `open` or `queue`.
    hooks: BTreeMap<String, String>,
    /// Everything it may see, add and reach, each as `kind:name`.
    capabilities: Vec<String>,
    /// Why the active version does not compile any more; the failure mode of each hook answers in its place.
    problem: Option<String>,
    /// When the active version or the trial last changed.
    updated_at: Timestamp,
}

/// A version that is tried: it runs beside the active one, its decisions are compared and dropped.
#[derive(Object)]
pub(crate) struct ScriptShadow {
    /// Which.
    version: String,
    /// In how many of a hundred runs.
    percent: u32,
}

impl Script {
    pub(crate) fn of(state: &ScriptState) -> Self {
        let binding = &state.binding;
        let shadow = binding
            .shadow
            .map(|shadow| ScriptShadow { version: shadow.version.to_string(), percent: shadow.percent.into() });
        Self {
            name: binding.target.package.to_string(),
            client_id: binding.target.client_id.as_ref().map(ToString::to_string),
            active: binding.active.to_string(),
            previous: binding.previous.map(|version| version.to_string()),
            shadow,
            position: binding.position,
            description: state.declaration.description.clone(),
            hooks: state.declaration.hooks.clone(),
            capabilities: state.declaration.capabilities.clone(),
            problem: state.problem.clone(),
            updated_at: Timestamp(binding.updated_at),
        }
    }
}

/// A version of a package. It never changes: its name is the hash of its files.
#[derive(Object)]
pub(crate) struct ScriptVersion {
    /// The name of the package.
    name: String,
    /// SHA-256 of the files, as 64 hexadecimal digits.
    version: String,
    /// The version of the hook API it is written for.
    api: String,
    /// What it is for, by its manifest.
    description: String,
    /// The hooks it decides at, each with what happens where it fails: `closed`, `open` or `queue`.
    hooks: BTreeMap<String, String>,
    /// Everything it may see, add and reach, each as `kind:name`.
    capabilities: Vec<String>,
    /// When it was first deployed.
    created_at: Timestamp,
}

impl ScriptVersion {
    pub(crate) fn of(summary: model::ScriptSummary) -> Self {
        Self {
            name: summary.name.to_string(),
            version: summary.version.to_string(),
            api: summary.declaration.api,
            description: summary.declaration.description,
            hooks: summary.declaration.hooks,
            capabilities: summary.declaration.capabilities,
            created_at: Timestamp(summary.created_at),
        }
    }
}

/// A version of a package with its files.
#[derive(Object)]
pub(crate) struct ScriptPackage {
    #[oai(flatten)]
    version: ScriptVersion,
    /// The text of each file.
    files: BTreeMap<String, String>,
}

impl ScriptPackage {
    pub(crate) fn of(package: model::ScriptPackage) -> Self {
        Self { version: ScriptVersion::of(package.summary), files: package.files }
    }
}

/// A package that is to be deployed.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptDeployment {
    /// The text of each file: `manifest.toml`, `main.rhai`, and what else the package has.
    files: BTreeMap<String, String>,
    /// The client it is for; all of the realm where absent.
    client_id: Option<String>,
    /// Its place among those of the same client or of the realm, -1000 to 1000; as it was, or 100, where absent.
    position: Option<i64>,
    /// Whether the version decides from now on. If not, it is stored beside the active one, for a trial or a later
    /// promotion.
    #[oai(default = "yes")]
    activate: bool,
    /// What the version may do that the active one does not, each as `kind:name`. What is new and not named here is
    /// refused. A first deployment need not name anything.
    #[oai(default)]
    accept: Vec<String>,
}

fn yes() -> bool {
    true
}

impl ScriptDeployment {
    pub(crate) fn into_request(self) -> Result<DeploymentRequest, Problem> {
        Ok(DeploymentRequest {
            files: self.files,
            client_id: client_of(self.client_id)?,
            position: self.position,
            activate: self.activate,
            accept: self.accept,
        })
    }
}

/// What came of a deployment.
#[derive(Object)]
pub(crate) struct DeployedScript {
    /// The version.
    version: String,
    /// Whether it was not there before.
    is_new: bool,
    /// The script as it decides now.
    script: Script,
}

impl DeployedScript {
    pub(crate) fn of(deployment: &registry::Deployment, state: &ScriptState) -> Self {
        let version = deployment.summary.version.to_string();
        Self { version, is_new: deployment.is_new, script: Script::of(state) }
    }
}

/// The version that is to decide.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptPromotion {
    /// The client it is for; all of the realm where absent.
    pub(crate) client_id: Option<String>,
    /// The version, or at least its first 12 digits.
    version: String,
    /// What the version may do that the active one does not, each as `kind:name`.
    #[oai(default)]
    pub(crate) accept: Vec<String>,
}

impl ScriptPromotion {
    pub(crate) fn version(&self) -> Result<VersionPrefix, Problem> {
        version_of(&self.version)
    }
}

/// Where the version that decided before is to decide again.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptRollback {
    /// The client it is for; all of the realm where absent.
    pub(crate) client_id: Option<String>,
}

/// The version that is to be tried.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptTrial {
    /// The client it is for; all of the realm where absent.
    pub(crate) client_id: Option<String>,
    /// The version, or at least its first 12 digits. Where absent, no version is tried any more.
    version: Option<String>,
    /// In how many of a hundred runs: 1 to 100.
    #[oai(default = "every")]
    percent: u32,
    /// What the version may do that the active one does not, each as `kind:name`.
    #[oai(default)]
    pub(crate) accept: Vec<String>,
}

fn every() -> u32 {
    100
}

impl ScriptTrial {
    pub(crate) fn version(&self) -> Result<Option<VersionPrefix>, Problem> {
        self.version.as_deref().map(version_of).transpose()
    }

    /// What is out of range is left to the registry to refuse.
    pub(crate) fn percent(&self) -> u8 {
        u8::try_from(self.percent).unwrap_or(u8::MAX)
    }
}

/// What is different between two versions.
#[derive(Object)]
pub(crate) struct ScriptDifference {
    /// The earlier version.
    from: String,
    /// The later version.
    to: String,
    /// What the later version asks for and the earlier did not, each as `kind:name`.
    added_capabilities: Vec<String>,
    /// What it does not ask for any more.
    removed_capabilities: Vec<String>,
    /// The files that differ, by name.
    files: Vec<FileDifference>,
}

/// A file that differs between two versions.
#[derive(Object)]
pub(crate) struct FileDifference {
    /// Its name.
    name: String,
    /// The changed lines with those around them, as a unified diff.
    unified: String,
}

impl ScriptDifference {
    pub(crate) fn of(difference: registry::ScriptDifference) -> Self {
        let file = |file: registry::FileDifference| FileDifference { name: file.name, unified: file.unified };
        Self {
            from: difference.from.to_string(),
            to: difference.to.to_string(),
            added_capabilities: difference.added_capabilities,
            removed_capabilities: difference.removed_capabilities,
            files: difference.files.into_iter().map(file).collect(),
        }
    }
}

/// The client that a body names.
pub(crate) fn client_of(client_id: Option<String>) -> Result<Option<ClientId>, Problem> {
    client_id.map(ClientId::try_from).transpose().map_err(|error| Problem::invalid("client_id", error.0))
}

/// The version that a body names.
pub(crate) fn version_of(text: &str) -> Result<VersionPrefix, Problem> {
    text.parse()
        .map_err(|error: signet_core::protocol::identifiers::InvalidIdentifier| Problem::invalid("version", error.0))
}
