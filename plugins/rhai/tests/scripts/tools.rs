//! The tools around scripts: tests, fuzzing, editor help, skeletons.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use signet_hooks::{Allowance, FuzzOptions, FuzzReport, Hook, Package, Promise, TestReport};
use signet_rhai::fuzzing::fuzz;
use signet_rhai::testing;
use signet_rhai::{definitions, scaffold};

use crate::support::package_of;

const MANIFEST: &str = r#"
name = "limits"
api = "1"
hooks = ["on_claims", "on_session"]
user_attributes = ["department"]
claims = { department = "string<=64", limit = "int" }
http = ["directory"]
secrets = ["token"]
kv = ["limits"]
"#;

const MAIN: &str = r#"
fn on_claims(ctx, target) {
    if target != "access_token" {
        return none();
    }
    let limit = switch ctx.user.department {
        "treasury" => 5_000_000,
        "staff" => from_directory(ctx),
        _ => throw "unknown department",
    };
    ctx.log.info("limit", #{ limit: limit });
    claims(#{ limit: limit }).with_vars(#{ seen: ctx.now })
}

fn from_directory(ctx) {
    try {
        return ctx.http("directory").get("/limits").json.limit;
    } catch (problem) {
        return ctx.kv.get("limits").fallback;
    }
}

fn on_session(ctx, event) { if event.kind == "created" { limit(#{ seconds: 60 }) } else { step_up() } }
"#;

const TESTS: &str = r#"
fn limit_of(name) { call("on_claims", fixture(name), "access_token").claims.limit }

test("treasury gets the high limit", || {
    let decision = call("on_claims", fixture("treasury"), "access_token");
    assert_eq(decision.claims.limit, 5_000_000);
    assert_eq(decision.vars.seen, 100);
    assert(decision.log[0].message == "limit" && decision.operations > 0);
});
test("nothing leaks into the ID token", || assert(call("on_claims", fixture("treasury"), "id_token").is_none));
test("the directory decides for staff", || assert_eq(limit_of("staff"), 7));
test("without it, what is stored", || assert_eq(limit_of("staff_alone"), 3));
test("members can be changed", || {
    let ctx = fixture("treasury");
    ctx.user.department = "sales";
    let failure = call_failing("on_claims", ctx, "access_token");
    assert_eq(#{ kind: failure.kind, message: failure.message, line: failure.line }, #{ kind: "thrown", message: "unknown department", line: 9 });
});
test("the second parameter may come from the fixture", || assert_eq(call("on_session", #{ argument: #{ kind: "used" } }).decision, "step_up"));
"#;

const FIXTURES: &[(&str, &str)] = &[
    ("fixtures/treasury.json", r#"{"now": 100, "user": {"department": "treasury"}}"#),
    (
        "fixtures/staff.json",
        r#"{"user": {"department": "staff"}, "host": {"http": [{"connection": "directory", "path": "/limits", "reply": {"json": {"limit": 7}}}]}}"#,
    ),
    (
        "fixtures/staff_alone.json",
        r#"{"user": {"department": "staff"}, "host": {"kv": {"limits": {"fallback": 3}},
            "http": [{"connection": "directory", "path": "/limits", "problem": "timeout", "after_ms": 200}]}}"#,
    ),
];

fn limits(tests: &str) -> Package {
    let mut files = vec![("manifest.toml", MANIFEST), ("main.rhai", MAIN), ("limits_test.rhai", tests)];
    files.extend(FIXTURES);
    package_of(&files)
}

fn tested(tests: &str) -> TestReport {
    testing::run(&limits(tests), &Allowance::UNLIMITED).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// The failure of the one test in a file.
fn failure(body: &str) -> String {
    let report = tested(&format!("test(\"x\", || {{ {body} }});"));
    let failure = report.tests[0].failure.clone().unwrap();
    format!("{}: {}", failure.position.map_or_else(String::new, |position| position.to_string()), failure.message)
}

#[test]
fn tests_run_hooks_as_production_does() {
    let report = tested(TESTS);
    let failures: Vec<_> = report.tests.iter().filter(|test| test.failure.is_some()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!((report.tests.len(), report.package.as_str()), (6, "limits"));
}

#[test]
fn coverage_counts_the_lines_that_were_run() {
    assert_eq!(tested(TESTS).coverage.missed, [0; 0], "{:?}", tested(TESTS).coverage);
    let some = tested("test(\"x\", || call(\"on_claims\", fixture(\"treasury\"), \"access_token\"));").coverage;
    assert_eq!(some.lines, [3, 4, 6, 7, 8, 9, 11, 12, 16, 17, 19, 23]);
    assert_eq!(some.missed, [4, 8, 9, 16, 17, 19, 23]);
    assert_eq!(some.percent(), 41);
}

#[test]
fn failing_tests_say_what_and_where() {
    assert_eq!(failure("assert_eq(1 + 1, 3);"), "limits_test.rhai:1:16: 2 is not 3");
    assert_eq!(failure("assert(false, \"no limit\");"), "limits_test.rhai:1:16: no limit");
    assert_eq!(failure("assert_ne(\"a\", \"a\");"), "limits_test.rhai:1:16: both are \"a\"");
    assert_eq!(failure("fixture(\"other\")"), "limits_test.rhai:1:16: there is no file fixtures/other.json");
    assert_eq!(
        failure("let f = fixture(\"treasury\"); f.user.department = \"x\"; call(\"on_claims\", f, \"access_token\")"),
        "limits_test.rhai:1:70: on_claims failed: main.rhai:9:14: unknown department (thrown)"
    );
    assert!(failure("call(\"on_claims\", #{ clint: 1 }, \"id_token\")").contains("unknown field `clint`"));
    assert!(
        failure("call(\"on_claims\", #{ user: #{ department: \"staff\" } }, \"access_token\")")
            .contains("GET /limits of directory")
    );
    assert!(failure("call(\"on_consent\", #{})").contains("the package has no hook on_consent"));
    assert!(failure("call_failing(\"on_session\", #{})").contains("did not fail"));
    assert!(failure("loop {}").contains("more than 1000000 operations"));
}

#[test]
fn test_files_are_checked_before_they_run() {
    for (tests, expected) in [
        ("test(\"x\", || asert(true));", "limits_test.rhai:1:14: there is no function asert [unknown-name]"),
        ("test(\"x\", || {", "limits_test.rhai:1:15: "),
        ("let x = 1; test(\"x\", || assert(x == 1));", "limits_test.rhai:1:32: there is no variable x here"),
    ] {
        let found = testing::run(&limits(tests), &Allowance::UNLIMITED).unwrap_err();
        assert!(found[0].to_string().starts_with(expected), "{found:?}");
        assert_eq!(found, signet_rhai::RhaiEngine::new().check(&limits(tests)));
    }
}

#[test]
fn reports_are_junit_xml() {
    let report = tested("test(\"a < b\", || assert(true)); test(\"c\", || assert(false, \"\\\"no\\\" & \\u0007\"));");
    assert_eq!(
        report.junit(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"limits\" tests=\"2\" failures=\"1\">\n  \
           <testcase classname=\"limits_test.rhai\" name=\"a &lt; b\"/>\n  \
           <testcase classname=\"limits_test.rhai\" name=\"c\">\n    \
             <failure message=\"&quot;no&quot; &amp;  \">limits_test.rhai:1:46</failure>\n  \
           </testcase>\n\
         </testsuite>\n"
    );
}

fn fuzzed(hook: &str, main: &str, runs: u32) -> FuzzReport {
    let claims = if hook == "on_claims" { "claims = { department = \"string<=8\" }" } else { "" };
    let manifest = format!(
        "name = \"x\"\napi = \"1\"\nhooks = [\"{hook}\"]\nuser_attributes = [\"email_verified\", \"department\"]\n{claims}\n"
    );
    let package = package_of(&[("manifest.toml", &manifest), ("main.rhai", main)]);
    fuzz(&package, FuzzOptions { seed: 1, runs }, &Allowance::UNLIMITED).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn promises(report: &FuzzReport) -> BTreeSet<Promise> {
    report.broken.iter().filter_map(|finding| finding.promise).collect()
}

#[test]
fn fuzzing_finds_nothing_where_nothing_is() {
    let main = "fn on_claims(ctx, target) {\n\
                let department = ctx.user?.department;\n\
                if type_of(department) != \"string\" || department.is_empty() || department.len() > 2 || target == \"id_token\" { return none(); }\n\
                for c in department.chars() { if !\"abcdefghijklmnopqrstuvwxyz\".contains(c) { return none(); } }\n\
                claims(#{ department: department }) }";
    let report = fuzzed("on_claims", main, 3_000);
    assert_eq!((&report.broken, &report.thrown), (&vec![], &vec![]), "{report:#?}");
    assert_eq!(report.runs, 3_000);
    assert!(report.outcomes["none"] > 500 && report.outcomes["claims"] > 0, "{:?}", report.outcomes);
}

#[test]
fn fuzzing_finds_decisions_that_are_none_and_inputs_that_throw() {
    let report = fuzzed("on_claims", "fn on_claims(ctx, target) { claims(#{ department: ctx.user.department }) }", 500);
    assert_eq!(promises(&report), BTreeSet::from([Promise::Shape]));
    assert!(report.thrown.iter().all(|finding| finding.message.starts_with("main.rhai:1:")), "{:#?}", report.thrown);
    assert!(!report.thrown.is_empty(), "a user may be absent");
}

#[test]
fn fuzzing_finds_budgets_that_an_input_uses_up() {
    let main = "fn on_authorize_request(ctx, req) { let n = 0; for i in 0..(req.max_age ?? 0) { n += 1; } none() }";
    assert_eq!(promises(&fuzzed("on_authorize_request", main, 2_000)), BTreeSet::from([Promise::Budget]));
}

#[test]
fn fuzzing_finds_refusals_that_a_worse_input_escapes() {
    let main = "fn on_auth_start(ctx) {\n\
                if ctx.client.type == \"confidential\" { return deny(\"access_denied\", \"no\"); } none() }";
    let report = fuzzed("on_auth_start", main, 50);
    assert_eq!(promises(&report), BTreeSet::from([Promise::DenyStays]));
    assert_eq!(report.broken[0].message, "the client cannot keep a secret: refused before, none now");
    assert_eq!(report.broken[0].input["client"]["type"], "public");
    let main = main.replace("==", "!=");
    assert_eq!(fuzzed("on_auth_start", &main, 50).broken, []);
}

#[test]
fn fuzzing_repeats_itself() {
    let main = "fn on_claims(ctx, target) { claims(#{ department: ctx.user.department }) }";
    assert_eq!(fuzzed("on_claims", main, 300), fuzzed("on_claims", main, 300));
}

#[test]
fn a_new_package_of_each_hook_compiles_and_passes_its_test() {
    for hook in Hook::ALL {
        let package = Package::new(scaffold("my-package", *hook)).unwrap();
        let report = testing::run(&package, &Allowance::UNLIMITED).unwrap_or_else(|found| panic!("{hook}: {found:#?}"));
        assert_eq!(report.failed(), 0, "{hook}: {report:#?}");
        assert!(!report.tests.is_empty() && report.coverage.missed.is_empty(), "{hook}");
        assert_eq!(package.manifest().unwrap().hooks, BTreeSet::from([*hook]));
    }
}

#[test]
fn editors_learn_of_every_function_and_member() {
    let files = definitions();
    let scripts = &files["signet.d.rhai"];
    for function in signet_rhai::RhaiEngine::new().functions() {
        assert!(scripts.contains(&format!("\nfn {}(", function.name)), "{}", function.name);
    }
    for line in [
        "fn split(text: string, separator: string) -> array;",
        "fn max(one: ?, other: ?) -> ?;",
        "fn get now(ctx: ctx) -> int;",
        "fn claims(members: map) -> decision;",
        "fn push(list: array, item: ?) -> ();",
    ] {
        assert!(scripts.contains(line), "{line}\n{scripts}");
    }
    assert!(files["signet_tests.d.rhai"].contains("fn call(hook: string, ctx: map, argument: ?) -> map;"));
}

#[test]
fn trials_end_when_their_time_is_over() {
    let seconds = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let clock = {
        let seconds = Arc::clone(&seconds);
        move || Duration::from_secs(seconds.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    };
    let allowance = Allowance::new(clock, Duration::from_secs(3));
    let manifest = "name = \"limits\"\napi = \"1\"\nhooks = [\"on_session\"]\n";
    let tests = "for n in 0..5 { test(`number ${n}`, || assert(true)); }";
    let package = package_of(&[
        ("manifest.toml", manifest),
        ("main.rhai", "fn on_session(ctx, event) { none() }"),
        ("limits_test.rhai", tests),
    ]);
    let report = testing::run(&package, &allowance).unwrap();
    assert_eq!((report.tests.len(), report.failed()), (5, 2), "{report:#?}");
    let failure = report.tests[4].failure.as_ref().unwrap();
    assert_eq!(failure.message, "the tests took longer than they may");
    seconds.store(0, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(fuzz(&package, FuzzOptions { seed: 1, runs: 50 }, &allowance).unwrap().runs, 3);
}
