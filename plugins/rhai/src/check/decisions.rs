//! Decisions that can be seen to be none that the hook takes: made by a constructor of another hook, with members that do
//! not exist, claims that the manifest does not declare, values of the wrong type; or not made by a constructor at all.
//! What depends on values is left to the run.

use rhai::{ASTFlags, ASTNode, Expr, FnCallExpr, Ident, Position, Stmt, StmtBlock};
use serde_json::{Map, Value, json};
use signet_hooks::{Constructor, Diagnostic, Hook, Rule, Takes, claims};

use super::literals::{kind, literal, mismatch};
use super::scopes::Scopes;
use super::{Checked, visit};

/// A constructor that is called, with the hooks whose decision it may be.
struct Made<'a> {
    constructor: Constructor,
    hooks: Vec<Hook>,
    call: &'a FnCallExpr,
}

pub(super) fn check(checked: &Checked<'_>, scopes: &Scopes, node: ASTNode<'_>, found: &mut Vec<Diagnostic>) {
    if !checked.is_main() {
        return;
    }
    if let ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) = node {
        let hook = scopes.at(*at).and_then(|scope| scope.hook);
        match made(checked, hook, call) {
            Some(Ok(made)) => check_made(checked, &made, found),
            Some(Err(message)) => found.push(checked.diagnostic(*at, Rule::Decision, message)),
            None => {}
        }
    }
}

/// What each hook's function returns, and what it ends in. Functions within it return to it, not to the server.
pub(super) fn check_ends(checked: &Checked<'_>, found: &mut Vec<Diagnostic>) {
    for hook in &checked.manifest.hooks {
        let mut alone = checked.ast.clone_functions_only();
        alone.retain_functions(|_, _, name, _| name == hook.name());
        let mut last: Option<Stmt> = None;
        alone.walk(&mut |path: &[ASTNode<'_>]| {
            if let [ASTNode::Stmt(statement)] = path {
                last = Some((*statement).clone());
            }
            true
        });
        visit(&alone, &mut |node| {
            if let ASTNode::Stmt(Stmt::Return(Some(value), flags, _)) = node
                && !flags.intersects(ASTFlags::BREAK)
            {
                check_result(checked, *hook, value, found);
            }
        });
        if let Some(last) = &last {
            check_end(checked, *hook, last, found);
        }
    }
}

fn check_end(checked: &Checked<'_>, hook: Hook, last: &Stmt, found: &mut Vec<Diagnostic>) {
    match last {
        Stmt::Expr(value) => check_result(checked, hook, value, found),
        Stmt::Block(inner) => check_block(checked, hook, inner, found),
        Stmt::If(parts, _) => {
            check_block(checked, hook, &parts.body, found);
            check_block(checked, hook, &parts.branch, found);
        }
        Stmt::Switch(parts, _) => {
            for case in &parts.1.expressions {
                check_result(checked, hook, &case.rhs, found);
            }
        }
        _ => {}
    }
}

fn check_block(checked: &Checked<'_>, hook: Hook, block: &StmtBlock, found: &mut Vec<Diagnostic>) {
    if let Some(last) = block.statements().last() {
        check_end(checked, hook, last, found);
    }
}

/// What a hook returns is no literal.
fn check_result(checked: &Checked<'_>, hook: Hook, value: &Expr, found: &mut Vec<Diagnostic>) {
    if let Expr::Stmt(block) = value {
        check_block(checked, hook, block, found);
    } else if let Some(kind) = kind(value) {
        let message = format!("{hook} returns what {} makes, not {kind}", list(hook));
        found.push(checked.diagnostic(value.start_position(), Rule::Decision, message));
    }
}

fn list(hook: Hook) -> String {
    let own = hook.constructors().iter().map(|constructor| constructor.signature());
    std::iter::once("none()".to_owned()).chain(own).collect::<Vec<_>>().join(", ")
}

fn constructor_of(hook: Hook, name: &str) -> Option<Constructor> {
    hook.constructors().iter().copied().find(|constructor| constructor.name == name)
}

/// The constructor that a call is of, if it is one; or why none of the hooks takes it.
fn made<'a>(checked: &Checked<'_>, hook: Option<Hook>, call: &'a FnCallExpr) -> Option<Result<Made<'a>, String>> {
    let name = call.name.as_str();
    let is_own = checked.ast.iter_functions().any(|function| function.name == name);
    if is_own || !Hook::ALL.iter().any(|hook| constructor_of(*hook, name).is_some()) {
        return None;
    }
    let hooks = hook.map_or_else(|| checked.manifest.hooks.iter().copied().collect(), |hook| vec![hook]);
    let takers: Vec<(Hook, Constructor)> =
        hooks.into_iter().filter_map(|hook| Some((hook, constructor_of(hook, name)?))).collect();
    let Some((_, constructor)) = takers.first().copied() else {
        return Some(Err(hook.map_or_else(
            || format!("none of the package's hooks takes {name}"),
            |hook| format!("{hook} does not take {name}; it takes {}", list(hook)),
        )));
    };
    Some(Ok(Made { constructor, hooks: takers.into_iter().map(|(hook, _)| hook).collect(), call }))
}

