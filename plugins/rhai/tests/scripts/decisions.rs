//! What scripts are told and what becomes of their decisions.

use serde_json::json;
use signet_hooks::{Hook, LogLevel, RecordedCall, RunFailureKind};

use crate::support::{body, claims, compile, failure, package, run, run_sample};

/// The value of an expression, told by a log line.
fn value_of(expression: &str) -> serde_json::Value {
    let run = body(&format!("ctx.log.info(\"x\", #{{ value: {expression} }}); none()"));
    run.outcome.unwrap_or_else(|failure| panic!("{expression}: {failure:?}"));
    run.log[0].fields["value"].clone()
}

#[test]
fn decisions_have_the_shape_that_hooks_read() {
    assert_eq!(body("none()").outcome, Ok(json!({"decision": "none"})));
    assert_eq!(body("allow()").outcome, Ok(json!({"decision": "allow"})));
    assert_eq!(
        body("deny(\"access_denied\", \"come back tomorrow\")").outcome,
        Ok(json!({"decision": "deny", "error": "access_denied", "description": "come back tomorrow"}))
    );
    assert_eq!(
        body("narrow(#{ drop_scopes: req.scope.filter(|s| s != \"openid\"), max_age: 60 })").outcome,
        Ok(json!({"decision": "narrow", "drop_scopes": ["profile", "email"], "max_age": 60}))
    );
}

#[test]
fn anything_else_is_a_wrong_shape() {
    for wrong in [
        "let made = (); made",
        "let made = 42; made",
        "let made = #{ decision: \"allow\" }; made",
        "let made = #{ add_scopes: [] }; narrow(made)",
        "let age = -1; narrow(#{ max_age: age })",
        "let scopes = \"email\"; narrow(#{ drop_scopes: scopes })",
        "let error = \"server_error\"; deny(error, \"x\")",
        "let error = \"access_denied\"; deny(error, \"caf\\u00e9\")",
        "narrow(#{ drop_scopes: [|x| x] })",
        "narrow(#{ max_age: 0.0/0.0 })",
    ] {
        assert_eq!(failure(wrong).kind, RunFailureKind::WrongShape, "{wrong}");
    }
}

#[test]
fn a_decision_of_another_hook_of_the_package_is_a_wrong_shape() {
    let script = "fn made(members) { claims(members) }\nfn on_claims(ctx, target) { none() }\n\
                  fn on_authorize_request(ctx, req) { made(#{}) }";
    let program = compile(&package(&["on_claims", "on_authorize_request"], script)).unwrap();
    let failure = run_sample(&program, Hook::OnAuthorizeRequest).outcome.unwrap_err();
    assert_eq!(failure.kind, RunFailureKind::WrongShape, "{failure:?}");
}

#[test]
fn vars_are_handed_on_within_bounds() {
    let run = body("allow().with_vars(#{ risk: 3, seen: [\"a\"] })");
    assert_eq!(run.vars, json!({"risk": 3, "seen": ["a"]}).as_object().cloned());
    assert_eq!(body("allow()").vars, None);
    let large = "let s = \"0123456789\"; for i in 0..10 { s += s; } allow().with_vars(#{ s: s })";
    assert_eq!(failure(large).kind, RunFailureKind::Size);
}

#[test]
fn ctx_tells_what_the_hook_says() {
    assert_eq!(value_of("ctx.now"), 1_767_225_600);
    assert_eq!(value_of("ctx.client.type"), "confidential");
    assert_eq!(value_of("ctx.client.scope"), json!(["openid", "profile", "email", "offline_access"]));
    assert_eq!(value_of("ctx.net.ip"), "192.0.2.17");
    assert_eq!(value_of("ctx.net.tls == ()"), true);
    assert_eq!(value_of("ctx.user == ()"), true);
    assert_eq!(value_of("req.redirect_uri"), "https://shop.example.com/callback");
    assert_eq!(value_of("utc(ctx.now).year"), 2026);
}

#[test]
fn sc_012_a_script_sees_the_user_attributes_of_its_manifest_only() {
    let script = "fn on_claims(ctx, target) { ctx.log.info(\"x\", #{ user: ctx.user }); none() }";
    let run = claims(script, &json!({"user": {"email": "a@b.test", "password": "p", "phone_number": "1"}}), "id_token");
    assert_eq!(run.log[0].fields["user"], json!({"email": "a@b.test", "department": null}));
}

