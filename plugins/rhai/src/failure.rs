//! From errors of the engine to failures of runs and diagnostics of packages.

use rhai::{Dynamic, EvalAltResult, LexError, ParseError, ParseErrorType, Position};
use signet_hooks::{Diagnostic, Rule, RunFailure, RunFailureKind};

use crate::convert::type_name;
use crate::meter;

/// Longest message of a failure, in characters.
const MESSAGE_MAXIMUM: usize = 400;

/// The failure that an error in a file means: the innermost error, where it happened. A run that had to end failed for
/// that reason, whatever came of it.
pub(crate) fn failure(file: &str, error: EvalAltResult) -> RunFailure {
    let mut error = innermost(error);
    let position = position(file, error.take_position());
    let (kind, message) = match meter::stop() {
        Some(stop) => (stop.kind, stop.message),
        None => kind_and_message(&error),
    };
    RunFailure { kind, position, message: short(&message) }
}

fn innermost(error: EvalAltResult) -> EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, outer) => {
            let mut inner = innermost(*inner);
            if inner.position().is_none() {
                inner.set_position(outer);
            }
            inner
        }
        other => other,
    }
}

fn kind_and_message(error: &EvalAltResult) -> (RunFailureKind, String) {
    use RunFailureKind::{Depth, Operations, Size, Thrown, UnknownName};
    match error {
        EvalAltResult::ErrorRuntime(value, _) => (Thrown, thrown(value)),
        EvalAltResult::ErrorTooManyOperations(_) => (Operations, error.to_string()),
        EvalAltResult::ErrorDataTooLarge(..) | EvalAltResult::ErrorTooManyVariables(_) => (Size, error.to_string()),
        EvalAltResult::ErrorStackOverflow(_) => (Depth, "functions call each other too deeply".to_owned()),
        EvalAltResult::ErrorVariableNotFound(..) => (UnknownName, error.to_string()),
        _ => (Thrown, error.to_string()),
    }
}

/// What a script threw, or a function of ours.
fn thrown(value: &Dynamic) -> String {
    match value.as_immutable_string_ref() {
        Ok(text) => text.chars().take(MESSAGE_MAXIMUM).collect(),
        Err(_) if value.is_int() || value.is_float() || value.is_bool() => value.to_string(),
        Err(_) => format!("threw a {}", type_name(value)),
    }
}

fn short(message: &str) -> String {
    message.chars().take(MESSAGE_MAXIMUM).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A place as packages have them.
pub(crate) fn position(file: &str, position: Position) -> Option<signet_hooks::Position> {
    let small = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    (!position.is_none()).then(|| signet_hooks::Position {
        file: file.to_owned(),
        line: small(position.line()),
        column: small(position.position()),
    })
}

/// The diagnostic for a script that is not well-formed.
pub(crate) fn parse_diagnostic(file: &str, error: &ParseError) -> Diagnostic {
    let place = position(file, error.position()).unwrap_or_else(|| signet_hooks::Position::file(file));
    let (rule, message) = match error.err_type() {
        ParseErrorType::VariableUndefined(name) => (
            Rule::UnknownName,
            format!("there is no variable {name} here; a function sees its parameters and its own variables only"),
        ),
        ParseErrorType::ExprTooDeep => (Rule::Size, "expressions or statements are nested too deeply".to_owned()),
        ParseErrorType::TooManyFunctions => (Rule::Size, "there are too many functions".to_owned()),
        ParseErrorType::LiteralTooLarge(..) | ParseErrorType::BadInput(LexError::StringTooLong(_)) => {
            (Rule::Size, error.err_type().to_string())
        }
        ParseErrorType::Reserved(name) => (Rule::Syntax, reserved(name)),
        ParseErrorType::BadInput(LexError::ImproperSymbol(name, _)) if is_word(name) => (Rule::Syntax, reserved(name)),
        other => (Rule::Syntax, other.to_string()),
    };
    Diagnostic::new(place, rule, short(&message))
}

fn is_word(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// What to do instead of using a word that scripts do not have.
fn reserved(name: &str) -> String {
    match name {
        "eval" => "a script cannot run text as code".to_owned(),
        "import" | "export" => "a script is one file; there is nothing to import or export".to_owned(),
        "this" => "there is no `this`; hand the value to the function as a parameter".to_owned(),
        "Fn" => "write the function itself, such as |item| item > 1".to_owned(),
        name => format!("the word {name} cannot be used here"),
    }
}
