//! `ctx.http(name)`: asking a connection that the manifest names.

use rhai::{Dynamic, Map};
use serde_json::Value;
use signet_hooks::{HttpMethod, HttpProblem, HttpReply, HttpRequest, RecordedCall, RunFailureKind};

use crate::convert::{Bounds, to_json};
use crate::functions::{Effect, Library};
use crate::meter::{Failed, Stop, charge_bytes, charge_value, charge_work, check_deadline};
use crate::running::{current, undeclared};

/// Longest path with its query, in bytes.
const PATH_MAXIMUM: usize = 2_048;

/// A connection that was found in the manifest.
#[derive(Clone)]
pub(super) struct Connection {
    name: String,
}

pub(super) fn register(library: &mut Library) {
    library.module.set_custom_type::<Connection>("connection");
    library.add(
        (
            "get",
            "(connection, path: string) -> map",
            "Reads from a connection: #{ status, body, json, stale }. Throws where there is no reply.",
        ),
        Effect::Reads,
        |connection: &mut Connection, path: &str| connection.ask(HttpMethod::Get, path, None),
    );
    library.add(
        (
            "post",
            "(connection, path: string, body) -> map",
            "Sends JSON to a connection: #{ status, body, json, stale }. Throws where there is no reply.",
        ),
        Effect::Reads,
        |connection: &mut Connection, path: &str, body: Dynamic| connection.ask(HttpMethod::Post, path, Some(body)),
    );
}

impl Connection {
    pub(super) fn named(name: &str) -> Result<Self, Failed> {
        let running = current()?;
        if !running.hook.may_call_out() {
            return Err(undeclared(format!("{} decides at once and may not use ctx.http", running.hook)).into());
        }
        if !running.manifest.http.contains(name) {
            return Err(undeclared(format!("the manifest does not name the connection {name}")).into());
        }
        Ok(Self { name: name.to_owned() })
    }

    fn ask(&self, method: HttpMethod, path: &str, body: Option<Dynamic>) -> Result<Map, Failed> {
        let running = current()?;
        let limits = running.limits;
        if running.record.borrow().http_calls >= limits.http_calls {
            let message = format!("more than {} calls of ctx.http", limits.http_calls);
            return Err(Stop::new(RunFailureKind::Operations, message).into());
        }
        running.record.borrow_mut().http_calls += 1;
        let bounds = Bounds { depth: limits.value_depth, bytes: limits.http_body_bytes };
        let body = body.map(|body| to_json(&body, bounds)).transpose();
        let body = body.map_err(|problem| Failed::from(problem.to_string()))?;
        let request = HttpRequest { method, path: path.to_owned(), body };
        let reply = if is_path(path) {
            running.host.http(&self.name, &request).and_then(|reply| within(reply, limits.http_body_bytes))
        } else {
            Err(HttpProblem::BadPath)
        };
        running.remember(RecordedCall::Http { connection: self.name.clone(), request, reply: reply.clone() });
        check_deadline()?;
        reply.map_or_else(|problem| Err(format!("http: {problem}").into()), |reply| script_reply(&reply))
    }
}

/// A path within the connection, with or without a query: nothing that a URL could read as a host or as a way out.
fn is_path(path: &str) -> bool {
    let segments = path.split(['?', '#']).next().unwrap_or_default();
    path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= PATH_MAXIMUM
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'))
        && !segments
            .split('/')
            .any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

fn within(reply: HttpReply, bytes: usize) -> Result<HttpReply, HttpProblem> {
    if reply.body.len() > bytes { Err(HttpProblem::BadReply) } else { Ok(reply) }
}

fn script_reply(reply: &HttpReply) -> Result<Map, Failed> {
    charge_bytes(reply.body.len())?;
    charge_work(reply.body.len() / 64)?;
    let json = match serde_json::from_str::<Value>(&reply.body) {
        Ok(value) => crate::functions::parsed(&value)?,
        Err(_) => Dynamic::UNIT,
    };
    let map: Map = [
        ("status".into(), i64::from(reply.status).into()),
        ("body".into(), reply.body.as_str().into()),
        ("json".into(), json),
        ("stale".into(), reply.stale.into()),
    ]
    .into();
    charge_value(&Dynamic::from_map(map.clone()))?;
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sc_014_paths_stay_within_the_connection() {
        for good in ["/", "/people/ana", "/people?name=a%20b&x=/..", "/a..b/.hidden"] {
            assert!(is_path(good), "{good}");
        }
        for bad in [
            "",
            "people",
            "//evil.test/x",
            "/a/../b",
            "/..",
            "/%2E%2e/x",
            "/a\\b",
            "/a b",
            "/a#b",
            "/a\nb",
            "https://evil.test/",
        ] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
