//! `signet script value`.

use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use signet_core::model::{ScriptConnection, ScriptValueKind};
use signet_core::protocol::identifiers::{RealmName, ScriptName};
use signet_core::registry::{self, NewScriptValue};
use zeroize::Zeroizing;

use super::views;
use crate::command::arguments::{Confirmation, InRealm};
use crate::command::context::Context;
use crate::command::{CommandError, CommandResult, Status, terminal};

/// Longest value that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What can be asked about what scripts may use.
#[derive(Debug, Subcommand)]
pub(crate) enum ValueCommand {
    /// Set a value, in the place of one of the same kind and name
    Set {
        #[command(flatten)]
        value: NamedValue,
        /// Where a secret or a JSON document is; standard input, or the prompt for a secret, where none is given
        #[arg(long, value_name = "FILE", conflicts_with = "url")]
        file: Option<PathBuf>,
        #[command(flatten)]
        connection: ConnectionFields,
    },
    /// List what scripts may use; secrets without their values
    List(InRealm),
    /// Delete a value that no script names any more
    Delete {
        #[command(flatten)]
        value: NamedValue,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// A value of a realm.
#[derive(Debug, Args)]
pub(crate) struct NamedValue {
    #[command(flatten)]
    place: InRealm,
    /// secret, kv or connection
    #[arg(value_name = "KIND")]
    kind: ScriptValueKind,
    /// Its name
    name: ScriptName,
}

/// What a connection consists of.
#[derive(Debug, Args)]
pub(crate) struct ConnectionFields {
    /// For a connection: the https address that paths are appended to
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// For a connection: the name of the secret that is sent as bearer token
    #[arg(long, value_name = "NAME", requires = "url")]
    bearer: Option<ScriptName>,
    /// For a connection: for how many seconds an answer is used again
    #[arg(long, value_name = "SECONDS", requires = "url", default_value_t = 0)]
    cache_seconds: i64,
}

pub(super) async fn run(command: ValueCommand, context: &Context) -> CommandResult {
    match command {
        ValueCommand::Set { value, file, connection } => {
            let new = new_value(value.kind, file.as_deref(), connection)?;
            let realm = context.realm(&value.place.realm).await?;
            let set = registry::set_script_value(&context.serving(), &realm, value.name, new).await?;
            context.output.object(&views::value(&set))
        }
        ValueCommand::List(place) => list(context, &place.realm).await,
        ValueCommand::Delete { value, confirmation } => {
            let realm = context.realm(&value.place.realm).await?;
            let NamedValue { kind, name, .. } = value;
            terminal::confirm(&format!("The {} {name} will be gone for ever.", kind.as_str()), &confirmation)?;
            registry::delete_script_value(&context.serving(), &realm, kind, &name).await?;
            let object = json!({ "kind": kind.as_str(), "name": name.as_str(), "deleted": true });
            context.output.done(&format!("Deleted the {} {name}.", kind.as_str()), &object)
        }
    }
}

async fn list(context: &Context, realm: &RealmName) -> CommandResult {
    let realm = context.realm(realm).await?;
    let values = registry::list_script_values(context.provider(), &realm).await?;
    let row = if context.output.is_json() { views::value } else { views::value_row };
    let rows: Vec<Value> = values.iter().map(row).collect();
    context.output.list(&rows, &["kind", "name", "value", "updated_at"])
}

fn new_value(
    kind: ScriptValueKind,
    file: Option<&Path>,
    connection: ConnectionFields,
) -> CommandResult<NewScriptValue> {
    let unusable = |said: String| CommandError::new(Status::Usage, said);
    if connection.url.is_some() && kind != ScriptValueKind::Connection {
        return Err(unusable("--url is for connections".to_owned()));
    }
    match (kind, connection.url) {
        (ScriptValueKind::Connection, Some(base_url)) => {
            let (bearer, cache_seconds) = (connection.bearer, connection.cache_seconds);
            Ok(NewScriptValue::Connection(ScriptConnection { base_url, bearer, cache_seconds }))
        }
        (ScriptValueKind::Connection, None) => Err(unusable("say where the connection leads with --url".to_owned())),
        (ScriptValueKind::Secret, _) => secret(file).map(NewScriptValue::Secret),
        (ScriptValueKind::Document, _) => {
            let text = text(file)?;
            let document = serde_json::from_str(&text);
            let wrong = |error| CommandError::new(Status::Invalid, format!("value: is no JSON: {error}"));
            document.map(NewScriptValue::Document).map_err(wrong)
        }
    }
}

/// A secret from a file, which may have several lines, or from the prompt or standard input.
fn secret(file: Option<&Path>) -> CommandResult<Zeroizing<String>> {
    if file.is_none() {
        return terminal::read_secret("secret");
    }
    let text = text(file)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Zeroizing::new(secret.strip_suffix('\r').unwrap_or(secret).to_owned()))
}

fn text(file: Option<&Path>) -> CommandResult<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let (read, place) = match file {
        Some(file) => {
            let read = std::fs::File::open(file).and_then(|opened| opened.take(LONGEST).read_to_string(&mut text));
            (read, file.display().to_string())
        }
        None => (stdin().lock().take(LONGEST).read_to_string(&mut text), "standard input".to_owned()),
    };
    read.map_err(|error| CommandError::new(Status::Usage, format!("{place} cannot be read: {error}")))?;
    Ok(text)
}
