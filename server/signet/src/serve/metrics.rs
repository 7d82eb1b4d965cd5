//! The metrics in the Prometheus text format 0.0.4. Every label has a bounded number of values: no realm, client or
//! path of a stranger's making is one, and of clients only so many are named.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use signet_core::endpoints::Endpoint;
use signet_core::hooks::ScriptMetrics;
use signet_core::profile::ProfileGapCounts;
use signet_http::listener::ListenerCounts;
use signet_protocol::time::UnixTime;
use signet_store::Statistics;

use super::{script_metrics, traffic};

/// What requests are counted under: the endpoints of realms, and a few areas beside.
const ENDPOINTS: [(&str, Area); 20] = [
    ("authorize", Area::Realm(Endpoint::Authorization.path())),
    ("par", Area::Realm(Endpoint::PushedAuthorizationRequest.path())),
    ("authorize_challenge", Area::Realm(Endpoint::AuthorizationChallenge.path())),
    ("token", Area::Realm(Endpoint::Token.path())),
    ("userinfo", Area::Realm(Endpoint::UserInfo.path())),
    ("jwks", Area::Realm(Endpoint::Jwks.path())),
    ("introspect", Area::Realm(Endpoint::Introspection.path())),
    ("revoke", Area::Realm(Endpoint::Revocation.path())),
    ("login", Area::Realm(Endpoint::Login.path())),
    ("consent", Area::Realm(Endpoint::Consent.path())),
    ("register", Area::BelowRealm(Endpoint::Registration.path())),
    ("logout", Area::BelowRealm(Endpoint::EndSession.path())),
    ("check_session", Area::Realm(Endpoint::CheckSession.path())),
    ("account", Area::BelowRealm("/account")),
    ("discovery", Area::BelowRealm("/.well-known/")),
    ("discovery_root", Area::Below("/.well-known/")),
    ("admin", Area::Below("/admin/api/")),
    ("assets", Area::Below("/assets/")),
    ("dev", Area::Below("/dev")),
    ("other", Area::Below("")),
];

/// Upper bounds of the duration histogram, in seconds.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// A set of paths.
#[derive(Debug, Clone, Copy)]
enum Area {
    /// This path in any realm.
    Realm(&'static str),
    /// Paths that begin so in any realm.
    BelowRealm(&'static str),
    /// Paths that begin so.
    Below(&'static str),
}

impl Area {
    fn has(self, path: &str, in_realm: Option<&str>) -> bool {
        match self {
            Self::Realm(own) => in_realm == Some(own),
            Self::BelowRealm(prefix) => in_realm.is_some_and(|rest| rest.starts_with(prefix)),
            Self::Below(prefix) => path.starts_with(prefix),
        }
    }
}

/// The path behind `/realms/{realm}`.
fn in_realm(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/realms/")?;
    rest.find('/').map(|slash| &rest[slash..])
}

/// Counts of requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    endpoints: [Counts; ENDPOINTS.len()],
}

#[derive(Debug, Default)]
struct Counts {
    /// By the first digit of the status.
    answers: [AtomicU64; 5],
    /// By bound, the last for what took longer.
    durations: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Requests {
    /// Counts one request.
    pub(super) fn count(&self, path: &str, status: StatusCode, duration: Duration) {
        let in_realm = in_realm(path);
        let endpoint = ENDPOINTS.iter().position(|(_, area)| area.has(path, in_realm));
        let Some(counts) = endpoint.and_then(|endpoint| self.endpoints.get(endpoint)) else { return };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        let bound = BOUNDS.iter().position(|bound| duration.as_secs_f64() <= *bound).unwrap_or(BOUNDS.len());
        if let (Some(answers), Some(durations)) = (counts.answers.get(class), counts.durations.get(bound)) {
            answers.fetch_add(1, Ordering::Relaxed);
            durations.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        counts.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }
}

/// Everything that is published.
pub(super) struct Figures<'a> {
    /// When the process began.
    pub(super) started: UnixTime,
    /// Whether requests should be sent here.
    pub(super) ready: bool,
    /// Seconds that the database's clock is ahead.
    pub(super) clock_offset: i64,
    /// What the database was asked.
    pub(super) store: Statistics,
    /// What each listener saw.
    pub(super) listeners: &'a [(&'static str, ListenerCounts)],
    /// Requests by endpoint.
    pub(super) requests: &'a Requests,
    /// Runs of scripts.
    pub(super) scripts: &'a ScriptMetrics,
    /// What clients did that stricter profiles refuse.
    pub(super) traffic: &'a [ProfileGapCounts],
}

/// A page of metrics.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// One metric with its samples: labels in braces, or nothing, and a value.
    pub(super) fn metric(&mut self, (name, kind, help): (&str, &str, &str), samples: &[(String, f64)]) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn single(&mut self, head: (&str, &str, &str), value: f64) {
        self.metric(head, &[(String::new(), value)]);
    }
}

#[expect(clippy::cast_precision_loss, reason = "samples are floating-point numbers")]
pub(super) const fn number(count: u64) -> f64 {
    count as f64
}

/// The page.
pub(super) fn text(figures: &Figures<'_>) -> String {
    let mut text = Text(String::with_capacity(8192));
    let build = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    text.metric(("signet_build_info", "gauge", "The version of this process."), &[(build, 1.0)]);
    #[expect(clippy::cast_precision_loss, reason = "samples are floating-point numbers")]
    let (started, offset) = (figures.started.0 as f64, figures.clock_offset as f64);
    text.single(("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970."), started);
    let ready = if figures.ready { 1.0 } else { 0.0 };
    text.single(("signet_ready", "gauge", "1 while this node should be sent requests."), ready);
    text.single(("signet_clock_offset_seconds", "gauge", "Seconds that the database's clock is ahead."), offset);
    store(&mut text, figures.store);
    listeners(&mut text, figures.listeners);
    requests(&mut text, figures.requests);
    script_metrics::write(&mut text, figures.scripts);
    traffic::write(&mut text, figures.traffic);
    text.0
}