fn check_made(checked: &Checked<'_>, made: &Made<'_>, found: &mut Vec<Diagnostic>) {
    let (name, takes) = (made.constructor.name, made.constructor.takes);
    match (takes, &made.call.args[..]) {
        (Takes::ErrorAndDescription, [error, description]) => {
            check_denial(checked, made, [error, description], found);
        }
        (Takes::Members | Takes::Itself, [Expr::Map(members, at)]) => {
            match (takes, name) {
                (Takes::Itself, "claims") => check_claims(checked, &members.0, found),
                // What an object may hold is for its type to say.
                (Takes::Itself, _) => {}
                _ => check_members(checked, made, (&members.0, *at), found),
            }
        }
        (Takes::Members | Takes::Itself, [other]) => {
            if let Some(kind) = kind(other) {
                let message = format!("{name} takes a map, not {kind}");
                found.push(checked.diagnostic(other.start_position(), Rule::Decision, message));
            }
        }
        _ => {}
    }
}

/// The members of a decision by the schema of a hook.
fn members_of(hook: Hook, name: &str) -> Value {
    let schemas = hook.schemas();
    let variants = schemas.output.get("oneOf").and_then(Value::as_array);
    let is_it = |variant: &&Value| variant.pointer("/properties/decision/const").is_some_and(|const_| const_ == name);
    variants.and_then(|variants| variants.iter().find(is_it)).cloned().unwrap_or_default()
}

fn check_denial(checked: &Checked<'_>, made: &Made<'_>, parts: [&Expr; 2], found: &mut Vec<Diagnostic>) {
    let denies = |hook: &Hook, error: &str, description: &str| {
        let decision = json!({"decision": made.constructor.name, "error": error, "description": description});
        hook.check_output(&decision)
    };
    let [Expr::StringConstant(error, at), description] = parts else { return };
    let mut refusals = made.hooks.iter().map(|hook| denies(hook, error, "x").err());
    if refusals.all(|refusal| refusal.is_some()) {
        let message = match made.hooks.as_slice() {
            [hook] => {
                let schema = members_of(*hook, made.constructor.name);
                let problem = schema.pointer("/properties/error").and_then(|codes| mismatch(codes, &json!(&**error)));
                format!("{hook} cannot refuse with {error:?}: {}", problem.unwrap_or_default())
            }
            _ => format!("none of the package's hooks can refuse with {error:?}"),
        };
        found.push(checked.diagnostic(*at, Rule::Decision, message));
    } else if let Expr::StringConstant(text, at) = description {
        let mut problems = made.hooks.iter().map(|hook| denies(hook, error, text));
        if problems.all(|problem| problem.is_err())
            && let Some(Err(problem)) = made.hooks.first().map(|hook| denies(hook, error, text))
        {
            found.push(checked.diagnostic(*at, Rule::Decision, problem.to_string()));
        }
    }
}

fn check_members(
    checked: &Checked<'_>,
    made: &Made<'_>,
    (members, at): (&[(Ident, Expr)], Position),
    found: &mut Vec<Diagnostic>,
) {
    let name = made.constructor.name;
    let schemas: Vec<Value> = made.hooks.iter().map(|hook| members_of(*hook, name)).collect();
    for (member, value) in members {
        let known: Vec<&Value> =
            schemas.iter().filter_map(|schema| schema["properties"].get(member.name.as_str())).collect();
        if known.is_empty() || member.name == "decision" {
            let names: Vec<&str> = schemas.iter().flat_map(names).collect();
            let message = format!("{name} has no member {}; it has {}", member.name, names.join(", "));
            found.push(checked.diagnostic(member.pos, Rule::Decision, message));
        } else if let Some(written) = literal(value) {
            let problems: Option<Vec<String>> = known.iter().map(|schema| mismatch(schema, &written)).collect();
            if let Some(problem) = problems.and_then(|problems| problems.into_iter().next()) {
                let message = format!("{name}.{} {problem}", member.name);
                found.push(checked.diagnostic(value.start_position(), Rule::Decision, message));
            }
        }
    }
    let is_there = |wanted: &str| wanted == "decision" || members.iter().any(|(member, _)| member.name == wanted);
    let missing = |schema: &Value| -> Option<String> {
        let required = schema["required"].as_array()?;
        required.iter().filter_map(Value::as_str).find(|wanted| !is_there(wanted)).map(str::to_owned)
    };
    let missing: Option<Vec<String>> = schemas.iter().map(missing).collect();
    if let Some(wanted) = missing.and_then(|missing| missing.into_iter().next()) {
        found.push(checked.diagnostic(at, Rule::Decision, format!("{name} lacks its member {wanted}")));
    }
}

/// The members that a decision may have.
fn names(schema: &Value) -> impl Iterator<Item = &str> {
    let members = schema["properties"].as_object();
    members.into_iter().flat_map(Map::keys).map(String::as_str).filter(|name| *name != "decision")
}

/// Claims are those that the manifest declares, of the declared type.
fn check_claims(checked: &Checked<'_>, members: &[(Ident, Expr)], found: &mut Vec<Diagnostic>) {
    let declared = &checked.manifest.claims;
    for (member, value) in members {
        let name = member.name.as_str();
        if !declared.contains_key(name) {
            let message = format!("the manifest does not declare the claim {name}");
            found.push(checked.diagnostic(member.pos, Rule::Capability, message));
        } else if let Some(written) = literal(value) {
            let alone: Map<String, Value> = [(name.to_owned(), written)].into_iter().collect();
            if let Err(problem) = claims::check_claims(declared, &[name.to_owned()], alone) {
                found.push(checked.diagnostic(value.start_position(), Rule::Decision, problem.to_string()));
            }
        }
    }
}
