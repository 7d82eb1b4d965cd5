//! `signet script new`.

use std::path::Path;

use serde_json::json;
use signet_core::protocol::identifiers::ScriptName;
use signet_hooks::Hook;

use crate::command::{CommandError, CommandResult, Status, reason};
use crate::output::Output;

/// Makes a folder of that name in the current one.
pub(super) fn run(name: &ScriptName, hook: Hook, output: Output) -> CommandResult {
    let folder = Path::new(name.as_str());
    if folder.exists() {
        let said = format!("{name} exists already; choose another name, or remove it");
        return Err(CommandError::new(Status::Conflict, said));
    }
    let files = signet_rhai::scaffold(name.as_str(), hook);
    for (file, text) in &files {
        write(&folder.join(file), text)?;
    }
    let object = json!({ "name": name.as_str(), "hook": hook, "files": files.keys().collect::<Vec<_>>() });
    output.done(&format!("Made the package {name}. Its tests: signet script test {name}"), &object)
}

/// Writes a file, and makes the folders it is in.
pub(super) fn write(path: &Path, text: &str) -> CommandResult {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text))
        .map_err(|error| CommandError::failed(format!("{} cannot be written: {}", path.display(), reason(&error))))
}