fn store(text: &mut Text, store: Statistics) {
    let counters = [
        ("signet_store_statements_total", "Statements sent to the database.", store.statements),
        ("signet_store_commits_total", "Transactions committed.", store.commits),
        ("signet_store_retries_total", "Transactions begun anew.", store.retries),
        ("signet_store_busy_total", "Times that another transaction was in the way.", store.busy),
    ];
    for (name, help, count) in counters {
        text.single((name, "counter", help), number(count));
    }
}

fn listeners(text: &mut Text, listeners: &[(&'static str, ListenerCounts)]) {
    type Read = fn(&ListenerCounts) -> u64;
    let metrics: [((&str, &str, &str), Read); 5] = [
        (("signet_connections_open", "gauge", "Connections open now."), |counts| counts.connections_open),
        (("signet_connections_total", "counter", "Connections accepted."), |counts| counts.connections_accepted),
        (("signet_connections_refused_total", "counter", "Connections closed because of a limit."), |counts| {
            counts.connections_refused
        }),
        (("signet_handshakes_failed_total", "counter", "TLS handshakes that failed."), |counts| {
            counts.handshakes_failed
        }),
        (("signet_listener_requests_total", "counter", "Requests whose head arrived."), |counts| counts.requests),
    ];
    for (head, read) in metrics {
        let sample =
            |(name, counts): &(&str, ListenerCounts)| (format!("{{listener=\"{name}\"}}"), number(read(counts)));
        text.metric(head, &listeners.iter().map(sample).collect::<Vec<_>>());
    }
}

/// Endpoints that nobody has asked are left out.
fn requests(text: &mut Text, requests: &Requests) {
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let (mut answers, mut buckets) = (Vec::new(), Vec::new());
    let (mut sums, mut counts_of) = (Vec::new(), Vec::new());
    for ((name, _), counts) in ENDPOINTS.iter().zip(&requests.endpoints) {
        let total: u64 = counts.durations.iter().map(load).sum();
        if total == 0 {
            continue;
        }
        for (class, count) in (1..).zip(&counts.answers) {
            if load(count) > 0 {
                answers.push((format!("{{endpoint=\"{name}\",status=\"{class}xx\"}}"), number(load(count))));
            }
        }
        let mut below = 0;
        for (bound, count) in BOUNDS.iter().zip(&counts.durations) {
            below += load(count);
            buckets.push((format!("_bucket{{endpoint=\"{name}\",le=\"{bound}\"}}"), number(below)));
        }
        buckets.push((format!("_bucket{{endpoint=\"{name}\",le=\"+Inf\"}}"), number(total)));
        sums.push((format!("_sum{{endpoint=\"{name}\"}}"), number(load(&counts.microseconds)) / 1e6));
        counts_of.push((format!("_count{{endpoint=\"{name}\"}}"), number(total)));
    }
    text.metric(("signet_requests_total", "counter", "Requests answered."), &answers);
    buckets.extend(sums);
    buckets.extend(counts_of);
    text.metric(("signet_request_duration_seconds", "histogram", "Time from head to answer."), &buckets);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(requests: &Requests) -> String {
        text(&Figures {
            started: UnixTime(1_700_000_000),
            ready: true,
            clock_offset: -1,
            store: Statistics { statements: 7, ..Statistics::default() },
            listeners: &[],
            requests,
            scripts: &ScriptMetrics::default(),
            traffic: &[],
        })
    }

    #[test]
    fn requests_are_counted_by_endpoint_and_status() {
        let requests = Requests::default();
        for (path, status) in [
            ("/realms/demo/token", 200),
            ("/realms/other/token", 401),
            ("/realms/demo/token/x", 404),
            ("/realms/demo/.well-known/openid-configuration", 200),
            ("/.well-known/openid-configuration/realms/demo", 200),
            ("/realms/demo", 404),
        ] {
            requests.count(path, StatusCode::from_u16(status).unwrap(), Duration::from_millis(3));
        }
        let page = page(&requests);
        for line in [
            "signet_requests_total{endpoint=\"token\",status=\"2xx\"} 1",
            "signet_requests_total{endpoint=\"token\",status=\"4xx\"} 1",
            "signet_requests_total{endpoint=\"discovery\",status=\"2xx\"} 1",
            "signet_requests_total{endpoint=\"discovery_root\",status=\"2xx\"} 1",
            "signet_requests_total{endpoint=\"other\",status=\"4xx\"} 2",
            "signet_request_duration_seconds_bucket{endpoint=\"token\",le=\"0.0025\"} 0",
            "signet_request_duration_seconds_bucket{endpoint=\"token\",le=\"0.005\"} 2",
            "signet_request_duration_seconds_bucket{endpoint=\"token\",le=\"+Inf\"} 2",
            "signet_request_duration_seconds_sum{endpoint=\"token\"} 0.006",
            "signet_request_duration_seconds_count{endpoint=\"token\"} 2",
            "process_start_time_seconds 1700000000",
            "signet_clock_offset_seconds -1",
            "signet_store_statements_total 7",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }

    #[test]
    fn every_line_is_of_the_text_format() {
        let requests = Requests::default();
        requests.count("/", StatusCode::OK, Duration::from_secs(9));
        for line in page(&requests).lines() {
            let is_comment = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
            let is_sample = line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
            assert!(is_comment || is_sample, "{line}");
        }
    }
}
