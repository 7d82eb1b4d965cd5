//! The functions that test files have besides those of scripts.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, Map, Position, Token};
use serde_json::{Map as JsonMap, Value, json};
use signet_hooks::{Allowance, Hook, Host, Package, Program, Run};

use super::host::FixtureHost;
use crate::convert::{Bounds, map_to_json, to_json, to_script};
use crate::functions::{Effect, Library};
use crate::meter::{Failed, charge_value};
use crate::program::RhaiProgram;

/// Most that goes into a call or comes out of it.
const BOUNDS: Bounds = Bounds { depth: 32, bytes: 512 * 1024 };

/// The name of `call` for the engine, which has a function of that name for other things.
const CALL: &str = "call_hook";

/// Most tests of a file.
const MOST_TESTS: usize = 200;

/// Longest name of a test in characters; longer ones are cut.
const LONGEST_NAME: usize = 200;

/// Why a test did not come to its end.
pub(super) const TOO_LONG: &str = "the tests took longer than they may";

/// What the tests of a package are about.
pub(super) struct Testing {
    program: RhaiProgram,
    package: Package,
    pub(super) allowance: Allowance,
    tests: RefCell<Vec<(String, FnPtr)>>,
}

impl Testing {
    pub(super) const fn new(program: RhaiProgram, package: Package, allowance: Allowance) -> Self {
        Self { program, package, allowance, tests: RefCell::new(Vec::new()) }
    }

    /// The tests that a file has named.
    pub(super) fn take_tests(&self) -> Vec<(String, FnPtr)> {
        self.tests.take()
    }
}

thread_local! {
    static TESTING: RefCell<Option<Rc<Testing>>> = const { RefCell::new(None) };
}

/// Makes a package the one that is tested on this thread.
pub(super) struct TestingEntered;

impl TestingEntered {
    pub(super) fn new(testing: Rc<Testing>) -> Self {
        TESTING.with(|current| *current.borrow_mut() = Some(testing));
        Self
    }
}

impl Drop for TestingEntered {
    fn drop(&mut self) {
        TESTING.with(|current| *current.borrow_mut() = None);
    }
}

fn testing() -> Result<Rc<Testing>, Failed> {
    TESTING.with(|current| current.borrow().clone()).ok_or_else(|| "this works in tests only".into())
}

/// Lets `call` be a name like others.
pub(super) fn configure(engine: &mut Engine) {
    #[expect(deprecated, reason = "marked so because it may change, not because it will go")]
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(name) if name.as_str() == "call" => Token::Identifier(Box::new(CALL.into())),
        Token::Reserved(name) if matches!(name.as_str(), "debug" | "print") => Token::Identifier(name),
        other => other,
    });
}

pub(super) fn register(library: &mut Library) {
    library.add(
        ("test", "(name: string, body: function)", "A test: a function without parameters."),
        Effect::Reads,
        |name: &str, body: FnPtr| {
            let testing = testing()?;
            let mut tests = testing.tests.borrow_mut();
            if tests.len() >= MOST_TESTS {
                return Err(Failed::from(format!("a file has at most {MOST_TESTS} tests")));
            }
            tests.push((name.chars().take(LONGEST_NAME).collect(), body));
            Ok::<_, Failed>(())
        },
    );
    library.add(
        ("fixture", "(name: string) -> map", "The members of ctx in `fixtures/NAME.json`."),
        Effect::Reads,
        fixture,
    );
    library.add(
        (CALL, "(hook: string, ctx: map, argument) -> map", "`call`: what a hook decides: the decision with `is_none`, `is_allow`, `is_deny`, `vars`, `log`, `operations`."),
        Effect::Reads,
        |hook: &str, ctx: Map, argument: Dynamic| decided(hook, &ctx, Some(&argument)),
    );
    library.overload(CALL, Effect::Reads, |hook: &str, ctx: Map| decided(hook, &ctx, None));
    library.add(
        (
            "call_failing",
            "(hook: string, ctx: map, argument) -> map",
            "Why a hook fails: #{ kind, message, line }. Fails itself if the hook decides.",
        ),
        Effect::Reads,
        |hook: &str, ctx: Map, argument: Dynamic| failed(hook, &ctx, Some(&argument)),
    );
    library.overload("call_failing", Effect::Reads, |hook: &str, ctx: Map| failed(hook, &ctx, None));
    asserting(library);
}

