//! What scripts of a realm may use where their manifest names it: secrets, documents and connections.

use serde_json::Value;
use signet_protocol::identifiers::ScriptName;
use url::Url;
use zeroize::Zeroizing;

use crate::events::{Action, EventRecord, Object, Parties, Serving};
use crate::failure::Fault;
use crate::model::{ScriptConnection, ScriptValue, ScriptValueContent, ScriptValueKind};
use crate::provider::Provider;
use crate::realm::{RealmContext, script_secret_place};
use crate::registry::RegistryError;
use crate::registry::changes::administered;

/// Longest secret in bytes.
const LONGEST_SECRET: usize = 4_096;
/// Longest document as JSON, in bytes.
const LONGEST_DOCUMENT: usize = 64 * 1024;

/// A value that is to be set.
pub enum NewScriptValue {
    /// A text that nobody is shown: 1 to 4096 bytes.
    Secret(Zeroizing<String>),
    /// A JSON document of at most 64 KiB.
    Document(Value),
    /// Another server.
    Connection(ScriptConnection),
}

/// The realm's values by kind and name. Secrets are encrypted in them.
///
/// # Errors
/// Faults only.
pub async fn list_script_values(provider: &Provider, realm: &RealmContext) -> Result<Vec<ScriptValue>, RegistryError> {
    Ok(provider.store.script_values(realm.id()).await?)
}

/// Sets a value, in the place of one of the same kind and name.
///
/// # Errors
/// `Invalid`; `Forbidden` if the realm has too many.
pub async fn set_script_value(
    serving: &Serving<'_>,
    realm: &RealmContext,
    name: ScriptName,
    value: NewScriptValue,
) -> Result<ScriptValue, RegistryError> {
    let values = list_script_values(serving, realm).await?;
    let content = match value {
        NewScriptValue::Secret(secret) => ScriptValueContent::Secret(encrypted(serving, realm, &name, &secret)?),
        NewScriptValue::Document(document) => {
            if document.to_string().len() > LONGEST_DOCUMENT {
                return Err(RegistryError::invalid("value", "must have at most 65536 bytes as JSON"));
            }
            ScriptValueContent::Document(document)
        }
        NewScriptValue::Connection(connection) => {
            check_connection(&connection)?;
            if connection.bearer.as_ref().is_some_and(|bearer| !has(&values, ScriptValueKind::Secret, bearer)) {
                return Err(RegistryError::invalid(
                    "value.bearer",
                    "names no secret of this realm; set the secret first",
                ));
            }
            ScriptValueContent::Connection(connection)
        }
    };
    let value = ScriptValue { realm_id: realm.id(), name, content, updated_at: serving.now() };
    let kind = value.content.kind();
    let action = if has(&values, kind, &value.name) { Action::Updated } else { Action::Created };
    let events = changed(serving, realm, (kind, &value.name), action);
    serving.store.store_script_value(&value, &events).await?;
    serving.written(&events);
    Ok(value)
}

/// The event of a change to a value; what it is is not recorded.
fn changed(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (kind, name): (ScriptValueKind, &ScriptName),
    action: Action,
) -> Vec<EventRecord> {
    let id = format!("{}:{name}", kind.as_str());
    let changed = administered(serving, (Object::ScriptValue, id), action, Vec::new());
    serving.with_event(realm, changed.concerning(Parties::default()))
}

fn encrypted(
    provider: &Provider,
    realm: &RealmContext,
    name: &ScriptName,
    secret: &str,
) -> Result<Vec<u8>, RegistryError> {
    if secret.is_empty() || secret.len() > LONGEST_SECRET || secret.contains('\0') {
        return Err(RegistryError::invalid("value", "must have 1 to 4096 bytes and no U+0000"));
    }
    let realm_text = realm.id().to_string();
    let place = script_secret_place(&realm_text, name);
    let encrypted = realm.columns().encrypt(place, secret.as_bytes(), &*provider.random);
    encrypted.map_err(|error| Fault::internal("a secret of scripts could not be encrypted", error).into())
}

fn has(values: &[ScriptValue], kind: ScriptValueKind, name: &ScriptName) -> bool {
    values.iter().any(|value| value.content.kind() == kind && value.name == *name)
}

fn check_connection(connection: &ScriptConnection) -> Result<(), RegistryError> {
    let url = Url::parse(&connection.base_url).ok().filter(|url| {
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        url.scheme() == "https"
            && url.has_host()
            && !has_credentials
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if url.is_none() || connection.base_url.len() > 512 {
        return Err(RegistryError::invalid(
            "value.base_url",
            "must be an https address of at most 512 bytes without user, query and fragment",
        ));
    }
    if !(0..=86_400).contains(&connection.cache_seconds) {
        return Err(RegistryError::invalid("value.cache_seconds", "must be from 0 to 86400"));
    }
    Ok(())
}

/// Deletes a value that nothing needs.
///
/// # Errors
/// `NotFound`; `Forbidden` while a bound package or a connection names it.
pub async fn delete_script_value(
    serving: &Serving<'_>,
    realm: &RealmContext,
    kind: ScriptValueKind,
    name: &ScriptName,
) -> Result<(), RegistryError> {
    let values = list_script_values(serving, realm).await?;
    if !has(&values, kind, name) {
        return Err(RegistryError::NotFound("script value"));
    }
    let is_bearer = |value: &ScriptValue| matches!(&value.content, ScriptValueContent::Connection(connection) if connection.bearer.as_ref() == Some(name));
    if kind == ScriptValueKind::Secret && values.iter().any(is_bearer) {
        return Err(RegistryError::Forbidden("a connection sends this secret; change the connection first"));
    }
    if is_declared(serving, realm, kind, name).await? {
        return Err(RegistryError::Forbidden(
            "a script that is bound names this value; deploy a version without it, or delete the script first",
        ));
    }
    let events = changed(serving, realm, (kind, name), Action::Deleted);
    serving.store.delete_script_value(realm.id(), (kind, name), &events).await?;
    serving.written(&events);
    Ok(())
}

/// Whether a version that a binding points at names a value.
async fn is_declared(
    provider: &Provider,
    realm: &RealmContext,
    kind: ScriptValueKind,
    name: &ScriptName,
) -> Result<bool, RegistryError> {
    let declared = match kind {
        ScriptValueKind::Secret => format!("secret:{name}"),
        ScriptValueKind::Document => format!("kv:{name}"),
        ScriptValueKind::Connection => format!("http:{name}"),
    };
    for binding in provider.store.script_bindings(realm.id()).await? {
        for version in binding.versions() {
            let compiled = provider.programs.get(provider, realm.id(), version).await?;
            if compiled.is_some_and(|compiled| compiled.declaration.capabilities.contains(&declared)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
