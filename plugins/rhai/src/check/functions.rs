//! The functions of the main file and the hooks of the manifest are the same.

use rhai::{FnAccess, Position};
use signet_hooks::{Diagnostic, Hook, Rule};

use super::Checked;

/// Most parameters of a function. Each call keeps its arguments.
const PARAMETERS: usize = 8;

pub(super) fn check(checked: &Checked<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for function in checked.ast.iter_functions() {
        let at = position_of(checked.text, function.name);
        if function.params.len() > PARAMETERS {
            let message = format!("a function has at most {PARAMETERS} parameters; hand over a map");
            found.push(checked.diagnostic(at, Rule::Size, message));
        }
        if let Some(message) = problem(checked, function.name, (function.params.len(), function.access)) {
            found.push(checked.diagnostic(at, Rule::HookFunction, message));
        }
    }
    let functions: Vec<&str> = checked.ast.iter_functions().map(|function| function.name).collect();
    for hook in checked.manifest.hooks.iter().filter(|hook| !functions.contains(&hook.name())) {
        let message = format!("the manifest names {hook}, but there is no function {}", hook.signature());
        found.push(checked.diagnostic(Position::NONE, Rule::HookFunction, message));
    }
    found
}

/// What is wrong with a function of that name.
fn problem(checked: &Checked<'_>, name: &str, (parameters, access): (usize, FnAccess)) -> Option<String> {
    if !name.starts_with("on_") {
        return None;
    }
    let Ok(hook) = name.parse::<Hook>() else {
        return Some(format!("there is no hook {name}; names of other functions do not begin with on_"));
    };
    if !checked.manifest.hooks.contains(&hook) {
        return Some(format!("the manifest does not name the hook {hook}"));
    }
    if parameters != hook.parameters() {
        return Some(format!("this hook is {}", hook.signature()));
    }
    (access == FnAccess::Private).then(|| "a hook cannot be private".to_owned())
}

/// Where a function is defined: the engine knows only where its body is.
fn position_of(text: &str, name: &str) -> Position {
    for (line, content) in (1_u16..).zip(text.lines()) {
        let code = content.split("//").next().unwrap_or_default();
        for (offset, _) in code.match_indices(name) {
            let before = code.get(..offset).unwrap_or_default();
            let after = code.get(offset + name.len()..).unwrap_or_default();
            let is_definition = before.trim_end().ends_with("fn") && after.trim_start().starts_with('(');
            if is_definition && before.ends_with(char::is_whitespace) {
                let column = u16::try_from(before.chars().count() + 1).unwrap_or(u16::MAX);
                return Position::new(line, column);
            }
        }
    }
    Position::NONE
}
