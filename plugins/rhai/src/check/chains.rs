//! What is read of `ctx` and of the second parameter exists, and what is asked for is in the manifest.

use rhai::{ASTNode, Expr, FnCallExpr, Position};
use serde_json::Value;
use signet_hooks::{Diagnostic, Hook, Rule};

use super::Checked;
use super::scopes::{Scope, Scopes};

/// A step of a chain such as `ctx.user.email`.
enum Step<'a> {
    Member(&'a str, Position),
    Call(&'a FnCallExpr, Position),
    /// An index, or something else that cannot be followed.
    Other,
}

pub(super) fn check(checked: &Checked<'_>, scopes: &Scopes, node: ASTNode<'_>, found: &mut Vec<Diagnostic>) {
    let ASTNode::Expr(expression) = node else { return };
    if let Expr::MethodCall(call, at) = expression {
        check_capability(checked, scopes, (call, *at), found);
    }
    let Expr::Dot(parts, ..) = expression else { return };
    let Expr::Variable(variable, _, at) = &parts.lhs else { return };
    let Some(scope) = scopes.at(*at) else { return };
    let steps = steps(&parts.rhs);
    let name = variable.1.as_str();
    if scope.ctx.as_deref() == Some(name) {
        check_ctx(checked, scope, (name, &steps), found);
    } else if scope.argument.as_deref() == Some(name)
        && let Some(schema) = scope.hook.and_then(|hook| hook.schemas().argument)
    {
        check_members(checked, &schema, (name.to_owned(), &steps), found);
    }
}

fn steps(mut expression: &Expr) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    loop {
        match expression {
            Expr::Dot(parts, ..) => {
                steps.push(step(&parts.lhs));
                expression = &parts.rhs;
            }
            Expr::Index(parts, ..) => {
                steps.push(step(&parts.lhs));
                steps.push(Step::Other);
                return steps;
            }
            last => {
                steps.push(step(last));
                return steps;
            }
        }
    }
}

fn step(expression: &Expr) -> Step<'_> {
    match expression {
        Expr::Property(property, at) => Step::Member(property.2.as_str(), *at),
        Expr::MethodCall(call, at) => Step::Call(call, *at),
        _ => Step::Other,
    }
}

/// Members of `ctx`: those of the hook, in other functions those of any hook of the package.
fn check_ctx(checked: &Checked<'_>, scope: &Scope, (name, steps): (&str, &[Step<'_>]), found: &mut Vec<Diagnostic>) {
    let Some(Step::Member(member, at)) = steps.first() else { return };
    let rest = steps.get(1..).unwrap_or_default();
    match *member {
        "log" => {}
        "kv" => {
            if let Some(Step::Call(call, at)) = rest.first() {
                check_declared(checked, (&checked.manifest.kv, "kv"), (call, *at), found);
            }
        }
        "user" => {
            if let Some(Step::Member(attribute, at)) = rest.first()
                && !checked.manifest.user_attributes.contains(*attribute)
            {
                let message = format!("the manifest does not name the user attribute {attribute}");
                found.push(checked.diagnostic(*at, Rule::Capability, message));
            }
        }
        member => {
            let hooks: Vec<Hook> =
                scope.hook.map_or_else(|| checked.manifest.hooks.iter().copied().collect(), |hook| vec![hook]);
            let schemas: Vec<Value> = hooks
                .iter()
                .filter_map(|hook| hook.schemas().ctx.pointer(&format!("/properties/{member}")).cloned())
                .collect();
            match schemas.as_slice() {
                [] => {
                    let message = format!("{name} has no member {member} here; the reference of hooks lists them");
                    found.push(checked.diagnostic(*at, Rule::UnknownName, message));
                }
                [schema, others @ ..] if others.iter().all(|other| other == schema) => {
                    check_members(checked, schema, (format!("{name}.{member}"), rest), found);
                }
                _ => {}
            }
        }
    }
}

/// Members of an object whose members are all known.
fn check_members(
    checked: &Checked<'_>,
    schema: &Value,
    (path, steps): (String, &[Step<'_>]),
    found: &mut Vec<Diagnostic>,
) {
    let (mut schema, mut path) = (schema, path);
    for step in steps {
        let Step::Member(member, at) = step else { return };
        let alternatives = schema.get("anyOf").and_then(Value::as_array);
        schema = alternatives.and_then(|all| all.iter().find(|one| one["type"] != "null")).unwrap_or(schema);
        let Some(members) = schema.get("properties").and_then(Value::as_object) else { return };
        let Some(next) = members.get(*member) else {
            let message = format!("{path} has no member {member}");
            found.push(checked.diagnostic(*at, Rule::UnknownName, message));
            return;
        };
        schema = next;
        path = format!("{path}.{member}");
    }
}

/// `ctx.secret(name)` and `ctx.http(name)`, wherever `ctx` was handed to.
fn check_capability(
    checked: &Checked<'_>,
    scopes: &Scopes,
    (call, at): (&FnCallExpr, Position),
    found: &mut Vec<Diagnostic>,
) {
    match call.name.as_str() {
        "secret" => check_declared(checked, (&checked.manifest.secrets, "secrets"), (call, at), found),
        "http" => {
            let hook = scopes.at(at).and_then(|scope| scope.hook);
            if let Some(hook) = hook.filter(|hook| !hook.may_call_out()) {
                let message = format!("{hook} decides at once and may not use ctx.http");
                found.push(checked.diagnostic(at, Rule::Capability, message));
            } else {
                check_declared(checked, (&checked.manifest.http, "http"), (call, at), found);
            }
        }
        _ => {}
    }
}

/// A name that is asked for literally is in the manifest's list.
fn check_declared(
    checked: &Checked<'_>,
    (declared, list): (&std::collections::BTreeSet<String>, &str),
    (call, at): (&FnCallExpr, Position),
    found: &mut Vec<Diagnostic>,
) {
    if let Some(Expr::StringConstant(name, _)) = call.args.first()
        && !declared.contains(name.as_str())
    {
        let message = format!("the manifest does not name {name:?} in {list}");
        found.push(checked.diagnostic(at, Rule::Capability, message));
    }
}
