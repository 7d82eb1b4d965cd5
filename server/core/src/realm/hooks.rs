//! The scripts that are bound in a realm, by hook and in the order in which they decide, and what they may use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;
use signet_hooks::{FailureMode, Hook, Program};
use signet_jose::{ColumnCipher, ColumnPlace};
use signet_protocol::identifiers::{ClientId, RealmId, ScriptName};
use zeroize::Zeroizing;

use super::programs::Compiled;
use crate::failure::Fault;
use crate::hooks::Placement;
use crate::model::{
    ScriptBinding, ScriptConnection, ScriptDeclaration, ScriptTarget, ScriptValue, ScriptValueContent, ScriptVersion,
};
use crate::ports::StoreError;
use crate::provider::Provider;

/// How often the bindings are read anew because a version was gone that they pointed at a moment before.
const MOST_ATTEMPTS: usize = 3;

/// The scripts of a realm. Where none is bound, nothing is allocated and nothing is looked up.
#[derive(Clone, Default)]
pub struct HookTable {
    bound: Option<Arc<Bound>>,
}

struct Bound {
    of_realm: ByHook,
    /// For each client with scripts of its own: everything that decides for it.
    of_clients: BTreeMap<ClientId, ByHook>,
    values: Arc<ScriptValues>,
}

type ByHook = BTreeMap<Hook, Vec<Arc<BoundScript>>>;

impl HookTable {
    /// Whether no script is bound in the realm.
    pub const fn is_empty(&self) -> bool {
        self.bound.is_none()
    }

    /// The scripts that decide at a hook, in their order: those of the realm, then those of the client. A client's own
    /// version of a package takes the place of the realm's.
    pub fn at(&self, hook: Hook, client_id: Option<&ClientId>) -> &[Arc<BoundScript>] {
        let Some(bound) = &self.bound else { return &[] };
        let of_client = client_id.and_then(|client_id| bound.of_clients.get(client_id));
        of_client.unwrap_or(&bound.of_realm).get(&hook).map_or(&[], Vec::as_slice)
    }

    /// Every script that decides at a hook anywhere in the realm, each once.
    pub fn everywhere(&self, hook: Hook) -> Vec<&Arc<BoundScript>> {
        let Some(bound) = &self.bound else { return Vec::new() };
        let everywhere = std::iter::once(&bound.of_realm).chain(bound.of_clients.values());
        let mut scripts: Vec<_> = everywhere.filter_map(|by_hook| by_hook.get(&hook)).flatten().collect();
        scripts.sort_by(|one, other| one.target.cmp(&other.target));
        scripts.dedup_by(|one, other| one.target == other.target);
        scripts
    }

    /// What scripts of the realm may use; nothing where none is bound.
    pub fn values(&self) -> Option<&Arc<ScriptValues>> {
        self.bound.as_ref().map(|bound| &bound.values)
    }
}

/// A package where it is bound.
pub struct BoundScript {
    /// Where, and which package.
    pub target: ScriptTarget,
    /// The version that decides.
    pub version: ScriptVersion,
    /// It, compiled; or why it does not compile any more. Its failure mode answers then.
    pub program: Result<Arc<dyn Program>, Arc<str>>,
    /// The version that is tried beside, where it compiles.
    pub shadow: Option<ShadowScript>,
    pub(crate) placement: Placement,
    hooks: BTreeMap<Hook, FailureMode>,
}

impl BoundScript {
    /// What happens where this script fails at a hook.
    pub fn failure_mode(&self, hook: Hook) -> FailureMode {
        self.hooks.get(&hook).copied().unwrap_or_else(|| hook.failure_mode())
    }
}

/// A version that is tried beside the one that decides.
pub struct ShadowScript {
    /// It, compiled.
    pub program: Arc<dyn Program>,
    /// In how many of a hundred runs.
    pub percent: u8,
}

/// What scripts of a realm may use where their manifest names it.
#[derive(Default)]
pub struct ScriptValues {
    /// `ctx.secret(name)`.
    pub secrets: HashMap<String, Zeroizing<String>>,
    /// `ctx.kv.get(name)`.
    pub documents: HashMap<String, Value>,
    /// `ctx.http(name)`.
    pub connections: HashMap<String, ScriptConnection>,
}

/// Reads and compiles what is bound in a realm.
pub(super) async fn load(provider: &Provider, realm_id: RealmId, columns: &ColumnCipher) -> Result<HookTable, Fault> {
    for _ in 0..MOST_ATTEMPTS {
        let bindings = provider.store.script_bindings(realm_id).await?;
        if bindings.is_empty() {
            return Ok(HookTable::default());
        }
        if let Some(scripts) = compiled(provider, bindings).await? {
            let values = provider.store.script_values(realm_id).await?;
            let values = Arc::new(readable(realm_id, values, columns));
            return Ok(HookTable { bound: Some(Arc::new(arranged(&scripts, values))) });
        }
    }
    Err(StoreError::Corrupt("a script is bound in a version that is not stored".to_owned()).into())
}

