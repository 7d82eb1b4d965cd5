//! Which lines of the main file were run.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rhai::debugger::DebuggerCommand;
use rhai::{AST, ASTNode, Engine, Position, Stmt};
use signet_hooks::Coverage;

use crate::check::visit;

/// Which lines of the main file were run, of those that can be.
pub(super) fn of(coverable: BTreeSet<usize>, run: &BTreeSet<usize>) -> Coverage {
    let missed = coverable.difference(run).copied().collect();
    Coverage { lines: coverable.into_iter().collect(), missed }
}

thread_local! {
    static RUN: RefCell<Option<BTreeSet<usize>>> = const { RefCell::new(None) };
}

/// Begins to note lines on this thread.
pub(super) fn start() {
    RUN.with(|run| *run.borrow_mut() = Some(BTreeSet::new()));
}

/// The lines noted since.
pub(super) fn finish() -> BTreeSet<usize> {
    RUN.with(|run| run.borrow_mut().take()).unwrap_or_default()
}

/// Lets an engine note which lines it runs.
pub(crate) fn register(engine: &mut Engine) {
    #[expect(deprecated, reason = "marked so because it may change, not because it will go")]
    engine.register_debugger(
        |_, debugger| debugger,
        |_, _, _, _, position| {
            note(position);
            Ok(DebuggerCommand::StepInto)
        },
    );
}

fn note(position: Position) {
    if let Some(line) = position.line() {
        RUN.with(|run| {
            if let Some(run) = run.borrow_mut().as_mut() {
                run.insert(line);
            }
        });
    }
}

/// The lines where a statement begins, and what a `switch` chooses from.
pub(super) fn coverable(ast: &AST) -> BTreeSet<usize> {
    let mut lines = BTreeSet::new();
    visit(ast, &mut |node| match node {
        ASTNode::Stmt(Stmt::Switch(parts, at)) => {
            lines.extend(at.line());
            lines.extend(parts.1.expressions.iter().filter_map(|case| case.rhs.start_position().line()));
        }
        ASTNode::Stmt(Stmt::Noop(_) | Stmt::Block(..)) => {}
        ASTNode::Stmt(statement) => lines.extend(statement.position().line()),
        _ => {}
    });
    lines
}
