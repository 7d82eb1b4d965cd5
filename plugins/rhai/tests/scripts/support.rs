//! Packages of one file, and a host that answers from tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use signet_hooks::{
    Diagnostic, Hook, Host, HttpProblem, HttpReply, HttpRequest, Package, Program, Run, RunContext, RunFailure,
    ScriptEngine, Version,
};
use signet_rhai::RhaiEngine;

/// A host with one secret, one value and one connection, each of the name `known`. Its clock is the CPU time of the
/// thread, so that what else the machine does makes no difference.
pub(crate) struct TableHost {
    started: Instant,
}

impl TableHost {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests' host")]
    pub(crate) fn shared() -> Arc<dyn Host> {
        Arc::new(Self { started: Instant::now() })
    }
}

impl Host for TableHost {
    fn random(&self, bytes: usize) -> Vec<u8> {
        vec![0xa5; bytes]
    }

    fn secret(&self, name: &str) -> Option<String> {
        (name == "known").then(|| "s3cret".to_owned())
    }

    fn kv(&self, name: &str) -> Option<Value> {
        (name == "known").then(|| serde_json::json!({"limit": 5}))
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        match (connection, request.path.as_str()) {
            ("known", "/large") => Ok(HttpReply { status: 200, body: "x".repeat(65 * 1024), stale: false }),
            ("known", path) => Ok(HttpReply { status: 200, body: format!("{{\"path\": \"{path}\"}}"), stale: false }),
            _ => Err(HttpProblem::UnknownConnection),
        }
    }

    fn monotonic(&self) -> Duration {
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = statistics.split_whitespace().next().and_then(|text| text.parse().ok());
        nanoseconds.map_or_else(|| self.started.elapsed(), Duration::from_nanos)
    }
}

/// A manifest that names everything the tests use.
pub(crate) const MANIFEST: &str = r#"
name = "test"
api = "1"
hooks = [HOOKS]
user_attributes = ["email", "department"]
CLAIMS
HTTP
secrets = ["known", "missing"]
kv = ["known", "missing"]
"#;

/// A package whose main file is `script`.
pub(crate) fn package(hooks: &[&str], script: &str) -> Package {
    let list: Vec<String> = hooks.iter().map(|hook| format!("{hook:?}")).collect();
    let claims = "claims = { department = \"string<=64\", limit = \"int\", nickname = \"string<=64\" }";
    let manifest = MANIFEST
        .replace("HOOKS", &list.join(", "))
        .replace("CLAIMS", if hooks.contains(&"on_claims") { claims } else { "" })
        .replace("HTTP", if hooks.contains(&"on_claims") { "http = [\"known\", \"missing\"]" } else { "" });
    let files = [("manifest.toml", manifest.as_str()), ("main.rhai", script)];
    package_of(&files)
}

pub(crate) fn package_of(files: &[(&str, &str)]) -> Package {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Package::new(files).unwrap()
}

pub(crate) const VERSION: Version = Version([7; 32]);

pub(crate) fn compile(package: &Package) -> Result<Arc<dyn Program>, Vec<Diagnostic>> {
    thread_local! {
        static ENGINE: RhaiEngine = RhaiEngine::new();
    }
    ENGINE.with(|engine| engine.compile(package, VERSION))
}

/// The program of a script with one hook.
pub(crate) fn program(hook: Hook, script: &str) -> Arc<dyn Program> {
    compile(&package(&[hook.name()], script)).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// Runs a program with the sample input of a hook.
pub(crate) fn run_sample(program: &Arc<dyn Program>, hook: Hook) -> Run {
    program.run(hook, &Arc::new(hook.sample_input()), &TableHost::shared())
}

/// Runs a script with one hook and the hook's sample input.
pub(crate) fn run(hook: Hook, script: &str) -> Run {
    run_sample(&program(hook, script), hook)
}

/// Runs the body of a hook that decides about authorization requests.
pub(crate) fn body(body: &str) -> Run {
    run(Hook::OnAuthorizeRequest, &format!("fn on_authorize_request(ctx, req) {{ {body} }}"))
}

/// The failure of a body.
pub(crate) fn failure(text: &str) -> RunFailure {
    body(text).outcome.unwrap_err()
}

/// Runs `on_claims` with other members of `ctx` and a target.
pub(crate) fn claims(script: &str, ctx: &Value, target: &str) -> Run {
    let context: RunContext = Hook::OnClaims.context_from_json(ctx, Some(&target.into())).unwrap();
    program(Hook::OnClaims, script).run(Hook::OnClaims, &Arc::new(context), &TableHost::shared())
}
