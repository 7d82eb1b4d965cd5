//! A compiled package and its runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, Scope};
use serde_json::{Map, Value};
use signet_hooks::{
    Class, Hook, Host, MAIN_FILE, Manifest, Program, Run, RunContext, RunFailure, RunFailureKind, Version, claims,
};

use crate::bindings::{Ctx, Decision};
use crate::convert::{to_script, type_name};
use crate::failure::failure;
use crate::meter::{self, Failed, Metered, charge_value};
use crate::running::{Entered, Record, Running};

/// The engines, one for each class of hooks. They differ in their limits only.
pub(crate) struct Engines {
    pub(crate) decision: Engine,
    pub(crate) enrichment: Engine,
    pub(crate) asynchronous: Engine,
}

impl Engines {
    const fn of(&self, class: Class) -> &Engine {
        match class {
            Class::Decision => &self.decision,
            Class::Enrichment => &self.enrichment,
            Class::Asynchronous => &self.asynchronous,
        }
    }
}

/// A compiled package.
pub(crate) struct RhaiProgram {
    pub(crate) engines: Arc<Engines>,
    pub(crate) ast: AST,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) version: Version,
}

/// A decision and what is handed on with it.
type Decided = (Value, Option<Map<String, Value>>);

impl Program for RhaiProgram {
    fn version(&self) -> Version {
        self.version
    }

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn defines(&self, hook: Hook) -> bool {
        self.manifest.hooks.contains(&hook)
    }

    fn run(&self, hook: Hook, context: &Arc<RunContext>, host: &Arc<dyn Host>) -> Run {
        let running = Rc::new(Running {
            hook,
            manifest: Arc::clone(&self.manifest),
            host: Arc::clone(host),
            limits: self.manifest.limits(hook),
            record: std::cell::RefCell::default(),
        });
        let metered = Metered::start(self.manifest.limits(hook), host);
        let outcome = {
            let _entered = Entered::new(Rc::clone(&running));
            // The engine holds nothing that a panic could leave half done: scope and values are this run's own.
            catch_unwind(AssertUnwindSafe(|| self.decide(hook, context))).unwrap_or_else(|_| Err(panicked()))
        };
        let (operations, elapsed) = (meter::operations(), metered.elapsed());
        drop(metered);
        let (log, calls) = running.record.replace(Record::default()).into_log();
        let (outcome, vars) = match outcome {
            Ok((decision, vars)) => (Ok(decision), vars),
            Err(failure) => (Err(failure), None),
        };
        Run { outcome, operations, elapsed, log, calls, vars }
    }
}

impl RhaiProgram {
    fn decide(&self, hook: Hook, context: &Arc<RunContext>) -> Result<Decided, RunFailure> {
        let ctx = Ctx { context: Arc::clone(context), manifest: Arc::clone(&self.manifest) };
        let result = self.call(hook, ctx, context).map_err(|error| failure(MAIN_FILE, *error))?;
        if let Some(stop) = meter::stop() {
            // It was caught, and there was nothing left to do.
            return Err(RunFailure { kind: stop.kind, position: None, message: stop.message });
        }
        let type_name = type_name(&result);
        let decision = result.try_cast::<Decision>().ok_or_else(|| {
            let message = format!("{hook} returned a {type_name}; it returns what {} makes", list(hook));
            wrong_shape(message)
        })?;
        self.checked(hook, decision, context)
    }

    fn call(&self, hook: Hook, ctx: Ctx, context: &RunContext) -> Result<Dynamic, Failed> {
        let engine = self.engines.of(self.manifest.class(hook));
        let options = CallFnOptions::new().eval_ast(false);
        let ctx = Dynamic::from(ctx);
        let mut scope = Scope::new();
        match context.argument() {
            None => engine.call_fn_with_options(options, &mut scope, &self.ast, hook.name(), (ctx,)),
            Some(argument) => {
                let argument = to_script(argument);
                charge_value(&argument)?;
                engine.call_fn_with_options(options, &mut scope, &self.ast, hook.name(), (ctx, argument))
            }
        }
    }

    /// The decision, if it is one that the hook takes. Claims besides are those that the manifest declares.
    fn checked(&self, hook: Hook, decision: Decision, context: &RunContext) -> Result<Decided, RunFailure> {
        let name = decision.name();
        let is_own = hook.constructors().iter().any(|constructor| constructor.name == name);
        if name != "none" && !is_own {
            return Err(wrong_shape(format!("{hook} does not take {name}; it takes {}", list(hook))));
        }
        let is_bare = decision.is_bare();
        let (mut value, vars) = decision.into_parts();
        if !is_bare {
            hook.check_output(&value).map_err(|error| wrong_shape(format!("{hook}: {name}: {error}")))?;
        } else if name != "none" && name != "allow" {
            hook.check_output(&value).map_err(|error| wrong_shape(format!("{hook}: {name}: {error}")))?;
        }
        if let Some(Value::Object(added)) = value.get_mut("claims").filter(|_| hook == Hook::OnClaims) {
            let requested = requested(context);
            let checked = claims::check_claims(&self.manifest.claims, &requested, std::mem::take(added));
            *added = checked.map_err(|problem| wrong_shape(problem.to_string()))?;
        }
        if let Some(vars) = &vars {
            signet_hooks::handed_on(&context.context.vars, vars).map_err(|too_much| RunFailure {
                kind: RunFailureKind::Size,
                position: None,
                message: format!("with_vars: {too_much}"),
            })?;
        }
        Ok((value, vars))
    }
}

/// The standard claims that were asked for.
fn requested(context: &RunContext) -> Vec<String> {
    let names = context.facts().get("requested").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn list(hook: Hook) -> String {
    let own = hook.constructors().iter().map(|constructor| constructor.signature());
    std::iter::once("none()".to_owned()).chain(own).collect::<Vec<_>>().join(", ")
}

const fn wrong_shape(message: String) -> RunFailure {
    RunFailure { kind: RunFailureKind::WrongShape, position: None, message }
}

fn panicked() -> RunFailure {
    RunFailure { kind: RunFailureKind::Panic, position: None, message: "the script engine panicked".to_owned() }
}
