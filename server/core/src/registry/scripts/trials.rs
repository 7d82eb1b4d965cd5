//! What administrators try with a package before it decides: a check as a deployment would make it, its tests, one run,
//! generated inputs. Nothing of it is stored, and nothing decides by it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use signet_hooks::{
    Allowance, Diagnostic, FuzzOptions, FuzzReport, Hook, MANIFEST_FILE, NotTried, Package, Position, Rule, Run,
    TestReport, Trial,
};
use signet_jose::digest;
use signet_protocol::time::Clock;

use super::capabilities::{check_present, declaration_of};
use super::rollout::{DeploymentRequest, check_accepted_at};
use crate::failure::Fault;
use crate::model::{ScriptDeclaration, ScriptTarget, ScriptVersion};
use crate::provider::Provider;
use crate::realm::RealmContext;
use crate::registry::{RegistryError, find_client};

/// How long tests and generated inputs may take. What is not done by then is left out, and the answer says so.
const LONGEST: Duration = Duration::from_secs(5);
/// Most generated inputs for each hook.
const MOST_INPUTS: u32 = 2_000;
/// Most findings that are told of a kind.
const MOST_FINDINGS: usize = 10;

/// What a deployment would say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedScript {
    /// The version that the files are; nothing where they are no package.
    pub version: Option<ScriptVersion>,
    /// What the package declares; nothing where its manifest does not read.
    pub declaration: Option<ScriptDeclaration>,
    /// Everything that is wrong; a deployment would be refused for each.
    pub problems: Vec<Diagnostic>,
}

/// A trial; or everything that is wrong with the package.
type Tried<T> = Result<Result<T, Vec<Diagnostic>>, RegistryError>;

/// Checks a package as a deployment would, and its test files as well: what does not compile, what the realm lacks, what
/// was not accepted.
///
/// # Errors
/// `NotFound` for the client; a fault where there is no place for a trial.
pub async fn check_script(
    provider: &Provider,
    realm: &RealmContext,
    request: DeploymentRequest,
) -> Result<CheckedScript, RegistryError> {
    if let Some(client_id) = &request.client_id {
        find_client(provider, realm, client_id).await?;
    }
    let package = match Package::new(request.files) {
        Ok(package) => package,
        Err(problems) => return Ok(CheckedScript { version: None, declaration: None, problems }),
    };
    let version = Some(ScriptVersion(digest::sha256(&package.canonical_bytes())));
    let manifest = package.manifest();
    let mut problems = try_out(provider, realm, move |tools, _| tools.check(&package)).await?;
    let Ok(manifest) = manifest else { return Ok(CheckedScript { version, declaration: None, problems }) };
    let declaration = declaration_of(&manifest, signet_hooks::API_VERSION);
    let present = check_present(&declaration, &provider.store.script_values(realm.id()).await?);
    problems.extend(in_manifest(present)?);
    let package = manifest.name.parse().map_err(|error| Fault::internal("a manifest has an unusable name", error))?;
    let target = ScriptTarget { client_id: request.client_id, package };
    let accepted = check_accepted_at(provider, realm, &target, (&declaration, &request.accept)).await;
    problems.extend(in_manifest(accepted.map(drop))?);
    Ok(CheckedScript { version, declaration: Some(declaration), problems })
}

/// What a deployment refuses for what the manifest names.
fn in_manifest(checked: Result<(), RegistryError>) -> Result<Option<Diagnostic>, RegistryError> {
    match checked {
        Ok(()) => Ok(None),
        Err(RegistryError::Invalid { problem, .. }) => {
            Ok(Some(Diagnostic::new(Position::file(MANIFEST_FILE), Rule::Capability, problem)))
        }
        Err(other) => Err(other),
    }
}

/// Runs the tests of a package.
///
/// # Errors
/// A fault where there is no place for a trial.
pub async fn test_script(
    provider: &Provider,
    realm: &RealmContext,
    files: BTreeMap<String, String>,
) -> Tried<TestReport> {
    let package = match Package::new(files) {
        Ok(package) => package,
        Err(found) => return Ok(Err(found)),
    };
    Ok(try_out(provider, realm, move |tools, allowance| tools.test(&package, allowance)).await?)
}

/// Runs a hook once. `fixture` is one of the package's, by its name without folder and ending; the hook's sample where
/// none is named.
///
/// # Errors
/// `Invalid` for a hook that the package does not have, and for a fixture that it does not have or that is none.
pub async fn run_script(
    provider: &Provider,
    realm: &RealmContext,
    files: BTreeMap<String, String>,
    (hook, fixture, argument): (Hook, Option<&str>, Option<serde_json::Value>),
) -> Tried<Run> {
    let package = match Package::new(files) {
        Ok(package) => package,
        Err(found) => return Ok(Err(found)),
    };
    let fixture = match fixture {
        None => serde_json::Map::new(),
        Some(name) => {
            let text = package.file(&format!("fixtures/{name}.json"));
            let text = text.ok_or_else(|| RegistryError::invalid("fixture", "the package has no such fixture"))?;
            serde_json::from_str(text)
                .map_err(|error| RegistryError::invalid("fixture", format!("is no JSON object: {error}")))?
        }
    };
    let trial = Trial { hook, fixture, argument };
    match try_out(provider, realm, move |tools, _| tools.run(&package, trial)).await? {
        Ok(run) => Ok(Ok(run)),
        Err(NotTried::Package(found)) => Ok(Err(found)),
        Err(NotTried::NoHook(has)) => {
            let has: Vec<&str> = has.iter().map(|hook| hook.name()).collect();
            Err(RegistryError::invalid("hook", format!("is not one of the package's: {}", has.join(", "))))
        }
        Err(NotTried::Fixture(problem)) => Err(RegistryError::invalid("fixture", problem)),
    }
}

/// Tries generated inputs on all hooks of a package. Of findings of a kind the first few are told.
///
/// # Errors
/// `Invalid` for the number of inputs; a fault where there is no place for a trial.
pub async fn fuzz_script(
    provider: &Provider,
    realm: &RealmContext,
    files: BTreeMap<String, String>,
    options: FuzzOptions,
) -> Tried<FuzzReport> {
    if !(1..=MOST_INPUTS).contains(&options.runs) {
        return Err(RegistryError::invalid("runs", format!("must be from 1 to {MOST_INPUTS}")));
    }
    let package = match Package::new(files) {
        Ok(package) => package,
        Err(found) => return Ok(Err(found)),
    };
    let fuzzed = try_out(provider, realm, move |tools, allowance| tools.fuzz(&package, options, allowance)).await?;
    Ok(fuzzed.map(|mut report| {
        report.broken.truncate(MOST_FINDINGS);
        report.thrown.truncate(MOST_FINDINGS);
        report
    }))
}

async fn try_out<T: Send + 'static>(
    provider: &Provider,
    realm: &RealmContext,
    work: impl FnOnce(&dyn signet_hooks::ScriptTools, &Allowance) -> T + Send + 'static,
) -> Result<T, Fault> {
    let (tools, clock) = (Arc::clone(&provider.script_tools), Arc::clone(&provider.clock));
    provider.runs.try_out(realm.id(), move || work(&*tools, &allowance(clock))).await
}

/// The time of a trial, from when it begins.
fn allowance(clock: Arc<dyn Clock>) -> Allowance {
    let started = clock.monotonic();
    Allowance::new(move || clock.monotonic().saturating_sub(started), LONGEST)
}
