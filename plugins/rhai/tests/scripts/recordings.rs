//! Recordings hold nothing that was typed and no secret, and replay to the same decision.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use signet_hooks::{
    Decided, Hook, Host, HttpMethod, HttpProblem, HttpReply, HttpRequest, Program, RecordedCall, Recording, Replay,
    ReplayClock, ReplayHost, Run, RunContext, RunFailureKind, differences,
};

use crate::support::{compile, package_of};

const MANIFEST: &str = r#"
name = "limits"
api = "1"
hooks = ["on_claims"]
user_attributes = ["department"]
claims = { department = "string<=64", limit = "int" }
http = ["directory"]
secrets = ["token"]
kv = ["limits"]
"#;

const REPLAYED: &str = "fn on_claims(ctx, target) {\n\
    let token = ctx.secret(\"token\"); let id = ctx.random(4); let limits = ctx.kv.get(\"limits\");\n\
    let reply = ctx.http(\"directory\").get(\"/limits\");\n\
    claims(#{ department: id, limit: limits.base + reply.json.limit }) }";

/// A clock that stands still.
fn still() -> ReplayClock {
    Box::new(|| Duration::ZERO)
}

fn replay(program: &dyn Program, recording: &Recording) -> Replay {
    signet_hooks::replay(program, recording, still())
}

/// A recorded run of [`REPLAYED`].
fn recording() -> Recording {
    let program = replayed(REPLAYED);
    let ctx = json!({"user": {"department": "sales", "email": "a@b.test"}, "net": {"ip": "192.0.2.17"}});
    let context = Hook::OnClaims.context_from_json(&ctx, Some(&json!("access_token"))).unwrap();
    let calls = [
        RecordedCall::Secret { name: "token".to_owned(), found: true },
        RecordedCall::Random { bytes: "0badcafe".to_owned() },
        RecordedCall::Kv { name: "limits".to_owned(), value: Some(json!({"base": 5})) },
        RecordedCall::Http {
            connection: "directory".to_owned(),
            request: HttpRequest { method: HttpMethod::Get, path: "/limits".to_owned(), body: None },
            reply: Ok(HttpReply { status: 200, body: "{\"limit\": 7}".to_owned(), stale: false }),
        },
    ];
    let host: Arc<dyn Host> = Arc::new(ReplayHost::new(&calls, still()));
    let run = program.run(Hook::OnClaims, &Arc::new(context.clone()), &host);
    assert_eq!(run.calls, calls);
    recorded(&*program, Hook::OnClaims, &context, &run)
}

/// The recording of a run, as it is stored.
fn recorded(program: &dyn Program, hook: Hook, context: &RunContext, run: &Run) -> Recording {
    let decided = Decided { hook, context, calls: &run.calls, outcome: &run.outcome, secrets: &["s3cr3t value"] };
    let recording = Recording::of(program, &decided, still()).unwrap();
    serde_json::from_str(&serde_json::to_string(&recording).unwrap()).unwrap()
}

/// A host whose connection repeats what it is sent, and whose secret is known to the recorder.
struct Echo;

impl Host for Echo {
    fn random(&self, bytes: usize) -> Vec<u8> {
        vec![0; bytes]
    }

    fn secret(&self, _: &str) -> Option<String> {
        Some("s3cr3t value".to_owned())
    }

    fn kv(&self, _: &str) -> Option<Value> {
        None
    }

