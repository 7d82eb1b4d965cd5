//! `signet script definitions`.

use std::path::Path;

use serde_json::json;
use signet_hooks::MANIFEST_FILE;

use super::new::write;
use crate::command::{CommandError, CommandResult, Status};
use crate::output::Output;

/// Writes the files that editors read beside packages, in the place of earlier ones.
pub(super) fn run(folder: &Path, output: Output) -> CommandResult {
    if folder.join(MANIFEST_FILE).exists() {
        let said = format!("{} is a package, which takes no such files; name the folder above it", folder.display());
        return Err(CommandError::new(Status::Usage, said));
    }
    let files = signet_rhai::definitions();
    for (name, text) in &files {
        write(&folder.join(name), text)?;
    }
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    output.done(&format!("Wrote {}.", names.join(" and ")), &json!({ "files": names }))
}
