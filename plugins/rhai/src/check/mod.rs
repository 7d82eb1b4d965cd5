//! Checks of a script before it runs: names that mean nothing, capabilities that the manifest does not declare, hooks and
//! functions that do not fit together. What depends on values is left to tests, and to the run itself.

mod bounds;
mod chains;
mod decisions;
mod functions;
mod literals;
mod names;
mod scopes;
mod visit;

use rhai::AST;
use signet_hooks::{Diagnostic, MAIN_FILE, Manifest, Rule};

pub(crate) use names::KnownFunctions;
pub(crate) use visit::visit;

use crate::failure::position;

/// What a script is checked against.
pub(crate) struct Checked<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) ast: &'a AST,
    pub(crate) manifest: &'a Manifest,
    pub(crate) known: &'a KnownFunctions,
}

/// Everything that is wrong with the main file.
pub(crate) fn check_main(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = functions::check(checked);
    found.extend(check_bodies(checked));
    decisions::check_ends(checked, &mut found);
    for statement in checked.ast.statements() {
        let message = "what stands outside of functions never runs";
        found.push(checked.diagnostic(statement.position(), Rule::HookFunction, message));
    }
    sorted(found)
}

/// Everything that is wrong with a file whose statements run, such as one with tests.
pub(crate) fn check_statements(checked: &Checked<'_>) -> Vec<Diagnostic> {
    sorted(check_bodies(checked))
}

fn check_bodies(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let scopes = scopes::Scopes::new(checked);
    let mut found = Vec::new();
    visit(checked.ast, &mut |node| {
        bounds::check(checked, node, &mut found);
        names::check(checked, node, &mut found);
        chains::check(checked, &scopes, node, &mut found);
        decisions::check(checked, &scopes, node, &mut found);
    });
    found
}

fn sorted(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|one, other| one.position.cmp(&other.position));
    found.dedup();
    found
}

impl Checked<'_> {
    fn diagnostic(&self, at: rhai::Position, rule: Rule, message: impl Into<String>) -> Diagnostic {
        let place = position(self.file, at).unwrap_or_else(|| signet_hooks::Position::file(self.file));
        Diagnostic::new(place, rule, message)
    }

    /// Whether this is the file whose functions are the hooks.
    fn is_main(&self) -> bool {
        self.file == MAIN_FILE
    }
}
