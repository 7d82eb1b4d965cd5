//! The functions that make decisions. Only what they make counts as one: a map of the script's own does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::Map;
use serde_json::{Map as JsonMap, Value};
use signet_hooks::{Constructor, Hook, RunFailureKind, Takes, VARS_MAXIMUM_BYTES};

use crate::convert::{Bounds, NoJson, map_to_json};
use crate::functions::{Effect, Library};
use crate::meter::{Failed, Stop, charge_bytes, limits};

/// A decision on its way out of a script.
#[derive(Clone)]
pub(crate) struct Decision(Arc<Made>);

struct Made {
    name: &'static str,
    members: JsonMap<String, Value>,
    vars: Option<JsonMap<String, Value>>,
}

impl Decision {
    fn new(name: &'static str, members: JsonMap<String, Value>) -> Self {
        Self(Arc::new(Made { name, members, vars: None }))
    }

    /// Which decision it is.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    /// Whether it has members that have to be checked.
    pub(crate) fn is_bare(&self) -> bool {
        self.0.members.is_empty()
    }

    /// The decision as hooks read it, and what is handed on.
    pub(crate) fn into_parts(self) -> (Value, Option<JsonMap<String, Value>>) {
        let made = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Made {
            name: shared.name,
            members: shared.members.clone(),
            vars: shared.vars.clone(),
        });
        let mut members = made.members;
        members.insert("decision".to_owned(), made.name.into());
        (Value::Object(members), made.vars)
    }
}

/// The constructors of all hooks by name.
pub(crate) fn constructors() -> BTreeMap<&'static str, Constructor> {
    let own = Hook::ALL.iter().flat_map(|hook| hook.constructors());
    std::iter::once(&Constructor::NONE).chain(own).map(|constructor| (constructor.name, *constructor)).collect()
}

pub(super) fn register(library: &mut Library) {
    library.module.set_custom_type::<Decision>("decision");
    for (name, constructor) in constructors() {
        match constructor.takes {
            Takes::Nothing => library
                .add((name, "() -> decision", about(name)), Effect::Reads, move || Decision::new(name, JsonMap::new())),
            Takes::ErrorAndDescription => {
                library.add(
                    (name, "(error: string, description: string) -> decision", about(name)),
                    Effect::Reads,
                    deny,
                );
            }
            Takes::Members => {
                library.add((name, "(members: map) -> decision", about(name)), Effect::Reads, move |members: Map| {
                    Ok::<_, Failed>(Decision::new(name, checked(&members, limits().output_bytes)?))
                });
            }
            Takes::Itself => {
                library.add((name, "(members: map) -> decision", about(name)), Effect::Reads, move |members: Map| {
                    let members = Value::Object(checked(&members, limits().output_bytes)?);
                    Ok::<_, Failed>(Decision::new(name, [(name.to_owned(), members)].into_iter().collect()))
                });
            }
        }
    }
    library.add(
        (
            "with_vars",
            "(decision, vars: map) -> decision",
            "The decision, with values for later hooks of the same transaction in `ctx.vars`.",
        ),
        Effect::Reads,
        with_vars,
    );
}

/// What a constructor is for.
fn about(name: &str) -> &'static str {
    match name {
        "none" => "Decides nothing.",
        "allow" => "Goes on as if nobody had been asked.",
        "deny" => "Refuses, with an OAuth error code and a description for the client.",
        "claims" => "Adds claims that the manifest declares.",
        _ => "Decides; the reference of hooks lists the members.",
    }
}

fn deny(error: &str, description: &str) -> Result<Decision, Failed> {
    charge_bytes(error.len() + description.len())?;
    let members = [("error", error), ("description", description)];
    Ok(Decision::new("deny", members.map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect()))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the engine's")]
fn with_vars(decision: Decision, vars: Map) -> Result<Decision, Failed> {
    let vars = within("vars", &vars, VARS_MAXIMUM_BYTES)?;
    let Made { name, members, .. } = &*decision.0;
    Ok(Decision(Arc::new(Made { name, members: members.clone(), vars: Some(vars) })))
}

/// The members as JSON. What is too large stops the run: the server does not take part of a decision.
fn checked(members: &Map, bytes: usize) -> Result<JsonMap<String, Value>, Failed> {
    within("decision", members, bytes)
}

fn within(what: &str, members: &Map, bytes: usize) -> Result<JsonMap<String, Value>, Failed> {
    let bounds = Bounds { depth: limits().value_depth, bytes };
    let members = map_to_json(members, bounds).map_err(|problem| match problem {
        NoJson::Size => {
            Failed::from(Stop::new(RunFailureKind::Size, format!("{what}: more than {bytes} bytes as JSON")))
        }
        problem => Failed::from(Stop::new(RunFailureKind::WrongShape, format!("{what}: {problem}"))),
    })?;
    charge_bytes(members.len() * 64)?;
    Ok(members)
}
