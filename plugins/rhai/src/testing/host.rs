//! A host that answers from a fixture. Its clock stands still, except for what replies are said to take.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use signet_hooks::{Host, HttpMethod, HttpProblem, HttpReply, HttpRequest};

/// What the realm answers, as a fixture says it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answers {
    secrets: BTreeMap<String, String>,
    kv: BTreeMap<String, Value>,
    http: Vec<Exchange>,
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
    reply: Option<Reply>,
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

/// A host that answers from a fixture.
#[derive(Default)]
pub(crate) struct FixtureHost {
    answers: Answers,
    milliseconds: AtomicU64,
    random: AtomicU64,
    unanswered: Mutex<Option<String>>,
}

impl FixtureHost {
    /// A host for the member `host` of a fixture; `null` answers nothing.
    pub(crate) fn new(answers: Value) -> Result<Self, String> {
        let answers = match answers {
            Value::Null => Answers::default(),
            answers => serde_json::from_value(answers).map_err(|error| error.to_string())?,
        };
        Ok(Self { answers, ..Self::default() })
    }

    /// The first question that the fixture has no answer to.
    pub(crate) fn unanswered(&self) -> Option<String> {
        self.unanswered.lock().ok().and_then(|question| question.clone())
    }
}

impl Host for FixtureHost {
    /// Bytes that look random and are the same in each run.
    fn random(&self, bytes: usize) -> Vec<u8> {
        (0..bytes).map(|_| mixed(self.random.fetch_add(1, Ordering::Relaxed)).to_le_bytes()[0]).collect()
    }

    fn secret(&self, name: &str) -> Option<String> {
        self.answers.secrets.get(name).cloned()
    }

    fn kv(&self, name: &str) -> Option<Value> {
        self.answers.kv.get(name).cloned()
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let fits = |exchange: &&Exchange| {
            exchange.connection == connection
                && exchange.method == request.method
                && exchange.path == request.path
                && exchange.body.as_ref().is_none_or(|body| Some(body) == request.body.as_ref())
        };
        let Some(exchange) = self.answers.http.iter().find(fits) else {
            let method = if request.method == HttpMethod::Get { "GET" } else { "POST" };
            if let Ok(mut unanswered) = self.unanswered.lock() {
                unanswered.get_or_insert_with(|| format!("{method} {} of {connection}", request.path));
            }
            return Err(HttpProblem::Unavailable);
        };
        self.milliseconds.fetch_add(exchange.after_ms, Ordering::Relaxed);
        if let Some(problem) = exchange.problem {
            return Err(problem);
        }
        let reply = exchange.reply.as_ref();
        let json = reply.and_then(|reply| reply.json.as_ref()).map(ToString::to_string);
        let body = reply.and_then(|reply| reply.body.clone()).or(json).unwrap_or_default();
        let status = reply.and_then(|reply| reply.status).unwrap_or(200);
        Ok(HttpReply { status, body, stale: reply.is_some_and(|reply| reply.stale) })
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }
}

/// Numbers in an order that nobody expects (the finaliser of SplitMix64).
pub(crate) const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
