//! Something has happened and stands in the audit chain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::context::{Context, NetworkView};
use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};

/// `on_event(ctx, event)`
pub struct OnEvent;

/// An event of the audit chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditedEvent {
    /// Its identifier. The same when the event is delivered again: receivers can tell by it.
    pub id: String,
    /// What happened, such as `login` or `login_refused`.
    pub kind: String,
    /// When, in Unix seconds.
    pub at: i64,
    /// The request it happened in; `()` for work outside of requests.
    pub request_id: Option<String>,
    /// The client it concerns; `()` if none.
    pub client_id: Option<String>,
    /// The user it concerns, by `sub`; `()` if none.
    pub user_id: Option<String>,
    /// What else the event tells, by its kind.
    pub data: Map<String, Value>,
}

/// What may be decided about an event: nothing. A script is asked so that it can pass the event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum EventDecision {
    /// Done. To have the event delivered again, throw.
    None {},
}

impl Redact for AuditedEvent {
    fn redact(&mut self) {
        let Self { id: _, kind: _, at: _, request_id: _, client_id: _, user_id, data } = self;
        user_id.iter_mut().for_each(redaction::identifier);
        redaction::event_data(data);
    }
}

impl HookPoint for OnEvent {
    const HOOK: Hook = Hook::OnEvent;
    const ARGUMENT: Option<&'static str> = Some("event");
    const ABOUT: &'static str = "Told every event of the audit chain in order, at least once, some time after it \
                                 happened. `ctx.request_id` is the event's identifier.";
    const NEVER: &'static str = "hold up a request or change what happened";
    const CONSTRUCTORS: &'static [Constructor] = &[];
    type Facts = NoFacts;
    type Argument = AuditedEvent;
    type Output = EventDecision;

    fn sample() -> (NoFacts, AuditedEvent) {
        let data = json!({"methods": "pwd", "replaced_session": false});
        let event = AuditedEvent {
            id: "AZtK3x8AAAAAAAAAAAAAAQ".to_owned(),
            kind: "login".to_owned(),
            at: 1_767_225_590,
            request_id: Some("3d6f0a52c1b84e97".to_owned()),
            client_id: Some("shop".to_owned()),
            user_id: Some("BAcKDRATFhkcHyIlKCsuMQ".to_owned()),
            data: data.as_object().cloned().unwrap_or_default(),
        };
        (NoFacts {}, event)
    }

    fn sample_context() -> Context {
        Context { client: None, net: NetworkView::default(), ..Context::sample_without_user() }
    }
}
