//! What scripts try against the server (security cases SC-001 to SC-018).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use signet_hooks::{Class, Hook, Host, HttpProblem, HttpReply, HttpRequest, RunFailureKind};

use crate::support::{TableHost, body, compile, failure, package_of, program, run, run_sample};

/// The longest a decision may take: the deadline, and the time until it is noticed.
const LONGEST: Duration = Duration::from_millis(100);

/// A text of 60,000 bytes.
const LONG: &str = "let s = \"0123456789\"; for i in 0..12 { s += s; } s += s.sub_string(0, 19040);";

#[track_caller]
fn stops(text: &str, kinds: &[RunFailureKind]) {
    let run = body(text);
    let failure = run.outcome.unwrap_err();
    assert!(kinds.contains(&failure.kind), "{text}: {failure:?}");
    assert!(run.elapsed < LONGEST, "{text}: {:?}", run.elapsed);
}

#[test]
fn sc_001_endless_loops_stop() {
    use RunFailureKind::Operations;
    for text in [
        "loop {}",
        "while true {}",
        "do {} while true",
        "for i in 0..9223372036854775807 {}",
        "let x = 0; loop { try { x += 1; } catch { x = 0; } }",
        "loop { [1, 2, 3].map(|x| x + 1); }",
    ] {
        stops(text, &[Operations, RunFailureKind::Deadline]);
    }
}

#[test]
fn sc_004_values_that_grow_stop_within_memory() {
    use RunFailureKind::{Deadline, Depth, Memory, Operations, Size};
    let s = LONG;
    for text in [
        "let m = #{}; for i in 0..8000 { m[`k${i}`] = s + i; }",
        "let m = #{}; for i in 0..8000 { m[s + i] = 1; }",
        "let m = #{ a: #{} }; for i in 0..8000 { m.a[`k${i}`] = `${s}${i}`; }",
        "let a = []; for i in 0..1000 { a.push(0); } for i in 0..1000 { a[i] = s + i; }",
        "let a = [0]; for i in 0..100000 { a = [a]; }",
        "let a = [0]; for i in 0..100000 { a = a + a; }",
        "let m = #{}; for i in 0..100000 { m.m = m; }",
        "let f = |x| x; for i in 0..100000 { f = f.curry(f); }",
        "let f = |x| x; for i in 0..100000 { f = f.curry(s + i); }",
        "let t = s; loop { t += t; }",
        "let t = \"\"; loop { t = `${t}${s}`; }",
        "let m = #{}; for i in 0..100000 { m[`k${i}`] = i; }",
    ] {
        stops(&format!("{s} {text}"), &[Memory, Operations, Size, Depth, Deadline]);
    }
}

#[test]
fn sc_005_work_that_costs_one_operation_each_stops() {
    let a = "let a = []; for i in 0..1000 { a.push(i); } let b = a; let n = 0;";
    let s = LONG;
    for text in [
        "for i in 0..20000 { if a == b { n += 1; } }",
        "for i in 0..20000 { a.sort(); }",
        "for i in 0..20000 { a.sort(|x, y| x > y); }",
        "for i in 0..20000 { a.index_of(-1); }",
        "for i in 0..20000 { -1 in a; }",
        "for i in 0..20000 { s.split(\"0\"); }",
        "for i in 0..20000 { s.replace(\"0\", \"1\"); }",
        "for i in 0..20000 { s.to_upper(); }",
        "for i in 0..20000 { s[-1]; }",
        "for i in 0..20000 { s[100..200]; }",
        "for i in 0..20000 { to_json(a); }",
        "for i in 0..20000 { a.reverse(); }",
        "for i in 0..20000 { s.chars(); }",
    ] {
        stops(
            &format!("{a} {s} {text}"),
            &[RunFailureKind::Operations, RunFailureKind::Memory, RunFailureKind::Deadline, RunFailureKind::Size],
        );
    }
}

#[test]
fn sc_001_004_005_larger_budgets_end_too() {
    use RunFailureKind::{Deadline, Memory, Operations, Size};
    let a = "let a = []; for i in 0..1000 { a.push(i); } let b = a; let n = 0;";
    // An enrichment with a connection, and work that belongs to no request.
    for (hook, parameters) in [(Hook::OnClaims, "ctx, target"), (Hook::OnEvent, "ctx, event")] {
        for text in [
            "loop {}",
            "let m = #{}; for i in 0..8000 { m[`k${i}`] = s + i; }",
            "let t = s; loop { t += t; }",
            "for i in 0..20000 { if a == b { n += 1; } }",
            "for i in 0..20000 { a.sort(); }",
        ] {
            let run = run(hook, &format!("fn {hook}({parameters}) {{ {a} {LONG} {text} none() }}"));
            let failure = run.outcome.unwrap_err();
            assert!([Memory, Operations, Size, Deadline].contains(&failure.kind), "{hook}: {text}: {failure:?}");
            assert!(run.operations <= hook.limits().operations + 1, "{hook}: {text}: {}", run.operations);
        }
    }
}

