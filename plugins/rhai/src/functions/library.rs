//! Functions with what editors and people are told about them.

use rhai::{FuncRegistration, Module, RhaiNativeFunc, Variant};

/// A function as it is described to script writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Documented {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, the value it is called on first, and its result: `(text: string, part: string) -> bool`.
    pub signature: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
}

/// Whether a function changes the value it is called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It does not.
    Reads,
    /// It does, so not on a constant.
    Changes,
}

/// Functions and types that are registered once and shared by all engines.
#[derive(Default)]
pub(crate) struct Library {
    pub(crate) module: Module,
    pub(crate) documented: Vec<Documented>,
}

impl Library {
    /// Adds a function that people call by name.
    pub(crate) fn add<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        (name, signature, about): (&'static str, &'static str, &'static str),
        effect: Effect,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        self.documented.push(Documented { name, signature, about });
        self.overload(name, effect, function);
    }

    /// Adds the same function for other types, or an operator.
    pub(crate) fn overload<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
        &mut self,
        name: &'static str,
        effect: Effect,
        function: FUNC,
    ) where
        R: Variant + Clone,
        FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        FuncRegistration::new(name)
            .in_global_namespace()
            .with_purity(effect == Effect::Reads)
            .set_into_module(&mut self.module, function);
    }
}
