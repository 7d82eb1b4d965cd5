//! A browser session begins or is used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::Seconds;

/// `on_session(ctx, event)`
pub struct OnSession;

/// What happens to the session in `ctx.session`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionEvent {
    /// What happens to it.
    pub kind: SessionEventKind,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionEventKind {
    /// It begins with a login.
    Created,
    /// It is used for an authorization request, or by an app that shares the login of another (Native SSO).
    Used,
}

/// What may be decided about a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionDecision {
    /// Nothing to say.
    None {},
    /// Keep it.
    Allow {},
    /// End it: the user has to log in again. A session that was just about to begin does not.
    End {},
    /// Do not take it for this request: the user has to log in, and the session stays for others. When it begins, this
    /// says nothing.
    StepUp {},
    /// Let it end earlier.
    Limit(SessionLimit),
}

/// How long a session may live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionLimit {
    /// It ends that many seconds after the login; the smaller of this and the realm's setting counts.
    pub seconds: Seconds<60, 31_536_000>,
}

nothing_personal!(SessionEvent { kind });

impl HookPoint for OnSession {
    const HOOK: Hook = Hook::OnSession;
    const ARGUMENT: Option<&'static str> = Some("event");
    const ABOUT: &'static str =
        "Asked when a browser session begins, and each time it would be used for an authorization request or by an app \
         that shares a login (Native SSO).";
    const NEVER: &'static str = "lengthen a session or begin one";
    const CONSTRUCTORS: &'static [Constructor] = &[
        Constructor::ALLOW,
        Constructor::nothing("end"),
        Constructor::nothing("step_up"),
        Constructor::members("limit"),
    ];
    type Facts = NoFacts;
    type Argument = SessionEvent;
    type Output = SessionDecision;

    fn sample() -> (NoFacts, SessionEvent) {
        (NoFacts {}, SessionEvent { kind: SessionEventKind::Used })
    }
}
