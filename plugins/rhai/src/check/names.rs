//! Functions that are called exist, with as many parameters.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTNode, Engine, Expr, FnCallExpr, Position, Stmt};
use signet_hooks::{Diagnostic, Rule};

use super::Checked;

/// The functions of the engine: with how many parameters each can be called.
#[derive(Clone, Default)]
pub(crate) struct KnownFunctions(BTreeMap<String, BTreeSet<usize>>);

impl KnownFunctions {
    /// The functions of an engine.
    pub(crate) fn of(engine: &Engine) -> Self {
        let functions = engine.collect_fn_metadata(
            None,
            |function| Some((function.metadata.name.to_string(), function.metadata.num_params)),
            true,
        );
        let mut known = Self::default();
        // These are part of the language.
        let language = [("type_of", 1), ("call", 1), ("curry", 2)];
        let language = language.map(|(name, parameters)| (name.to_owned(), parameters));
        for (name, parameters) in functions.into_iter().chain(language) {
            known.0.entry(name).or_default().insert(parameters);
        }
        known
    }

    /// Names, and with how many parameters each is callable.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<usize>)> {
        self.0.iter().map(|(name, parameters)| (name.as_str(), parameters))
    }
}

pub(super) fn check(checked: &Checked<'_>, node: ASTNode<'_>, found: &mut Vec<Diagnostic>) {
    match node {
        ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
            check_call(checked, (call, call.args.len()), *at, found);
        }
        ASTNode::Expr(Expr::MethodCall(call, at)) => {
            check_call(checked, (call, call.args.len() + 1), *at, found);
        }
        _ => {}
    }
}

fn check_call(
    checked: &Checked<'_>,
    (call, parameters): (&FnCallExpr, usize),
    at: Position,
    found: &mut Vec<Diagnostic>,
) {
    let name = call.name.as_str();
    if call.is_operator_call() || matches!(name, "call" | "curry") {
        return;
    }
    let mut accepted: BTreeSet<usize> = checked.known.0.get(name).cloned().unwrap_or_default();
    let own = checked.ast.iter_functions().filter(|function| function.name == name);
    accepted.extend(own.map(|function| function.params.len()));
    if !accepted.contains(&parameters) {
        let message = if accepted.is_empty() { unknown(name) } else { wrong_number(name, parameters, &accepted) };
        found.push(checked.diagnostic(at, Rule::UnknownName, message));
    }
}

/// What to do instead of calling a function that scripts do not have.
fn unknown(name: &str) -> String {
    match name {
        "sleep" => "a script cannot sleep: it decides at once".to_owned(),
        "print" | "debug" => "there is no console; write with ctx.log.debug(message)".to_owned(),
        "timestamp" | "now" => "the only clock is ctx.now".to_owned(),
        "rand" | "random" => "the only chance is ctx.random(bytes)".to_owned(),
        name => format!("there is no function {name}"),
    }
}

fn wrong_number(name: &str, parameters: usize, accepted: &BTreeSet<usize>) -> String {
    let accepted = accepted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    format!("{name} takes {accepted} parameters, the value it is called on included, not {parameters}")
}
