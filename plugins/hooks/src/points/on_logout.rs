//! A session is about to end at its user's wish.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::Redact;

/// Most clients that one decision names.
const CLIENTS_MAXIMUM: usize = 32;

/// `on_logout(ctx, plan)`
pub struct OnLogout;

/// What is going to happen. Whose session it is is in `ctx.session` and `ctx.user`, who asked in `ctx.client`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutFacts {
    /// The identifiers of the clients that took part in the session. Those that registered for it are told.
    pub clients: Vec<String>,
    /// Where the browser goes then; `()` for a page of the server.
    pub redirect_uri: Option<String>,
    /// Whether a client asked for it, or the user alone.
    pub by_client: bool,
}

/// What may be decided about a logout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum LogoutDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Keep the session; the user gets an error page.
    Keep {},
    /// Tell further clients, or send the browser elsewhere.
    Notify(LogoutNotice),
}

/// Who is told besides, and where the browser goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogoutNotice {
    /// The identifiers of further clients that are told as if they had taken part.
    #[schemars(extend("maxItems" = CLIENTS_MAXIMUM))]
    #[serde(deserialize_with = "few")]
    pub clients: Vec<String>,
    /// One of the post-logout redirect URIs that the client of the request is registered with.
    pub redirect_uri: Option<String>,
}

fn few<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let clients = Vec::<String>::deserialize(deserializer)?;
    if clients.len() <= CLIENTS_MAXIMUM {
        return Ok(clients);
    }
    Err(serde::de::Error::custom("clients has at most 32 entries"))
}

impl Redact for LogoutFacts {
    fn redact(&mut self) {
        let Self { clients: _, redirect_uri, by_client: _ } = self;
        // The `state` in it may hold anything.
        if let Some(uri) = redirect_uri
            && let Some(query) = uri.find('?')
        {
            uri.truncate(query);
        }
    }
}

impl HookPoint for OnLogout {
    const HOOK: Hook = Hook::OnLogout;
    const ARGUMENT: Option<&'static str> = Some("plan");
    const ABOUT: &'static str = "Asked before a browser session ends because its user, or a client, asked for it.";
    const NEVER: &'static str = "keep a client that took part from being told, or send the browser to an address that is \
                                 not registered";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::nothing("keep"), Constructor::members("notify")];
    type Facts = NoFacts;
    type Argument = LogoutFacts;
    type Output = LogoutDecision;

    fn sample() -> (NoFacts, LogoutFacts) {
        let plan = LogoutFacts {
            clients: vec!["harbour-savings".to_owned(), "statements".to_owned()],
            redirect_uri: Some("https://client.example/signed-out".to_owned()),
            by_client: true,
        };
        (NoFacts {}, plan)
    }
}
