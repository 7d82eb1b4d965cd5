//! What can be tried with packages, behind the trait that the server knows.

use std::sync::Arc;

use serde_json::{Map, Value};
use signet_hooks::{
    Allowance, Diagnostic, FuzzOptions, FuzzReport, Host, NotTried, Package, Program as _, Run, ScriptTools,
    TestReport, Trial,
};

use crate::engine::RhaiEngine;
use crate::fuzzing;
use crate::testing::{self, FixtureHost, NO_VERSION};

impl ScriptTools for RhaiEngine {
    fn check(&self, package: &Package) -> Vec<Diagnostic> {
        Self::check(self, package)
    }

    fn test(&self, package: &Package, allowance: &Allowance) -> Result<TestReport, Vec<Diagnostic>> {
        testing::run(package, allowance)
    }

    fn run(&self, package: &Package, trial: Trial) -> Result<Run, NotTried> {
        let Trial { hook, fixture, argument } = trial;
        let program = self.program(package, NO_VERSION).map_err(NotTried::Package)?;
        if !program.defines(hook) {
            return Err(NotTried::NoHook(program.manifest().hooks.iter().copied().collect()));
        }
        let mut ctx: Map<String, Value> = fixture;
        let host = FixtureHost::new(ctx.remove("host").unwrap_or_default());
        let host = host.map_err(|error| NotTried::Fixture(format!("the member host of the fixture: {error}")))?;
        let inherited = ctx.remove("argument");
        let argument = argument.or(inherited);
        let context = hook.context_from_json(&Value::Object(ctx), argument.as_ref());
        let context = context.map_err(|error| NotTried::Fixture(format!("{hook} is not told this: {error}")))?;
        let host: Arc<dyn Host> = Arc::new(host);
        Ok(program.run(hook, &Arc::new(context), &host))
    }

    fn fuzz(
        &self,
        package: &Package,
        options: FuzzOptions,
        allowance: &Allowance,
    ) -> Result<FuzzReport, Vec<Diagnostic>> {
        fuzzing::fuzz(package, options, allowance)
    }
}
