//! The language: Rhai without what reaches out, runs text, or shares state, and with every bound set.

use rhai::{Engine, Module, OptimizationLevel, Shared, Token};
use signet_hooks::{Class, Limits};

use crate::functions::{self, Documented, Library};
use crate::{bindings, meter};

/// Deepest nesting of expressions and statements, in functions and outside. The stack of the smallest thread that runs
/// scripts holds this times [`Limits::call_depth`].
pub(crate) const EXPRESSION_DEPTH: usize = 32;

/// Most functions of a script.
pub(crate) const FUNCTIONS: usize = 256;

/// Words that scripts do not have: `eval` runs text, `Fn` makes functions of text that nobody can check before, `this` is
/// a variable that is not counted as one, `is_def_var` and `is_def_fn` ask what is known beforehand.
const DISABLED: &[&str] = &["eval", "Fn", "this", "is_def_var", "is_def_fn", "is_shared"];

/// Everything a script can call, made once for all engines.
#[derive(Clone)]
pub(crate) struct Language {
    module: Shared<Module>,
    documented: Shared<Vec<Documented>>,
}

impl Language {
    /// The language of hooks.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The language of hooks and something more.
    pub(crate) fn with(more: impl FnOnce(&mut Library)) -> Self {
        let mut library = Library::default();
        functions::register(&mut library);
        bindings::register(&mut library);
        more(&mut library);
        library.module.build_index();
        Self { module: Shared::new(library.module), documented: Shared::new(library.documented) }
    }

    /// The functions that people call by name.
    pub(crate) fn documented(&self) -> &[Documented] {
        &self.documented
    }

    /// An engine for runs of a class.
    pub(crate) fn engine(&self, class: Class) -> Engine {
        let mut engine = Engine::new_raw();
        engine.register_global_module(Shared::clone(&self.module));
        // Interned strings would outlive a run and be seen by the next.
        engine.set_max_strings_interned(0);
        engine.set_optimization_level(OptimizationLevel::None);
        engine.set_strict_variables(true);
        // The engine's own operators on texts and arrays have no price; with this, ours come first.
        engine.set_fast_operators(false);
        for word in DISABLED {
            engine.disable_symbol(*word);
        }
        // The engine keeps these for functions of its packages; here they are names like others, as in `ctx.log.debug`.
        #[expect(deprecated, reason = "marked so because it may change, not because it will go")]
        engine.on_parse_token(|token, _, _| match token {
            Token::Reserved(name) if matches!(name.as_str(), "debug" | "print") => Token::Identifier(name),
            other => other,
        });
        bound(&mut engine, class.limits());
        engine
    }
}

fn bound(engine: &mut Engine, limits: &Limits) {
    // The meter counts operations, and depth where a function uses a variable. These are for when it does not.
    engine.set_max_operations(limits.operations.saturating_mul(2));
    engine.set_max_call_levels(limits.call_depth + 1);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    engine.set_max_string_size(limits.string_bytes);
    engine.set_max_array_size(limits.array_items);
    engine.set_max_map_size(limits.map_members);
    engine.set_max_variables(limits.variables);
    engine.set_max_functions(FUNCTIONS);
    engine.on_progress(meter::on_progress);
    #[expect(deprecated, reason = "marked so because it may change, not because it will go")]
    engine.on_var(|name, _, context| {
        meter::on_variable(name, &context)?;
        Ok(None)
    });
}
