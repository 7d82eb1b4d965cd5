//! What runs leave behind in memory, in a process of their own.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use signet_hooks::{Hook, Host, HttpProblem, HttpReply, HttpRequest, Package, ScriptEngine, Version};
use signet_rhai::RhaiEngine;

struct Still;

impl Host for Still {
    fn random(&self, bytes: usize) -> Vec<u8> {
        vec![0; bytes]
    }

    fn secret(&self, _: &str) -> Option<String> {
        None
    }

    fn kv(&self, _: &str) -> Option<Value> {
        None
    }

    fn http(&self, _: &str, _: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        Err(HttpProblem::Unavailable)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// A number of KiB from the process's status.
fn kibibytes(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A text of 60,000 bytes.
const LONG: &str = "let s = \"0123456789\"; for i in 0..12 { s += s; } s += s.sub_string(0, 19040);";

/// Scripts that keep as much as they can, at a hook.
fn greedy(hook: Hook) -> Vec<String> {
    let variables: String =
        (0..55).fold(String::new(), |all, number| format!("{all}let v{number} = `${{s}}{number}`; "));
    let piece = "y".repeat(190);
    let pieces: String = (0..55).fold(String::new(), |all, number| {
        format!("{all}let v{number} = `{piece}${{n}}{piece}${{n}}{piece}${{n}}{piece}${{n}}{piece}`; ")
    });
    let bodies = [
        "let m = #{}; for i in 0..8000 { m[`k${i}`] = s + i; }".to_owned(),
        "let m = #{}; for i in 0..8000 { m[s + i] = 1; }".to_owned(),
        "let m = #{ a: #{} }; for i in 0..8000 { m.a[`k${i}`] = `${s}${i}`; }".to_owned(),
        "let a = []; for i in 0..1000 { a.push(0); } for i in 0..1000 { a[i] = s + i; }".to_owned(),
        "let a = []; for i in 0..1000 { a.push(0); } let b = []; for i in 0..1000 { b.push(0); } for i in 0..1000 { b[i] = a; }".to_owned(),
        "let a = [0]; loop { a = a + a; }".to_owned(),
        "let f = |x| x; for i in 0..100000 { f = f.curry(s + i); }".to_owned(),
        "let t = \"\"; loop { t = `${t}${s}`; }".to_owned(),
        "f(s, 7);".to_owned(),
        "g(s, 7, 1);".to_owned(),
    ];
    let functions = format!(
        "fn f(s, n) {{ {variables} if n > 0 {{ f(s, n - 1) }} else {{ loop {{}} }} }}\n\
         fn g(s, n, x) {{ {pieces} if n > 0 {{ g(s, n - 1, x) }} else {{ loop {{}} }} }}\n"
    );
    bodies.iter().map(|body| format!("{functions}fn {hook}(ctx, argument) {{ {LONG} {body} none() }}")).collect()
}

#[test]
fn sc_004_hostile_runs_take_less_than_32_mib_and_leave_nothing() {
    let engine = RhaiEngine::new();
    let host: Arc<dyn Host> = Arc::new(Still);
    let compiled = |hook: Hook| -> Vec<_> {
        // With a connection, an enrichment has the budget of its class.
        let http = if hook.may_call_out() { "http = [\"known\"]\n" } else { "" };
        let manifest = format!("name = \"greedy\"\napi = \"1\"\nhooks = [\"{hook}\"]\n{http}");
        let compile = |script: String| {
            let files = [("manifest.toml".to_owned(), manifest.clone()), ("main.rhai".to_owned(), script)];
            engine.compile(&Package::new(BTreeMap::from(files)).unwrap(), Version([0; 32])).unwrap()
        };
        greedy(hook).into_iter().map(compile).collect()
    };
    for hook in [Hook::OnAuthorizeRequest, Hook::OnClaims, Hook::OnEvent] {
        let context = Arc::new(hook.sample_input());
        for program in compiled(hook) {
            let before = kibibytes("VmRSS");
            let peak_before = kibibytes("VmHWM");
            let failure = program.run(hook, &context, &host).outcome.unwrap_err();
            let grown = kibibytes("VmHWM").saturating_sub(peak_before.max(before));
            assert!(grown < 32 * 1024, "{hook}: {failure:?}: {grown} KiB");
        }
    }
    let (programs, context) = (compiled(Hook::OnAuthorizeRequest), Arc::new(Hook::OnAuthorizeRequest.sample_input()));
    let settled = kibibytes("VmRSS");
    let runs = std::env::var("SIGNET_TEST_HOSTILE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1_000);
    for number in 0..runs {
        let program = &programs[number % programs.len()];
        assert!(program.run(Hook::OnAuthorizeRequest, &context, &host).outcome.is_err());
    }
    let after = kibibytes("VmRSS");
    assert!(after < settled + 8 * 1024, "{settled} KiB before {runs} hostile runs, {after} KiB after them");
}
