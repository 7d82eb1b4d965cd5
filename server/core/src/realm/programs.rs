//! Compiled script packages in memory. A version is the hash of its content, so that what was compiled once is right for
//! ever, whatever else changes and whichever realm it belongs to.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use signet_hooks::{Diagnostic, Package, Program};
use signet_protocol::identifiers::RealmId;

use crate::failure::Fault;
use crate::model::{ScriptDeclaration, ScriptPackage, ScriptVersion};
use crate::provider::Provider;

/// Most packages kept in memory.
const CAPACITY: usize = 2_000;

/// A version of a package as it was compiled.
#[derive(Clone)]
pub(crate) struct Compiled {
    /// What it declares.
    pub(crate) declaration: Arc<ScriptDeclaration>,
    /// The program; or why there is none any more, for example because it was written for another hook API.
    pub(crate) program: Result<Arc<dyn Program>, Arc<str>>,
}

/// Compiled packages.
#[derive(Default)]
pub(crate) struct Programs {
    compiled: RwLock<HashMap<ScriptVersion, Compiled>>,
}

impl Programs {
    /// A version of a realm's package; nothing if the realm has no such version.
    pub(crate) async fn get(
        &self,
        provider: &Provider,
        realm_id: RealmId,
        version: ScriptVersion,
    ) -> Result<Option<Compiled>, Fault> {
        if let Some(known) = self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&version) {
            return Ok(Some(known.clone()));
        }
        let Some(stored) = provider.store.script_package(realm_id, version).await? else { return Ok(None) };
        let compiled = compile_stored(provider, stored).await?;
        let mut all = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CAPACITY {
            all.clear();
        }
        all.insert(version, compiled.clone());
        Ok(Some(compiled))
    }
}

async fn compile_stored(provider: &Provider, stored: ScriptPackage) -> Result<Compiled, Fault> {
    let summary = stored.summary;
    let program = match Package::new(stored.files) {
        Ok(package) => compile(provider, package, summary.version).await?,
        Err(found) => Err(found),
    };
    let program = program.map_err(|found| {
        let reason: Arc<str> = listed(&found).into();
        let (package, version) = (summary.name.as_str(), summary.version.short());
        tracing::error!(package, version, %reason, "a deployed script does not compile any more; where it should \
            decide, its failure mode answers until a version that compiles is promoted");
        reason
    });
    Ok(Compiled { declaration: Arc::new(summary.declaration), program })
}

/// Compiles a package on the blocking pool: a large one takes a moment.
pub(crate) async fn compile(
    provider: &Provider,
    package: Package,
    version: ScriptVersion,
) -> Result<Result<Arc<dyn Program>, Vec<Diagnostic>>, Fault> {
    let engine = Arc::clone(&provider.scripts);
    let compiling = tokio::task::spawn_blocking(move || engine.compile(&package, version));
    compiling.await.map_err(|error| Fault::internal("compiling a script did not finish", error))
}

/// What is wrong with a package, a line each.
pub(crate) fn listed(found: &[Diagnostic]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
