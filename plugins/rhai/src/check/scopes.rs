//! Which function a place is in, and which of its variables are the parameters that the server hands over.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, Position, Stmt};
use signet_hooks::Hook;

use super::{Checked, visit};

/// The functions of a file by the places of their bodies.
pub(super) struct Scopes {
    functions: Vec<Scope>,
}

/// A function.
pub(super) struct Scope {
    start: Position,
    end: Position,
    /// The hook, if it is one.
    pub(super) hook: Option<Hook>,
    /// The variable that is `ctx`.
    pub(super) ctx: Option<String>,
    /// The variable that is the hook's second parameter.
    pub(super) argument: Option<String>,
}

impl Scopes {
    pub(super) fn new(checked: &Checked<'_>) -> Self {
        let functions = checked.ast.iter_fn_def().map(|function| {
            let hook = if checked.is_main() { function.name.parse::<Hook>().ok() } else { None };
            let parameter = |index: usize| function.params.get(index).map(ToString::to_string);
            let named_ctx = function.params.iter().any(|name| name == "ctx").then(|| "ctx".to_owned());
            Scope {
                start: function.body.start_position(),
                end: function.body.end_position(),
                hook,
                ctx: if hook.is_some() { parameter(0) } else { named_ctx },
                argument: hook.and_then(|_| parameter(1)),
            }
        });
        let mut scopes = Self { functions: functions.collect() };
        scopes.forget_changed(checked);
        scopes
    }

    /// A variable that is defined anew or assigned to is not what the server handed over.
    fn forget_changed(&mut self, checked: &Checked<'_>) {
        let mut changed: BTreeSet<(String, Position)> = BTreeSet::new();
        visit(checked.ast, &mut |node| {
            if let ASTNode::Stmt(statement) = node {
                let name = match statement {
                    Stmt::Var(variable, ..) => Some(variable.0.name.to_string()),
                    Stmt::For(parts, ..) => Some(parts.0.name.to_string()),
                    Stmt::Assignment(parts) => match &parts.1.lhs {
                        Expr::Variable(variable, ..) => Some(variable.1.to_string()),
                        _ => None,
                    },
                    _ => None,
                };
                changed.extend(name.map(|name| (name, statement.position())));
            }
        });
        for (name, at) in changed {
            if let Some(index) = self.index_at(at)
                && let Some(scope) = self.functions.get_mut(index)
            {
                scope.ctx.take_if(|ctx| *ctx == name);
                scope.argument.take_if(|argument| *argument == name);
            }
        }
    }

    fn index_at(&self, at: Position) -> Option<usize> {
        let inside = self.functions.iter().enumerate().filter(|(_, scope)| scope.start <= at && at <= scope.end);
        inside.max_by_key(|(_, scope)| scope.start).map(|(index, _)| index)
    }

    /// The innermost function around a place.
    pub(super) fn at(&self, at: Position) -> Option<&Scope> {
        self.index_at(at).and_then(|index| self.functions.get(index))
    }
}
