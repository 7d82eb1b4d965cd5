//! The engine: compiles packages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rhai::{AST, Engine};
use signet_hooks::{Class, Diagnostic, MAIN_FILE, Package, Position, Program, Rule, ScriptEngine, Version};

use crate::check::{Checked, KnownFunctions, check_main};
use crate::failure::parse_diagnostic;
use crate::functions::Documented;
use crate::language::Language;
use crate::program::{Engines, RhaiProgram};
use crate::testing::register_coverage;

/// The Rhai engine. Cheap to clone: what it consists of is shared and never changes.
#[derive(Clone)]
pub struct RhaiEngine {
    pub(crate) language: Language,
    pub(crate) engines: Arc<Engines>,
    pub(crate) known: Arc<KnownFunctions>,
}

impl Default for RhaiEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl RhaiEngine {
    /// An engine. Takes about a millisecond: make one and keep it.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// An engine that notes which lines it runs.
    pub(crate) fn covering() -> Self {
        Self::with(register_coverage)
    }

    fn with(configure: fn(&mut Engine)) -> Self {
        let language = Language::new();
        let engine = |class| {
            let mut engine = language.engine(class);
            configure(&mut engine);
            engine
        };
        let engines = Engines {
            decision: engine(Class::Decision),
            enrichment: engine(Class::Enrichment),
            asynchronous: engine(Class::Asynchronous),
        };
        let known = Arc::new(KnownFunctions::of(&engines.decision));
        Self { language, engines: Arc::new(engines), known }
    }

    /// The functions that scripts call by name.
    pub fn functions(&self) -> &[Documented] {
        self.language.documented()
    }

    /// Everything a script can call, with each number of parameters: names, operators and what reads members of `ctx`.
    pub fn callable(&self) -> Vec<String> {
        let each =
            self.known.iter().flat_map(|(name, numbers)| numbers.iter().map(move |number| format!("{name}/{number}")));
        each.collect()
    }

    /// Compiles a package to the type that tools need.
    pub(crate) fn program(&self, package: &Package, version: Version) -> Result<RhaiProgram, Vec<Diagnostic>> {
        let manifest = package.manifest();
        let parsed = self.parse(MAIN_FILE, package.main());
        match (manifest, parsed) {
            (Ok(manifest), Ok(ast)) => {
                let checked = Checked {
                    file: MAIN_FILE,
                    text: package.main(),
                    ast: &ast,
                    manifest: &manifest,
                    known: &self.known,
                };
                let found = check_main(&checked);
                if !found.is_empty() {
                    return Err(found);
                }
                Ok(RhaiProgram { engines: Arc::clone(&self.engines), ast, manifest: Arc::new(manifest), version })
            }
            (manifest, parsed) => {
                let mut found = manifest.err().unwrap_or_default();
                found.extend(parsed.err());
                found.sort_by(|one, other| one.position.cmp(&other.position));
                Err(found)
            }
        }
    }

    /// Parses a file. The parser's recursion is bounded by the depth of expressions; should it fail nevertheless, that is
    /// a diagnostic like others.
    pub(crate) fn parse(&self, file: &str, text: &str) -> Result<AST, Diagnostic> {
        let parsed = catch_unwind(AssertUnwindSafe(|| self.engines.decision.compile(text)));
        match parsed {
            Ok(parsed) => parsed.map_err(|error| parse_diagnostic(file, &error)),
            Err(_) => Err(Diagnostic::new(Position::file(file), Rule::Syntax, "the parser gave up on this file")),
        }
    }
}

impl ScriptEngine for RhaiEngine {
    fn compile(&self, package: &Package, version: Version) -> Result<Arc<dyn Program>, Vec<Diagnostic>> {
        self.program(package, version).map(|program| Arc::new(program) as Arc<dyn Program>)
    }
}