#[test]
fn an_enrichment_without_a_connection_has_the_budget_of_a_decision() {
    let script = |connection: &str| {
        let manifest = format!("name = \"x\"\napi = \"1\"\nhooks = [\"on_claims\"]\n{connection}");
        let files = [("manifest.toml", manifest.as_str()), ("main.rhai", "fn on_claims(ctx, target) { loop {} }")];
        let program = compile(&package_of(&files)).unwrap();
        let run = run_sample(&program, Hook::OnClaims);
        assert_eq!(run.outcome.unwrap_err().kind, RunFailureKind::Operations);
        run.operations
    };
    let (decision, enrichment) = (Class::Decision.limits().operations, Class::Enrichment.limits().operations);
    assert!((decision..=decision + 1).contains(&script("")));
    assert!((enrichment..=enrichment + 1).contains(&script("http = [\"known\"]")));
}

#[test]
fn sc_006_recursion_stops() {
    for script in [
        "fn f(n) { f(n + 1) } fn on_authorize_request(ctx, req) { f(0) }",
        "fn f(g) { g.call(g) } fn on_authorize_request(ctx, req) { f(|g| f(g)) }",
        "fn f(n) { [1].map(|x| f(x)) } fn on_authorize_request(ctx, req) { f(0) }",
        "fn f(n) { [1, 2].sort(|x, y| f(x)) } fn on_authorize_request(ctx, req) { f(0) }",
    ] {
        let run = run(Hook::OnAuthorizeRequest, script);
        assert_eq!(run.outcome.unwrap_err().kind, RunFailureKind::Depth, "{script}");
    }
}

#[test]
fn sc_017_odd_arithmetic_and_order_are_errors() {
    for text in [
        "1 / 0",
        "1 % 0",
        "9223372036854775807 + 1",
        "-9223372036854775807 - 2",
        "abs(-9223372036854775807 - 1)",
        "2 ** 70",
        "\"x\".parse_int()",
        "[1, \"a\"].sort()",
        "let n = 0.0 / 0.0; [n, 1.0].sort()",
        "(1e300).to_int()",
    ] {
        assert_eq!(failure(text).kind, RunFailureKind::Thrown, "{text}");
    }
    let run = body(
        "let a = []; for i in 0..100 { a.push(i); } let n = 0; a.sort(|x, y| true); a.sort(|x, y| false); allow()",
    );
    assert!(run.outcome.is_ok(), "{:?}", run.outcome);
    let run = body("let m = #{}; m[\"nan\"] = 0.0 / 0.0; let x = m == m; allow()");
    assert!(run.outcome.is_ok());
}

/// A host that fails in the worst way.
struct Panicking;

impl Host for Panicking {
    fn random(&self, _: usize) -> Vec<u8> {
        panic!("no random bytes")
    }

    fn secret(&self, _: &str) -> Option<String> {
        panic!("no secrets")
    }

    fn kv(&self, _: &str) -> Option<Value> {
        panic!("no values")
    }

