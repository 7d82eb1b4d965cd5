//! `ctx`: facts are turned into values of the script when they are read, not before.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Dynamic, Map};
use serde::Serialize;
use signet_hooks::{Hook, Manifest, RecordedCall, RunContext, RunFailureKind};

use super::http::Connection;
use super::log::Log;
use crate::convert::{map_to_script, to_script};
use crate::functions::{Effect, Library};
use crate::meter::{Failed, Stop, charge_value};
use crate::running::{current, undeclared};
use crate::size::made_text;

/// Most random bytes of one call.
const RANDOM_MAXIMUM: i64 = 64;

/// The first parameter of every hook.
#[derive(Clone)]
pub(crate) struct Ctx {
    pub(crate) context: Arc<RunContext>,
    pub(crate) manifest: Arc<Manifest>,
}

/// `ctx.kv`.
#[derive(Clone, Copy)]
struct StoredValues;

pub(super) fn register(library: &mut Library) {
    library.module.set_custom_type::<Ctx>("ctx");
    library.module.set_custom_type::<StoredValues>("kv");
    for name in member_names() {
        library.module.set_getter_fn(name.clone(), move |ctx: &mut Ctx| ctx.member(&name));
    }
    library.module.set_getter_fn("kv", |_: &mut Ctx| Ok::<_, Failed>(StoredValues));
    library.module.set_getter_fn("log", |_: &mut Ctx| Ok::<_, Failed>(Log));
    library.add(
        (
            "secret",
            "(ctx, name: string) -> string",
            "A secret of the realm that the manifest names; throws if it is not set.",
        ),
        Effect::Reads,
        |_: &mut Ctx, name: &str| secret(name),
    );
    library.add(
        (
            "get",
            "(kv, name: string) -> value",
            "`ctx.kv.get(name)`: a stored value of the realm that the manifest names; () if it is not set.",
        ),
        Effect::Reads,
        |_: &mut StoredValues, name: &str| stored(name),
    );
    library.add(
        ("random", "(ctx, bytes: int) -> string", "That many random bytes, at most 64, as hexadecimal digits."),
        Effect::Reads,
        |_: &mut Ctx, bytes: i64| random(bytes),
    );
    library.add(
        (
            "http",
            "(ctx, name: string) -> connection",
            "A connection of the realm that the manifest names. Not in hooks that decide.",
        ),
        Effect::Reads,
        |_: &mut Ctx, name: &str| Connection::named(name),
    );
}

/// The members of `ctx` in any hook.
pub(crate) fn member_names() -> BTreeSet<String> {
    let members = |hook: &Hook| match hook.sample_input().ctx() {
        serde_json::Value::Object(members) => members.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    };
    Hook::ALL.iter().flat_map(members).collect()
}

impl Ctx {
    /// The value of a member. Those that every hook has come from their types, the hook's own from its facts.
    fn member(&self, name: &str) -> Result<Dynamic, Failed> {
        let context = &*self.context.context;
        let value = match name {
            "now" => return Ok(context.now.into()),
            "request_id" => context.request_id.as_str().into(),
            "realm" => object(&context.realm),
            "client" => context.client.as_ref().map_or(Dynamic::UNIT, object),
            "net" => object(&context.net),
            "user" => self.user(),
            "session" => context.session.as_ref().map_or(Dynamic::UNIT, object),
            "vars" => Dynamic::from_map(map_to_script(&context.vars)),
            name => {
                let fact = self.context.facts().get(name);
                to_script(fact.ok_or_else(|| {
                    Stop::new(RunFailureKind::UnknownName, format!("ctx has no member {name} in this hook"))
                })?)
            }
        };
        charge_value(&value)?;
        Ok(value)
    }

    /// The attributes that the manifest names; `()` for those that the user does not have.
    fn user(&self) -> Dynamic {
        let Some(user) = &self.context.context.user else { return Dynamic::UNIT };
        let shown = self.manifest.user_attributes.iter().map(|name| {
            let value = user.get(name).map_or(Dynamic::UNIT, to_script);
            (name.as_str().into(), value)
        });
        Dynamic::from_map(shown.collect::<Map>())
    }
}

/// A struct of plain values as a map.
fn object(value: &impl Serialize) -> Dynamic {
    serde_json::to_value(value).map_or(Dynamic::UNIT, |value| to_script(&value))
}

fn secret(name: &str) -> Result<Dynamic, Failed> {
    let running = current()?;
    if !running.manifest.secrets.contains(name) {
        return Err(undeclared(format!("the manifest does not name the secret {name}")).into());
    }
    let secret = running.host.secret(name);
    running.remember(RecordedCall::Secret { name: name.to_owned(), found: secret.is_some() });
    let secret = secret.ok_or_else(|| Failed::from(format!("the realm has no secret {name}")))?;
    Ok(made_text(secret)?.into())
}

fn stored(name: &str) -> Result<Dynamic, Failed> {
    let running = current()?;
    if !running.manifest.kv.contains(name) {
        return Err(undeclared(format!("the manifest does not name the stored value {name}")).into());
    }
    let value = running.host.kv(name);
    running.remember(RecordedCall::Kv { name: name.to_owned(), value: value.clone() });
    value.map_or(Ok(Dynamic::UNIT), |value| {
        let value = to_script(&value);
        charge_value(&value)?;
        Ok(value)
    })
}

fn random(bytes: i64) -> Result<Dynamic, Failed> {
    if !(1..=RANDOM_MAXIMUM).contains(&bytes) {
        return Err(format!("the number of random bytes is from 1 to {RANDOM_MAXIMUM}").into());
    }
    let running = current()?;
    let bytes = running.host.random(usize::try_from(bytes).unwrap_or_default());
    let digits = bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    running.remember(RecordedCall::Random { bytes: digits.clone() });
    Ok(made_text(digits)?.into())
}
