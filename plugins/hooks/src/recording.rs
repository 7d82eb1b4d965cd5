//! A run as it is kept, to be done again with another version.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::{Context, RunContext};
use crate::hook::Hook;
use crate::manifest::Manifest;
use crate::run::{LogLine, RecordedCall, Run, RunFailure};
use crate::version::Version;

/// A run with its input and everything the host answered. Redacted: only the user attributes that the package's manifest
/// names, the network instead of the address, and no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The hook.
    pub hook: Hook,
    /// The version that ran.
    pub version: Version,
    /// Its input.
    pub context: RunContext,
    /// What the host was asked and what it answered, in order.
    pub calls: Vec<RecordedCall>,
    /// The decision, or why there is none.
    pub outcome: Result<Value, RunFailure>,
    /// What was handed on to later hooks.
    pub vars: Option<Map<String, Value>>,
    /// What was logged.
    pub log: Vec<LogLine>,
    /// Operations used.
    pub operations: u64,
}

impl Recording {
    /// Records a run of the package with this version and manifest.
    pub fn new(hook: Hook, (version, manifest): (Version, &Manifest), context: &RunContext, run: &Run) -> Self {
        let mut kept = context.clone();
        kept.context = std::sync::Arc::new(redacted(&context.context, manifest));
        Self {
            hook,
            version,
            context: kept,
            calls: run.calls.clone(),
            outcome: run.outcome.clone(),
            vars: run.vars.clone(),
            log: run.log.clone(),
            operations: run.operations,
        }
    }
}

fn redacted(context: &Context, manifest: &Manifest) -> Context {
    let mut kept = context.clone();
    if let Some(user) = &mut kept.user {
        user.retain(|name, _| manifest.user_attributes.contains(name));
    }
    kept.net.ip = kept.net.ip.as_deref().map(network);
    kept
}

/// The network of an address: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            let [first, second, third, _] = address.octets();
            std::net::Ipv4Addr::new(first, second, third, 0).to_string()
        }
        Ok(std::net::IpAddr::V6(address)) => {
            let [first, second, third, ..] = address.segments();
            std::net::Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0).to_string()
        }
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_keep_networks_only() {
        assert_eq!(network("192.0.2.17"), "192.0.2.0");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::");
        assert_eq!(network("nonsense"), "");
    }
}