fn asserting(library: &mut Library) {
    library.add(
        ("assert", "(holds: bool)", "Fails the test if what is said does not hold."),
        Effect::Reads,
        |holds: bool| {
            if holds { Ok(()) } else { Err(Failed::from("what is asserted does not hold")) }
        },
    );
    library.add(
        ("assert", "(holds: bool, message: string)", "Fails the test with a message."),
        Effect::Reads,
        |holds: bool, message: &str| {
            if holds { Ok(()) } else { Err(Failed::from(message)) }
        },
    );
    library.add(
        ("assert_eq", "(one, other)", "Fails the test if two values differ."),
        Effect::Reads,
        |one: Dynamic, other: Dynamic| {
            let (one, other) = (shown(&one), shown(&other));
            if one == other { Ok(()) } else { Err(Failed::from(format!("{one} is not {other}"))) }
        },
    );
    library.add(
        ("assert_ne", "(one, other)", "Fails the test if two values are the same."),
        Effect::Reads,
        |one: Dynamic, other: Dynamic| {
            let (one, other) = (shown(&one), shown(&other));
            if one == other { Err(Failed::from(format!("both are {one}"))) } else { Ok(()) }
        },
    );
}

/// A value as it is compared and shown.
fn shown(value: &Dynamic) -> Value {
    to_json(value, BOUNDS).unwrap_or_else(|problem| Value::String(format!("({problem})")))
}

fn fixture(name: &str) -> Result<Dynamic, Failed> {
    let testing = testing()?;
    let file = format!("fixtures/{name}.json");
    let text = testing.package.file(&file).ok_or_else(|| Failed::from(format!("there is no file {file}")))?;
    let value: Value = serde_json::from_str(text).map_err(|error| Failed::from(format!("{file}: {error}")))?;
    let value = to_script(&value);
    charge_value(&value)?;
    Ok(value)
}

/// Runs a hook by the way that production takes.
fn run(hook: &str, ctx: &Map, argument: Option<&Dynamic>) -> Result<Run, Failed> {
    let testing = testing()?;
    if testing.allowance.is_used_up() {
        return Err(TOO_LONG.into());
    }
    let hook: Hook = hook.parse().map_err(|error: signet_hooks::UnknownHook| Failed::from(error.to_string()))?;
    if !testing.program.defines(hook) {
        return Err(format!("the package has no hook {hook}").into());
    }
    let mut ctx = map_to_json(ctx, BOUNDS).map_err(|problem| Failed::from(problem.to_string()))?;
    let host = ctx.remove("host").unwrap_or(Value::Null);
    let host = Arc::new(FixtureHost::new(host).map_err(|problem| Failed::from(format!("host: {problem}")))?);
    let argument = match (argument, ctx.remove("argument")) {
        (Some(argument), _) => Some(to_json(argument, BOUNDS).map_err(|problem| Failed::from(problem.to_string()))?),
        (None, from_fixture) => from_fixture,
    };
    let context = hook.context_from_json(&Value::Object(ctx), argument.as_ref());
    let context = context.map_err(|problem| Failed::from(problem.to_string()))?;
    let shared: Arc<dyn Host> = host.clone();
    let run = testing.program.run(hook, &Arc::new(context), &shared);
    match host.unanswered() {
        None => Ok(run),
        Some(question) => Err(format!("the fixture has no reply for {question}").into()),
    }
}

/// The decision of a hook. That the run failed fails the test, where it happened in the main file.
fn decided(hook: &str, ctx: &Map, argument: Option<&Dynamic>) -> Result<Dynamic, Failed> {
    let run = run(hook, ctx, argument)?;
    match run.outcome {
        Ok(ref decision) => result(&run, decision.clone()),
        Err(failure) => {
            let place = failure.position.map_or_else(String::new, |position| format!("{position}: "));
            let message = format!("{hook} failed: {place}{} ({})", failure.message, failure.kind);
            Err(EvalAltResult::ErrorRuntime(message.into(), Position::NONE).into())
        }
    }
}

fn result(run: &Run, decision: Value) -> Result<Dynamic, Failed> {
    let mut members = match decision {
        Value::Object(members) => members,
        _ => JsonMap::new(),
    };
    let name = members.get("decision").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (member, decision) in [("is_none", "none"), ("is_allow", "allow"), ("is_deny", "deny")] {
        members.insert(member.to_owned(), (name == decision).into());
    }
    members.insert("vars".to_owned(), run.vars.clone().map_or_else(|| json!({}), Value::Object));
    members.insert("log".to_owned(), serde_json::to_value(&run.log).unwrap_or_default());
    members.insert("operations".to_owned(), run.operations.into());
    let value = to_script(&Value::Object(members));
    charge_value(&value)?;
    Ok(value)
}

fn failed(hook: &str, ctx: &Map, argument: Option<&Dynamic>) -> Result<Map, Failed> {
    match run(hook, ctx, argument)?.outcome {
        Ok(decision) => Err(format!("{hook} did not fail; it decided {decision}").into()),
        Err(failure) => Ok(Map::from([
            ("kind".into(), failure.kind.as_str().into()),
            ("message".into(), failure.message.into()),
            ("line".into(), failure.position.map_or(0, |position| i64::from(position.line)).into()),
        ])),
    }
}

/// The name by which a function is called in test files.
pub(super) fn shown_name(name: &'static str) -> &'static str {
    if name == CALL { "call" } else { name }
}
