//! Every statement and expression of a script.

use rhai::{AST, ASTNode, Expr, Stmt};

/// Calls back for each node. The engine's own walk leaves out what loops are left with.
pub(crate) fn visit(ast: &AST, on_node: &mut dyn FnMut(ASTNode<'_>)) {
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(node) = path.last() {
            visit_node(*node, on_node);
        }
        true
    });
}

fn visit_node(node: ASTNode<'_>, on_node: &mut dyn FnMut(ASTNode<'_>)) {
    on_node(node);
    if let ASTNode::Stmt(Stmt::BreakLoop(Some(value), ..)) = node {
        visit_expression(value, on_node);
    }
}

fn visit_expression(expression: &Expr, on_node: &mut dyn FnMut(ASTNode<'_>)) {
    let mut path = Vec::new();
    expression.walk(&mut path, &mut |path: &[ASTNode<'_>]| {
        if let Some(node) = path.last() {
            visit_node(*node, on_node);
        }
        true
    });
}