    fn http(&self, _: &str, _: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        panic!("no connections")
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn sc_009_a_panic_ends_the_run_and_nothing_else() {
    let host: Arc<dyn Host> = Arc::new(Panicking);
    let context = Arc::new(Hook::OnAuthorizeRequest.sample_input());
    let script = "fn on_authorize_request(ctx, req) { try { ctx.kv.get(\"known\"); } catch { } allow() }";
    let program = program(Hook::OnAuthorizeRequest, script);
    let failed = program.run(Hook::OnAuthorizeRequest, &context, &host);
    assert_eq!(failed.outcome.unwrap_err().kind, RunFailureKind::Panic);
    let next = program.run(Hook::OnAuthorizeRequest, &context, &TableHost::shared());
    assert_eq!(next.outcome, Ok(json!({"decision": "allow"})));
}

#[test]
fn sc_009_failures_hold_no_values_that_were_not_thrown() {
    let failure = failure("let secret = ctx.secret(\"known\"); let x = secret / 2; none()");
    assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    assert_eq!(failure.kind, RunFailureKind::Thrown);
}

#[test]
fn sc_013_runs_share_nothing() {
    let script = "fn on_authorize_request(ctx, req) {\n\
                  let vars = ctx.vars; vars.count = (vars.count ?? 0) + 1; ctx.vars.count = 9; req.scope.push(\"x\");\n\
                  ctx.log.info(\"x\", #{ count: vars.count, scope: req.scope.len(), kept: ctx.vars.count }); allow() }";
    let program = program(Hook::OnAuthorizeRequest, script);
    let context = Arc::new(Hook::OnAuthorizeRequest.sample_input());
    let before = (*context).clone();
    for _ in 0..3 {
        let run = program.run(Hook::OnAuthorizeRequest, &context, &TableHost::shared());
        assert_eq!(run.outcome, Ok(json!({"decision": "allow"})));
        assert_eq!(Value::Object(run.log[0].fields.clone()), json!({"count": 1, "scope": 4, "kept": null}));
    }
    assert_eq!(*context, before);
}

#[test]
fn sc_013_programs_run_on_many_threads_at_once() {
    let program = program(
        Hook::OnAuthorizeRequest,
        "fn on_authorize_request(ctx, req) { let n = 0; for i in 0..100 { n += i; } if n == 4950 { allow() } else { none() } }",
    );
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let program = Arc::clone(&program);
            std::thread::spawn(move || {
                (0..50)
                    .all(|_| run_sample(&program, Hook::OnAuthorizeRequest).outcome == Ok(json!({"decision": "allow"})))
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}

/// Scripts whose parsing or running nests as deeply as the limits allow, or tries to nest deeper.
fn nested() -> Vec<String> {
    let forms = [
        ("(", ")"),
        ("[", "]"),
        ("-(", ")"),
        ("{ ", " }"),
        ("if n > 0 { ", " } else { 1 }"),
        ("`${", "}`"),
        ("#{a: ", "}"),
        ("f(n - 1, ", ")"),
        ("[1].map(|x| ", ")[0]"),
        ("switch n { _ => ", " }"),
        ("loop { break ", "}"),
        ("1 + (", ")"),
        ("true && (1 == ", ")"),
        ("x[", "]"),
        ("x?.a ?? (", ")"),
    ];
    let mut scripts = Vec::new();
    for depth in [4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30, 200, 1_000] {
        for (open, close) in forms {
            let expression = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            scripts.push(format!(
                "fn f(n, x) {{ if n > 0 {{ let y = {expression}; f(n - 1, [x]) }} else {{ {expression} }} }}\n\
                 fn on_authorize_request(ctx, req) {{ f(99, 1) }}"
            ));
            scripts.push(format!(
                "fn f(n, x) {{ f(n - 1, {expression}) }} fn on_authorize_request(ctx, req) {{ f(99, 1) }}"
            ));
        }
    }
    scripts
}

#[test]
fn sc_006_nothing_nests_deeper_than_the_stack_of_a_thread() {
    // Threads of the server have 2 MiB, of which a request on its way to a hook uses some. Debug builds use most.
    let thread = std::thread::Builder::new().stack_size(1536 * 1024).spawn(|| {
        let mut ran = 0;
        for script in nested() {
            if let Ok(program) = crate::support::compile(&crate::support::package(&["on_authorize_request"], &script)) {
                assert!(run_sample(&program, Hook::OnAuthorizeRequest).outcome.is_err());
                ran += 1;
            }
        }
        ran
    });
    assert!(thread.unwrap().join().unwrap() > 20);
}

#[test]
fn runs_that_use_up_their_budget_tell_where() {
    for (text, place) in [
        ("let n = 0;\nloop {\n  n += 1;\n}", "main.rhai:3:"),
        (
            "let s = \"0123456789\"; for i in 0..12 { s += s; }\nlet m = #{};\nfor i in 0..900 {\n  m[`k${i}`] = s + i;\n}",
            "main.rhai:4:",
        ),
        ("let a = [1];\nloop {\n  a = a + a;\n}", "main.rhai:3:"),
    ] {
        let failure = failure(text);
        let found = failure.position.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(found.starts_with(place), "{text}: {failure:?}");
    }
    let recursion = "fn f(n) {\n  f(n + 1)\n}\nfn on_authorize_request(ctx, req) { f(0) }";
    let failure = run(Hook::OnAuthorizeRequest, recursion).outcome.unwrap_err();
    assert_eq!(
        (failure.kind, failure.position.unwrap().to_string().as_str()),
        (RunFailureKind::Depth, "main.rhai:2:5")
    );
}

#[test]
fn what_ends_a_run_cannot_be_caught() {
    for text in [
        "try { loop { let x = 1; x += 1; } } catch { } allow()",
        "loop { try { let x = 1; x += 1; } catch { } }",
        "try { let a = [1]; loop { a = a + a; } } catch { allow() }",
        "try { f(0) } catch { return allow(); }",
        "let x = allow(); try { let a = [1]; loop { a = a + a; } } catch { return x; }",
    ] {
        let script = format!("fn f(n) {{ f(n + 1) }} fn on_authorize_request(ctx, req) {{ {text} }}");
        let failure = run(Hook::OnAuthorizeRequest, &script).outcome.unwrap_err();
        assert!(
            matches!(failure.kind, RunFailureKind::Operations | RunFailureKind::Size | RunFailureKind::Depth),
            "{text}: {failure:?}"
        );
    }
}
