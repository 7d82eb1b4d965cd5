//! Literals that a run would copy without paying for them by size.

use rhai::{ASTNode, Expr};
use signet_hooks::{Diagnostic, Rule};

use super::Checked;

/// Longest piece of text between the values of an interpolated text, in bytes.
const INTERPOLATED_PIECE: usize = 200;

/// Longest name of a member in a literal map, in bytes.
const MEMBER_NAME: usize = 128;

pub(super) fn check(checked: &Checked<'_>, node: ASTNode<'_>, found: &mut Vec<Diagnostic>) {
    match node {
        ASTNode::Expr(Expr::InterpolatedString(pieces, at)) if pieces.iter().any(is_long) => {
            let message = format!(
                "between its values an interpolated text has at most {INTERPOLATED_PIECE} bytes; join longer pieces with +"
            );
            found.push(checked.diagnostic(*at, Rule::Size, message));
        }
        ASTNode::Expr(Expr::Map(members, at)) if members.0.iter().any(|(name, _)| name.name.len() > MEMBER_NAME) => {
            let message = format!("a name in a literal map has at most {MEMBER_NAME} bytes");
            found.push(checked.diagnostic(*at, Rule::Size, message));
        }
        _ => {}
    }
}

fn is_long(piece: &Expr) -> bool {
    matches!(piece, Expr::StringConstant(text, _) if text.len() > INTERPOLATED_PIECE)
}
