//! What a run gets from outside: random bytes, values of the realm, and other servers through the one outbound client.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use signet_hooks::{Hook, Host, HttpMethod, HttpProblem, HttpReply, HttpRequest};
use signet_jose::Random;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::Clock;
use tokio::runtime::Handle;
use url::Url;

use super::connections::{Asking, Before, Connections};
use crate::model::ScriptConnection;
use crate::ports::outbound::{OutboundBody, OutboundError, OutboundHttp, OutboundRequest};
use crate::realm::ScriptValues;

/// The host of one run.
pub(super) struct RunHost {
    pub(super) random: Arc<dyn Random>,
    pub(super) values: Arc<ScriptValues>,
    /// The way to other servers; none for a run that decides inline.
    pub(super) way_out: Option<WayOut>,
    pub(super) clock: Arc<dyn Clock>,
    /// When the run began, by the monotonic clock.
    pub(super) started: Duration,
}

/// The way to other servers.
#[derive(Clone)]
pub(super) struct WayOut {
    pub(super) hook: Hook,
    pub(super) realm_id: RealmId,
    pub(super) connections: Arc<Connections>,
    pub(super) outbound: Arc<dyn OutboundHttp>,
    /// Waits for the reply while the thread of the run is blocked.
    pub(super) runtime: Handle,
}

impl Host for RunHost {
    fn random(&self, bytes: usize) -> Vec<u8> {
        let mut random = vec![0; bytes];
        self.random.fill(&mut random);
        random
    }

    fn secret(&self, name: &str) -> Option<String> {
        self.values.secrets.get(name).map(|secret| secret.as_str().to_owned())
    }

    fn kv(&self, name: &str) -> Option<Value> {
        self.values.documents.get(name).cloned()
    }

    fn http(&self, connection: &str, request: &HttpRequest) -> Result<HttpReply, HttpProblem> {
        let way_out = self.way_out.as_ref().ok_or(HttpProblem::Refused)?;
        let settings = self.values.connections.get(connection).ok_or(HttpProblem::UnknownConnection)?;
        let url = address(&settings.base_url, &request.path)?;
        let path = (request.method == HttpMethod::Get).then_some(request.path.as_str());
        let asking = Asking { realm_id: way_out.realm_id, name: connection, connection: settings, path };
        match way_out.connections.before(asking, self.clock.monotonic()) {
            Before::Reply(reply) => Ok(reply),
            Before::LeaveAlone => Err(HttpProblem::Unavailable),
            Before::Ask => {
                let asked = self.ask(way_out, settings, url, request);
                way_out.connections.after(asking, asked, self.clock.monotonic())
            }
        }
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started)
    }
}

impl RunHost {
    fn ask(
        &self,
        way_out: &WayOut,
        settings: &ScriptConnection,
        url: Url,
        request: &HttpRequest,
    ) -> Result<HttpReply, HttpProblem> {
        let limits = way_out.hook.limits();
        let bearer = match &settings.bearer {
            // Without the secret that belongs to it, a connection is not asked: it would only refuse.
            Some(name) => Some(self.values.secrets.get(name.as_str()).ok_or(HttpProblem::Unavailable)?.clone()),
            None => None,
        };
        let json = match (request.method, &request.body) {
            (HttpMethod::Get, _) => None,
            (HttpMethod::Post, body) => {
                let body = body.as_ref().unwrap_or(&Value::Null);
                Some(serde_json::to_vec(body).map_err(|_| HttpProblem::Refused)?)
            }
        };
        if json.as_ref().is_some_and(|json| json.len() > limits.http_body_bytes) {
            return Err(HttpProblem::Refused);
        }
        let time = limits.deadline.saturating_sub(self.monotonic());
        if time.is_zero() {
            return Err(HttpProblem::Timeout);
        }
        let request = OutboundRequest {
            url,
            bearer,
            body: json.map(OutboundBody::Json),
            max_bytes: limits.http_body_bytes,
            time,
        };
        let reply = way_out.runtime.block_on(way_out.outbound.send(request)).map_err(|error| {
            tracing::info!(realm = %way_out.realm_id, %error, "a connection of scripts gave no reply");
            problem(&error)
        })?;
        let body = String::from_utf8(reply.body).map_err(|_| HttpProblem::BadReply)?;
        Ok(HttpReply { status: reply.status, body, stale: false })
    }
}

/// Scripts learn what they can act on; names and addresses stay in the log.
const fn problem(error: &OutboundError) -> HttpProblem {
    match error {
        OutboundError::UrlRefused(_) | OutboundError::AddressRefused { .. } | OutboundError::Redirect(_) => {
            HttpProblem::Refused
        }
        OutboundError::TimedOut(_) => HttpProblem::Timeout,
        OutboundError::TooLarge(_) | OutboundError::Malformed(_) => HttpProblem::BadReply,
        OutboundError::Unresolvable(_)
        | OutboundError::Unreachable(_)
        | OutboundError::Tls { .. }
        | OutboundError::Status { .. }
        | OutboundError::CircuitOpen(_)
        | OutboundError::Unavailable(_) => HttpProblem::Unavailable,
    }
}

/// Base address and path together. However the path is written, what comes out lies below the base address.
fn address(base: &str, path: &str) -> Result<Url, HttpProblem> {
    let base = Url::parse(base).map_err(|_| HttpProblem::UnknownConnection)?;
    if !path.starts_with('/') || path.contains(['#', '\\']) || path.chars().any(|c| c.is_control() || c == ' ') {
        return Err(HttpProblem::BadPath);
    }
    let folder = base.path().trim_end_matches('/');
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_path(&format!("{folder}{path}"));
    url.set_query(query);
    let below = url.path().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    if below && url.origin() == base.origin() { Ok(url) } else { Err(HttpProblem::BadPath) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sc_014_a_path_cannot_lead_out_of_the_connection() {
        let at = |path: &str| address("https://api.test/v1/", path).map(String::from);
        assert_eq!(at("/users/1?a=b"), Ok("https://api.test/v1/users/1?a=b".to_owned()));
        assert_eq!(at("/a/../b"), Ok("https://api.test/v1/b".to_owned()));
        assert_eq!(at("//other.test/"), Ok("https://api.test/v1//other.test/".to_owned()));
        for bad in ["/../admin", "/..", "/%2e%2e/admin", "/a/../../x", "", "users", "@other.test/", "/a b", "/a\r\nb"] {
            assert_eq!(at(bad), Err(HttpProblem::BadPath), "{bad}");
        }
        assert_eq!(at("/a#b"), Err(HttpProblem::BadPath));
        assert_eq!(at("/\\other.test/"), Err(HttpProblem::BadPath));
        let root = address("https://api.test", "/users").map(String::from);
        assert_eq!(root, Ok("https://api.test/users".to_owned()));
    }
}
