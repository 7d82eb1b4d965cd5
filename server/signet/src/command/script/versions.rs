//! `signet script versions`.

use serde_json::{Value, json};
use signet_core::registry::{self, VersionPrefix};

use super::{NamedPackage, views};
use crate::command::context::Context;
use crate::command::{CommandError, CommandResult, Status};
use crate::output;

pub(super) async fn list(context: &Context, package: &NamedPackage) -> CommandResult {
    let realm = context.realm(&package.place.realm).await?;
    let versions = registry::list_script_versions(context.provider(), &realm, &package.name).await?;
    let rows: Vec<Value> = versions.iter().map(views::version).collect();
    context.output.list(&rows, &["version", "created_at", "capabilities"])
}

pub(super) async fn show(
    context: &Context,
    package: &NamedPackage,
    (version, file): (&VersionPrefix, Option<&str>),
) -> CommandResult {
    let realm = context.realm(&package.place.realm).await?;
    let found = registry::find_script_version(context.provider(), &realm, &package.name, version).await?;
    if let Some(name) = file {
        let missing = || CommandError::new(Status::NotFound, format!("this version has no file {name}"));
        let text = found.files.get(name).ok_or_else(missing)?;
        return if context.output.is_json() {
            output::print_json(&json!({ "name": name, "text": text }))
        } else {
            output::print(text)
        };
    }
    let mut object = views::version(&found.summary);
    let files =
        if context.output.is_json() { json!(found.files) } else { json!(found.files.keys().collect::<Vec<_>>()) };
    if let Some(members) = object.as_object_mut() {
        members.insert("files".to_owned(), files);
    }
    context.output.object(&object)
}
