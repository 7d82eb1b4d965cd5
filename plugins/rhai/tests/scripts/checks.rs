//! What is wrong with a package is found before it runs, with place and rule.

use signet_hooks::{Hook, Package, ScriptEngine, Version};
use signet_rhai::RhaiEngine;

use crate::support::{compile, package, package_of};

/// What is wrong with a package, as `place rule`.
fn problems(package: &Package) -> Vec<String> {
    let found = compile(package).err().unwrap_or_default();
    found.iter().map(|one| format!("{} {}", one.position, one.rule)).collect()
}

fn message(package: &Package) -> String {
    compile(package).err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A package with this body of `on_claims`, on line 2.
fn claims(body: &str) -> Package {
    package(&["on_claims"], &format!("fn on_claims(ctx, target) {{\n{body}\n}}\nfn helper(ctx, value) {{ none() }}\n"))
}

#[test]
fn a_good_package_has_no_problems() {
    let body = "let user = ctx.user; if ctx.client.type == \"public\" || user == () { return none(); }\n\
                let reply = ctx.http(\"known\").get(\"/\"); let limits = ctx.kv.get(\"known\"); helper(ctx, 1);\n\
                ctx.log.info(\"x\", #{ a: ctx.user.email, b: ctx.session?.amr }); let list = [1].filter(|x| x > 0);\n\
                claims(#{ department: ctx.user.department, limit: list[0] })";
    assert_eq!(message(&claims(body)), "");
}

#[test]
fn sc_016_scripts_that_are_not_well_formed_are_refused_with_their_place() {
    for (body, place) in [
        ("let x = ;", "main.rhai:2:9 syntax"),
        ("none(", "main.rhai:3:1 syntax"),
        ("eval(\"1\")", "main.rhai:2:1 syntax"),
        ("import \"x\" as y; none()", "main.rhai:2:1 syntax"),
        ("this.x", "main.rhai:2:1 syntax"),
        ("Fn(\"helper\")", "main.rhai:2:1 syntax"),
        ("let x = 1; [1].map(|y| x + y)", "main.rhai:2:24 unknown-name"),
        ("unknown", "main.rhai:2:1 unknown-name"),
    ] {
        assert_eq!(problems(&claims(body)), [place], "{body}: {}", message(&claims(body)));
    }
}

#[test]
fn names_that_mean_nothing_are_found() {
    for (body, place) in [
        ("sleep(5)", "2:1"),
        ("print(\"x\"); none()", "2:1"),
        ("none(1)", "2:1"),
        ("\"a\".split()", "2:5"),
        ("let x = [1].filtre(|y| true); none()", "2:13"),
        ("if true { loop { break helper(1); } } none()", "2:24"),
        ("ctx.usr", "2:5"),
        ("ctx.client.idd", "2:12"),
        ("ctx.authentication.tim", "2:20"),
        ("ctx.request", "2:5"),
    ] {
        let expected = format!("main.rhai:{place} unknown-name");
        assert_eq!(problems(&claims(body)), [expected], "{body}: {}", message(&claims(body)));
    }
    assert!(message(&claims("sleep(5)")).contains("a script cannot sleep"));
    assert!(message(&claims("\"a\".split()")).contains("split takes 2 parameters"));
    // What a function of the package's own is handed may be anything; a variable of its own too.
    assert_eq!(problems(&claims("let ctx = #{ x: 1 }; ctx.x; none()")), Vec::<String>::new());
    let package = package(
        &["on_authorize_request"],
        "fn on_authorize_request(c, r) { c.clientele; r.scop; r.claims.user; none() }",
    );
    assert_eq!(problems(&package).len(), 3, "{}", message(&package));
}

#[test]
fn capabilities_that_are_not_declared_are_found() {
    for (body, place) in [
        ("ctx.secret(\"other\")", "2:5"),
        ("ctx.kv.get(\"other\")", "2:8"),
        ("ctx.http(\"other\").get(\"/\")", "2:5"),
        ("ctx.user.phone_number", "2:10"),
        ("helper(ctx, ctx.secret(\"other\"))", "2:17"),
    ] {
        let expected = format!("main.rhai:{place} capability");
        assert_eq!(problems(&claims(body)), [expected], "{body}: {}", message(&claims(body)));
    }
    let decides = package(&["on_session"], "fn on_session(ctx, event) { ctx.http(\"known\"); none() }");
    assert_eq!(problems(&decides), ["main.rhai:1:33 capability"]);
}

#[test]
fn functions_and_hooks_fit_together() {
    let on_claims = "fn on_claims(ctx, target) { none() }\n";
    for (script, expected) in [
        ("fn other(ctx) { none() }", vec!["main.rhai hook-function"]),
        ("fn on_claims(ctx) { none() }", vec!["main.rhai:1:4 hook-function"]),
        ("private fn on_claims(ctx, target) { none() }", vec!["main.rhai:1:12 hook-function"]),
        (&format!("{on_claims}fn on_session(ctx, event) {{ none() }}"), vec!["main.rhai:2:4 hook-function"]),
        (&format!("{on_claims}fn on_clams(ctx, event) {{ none() }}"), vec!["main.rhai:2:4 hook-function"]),
        (&format!("{on_claims}let x = 1;"), vec!["main.rhai:2:1 hook-function"]),
        (&format!("{on_claims}fn f(a, b, c, d, e, f, g, h, i) {{}}"), vec!["main.rhai:2:4 size"]),
    ] {
        let package = package(&["on_claims"], script);
        assert_eq!(problems(&package), expected, "{script}: {}", message(&package));
    }
}

#[test]
fn a_package_for_another_api_version_is_refused_with_everything_else_that_is_wrong() {
    let manifest = "name = \"x\"\napi = \"2\"\nhooks = [\"on_claims\"]\n";
    let package = package_of(&[("manifest.toml", manifest), ("main.rhai", "fn on_claims(ctx, target) { none( }")]);
    assert_eq!(problems(&package), ["main.rhai:1:35 syntax", "manifest.toml:2:7 api-version"]);
}

#[test]
fn sc_002_the_functions_a_script_can_call_are_these() {
    let list = RhaiEngine::new().callable().join("\n") + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts/callable.txt");
    if std::env::var_os("SIGNET_TEST_WRITE_CALLABLE").is_some() {
        std::fs::write(path, &list).unwrap();
    }
    assert_eq!(list, std::fs::read_to_string(path).unwrap(), "see SIGNET_TEST_WRITE_CALLABLE in this test");
    for absent in ["sleep", "eval", "import", "timestamp", "print", "exit", "Fn"] {
        assert!(!list.lines().any(|line| line.split('/').next() == Some(absent)), "{absent}");
    }
}

#[test]
fn every_function_is_documented_for_editors() {
    let engine = RhaiEngine::new();
    let documented: Vec<&str> = engine.functions().iter().map(|function| function.name).collect();
    for entry in engine.callable() {
        let name = entry.rsplit_once('/').unwrap().0;
        let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_language = matches!(name, "call" | "curry" | "type_of");
        assert!(!is_word || is_language || documented.contains(&name), "{name}");
    }
    assert!(engine.functions().iter().all(|function| function.about.ends_with('.')));
}

#[test]
fn sc_006_sources_that_are_too_much_for_a_parser_are_refused() {
    let hook = Hook::OnAuthorizeRequest.name();
    let function = |body: &str| package(&[hook], &format!("fn on_authorize_request(ctx, req) {{ {body} none() }}"));
    let n = 15_000;
    let deep = [
        format!("let x = {}1{};", "(".repeat(n), ")".repeat(n)),
        format!("let x = {}1{};", "[".repeat(n), "]".repeat(n)),
        format!("let x = {}1;", "-".repeat(n)),
        format!("let x = {}true;", "!".repeat(n)),
        format!("let x = {}1;", "1 + (".repeat(n / 2)),
        format!("{}{}", "{".repeat(n), "}".repeat(n)),
        format!("let x = {};", "if true { 1 } else ".repeat(n / 8)),
        format!("let x = ctx{};", ".a".repeat(n)),
        format!("let x = ctx{};", "[0]".repeat(n)),
        format!("let x = 1{};", " + 1".repeat(n)),
        format!("let x = 1{};", " ?? 1".repeat(n / 2)),
        format!("let x = 2{};", " ** 2".repeat(n / 2)),
        format!("let x = {};", "|a| ".repeat(n / 2)),
        format!("let x = {}1{};", "`${".repeat(n / 2), "}`".repeat(n / 2)),
        format!("let x = {}1{};", "#{a:".repeat(n / 2), "}".repeat(n / 2)),
        "let x = 1; ".repeat(5_000),
        "fn f() {} ".repeat(6_000),
    ];
    for body in &deep {
        // Some of it is only long and compiles: then it runs into the limits of runs.
        if let Ok(program) = compile(&function(body)) {
            drop(crate::support::run_sample(&program, Hook::OnAuthorizeRequest));
        }
    }
    let functions: String = (0..3_000).fold(String::new(), |all, number| format!("{all}fn f{number}() {{}} "));
    assert!(compile(&package(&[hook], &functions)).is_err());
    let huge = Package::new([("main.rhai".to_owned(), "x".repeat(10 * 1024 * 1024))].into());
    assert!(huge.is_err());
}

#[test]
fn compiling_the_same_package_twice_is_the_same() {
    let package = claims("none()");
    let engine = RhaiEngine::new();
    let compile = || engine.compile(&package, Version([1; 32])).unwrap();
    assert_eq!(compile().manifest(), compile().manifest());
    assert!(compile().defines(Hook::OnClaims) && !compile().defines(Hook::OnSession));
}

/// A package with this body of `on_authorize_request`, on line 2, and a helper.
fn request(body: &str) -> Package {
    let helper = "fn helper(members) { narrow(members) }";
    package(
        &["on_authorize_request", "on_session"],
        &format!(
            "fn on_authorize_request(ctx, req) {{\n{body}\n}}\nfn on_session(ctx, event) {{ none() }}\n{helper}\n"
        ),
    )
}

#[test]
fn decisions_that_can_be_seen_to_be_none_are_found_with_their_place() {
    for (body, place, said) in [
        ("narrow(#{ add_scopes: [\"admin\"] })", "2:11", "narrow has no member add_scopes; it has"),
        ("narrow(#{ drop_scopes: [\"a\"], decision: \"allow\" })", "2:31", "no member decision"),
        ("narrow(#{ max_age: \"1\" })", "2:20", "narrow.max_age is a whole number or ()"),
        ("narrow(#{ max_age: -1 })", "2:20", "is from 0 to 31536000"),
        ("narrow(#{ drop_scopes: \"admin\" })", "2:24", "is a list"),
        ("narrow(#{ drop_scopes: [1] })", "2:24", "has an item that is a text"),
        ("narrow(#{ prompt: [\"none\"] })", "2:19", "is one of login, consent, select_account"),
        ("narrow([\"admin\"])", "2:8", "narrow takes a map, not a list"),
        ("deny(\"server_error\", \"no\")", "2:6", "cannot refuse with \"server_error\": is one of access_denied"),
        ("deny(\"access_denied\", \"say \\\"no\\\"\")", "2:23", "200 printable ASCII characters"),
        ("claims(#{ department: \"sales\" })", "2:1", "on_authorize_request does not take claims; it takes none()"),
        ("limit(#{ seconds: 60 })", "2:1", "does not take limit"),
        ("if true { return 5; } none()", "2:18", "makes, not a number"),
        ("#{ decision: \"allow\" }", "2:1", "makes, not a map"),
        ("if req.popup { none() } else { \"allow\" }", "2:32", "makes, not a text"),
        ("switch req.popup { true => none(), _ => false }", "2:41", "makes, not true or false"),
    ] {
        let package = request(body);
        assert_eq!(problems(&package), [format!("main.rhai:{place} decision")], "{body}: {}", message(&package));
        assert!(message(&package).contains(said), "{body}: {}", message(&package));
    }
}

#[test]
fn claims_that_can_be_seen_to_be_none_are_found_with_their_place() {
    for (body, place) in [
        ("claims(#{ department: \"sales\", team: \"x\" })", "2:32 capability"),
        ("claims(#{ department: 5 })", "2:23 decision"),
        ("claims(#{ department: \"\" })", "2:23 decision"),
        ("claims(#{ limit: 1.5 })", "2:18 decision"),
    ] {
        assert_eq!(problems(&claims(body)), [format!("main.rhai:{place}")], "{body}: {}", message(&claims(body)));
    }
}

#[test]
fn what_depends_on_values_is_left_to_the_run() {
    for body in [
        "let members = #{}; members.add_scopes = []; helper(members)",
        "narrow(#{ max_age: req.max_age, drop_scopes: req.scope, prompt: [if req.popup { \"login\" } else { \"consent\" }] })",
        "let error = \"server_error\"; deny(error, \"no\")",
        "let ages = [1].map(|age| { return age + 1; }); narrow(#{ max_age: ages[0] })",
        "narrow(#{ max_age: () }).with_vars(#{ any: 1 })",
        "if req.popup { throw 5; } none()",
    ] {
        assert_eq!(message(&request(body)), "", "{body}");
    }
    // A constructor in a function that no hook is, of a hook that the package does not have.
    let package = package(&["on_session"], "fn on_session(ctx, event) { none() }\nfn other() { narrow(#{}) }");
    assert_eq!(problems(&package), ["main.rhai:2:14 decision"]);
    // What the package itself calls so is its own.
    let package = crate::support::package(
        &["on_session"],
        "fn on_session(ctx, event) { narrow(#{ a: 1 }) }\nfn narrow(members) { none() }",
    );
    assert_eq!(message(&package), "");
}
