//! The traits between the server and a script engine.

use std::sync::Arc;

use crate::context::RunContext;
use crate::diagnostic::Diagnostic;
use crate::hook::Hook;
use crate::host::Host;
use crate::manifest::Manifest;
use crate::package::Package;
use crate::run::Run;
use crate::version::Version;

/// Compiles packages.
pub trait ScriptEngine: Send + Sync {
    /// Compiles a package once, for many runs. `version` is the digest of its canonical bytes, computed by the caller.
    ///
    /// # Errors
    /// Everything that is wrong with the package, in the order of files and lines; never empty.
    fn compile(&self, package: &Package, version: Version) -> Result<Arc<dyn Program>, Vec<Diagnostic>>;
}

/// A compiled package. Holds no state between runs.
pub trait Program: Send + Sync {
    /// The version of the package.
    fn version(&self) -> Version;

    /// What the package says of itself.
    fn manifest(&self) -> &Manifest;

    /// Whether the package has a function for this hook.
    fn defines(&self, hook: Hook) -> bool;

    /// Runs the function for a hook, synchronously: whoever calls runs hooks that may call out on a bounded blocking
    /// pool, others inline. It returns within the hook's limits whatever the script does, and never panics.
    fn run(&self, hook: Hook, context: &Arc<RunContext>, host: &Arc<dyn Host>) -> Run;
}
