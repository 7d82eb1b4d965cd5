//! What scripts may use where their manifest names it.

use std::fmt;
use std::str::FromStr;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use signet_core::model::{ScriptConnection, ScriptValueContent, ScriptValueKind};
use signet_core::protocol::identifiers::{InvalidIdentifier, RealmName, ScriptName};
use signet_core::registry::{self, NewScriptValue};
use signet_core::{model, protocol};
use zeroize::Zeroizing;

use crate::administrator::Administrator;
use crate::answer::{Answered, Done, Shown};
use crate::body::New;
use crate::entity_tag::Changing;
use crate::openapi::Tag;
use crate::paging::{self, Cursor, Limit, Page};
use crate::path::Path;
use crate::problem::Problem;
use crate::timestamp::Timestamp;

/// A value that scripts may use.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ScriptValue {
    /// `secret`, `kv` or `connection`.
    kind: String,
    /// Its name.
    name: String,
    /// A JSON document, or a connection: an object with `base_url`, `bearer` (the name of a secret that is sent along)
    /// and `cache_seconds`. Secrets are never shown.
    value: Option<Value>,
    /// When it was last set.
    updated_at: Timestamp,
}

impl ScriptValue {
    fn of(value: model::ScriptValue) -> Self {
        let kind = value.content.kind().as_str().to_owned();
        let shown = match value.content {
            ScriptValueContent::Secret(_) => None,
            ScriptValueContent::Document(document) => Some(document),
            ScriptValueContent::Connection(connection) => serde_json::to_value(connection).ok(),
        };
        Self { kind, name: value.name.to_string(), value: shown, updated_at: Timestamp(value.updated_at) }
    }
}

/// A value that is to be set.
#[derive(Object)]
pub(crate) struct ScriptValueContentDocument {
    /// For a secret, a text of 1 to 4096 bytes. For `kv`, any JSON of at most 64 KiB. For a connection, an object with
    /// `base_url` (an `https` address that paths are appended to), `bearer` (the name of a secret that is sent as bearer
    /// token; may be absent) and `cache_seconds` (0 to 86400; 0 where absent).
    value: Value,
}

/// A value in a list: its kind, a colon, and its name.
struct Key {
    kind: ScriptValueKind,
    name: ScriptName,
}

impl FromStr for Key {
    type Err = InvalidIdentifier;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = InvalidIdentifier("a value is named kind:name");
        let (kind, name) = text.split_once(':').ok_or(wrong)?;
        Ok(Self { kind: kind.parse().map_err(|_: protocol::names::UnknownName| wrong)?, name: name.parse()? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind.as_str(), self.name)
    }
}

impl Key {
    fn of(value: &model::ScriptValue) -> String {
        Self { kind: value.content.kind(), name: value.name.clone() }.to_string()
    }
}

fn read(kind: ScriptValueKind, value: Value) -> Result<NewScriptValue, Problem> {
    match (kind, value) {
        (ScriptValueKind::Secret, Value::String(secret)) => Ok(NewScriptValue::Secret(Zeroizing::new(secret))),
        (ScriptValueKind::Secret, _) => Err(Problem::invalid("value", "must be a string")),
        (ScriptValueKind::Document, document) => Ok(NewScriptValue::Document(document)),
        (ScriptValueKind::Connection, value) => {
            let connection: Result<ScriptConnection, _> = serde_json::from_value(value);
            connection.map(NewScriptValue::Connection).map_err(|error| Problem::invalid("value", error.to_string()))
        }
    }
}

async fn find(
    administrator: &Administrator,
    realm: &RealmName,
    (kind, name): (ScriptValueKind, &ScriptName),
) -> Result<model::ScriptValue, Problem> {
    let realm = administrator.realm(realm).await?;
    let values = registry::list_script_values(administrator.provider(), &realm).await?;
    let mut values = values.into_iter();
    let found = values.find(|value| value.content.kind() == kind && value.name == *name);
    found.ok_or_else(|| Problem::not_found("script value"))
}

/// The operations on what scripts may use.
pub(crate) struct ScriptValues;

#[OpenApi(tag = "Tag::ScriptValues")]
impl ScriptValues {
    /// Lists what scripts of a realm may use, by kind and name; secrets without their values.
    #[oai(path = "/realms/:realm/script-values", method = "get", operation_id = "listScriptValues")]
    async fn list(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        /// Most items of the page.
        limit: Limit,
        /// The `next` of the page before.
        cursor: Cursor<Key>,
    ) -> Result<Answered<Page<ScriptValue>>, Problem> {
        let realm = administrator.realm(&realm.0).await?;
        let values = registry::list_script_values(administrator.provider(), &realm).await?;
        let page = paging::cut(values, &paging::wanted(&limit, &cursor), Key::of);
        Ok(Answered::Answer(Json(Page::of(page, |value| Ok(ScriptValue::of(value)))?)))
    }

    /// Shows a value; a secret without it.
    #[oai(path = "/realms/:realm/script-values/:kind/:name", method = "get", operation_id = "showScriptValue")]
    async fn show(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kind: Path<ScriptValueKind>,
        name: Path<ScriptName>,
    ) -> Result<Shown<ScriptValue>, Problem> {
        Ok(Shown::of(ScriptValue::of(find(&administrator, &realm.0, (kind.0, &name.0)).await?)))
    }

    /// Sets a value, in the place of one of the same kind and name.
    #[oai(path = "/realms/:realm/script-values/:kind/:name", method = "put", operation_id = "setScriptValue")]
    #[expect(clippy::too_many_arguments, reason = "one for each part of path and body")]
    async fn set(
        &self,
        administrator: Administrator,
        realm: Path<RealmName>,
        kind: Path<ScriptValueKind>,
        name: Path<ScriptName>,
        value: New<ScriptValueContentDocument>,
    ) -> Result<Done, Problem> {
        let value = read(kind.0, value.read()?.value)?;
        let realm = administrator.realm(&realm.0).await?;
        registry::set_script_value(&administrator.serving(), &realm, name.0, value).await?;
        Ok(Done::Done)
    }

    /// Deletes a value that no script names any more.
    #[oai(path = "/realms/:realm/script-values/:kind/:name", method = "delete", operation_id = "deleteScriptValue")]
    async fn delete(
        &self,
        by: Changing,
        realm: Path<RealmName>,
        kind: Path<ScriptValueKind>,
        name: Path<ScriptName>,
    ) -> Result<Done, Problem> {
        let value = find(&by.administrator, &realm.0, (kind.0, &name.0)).await?;
        by.seen.check(&ScriptValue::of(value))?;
        let realm = by.administrator.realm(&realm.0).await?;
        registry::delete_script_value(&by.administrator.serving(), &realm, kind.0, &name.0).await?;
        Ok(Done::Done)
    }
}
