//! What a hook costs: CPU time of one thread per call, and how that compares with a baseline of the same run, which is
//! reading a small JSON document. `cargo bench -p signet-rhai` prints a table and fails where a figure is beyond its
//! target.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signet_hooks::{
    Hook, Host, HttpProblem, HttpReply, HttpRequest, Package, Program, RunContext, ScriptEngine, Version,
};
use signet_rhai::RhaiEngine;

/// Calls of one measurement, and measurements of which the fastest counts.
const CALLS: u32 = 20_000;
const MEASUREMENTS: usize = 9;

const EMPTY: &str = "fn on_token_request(ctx, req) { none() }";

const DECISION: &str = r#"
fn on_token_request(ctx, req) {
    if ctx.client.type == "public" && req.access_token_seconds > 300 {
        return narrow(#{ access_token_seconds: 300 });
    }
    allow()
}
"#;

/// The shipped package whose claims hook is measured.
const DEPARTMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/department");

/// Answers with the settings that the shipped package brings along.
struct BenchHost {
    started: Instant,
    settings: Value,
}

impl Host for BenchHost {
    fn random(&self, bytes: usize) -> Vec<u8> {
        vec![0; bytes]
    }

    fn secret(&self, _: &str) -> Option<String> {
        None
    }

    fn kv(&self, _: &str) -> Option<Value> {
        Some(self.settings.clone())
    }

    fn http(&self, _: &str, _: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        Err(HttpProblem::Unavailable)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// CPU time of this thread; where the system does not tell, time.
fn cpu_time(started: Instant) -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split_whitespace().next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

/// Microseconds of CPU time per call, in the fastest of several measurements.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn microseconds(mut call: impl FnMut()) -> f64 {
    let started = Instant::now();
    let once = |call: &mut dyn FnMut()| {
        let before = cpu_time(started);
        (0..CALLS).for_each(|_| call());
        cpu_time(started).saturating_sub(before)
    };
    let fastest = (0..MEASUREMENTS).map(|_| once(&mut call)).min().unwrap();
    fastest.as_secs_f64() * 1e6 / f64::from(CALLS)
}

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{DEPARTMENT}/{name}")).unwrap()
}

fn program(manifest: String, script: String) -> Arc<dyn Program> {
    let files = [("main.rhai", script), ("manifest.toml", manifest)];
    let files: BTreeMap<String, String> = files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    RhaiEngine::new().compile(&Package::new(files).unwrap(), Version([0; 32])).unwrap()
}

/// A package of one decision.
fn decision(script: &str) -> Arc<dyn Program> {
    program("name = \"bench\"\napi = \"1\"\nhooks = [\"on_token_request\"]\n".to_owned(), script.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn main() {
    let settings = serde_json::from_str(&file("fixtures/settings.json")).unwrap();
    let host: Arc<dyn Host> = Arc::new(BenchHost { started: Instant::now(), settings });
    let input = json!({"user": {"sub": "x", "username": "ana", "name": "Ana", "email": "ana@post.sales.example.com",
        "email_verified": true, "locale": "de", "zoneinfo": "Europe/Zurich", "updated_at": 1_760_000_000}});
    let document = Hook::OnClaims.sample_input().ctx().to_string();
    let baseline = microseconds(|| drop(black_box(serde_json::from_str::<Value>(black_box(&document)).unwrap())));
    println!("baseline: {} bytes of JSON read in {baseline:.3} us", document.len());
    let mut within = true;
    let mut measure = |name: &str, hook: Hook, program: Arc<dyn Program>, target: Option<f64>| {
        let ctx = if hook == Hook::OnClaims { input.clone() } else { json!({}) };
        let context: Arc<RunContext> = Arc::new(hook.context_from_json(&ctx, None).unwrap());
        let decided = program.run(hook, &context, &host).outcome.unwrap();
        assert_eq!(decided["decision"] == "claims", hook == Hook::OnClaims, "{decided}");
        let microseconds = microseconds(|| drop(black_box(program.run(hook, black_box(&context), &host))));
        let bound = target.map_or_else(String::new, |target| format!(", target {target} us"));
        println!("{name}: {microseconds:.3} us, {:.2} of the baseline{bound}", microseconds / baseline);
        within &= target.is_none_or(|target| microseconds <= target);
    };
    measure("empty decision", Hook::OnTokenRequest, decision(EMPTY), Some(2.0));
    measure("decision about a client", Hook::OnTokenRequest, decision(DECISION), None);
    let shipped = program(file("manifest.toml"), file("main.rhai"));
    measure("department claim", Hook::OnClaims, shipped, Some(30.0));
    let facts = microseconds(|| drop(black_box(Hook::OnClaims.sample_input())));
    println!("making a claims input from nothing: {facts:.3} us, {:.2} of the baseline", facts / baseline);
    assert!(within, "a hook costs more than its target");
}
