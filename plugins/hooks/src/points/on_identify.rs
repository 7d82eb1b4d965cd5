//! Somebody is named: by the client in a hint, or by themselves in the login form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};

/// `on_identify(ctx, hint)`
pub struct OnIdentify;

/// Who is named, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityHint {
    /// Where the name comes from.
    pub source: HintSource,
    /// The name as given.
    pub text: String,
    /// What follows the last `@` of the name, in lower case; `()` without one.
    pub domain: Option<String>,
}

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HintSource {
    /// `login_hint` of the request, about to be filled into the login form.
    LoginHint,
    /// What was typed into the login form, about to be looked up.
    LoginForm,
}

/// What may be decided about a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum IdentifyDecision {
    /// Nothing to say.
    None {},
    /// Use another spelling.
    Identify(Identity),
}

/// The spelling to use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The user name to fill in or look up, of 1 to 320 bytes; a longer one counts as nobody's. The password that goes
    /// with it is checked as for any other.
    #[schemars(length(min = 1, max = 320))]
    pub username: String,
}

impl Redact for IdentityHint {
    fn redact(&mut self) {
        let Self { source: _, text, domain } = self;
        redaction::name(text);
        domain.iter_mut().for_each(redaction::domain);
    }
}

impl HookPoint for OnIdentify {
    const HOOK: Hook = Hook::OnIdentify;
    const ARGUMENT: Option<&'static str> = Some("hint");
    const ABOUT: &'static str = "Asked with each name that a client hints at or a person types, to bring it into the \
                                 form that user names have here.";
    const NEVER: &'static str = "learn or tell whether there is an account of that name; log anybody in";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::members("identify")];
    type Facts = NoFacts;
    type Argument = IdentityHint;
    type Output = IdentifyDecision;

    fn sample() -> (NoFacts, IdentityHint) {
        let hint = IdentityHint {
            source: HintSource::LoginForm,
            text: "Ana@Example.com".to_owned(),
            domain: Some("example.com".to_owned()),
        };
        (NoFacts {}, hint)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
