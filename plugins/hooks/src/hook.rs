//! The closed list of hooks, and what each hook point has to say about itself.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::{Context, RunContext};
use crate::decision::Constructor;
use crate::limits::{Class, Limits};
pub use crate::points::Hook;
use crate::redaction::Redact;

/// A decision point: its types and what documentation and tools need to know of it.
pub trait HookPoint {
    /// Its place in the closed list.
    const HOOK: Hook;
    /// The name of the script function's second parameter; nothing if it takes `ctx` only.
    const ARGUMENT: Option<&'static str>;
    /// When it runs and what for: one or two sentences for the reference.
    const ABOUT: &'static str;
    /// What no decision can do here, in one sentence for the reference.
    const NEVER: &'static str;
    /// The functions that make its decisions, besides `none()`.
    const CONSTRUCTORS: &'static [Constructor];
    /// Its members of `ctx`, besides those every hook has.
    type Facts: Serialize + DeserializeOwned + JsonSchema + Redact;
    /// The second parameter.
    type Argument: Serialize + DeserializeOwned + JsonSchema + Redact;
    /// What may be decided.
    type Output: Serialize + DeserializeOwned + JsonSchema;

    /// A realistic input: what a test names no member of has the value it has here.
    fn sample() -> (Self::Facts, Self::Argument);

    /// The common members of a realistic input; a hook that runs before a user is known takes the user out.
    fn sample_context() -> Context {
        Context::sample()
    }
}

/// What happens where a script fails: throws, exceeds a limit, returns the wrong shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureMode {
    /// The request fails.
    Closed,
    /// The request goes on without the script's result.
    Open,
    /// The run is tried again later; it belongs to no request.
    Queue,
}

impl FailureMode {
    /// The word for it in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Queue => "queue",
        }
    }
}

impl fmt::Display for FailureMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The JSON Schemas (draft 2020-12) of a hook's input and output.
#[derive(Debug, Clone, PartialEq)]
pub struct Schemas {
    /// `ctx` without its functions.
    pub ctx: Value,
    /// The second parameter, for a hook that has one.
    pub argument: Option<Value>,
    /// The decision.
    pub output: Value,
}

/// A value that has not the shape that a hook's types say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShapeError(pub String);

impl Hook {
    /// The function as it is written in a script, such as `on_claims(ctx, target)`.
    pub fn signature(self) -> String {
        match self.argument() {
            Some(argument) => format!("{}(ctx, {argument})", self.name()),
            None => format!("{}(ctx)", self.name()),
        }
    }

    /// How many parameters the script function has.
    pub fn parameters(self) -> usize {
        1 + usize::from(self.argument().is_some())
    }

    /// Whether the script may use `ctx.http` here. Where it does, it runs on the blocking pool.
    pub const fn may_call_out(self) -> bool {
        !matches!(self.class(), Class::Decision)
    }

    /// What a run may use up.
    pub const fn limits(self) -> &'static Limits {
        self.class().limits()
    }

    /// Reads a context for this hook from the form that tests and recordings have it in: `ctx` as one object, where what
    /// is not named has the value of the sample, and the second parameter, if it differs from the sample's.
    pub fn context_from_json(self, ctx: &Value, argument: Option<&Value>) -> Result<RunContext, ShapeError> {
        let sample = self.sample_input();
        let merged = merged(sample.ctx(), ctx);
        let argument = argument.cloned().or_else(|| sample.argument().cloned());
        RunContext::from_json(self, merged, argument)
    }
}

/// `base` with the members of `over`, objects merged member by member. `null` in `over` is a value like others.
fn merged(base: Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (name, value) in over {
                let inherited = base.remove(name);
                // Sets with open names are replaced as a whole: a test that gives a user two attributes means two.
                let is_set = matches!(name.as_str(), "user" | "vars");
                let value = match inherited {
                    Some(inherited) if !is_set => merged(inherited, value),
                    _ => value.clone(),
                };
                base.insert(name.clone(), value);
            }
            Value::Object(base)
        }
        (_, over) => over.clone(),
    }
}

/// A name that is no hook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no hook {0:?}; the reference of hooks lists them")]
pub struct UnknownHook(pub String);

impl FromStr for Hook {
    type Err = UnknownHook;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|hook| hook.name() == text);
        found.ok_or_else(|| UnknownHook(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Hook {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
