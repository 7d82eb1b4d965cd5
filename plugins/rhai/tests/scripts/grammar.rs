//! Random programs: whatever they do, the host lives on (security case SC-018). `SIGNET_TEST_PROGRAMS` says how many.

use std::sync::Arc;
use std::time::Duration;

use signet_hooks::{Hook, RunFailureKind};
use signet_rhai::RhaiEngine;

use crate::support::{TableHost, compile, package};

/// Makes programs that are mostly well-formed.
struct Grammar {
    state: u64,
    functions: Vec<(String, usize)>,
}

const VARIABLES: &[&str] = &["a", "b", "c", "ctx", "req"];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "**", "<<", ">>", "==", "!=", "<", ">=", "??", "in", "&", "^"];
const LITERALS: &[&str] = &[
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "1.5",
    "1e308",
    "true",
    "()",
    "'x'",
    "\"\"",
    "\"abc\"",
    "\"\u{1f600}\"",
    "[]",
    "#{}",
    "[1, 2, 3]",
    "#{ a: 1, b: #{ c: [] } }",
    "0..5",
    "0..=9223372036854775807",
    "\"openid\"",
    "ctx.now",
    "req.scope",
    "ctx.vars",
];

impl Grammar {
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.below(2) == 0 { self.pick(VARIABLES).to_owned() } else { self.pick(LITERALS).to_owned() };
        }
        let inner = depth - 1;
        match self.below(12) {
            0 => format!("({} {} {})", self.expression(inner), self.pick(OPERATORS), self.expression(inner)),
            1 => format!("[{}, {}]", self.expression(inner), self.expression(inner)),
            2 => format!("#{{ a: {}, b: {} }}", self.expression(inner), self.expression(inner)),
            3 => format!("{}[{}]", self.pick(VARIABLES), self.expression(inner)),
            4 => format!("{}.{}", self.pick(&["a", "b", "c"]), self.pick(&["a", "b", "scope", "x"])),
            5 => format!("`x${{{}}}y`", self.expression(inner)),
            6 => format!(
                "[{}].map(|b| {})",
                self.expression(inner),
                self.pick(&["b", "b + b", "[b, b]", "b.to_string()"])
            ),
            7 => format!("f({}, {}, {})", self.expression(inner), self.expression(inner), self.expression(inner)),
            _ => self.call(inner),
        }
    }

    /// A call of any function there is.
    fn call(&mut self, depth: usize) -> String {
        let index = self.below(self.functions.len());
        let (name, parameters) = self.functions[index].clone();
        let mut arguments: Vec<String> = (0..parameters).map(|_| self.expression(depth)).collect();
        if arguments.is_empty() || self.below(2) == 0 {
            return format!("{name}({})", arguments.join(", "));
        }
        let first = arguments.remove(0);
        format!("({first}).{name}({})", arguments.join(", "))
    }

    fn statement(&mut self, depth: usize) -> String {
        let inner = depth.saturating_sub(1);
        match self.below(if depth == 0 { 4 } else { 9 }) {
            0 => format!("{} = {};", self.pick(&["a", "b", "c"]), self.expression(2)),
            1 => format!("{}.x = {};", self.pick(&["a", "b", "c"]), self.expression(2)),
            2 => format!("{}[{}] = {};", self.pick(&["a", "b", "c"]), self.expression(1), self.expression(2)),
            3 => format!("{} {} {};", self.pick(&["a", "b", "c"]), self.pick(&["+=", "-=", "*="]), self.expression(2)),
            4 => format!("if {} == {} {{ {} }}", self.expression(1), self.expression(1), self.statement(inner)),
            5 => format!(
                "for i in {} {{ {} }}",
                self.pick(&["a", "b", "0..9", "[1, a]", "req.scope"]),
                self.statement(inner)
            ),
            6 => format!("try {{ {} }} catch (a) {{ {} }}", self.statement(inner), self.statement(inner)),
            7 => format!("loop {{ {} if a != {} {{ break; }} }}", self.statement(inner), self.expression(1)),
            _ => format!("{} {}", self.statement(inner), self.statement(inner)),
        }
    }

    fn program(&mut self) -> String {
        // Most statements throw; a program that catches that goes on to the next.
        let statements: String =
            (0..6).fold(String::new(), |all, _| format!("{all}try {{ {} }} catch {{ }}\n", self.statement(3)));
        format!(
            "fn f(a, b, c) {{ let ctx = #{{}}; let req = []; {} {} }}\n\
             fn on_authorize_request(ctx, req) {{ decided(ctx, req) }}\n\
             fn decided(ctx, req) {{ let a = {}; let b = {}; let c = {};\n{statements}{} }}",
            self.statement(1),
            self.expression(2),
            self.pick(LITERALS),
            self.pick(LITERALS),
            self.pick(LITERALS),
            self.pick(&["none()", "allow()", "a", "narrow(a)", "deny(b, c)", "allow().with_vars(a)"]),
        )
    }
}

#[test]
fn sc_018_random_programs_end_within_their_limits() {
    let number = std::env::var("SIGNET_TEST_PROGRAMS").ok().and_then(|number| number.parse().ok()).unwrap_or(1_500);
    let seed = std::env::var("SIGNET_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let callable = RhaiEngine::new().callable();
    let named = callable.iter().filter_map(|entry| entry.rsplit_once('/'));
    let words = named.filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    // A constructor of another hook is found before the run.
    let taken = Hook::OnAuthorizeRequest.constructors();
    let of_others = |name: &str| {
        let is_one = |hook: &&Hook| hook.constructors().iter().any(|constructor| constructor.name == name);
        Hook::ALL.iter().any(|hook| is_one(&hook)) && !taken.iter().any(|constructor| constructor.name == name)
    };
    let words = words.filter(|(name, _)| !of_others(name));
    let functions = words.map(|(name, parameters)| (name.to_owned(), parameters.parse().unwrap())).collect();
    let mut grammar = Grammar { state: seed, functions };
    let (mut compiled, mut decided) = (0, 0);
    for round in 0..number {
        // Most of them decide; some have the larger budgets of the other classes.
        let hook = match round % 50 {
            0 => Hook::OnEvent,
            1..=5 => Hook::OnClaims,
            _ => Hook::OnAuthorizeRequest,
        };
        let (context, limits) = (Arc::new(hook.sample_input()), hook.limits());
        let script = grammar.program().replace("on_authorize_request", hook.name());
        let Ok(program) = compile(&package(&[hook.name()], &script)) else { continue };
        compiled += 1;
        let run = program.run(hook, &context, &TableHost::shared());
        assert!(run.operations <= limits.operations + 1, "{script}");
        assert!(run.elapsed < limits.deadline + Duration::from_millis(50), "{:?}: {script}", run.elapsed);
        match run.outcome {
            Ok(_) => decided += 1,
            Err(failure) => assert_ne!(failure.kind, RunFailureKind::Panic, "{script}"),
        }
    }
    assert!(compiled * 2 > number && decided * 50 > number, "of {number}: {compiled} compiled, {decided} decided");
}
