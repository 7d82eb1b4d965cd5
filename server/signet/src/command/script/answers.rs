//! What the realm answers to a script that is tried on this machine: the member `host` of a fixture.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use signet_hooks::{Host, HttpMethod, HttpProblem, HttpReply, HttpRequest};

/// A host that answers from a fixture, as the tests of a package have it. Its clock stands still, except for what replies
/// are said to take.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Answers {
    secrets: BTreeMap<String, String>,
    kv: BTreeMap<String, Value>,
    http: Vec<Exchange>,
    #[serde(skip)]
    milliseconds: AtomicU64,
}

/// A request and the reply to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    connection: String,
    #[serde(default = "get")]
    method: HttpMethod,
    path: String,
    /// The body that is expected; any if it is absent.
    body: Option<Value>,
    #[serde(default)]
    reply: Reply,
    problem: Option<HttpProblem>,
    /// How long the reply takes.
    #[serde(default)]
    after_ms: u64,
}

const fn get() -> HttpMethod {
    HttpMethod::Get
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reply {
    status: Option<u16>,
    body: Option<String>,
    json: Option<Value>,
    stale: bool,
}

impl Exchange {
    fn fits(&self, connection: &str, request: &HttpRequest) -> bool {
        self.connection == connection
            && self.method == request.method
            && self.path == request.path
            && self.body.as_ref().is_none_or(|body| Some(body) == request.body.as_ref())
    }
}

impl Host for Answers {
    /// The same in each run, so that a run can be compared with the next.
    fn random(&self, bytes: usize) -> Vec<u8> {
        (0..=u8::MAX).cycle().take(bytes).collect()
    }

    fn secret(&self, name: &str) -> Option<String> {
        self.secrets.get(name).cloned()
    }

    fn kv(&self, name: &str) -> Option<Value> {
        self.kv.get(name).cloned()
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let exchange = self.http.iter().find(|exchange| exchange.fits(connection, request));
        let exchange = exchange.ok_or(HttpProblem::Unavailable)?;
        self.milliseconds.fetch_add(exchange.after_ms, Ordering::Relaxed);
        if let Some(problem) = exchange.problem {
            return Err(problem);
        }
        let Reply { status, body, json, stale } = &exchange.reply;
        let body = body.clone().or_else(|| json.as_ref().map(ToString::to_string)).unwrap_or_default();
        Ok(HttpReply { status: status.unwrap_or(200), body, stale: *stale })
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }
}