/// The bindings with their programs; nothing if a version is gone that one of them points at.
async fn compiled(provider: &Provider, bindings: Vec<ScriptBinding>) -> Result<Option<Vec<Arc<BoundScript>>>, Fault> {
    let mut scripts = Vec::with_capacity(bindings.len());
    for binding in bindings {
        let version = |version| provider.programs.get(provider, binding.realm_id, version);
        let Some(active) = version(binding.active).await? else { return Ok(None) };
        let shadow = match binding.shadow {
            Some(shadow) => match version(shadow.version).await? {
                Some(compiled) => compiled.program.ok().map(|program| (program, shadow.percent)),
                None => return Ok(None),
            },
            None => None,
        };
        let Compiled { declaration, program } = active;
        scripts.push(Arc::new(BoundScript {
            target: binding.target,
            version: binding.active,
            placement: Placement::default(),
            hooks: modes(&declaration, program.as_deref().ok()),
            program,
            shadow: shadow.map(|(program, percent)| ShadowScript { program, percent }),
        }));
    }
    Ok(Some(scripts))
}

/// Scripts in the order of their bindings, by what has to be asked for.
fn arranged(scripts: &[Arc<BoundScript>], values: Arc<ScriptValues>) -> Bound {
    let of = |client_id: Option<&ClientId>| -> Vec<&Arc<BoundScript>> {
        scripts.iter().filter(|script| script.target.client_id.as_ref() == client_id).collect()
    };
    let of_realm = of(None);
    let clients: BTreeSet<&ClientId> = scripts.iter().filter_map(|script| script.target.client_id.as_ref()).collect();
    let of_clients = clients.into_iter().map(|client_id| {
        let own = of(Some(client_id));
        let is_replaced = |script: &BoundScript| own.iter().any(|one| one.target.package == script.target.package);
        let others = of_realm.iter().copied().filter(|script| !is_replaced(script));
        (client_id.clone(), by_hook(others.chain(own.iter().copied())))
    });
    Bound { of_clients: of_clients.collect(), of_realm: by_hook(of_realm.iter().copied()), values }
}

fn by_hook<'a>(scripts: impl Iterator<Item = &'a Arc<BoundScript>>) -> ByHook {
    let mut hooks = ByHook::new();
    for script in scripts {
        for hook in script.hooks.keys() {
            hooks.entry(*hook).or_default().push(Arc::clone(script));
        }
    }
    hooks
}

/// The hooks of a package with their failure modes. One that does not compile answers at those that it had when it was
/// deployed, as far as they still exist.
fn modes(declaration: &ScriptDeclaration, program: Option<&dyn Program>) -> BTreeMap<Hook, FailureMode> {
    if let Some(program) = program {
        let manifest = program.manifest();
        return manifest.hooks.iter().map(|hook| (*hook, manifest.failure_mode(*hook))).collect();
    }
    let declared = declaration.hooks.iter().filter_map(|(name, mode)| {
        let hook: Hook = name.parse().ok()?;
        let modes = [FailureMode::Closed, FailureMode::Open, FailureMode::Queue];
        let mode = modes.into_iter().find(|known| known.as_str() == mode);
        Some((hook, mode.unwrap_or_else(|| hook.failure_mode())))
    });
    declared.collect()
}

/// Where an encrypted secret is stored.
pub(crate) fn secret_place<'a>(realm: &'a str, name: &'a ScriptName) -> ColumnPlace<'a> {
    ColumnPlace { realm, table: "script_values", column: "secret", row: name.as_str().as_bytes() }
}

/// The values as scripts get them. A secret that does not open is missing: that fails the scripts that need it, not the
/// realm.
fn readable(realm_id: RealmId, values: Vec<ScriptValue>, columns: &ColumnCipher) -> ScriptValues {
    let realm = realm_id.to_string();
    let mut readable = ScriptValues::default();
    for value in values {
        let name = value.name.to_string();
        match value.content {
            ScriptValueContent::Secret(encrypted) => {
                let opened = columns.decrypt(secret_place(&realm, &value.name), &encrypted);
                let text = opened.map(|bytes| std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())));
                match text {
                    Ok(Ok(text)) => _ = readable.secrets.insert(name, text),
                    Ok(Err(_)) => tracing::error!(name, "a secret of scripts is no text; set it again"),
                    Err(error) => tracing::error!(name, %error, "a secret of scripts does not decrypt; set it again"),
                }
            }
            ScriptValueContent::Document(document) => _ = readable.documents.insert(name, document),
            ScriptValueContent::Connection(connection) => _ = readable.connections.insert(name, connection),
        }
    }
    readable
}