    fn http(&self, _: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let body = json!({"sent": request.body, "access_token": "t0k3n", "limit": 3}).to_string();
        Ok(HttpReply { status: 200, body, stale: false })
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn recordings_hold_nothing_that_was_typed_however_the_script_repeats_it() {
    let manifest = "name = \"names\"\napi = \"1\"\nhooks = [\"on_identify\"]\n";
    let typed = "Corr3ct@Horse.battery";
    for (main, as_decided) in [
        (
            "ctx.log.warn(`typed ${hint.text}`, #{ reversed: hint.text.split(\"@\") }); identify(#{ username: hint.text.to_lower() })",
            true,
        ),
        ("throw hint.text + hint.domain", true),
        ("none().with_vars(#{ typed: hint.text.sub_string(0, 7) })", true),
        ("if hint.text.starts_with(\"Corr3ct\") { identify(#{ username: \"corr\" }) } else { none() }", false),
    ] {
        let main = format!("fn on_identify(ctx, hint) {{ {main} }}");
        let program = compile(&package_of(&[("manifest.toml", manifest), ("main.rhai", &main)])).unwrap();
        let argument = json!({"source": "login_form", "text": typed, "domain": "horse.battery"});
        let vars = json!({"vars": {"earlier": typed, "score": 7}});
        let context = Hook::OnIdentify.context_from_json(&vars, Some(&argument)).unwrap();
        let host: Arc<dyn Host> = Arc::new(Echo);
        let run = program.run(Hook::OnIdentify, &Arc::new(context.clone()), &host);
        assert!(format!("{run:?}").to_lowercase().contains("corr"), "{main}: {run:?}");
        let recording = recorded(&*program, Hook::OnIdentify, &context, &run);
        let stored = serde_json::to_string(&recording).unwrap().to_lowercase();
        assert!(!stored.contains("corr") && !stored.contains("battery"), "{main}: {stored}");
        assert_eq!(recording.as_decided, as_decided, "{main}");
        assert_eq!(recording.context.context.vars["score"], 7);
        assert_eq!(replay(&*program, &recording).differences, [], "{main}");
    }
}

#[test]
fn recordings_hold_no_secret_however_the_script_sends_it() {
    let main = "fn on_claims(ctx, target) {\n\
                let token = ctx.secret(\"token\");\n\
                let reply = ctx.http(\"directory\").post(\"/x\", #{ bearer: token, shout: token.to_upper() });\n\
                ctx.log.info(token); claims(#{ department: reply.json.access_token, limit: reply.json.limit }) }";
    let program = replayed(main);
    let context = Hook::OnClaims.context_from_json(&json!({"user": {}}), Some(&json!("access_token"))).unwrap();
    let host: Arc<dyn Host> = Arc::new(Echo);
    let run = program.run(Hook::OnClaims, &Arc::new(context.clone()), &host);
    assert_eq!(run.outcome.as_ref().unwrap()["claims"]["department"], "t0k3n");
    let recording = recorded(&*program, Hook::OnClaims, &context, &run);
    let stored = serde_json::to_string(&recording).unwrap();
    for held in ["s3cr3t", "S3CR3T", "t0k3n"] {
        assert!(!stored.contains(held), "{held}: {stored}");
    }
    assert_eq!(recording.outcome.as_ref().unwrap()["claims"], json!({"department": "text", "limit": 3}));
    assert_eq!(replay(&*program, &recording).differences, []);
}

fn replayed(main: &str) -> Arc<dyn Program> {
    compile(&package_of(&[("manifest.toml", MANIFEST), ("main.rhai", main)]))
        .unwrap_or_else(|found| panic!("{found:#?}"))
}

#[test]
fn recordings_are_redacted_and_replay_to_the_same_decision() {
    let recording = recording();
    let context = &recording.context.context;
    assert_eq!(context.net.ip.as_deref(), Some("192.0.2.0"));
    assert_eq!(context.user.as_ref().unwrap().keys().collect::<Vec<_>>(), ["department"]);
    let again = replay(&*replayed(REPLAYED), &recording);
    assert_eq!(again.differences, []);
    assert_eq!(again.run.outcome.unwrap()["claims"], json!({"department": "0badcafe", "limit": 12}));
}

#[test]
fn replays_with_another_version_show_what_differs() {
    let changed = REPLAYED.replace("limits.base + ", "").replace("id, limit", "\"x\", limit");
    let again = replay(
        &*replayed(&format!("{} .with_vars(#{{ a: 1 }}) }}", changed.trim_end().trim_end_matches('}'))),
        &recording(),
    );
    let shown: Vec<_> = again.differences.iter().map(|one| (one.path.as_str(), &one.before, &one.after)).collect();
    assert_eq!(
        shown,
        [
            ("/decision/claims/department", &json!("0badcafe"), &json!("x")),
            ("/decision/claims/limit", &json!(12), &json!(7)),
            ("/vars", &json!(null), &json!({"a": 1})),
        ]
    );
    let throwing = replay(&*replayed("fn on_claims(ctx, target) { throw \"no\" }"), &recording());
    assert_eq!(throwing.differences[1].path, "/failure");
}

#[test]
fn replays_that_ask_for_what_was_not_recorded_say_so() {
    for (from, to) in [("\"/limits\"", "\"/other\""), ("random(4)", "random(8)"), ("let id", "ctx.random(4); let id")] {
        let failure = replay(&*replayed(&REPLAYED.replace(from, to)), &recording()).run.outcome.unwrap_err();
        assert_eq!(failure.kind, RunFailureKind::Diverged, "{to}");
    }
}

#[test]
fn differences_go_down_to_the_members() {
    let found = differences(
        &json!({"a/b": [1, {"c": 2}], "d": [1], "e": 1}),
        &json!({"a/b": [1, {"c": 3}], "d": [1, 2], "f": 1}),
    );
    let paths: Vec<_> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/a~1b/1/c", "/d", "/e", "/f"]);
}