#[test]
fn claims_are_those_of_the_manifest_and_standard_ones_only_where_asked_for() {
    let script = "fn on_claims(ctx, target) { claims(#{ department: ctx.user.department, nickname: \"A\" }) }";
    let user = json!({"user": {"department": "sales"}});
    let added = |ctx| claims(script, &ctx, "access_token").outcome.unwrap()["claims"].clone();
    assert_eq!(added(user.clone()), json!({"department": "sales"}));
    let mut asked = user;
    asked["requested"] = json!(["nickname"]);
    assert_eq!(added(asked), json!({"department": "sales", "nickname": "A"}));
}

#[test]
fn sc_010_claims_that_a_script_may_not_set_fail_the_run() {
    for name in signet_hooks::claims::PROTECTED.iter().chain(&["other", "sub#de"]) {
        let script = format!("fn on_claims(ctx, target) {{ let added = #{{ \"{name}\": \"x\" }}; claims(added) }}");
        for target in ["id_token", "userinfo", "access_token", "introspection"] {
            let failure = claims(&script, &json!({}), target).outcome.unwrap_err();
            assert_eq!(failure.kind, RunFailureKind::WrongShape, "{name}: {failure:?}");
        }
    }
}

#[test]
fn what_the_host_answers_is_recorded_without_secrets() {
    let run = body(
        "let s = ctx.secret(\"known\"); let k = ctx.kv.get(\"known\"); let m = ctx.kv.get(\"missing\");\
         ctx.log.info(\"x\", #{ length: s.len(), limit: k.limit, missing: m, random: ctx.random(2) }); none()",
    );
    assert_eq!(
        run.log[0].fields,
        *json!({"length": 6, "limit": 5, "missing": null, "random": "a5a5"}).as_object().unwrap()
    );
    assert_eq!(
        run.calls,
        [
            RecordedCall::Secret { name: "known".to_owned(), found: true },
            RecordedCall::Kv { name: "known".to_owned(), value: Some(json!({"limit": 5})) },
            RecordedCall::Kv { name: "missing".to_owned(), value: None },
            RecordedCall::Random { bytes: "a5a5".to_owned() },
        ]
    );
    assert!(!serde_json::to_string(&run.calls).unwrap().contains("s3cret"));
    assert_eq!(failure("ctx.secret(\"missing\"); none()").kind, RunFailureKind::Thrown);
}

#[test]
fn undeclared_capabilities_end_the_run_and_cannot_be_caught() {
    for ask in ["ctx.secret(name)", "ctx.kv.get(name)", "ctx.http(name)", "ctx.http(\"known\")"] {
        let script = format!(
            "fn ask(ctx, name) {{ {ask} }}\n\
             fn on_authorize_request(ctx, req) {{ try {{ ask(ctx, \"oth\" + \"er\"); }} catch {{ }} allow() }}"
        );
        let script = script.replace("ctx.http(\"known\")", "ctx.http(\"kno\" + \"wn\")");
        let failure = run(Hook::OnAuthorizeRequest, &script).outcome.unwrap_err();
        assert_eq!(failure.kind, RunFailureKind::Undeclared, "{ask}");
    }
}

#[test]
fn connections_answer_scripts_that_may_ask() {
    let ask = |text: &str| {
        run(Hook::OnClaims, &format!("fn on_claims(ctx, target) {{ let c = ctx.http(\"known\"); {text} }}"))
    };
    let answered = ask("let r = c.get(\"/people?name=ana\"); claims(#{ department: r.json.path, limit: r.status })");
    assert_eq!(answered.outcome.unwrap()["claims"], json!({"department": "/people?name=ana", "limit": 200}));
    assert!(matches!(&answered.calls[..], [RecordedCall::Http { reply: Ok(_), .. }]));
    let caught = ask("try { c.get(\"/large\") } catch (problem) { return claims(#{ department: problem }); }");
    assert_eq!(caught.outcome.unwrap()["claims"]["department"], "http: the reply is too long or not text");
    let third = ask("c.get(\"/\"); c.post(\"/\", #{ a: 1 }); try { c.get(\"/\") } catch {} none()");
    assert_eq!(third.outcome.unwrap_err().kind, RunFailureKind::Operations);
    assert_eq!(third.calls.len(), 2);
    let outside = ask("c.get(\"//evil.test/\"); none()");
    assert_eq!(outside.outcome.unwrap_err().message, "http: the path is not acceptable");
}

#[test]
fn log_lines_are_bounded_and_never_fail_a_run() {
    let run = body("for i in 0..100 { ctx.log.warn(\"line\", #{ i: i }); } none()");
    assert_eq!(run.log.len(), 32);
    assert_eq!(run.log[31].message, "69 more lines of log were dropped");
    let run = body("let s = \"a\\nb\"; for i in 0..9 { s += s; } ctx.log.debug(s, #{ s: s }); none()");
    assert_eq!(run.outcome, Ok(json!({"decision": "none"})));
    assert_eq!((run.log[0].level, run.log[0].message.len()), (LogLevel::Debug, 1_024));
    assert!(!run.log[0].message.contains('\n'));
}

