//! A run as it is kept, to be done again with another version.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::context::{Context, RunContext};
use crate::engine::Program;
use crate::hook::Hook;
use crate::host::Host;
use crate::manifest::Manifest;
use crate::redaction::{self, Confidential};
use crate::replaying::{ReplayClock, ReplayHost, SECRET};
use crate::run::{LogLine, RecordedCall, RunFailure};
use crate::version::Version;

/// A run with its input and everything the host answered, and with placeholders for what people typed, for who they are
/// and for secrets: of a user the attributes that the package's manifest names, the network instead of the address.
///
/// It is not the run that decided but a second one of the same version, in which the script saw the placeholders. So
/// nothing in it was made of the real values, and the same version comes to the same outcome again.
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
    /// Whether the run that decided came to the same kind of decision. Where it did not, the script decided by what the
    /// placeholders hide.
    #[serde(default)]
    pub as_decided: bool,
}

/// A run that decided.
#[derive(Clone, Copy)]
pub struct Decided<'a> {
    /// The hook.
    pub hook: Hook,
    /// What the script was told.
    pub context: &'a RunContext,
    /// What the host answered.
    pub calls: &'a [RecordedCall],
    /// The decision, or why there is none.
    pub outcome: &'a Result<Value, RunFailure>,
    /// The secrets that the host may have used, or told the script.
    pub secrets: &'a [&'a str],
}

impl Recording {
    /// Records a run: does it again with placeholders. Nothing if the input is none of the hook's.
    pub fn of(program: &dyn Program, decided: &Decided<'_>, clock: ReplayClock) -> Option<Self> {
        let Decided { hook, context, calls, outcome, secrets } = *decided;
        let redacted = context.redacted(hook, redacted(&context.context, program.manifest()))?;
        let mut confidential = Confidential::default();
        confidential.add_changed(&context.told(), &redacted.told());
        for secret in secrets {
            confidential.add(secret, SECRET);
        }
        let (context, clock) = (Arc::new(redacted), Arc::new(clock));
        let again = |confidential: &Confidential| {
            let clock = Arc::clone(&clock);
            let host = ReplayHost::in_order(&confidential.answers(calls), Box::new(move || clock()));
            let host: Arc<dyn Host> = Arc::new(host);
            program.run(hook, &context, &host)
        };
        let mut run = again(&confidential);
        // What a script made of a name or a secret and sent away may be in the answer.
        if confidential.add_sent(calls, &run.calls) {
            run = again(&confidential);
        }
        Some(Self {
            hook,
            version: program.version(),
            as_decided: kind(outcome) == kind(&run.outcome),
            context: Arc::unwrap_or_clone(context),
            calls: run.calls,
            outcome: run.outcome,
            vars: run.vars,
            log: run.log,
            operations: run.operations,
        })
    }
}

/// Which decision it is, or which failure.
fn kind(outcome: &Result<Value, RunFailure>) -> (bool, &str) {
    match outcome {
        Ok(decision) => (true, decision["decision"].as_str().unwrap_or_default()),
        Err(failure) => (false, failure.kind.as_str()),
    }
}

fn redacted(context: &Context, manifest: &Manifest) -> Context {
    let mut kept = context.clone();
    if let Some(user) = &mut kept.user {
        user.retain(|name, _| manifest.user_attributes.contains(name));
    }
    kept.net.ip = kept.net.ip.as_deref().map(network);
    if let Some(session) = &mut kept.session {
        redaction::identifier(&mut session.id);
    }
    // Earlier scripts may have handed on what somebody typed.
    kept.vars.values_mut().for_each(redaction::texts);
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