#[test]
fn failures_tell_where_they_happened() {
    let script = "fn check(value) {\n    if value > 2 { throw \"too much\"; }\n    value\n}\n\nfn on_authorize_request(ctx, req) {\n    check(3);\n    none()\n}\n";
    let failure = run(Hook::OnAuthorizeRequest, script).outcome.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (RunFailureKind::Thrown, "too much"));
    assert_eq!(failure.position.unwrap().to_string(), "main.rhai:2:20");
}

#[test]
fn the_functions_do_what_they_say() {
    for (expression, expected) in [
        ("\"Stra\\u00dfe\".len()", json!(6)),
        ("\"a@B.test\".split(\"@\")[1].to_lower()", json!("b.test")),
        ("\"abc\".sub_string(1)", json!("bc")),
        ("\"abc\".sub_string(-2, 1)", json!("b")),
        ("\"abc\".index_of(\"c\")", json!(2)),
        ("\"abc\".index_of(\"x\")", json!(-1)),
        ("\"a-b-c\".replace(\"-\", \"+\")", json!("a+b+c")),
        ("\" x \".trim() + 1 + 'c' + true", json!("x1ctrue")),
        ("`${1 + 1} and ${\"x\"} and ${[1, #{ a: () }]}`", json!("2 and x and [1,{\"a\":null}]")),
        ("\"abcabc\" - \"b\"", json!("acac")),
        ("\"x\" in \"axb\"", json!(true)),
        ("2 in [1, 2]", json!(true)),
        ("\"a\" in #{ a: 1 }", json!(true)),
        ("[1, [2], #{ a: 3 }] == [1, [2], #{ a: 3 }]", json!(true)),
        ("[1, 2] != [1, 2.5]", json!(true)),
        ("#{ a: 1 } == #{ a: 1, b: 2 }", json!(false)),
        ("[3, 1, 2].map(|x| x * 2)", json!([6, 2, 4])),
        ("[3, 1, 2].some(|x| x > 2)", json!(true)),
        ("[3, 1, 2].all(|x| x > 2)", json!(false)),
        ("[\"b\", \"a\"].join(\"-\")", json!("b-a")),
        ("[1, 2, 3, 4].slice(1, 2)", json!([2, 3])),
        ("[1] + [2]", json!([1, 2])),
        ("(#{ a: 1, b: 1 } + #{ b: 2 })", json!({"a": 1, "b": 2})),
        ("#{ b: 1, a: 2 }.keys()", json!(["a", "b"])),
        ("#{ b: 1, a: 2 }.values()", json!([2, 1])),
        ("parse_json(\"{\\\"a\\\": [1.5]}\").a[0]", json!(1.5)),
        ("to_json(#{ a: 'x' })", json!("{\"a\":\"x\"}")),
        ("\"42\".parse_int() + 1", json!(43)),
        ("(2.7).round().to_int()", json!(3)),
        ("max(-3, 2) + abs(-3) - min(1, 2)", json!(4)),
        ("[1, 2, 3].filter((|low, x| x > low).curry(1))", json!([2, 3])),
        ("type_of(#{}) + type_of([]) + type_of(1)", json!("maparrayi64")),
        ("if 1 in [] { 1 } else { switch 3 { 3 => \"x\", _ => \"y\" } }", json!("x")),
    ] {
        assert_eq!(value_of(expression), expected, "{expression}");
    }
}

#[test]
fn values_that_change_are_the_scripts_own() {
    let run = body(
        "let list = [3, 1, 2]; let copy = list; list.sort(); list.reverse(); list.push(9); list += 8; list += [7];\
         let map = #{ a: #{ b: 1 } }; map.a.b += 1; map[\"c\"] = list.pop(); map.mixin(#{ d: 0 }); map.remove(\"d\");\
         let text = \"a\"; text += \"b\"; text += 'c'; list.sort(|one, other| one > other); \
         ctx.log.info(\"x\", #{ list: list, copy: copy, map: map, text: text, gone: list.remove(0), none: [].pop() }); none()",
    );
    assert_eq!(
        serde_json::Value::Object(run.log[0].fields.clone()),
        json!({"list": [9, 8, 3, 2, 1], "copy": [3, 1, 2], "map": {"a": {"b": 2}, "c": 7}, "text": "abc", "gone": 9, "none": null})
    );
}
